import { joined, rooted } from './paths.ts';

/** What is known of the files that a command shares with the daemon. Paths are relative to where the command runs. */
export interface Files {
  /** The kind of a path; null where nothing is there, undefined where it cannot be told. */
  kind(path: string): 'file' | 'directory' | null | undefined;
  /** The text of a small file; null where it cannot be read. */
  read(path: string): string | null;
  /** What the account that runs the client may not do with a path; absent or null where it may, or where it cannot be told. */
  refused?(path: string): Refused | null;
}

/** Not to be looked at, or there and not to be read. */
export type Refused = 'look' | 'read';

/** The context of a build: what a source in it means. */
export interface Context {
  readonly directory: string;
  has(path: string): boolean | undefined;
  /** Whether it is surely one plain file. */
  isFile(path: string): boolean;
  /** What the client may not do with it, and what kind it is. */
  refused(path: string): { readonly what: Refused; readonly directory: boolean } | null;
}

const WILDCARD = /[*?[\]]/;

/** A context as the daemon gets it: without what its .dockerignore leaves out. */
export function contextOf(directory: string, dockerfile: string, files: Files): Context | null {
  if (files.kind(directory) !== 'directory') return null;
  const rules = ignoreRules(
    files.read(`${dockerfile}.dockerignore`) ?? files.read(joined(directory, '.dockerignore')) ?? '',
  );
  return {
    directory,
    isFile: (path) => !WILDCARD.test(path) && files.kind(joined(directory, rooted('/', path).slice(1))) === 'file',
    refused(path) {
      const inside = rooted('/', path).slice(1);
      const at = joined(directory, inside);
      const what = WILDCARD.test(inside) || ignored(rules, inside) ? null : (files.refused?.(at) ?? null);
      return what === null ? null : { what, directory: files.kind(at) === 'directory' };
    },
    has(path) {
      // What leads out of the context ends at its root.
      const inside = rooted('/', path).slice(1);
      if (inside === '') return true;
      if (WILDCARD.test(inside)) return undefined;
      const kind = files.kind(joined(directory, inside));
      if (kind === undefined || kind === null) return kind === null ? false : undefined;
      if (!ignored(rules, inside)) return true;
      // A directory is still there when a rule takes something in it back.
      return kind === 'directory' && rules.some((rule) => takesBack(rule, inside)) ? undefined : false;
    },
  };
}

interface IgnoreRule {
  readonly pattern: readonly Piece[];
  readonly negated: boolean;
  readonly path: string;
}

/** Whether a rule may take back something below a directory: not where it plainly speaks of another one. */
function takesBack({ negated, path }: IgnoreRule, directory: string): boolean {
  const plain = /^[^*?[\\]*/.exec(path)?.[0] ?? '';
  return negated && (plain.startsWith(`${directory}/`) || (plain !== path && `${directory}/`.startsWith(plain)));
}

/** The rules of a .dockerignore, in order; the last that matches wins. */
export function ignoreRules(text: string): readonly IgnoreRule[] {
  return text
    .replace(/^\ufeff/, '')
    .split('\n')
    .flatMap((written) => {
      const line = written.trim();
      if (line === '' || line.startsWith('#')) return [];
      const negated = line.startsWith('!');
      const path = joined('.', (negated ? line.slice(1).trim() : line).replace(/^\/+/, ''));
      return path === '' ? (line === '.' || line === '!.' ? [] : []) : [{ pattern: patternOf(path), negated, path }];
    });
}

/** One step of a pattern: any number of characters (with or without slashes), or one that passes. */
type Piece = 'deep' | 'any' | ((character: string) => boolean);

function patternOf(glob: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (glob.startsWith('**', at)) {
      at++;
      if (glob.charAt(at + 1) === '/') at++;
      pieces.push('deep');
    } else if (character === '*') pieces.push('any');
    else if (character === '?') pieces.push((one) => one !== '/');
    else if (character === '[' && glob.indexOf(']', at + 2) > 0) {
      const end = glob.indexOf(']', at + 2);
      pieces.push(classOf(glob.slice(at + 1, end)));
      at = end;
    } else {
      const literal = character === '\\' && at + 1 < glob.length ? glob.charAt(++at) : character;
      pieces.push((one) => one === literal);
    }
  }
  return pieces;
}

/** The characters between brackets, such as `cod`, `a-z` or `^x`; none where they are no class. */
function classOf(inside: string): (character: string) => boolean {
  try {
    const known = new RegExp(`^[${inside.replaceAll('\\', '\\\\').replace(/^!/, '^')}]$`);
    return (character) => character !== '/' && known.test(character);
  } catch {
    return () => false;
  }
}

/** Goes through path and pattern side by side, so that no pattern takes more than their lengths multiplied. */
function matches(pieces: readonly Piece[], path: string): boolean {
  let ends = new Set([0]);
  for (const piece of pieces) {
    const next = new Set<number>();
    for (const from of ends) {
      if (typeof piece === 'function') {
        if (from < path.length && piece(path.charAt(from))) next.add(from + 1);
        continue;
      }
      for (let at = from; at <= path.length && !(next.has(at) && at > from); at++) {
        if (piece === 'any' || at === 0 || at === path.length || path.charAt(at - 1) === '/') next.add(at);
        if (piece === 'any' && path.charAt(at) === '/') break;
      }
    }
    ends = next;
  }
  return ends.has(path.length);
}

function ignored(rules: readonly IgnoreRule[], path: string): boolean {
  const parents = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  let out = false;
  for (const { pattern, negated } of rules) if (parents.some((part) => matches(pattern, part))) out = !negated;
  return out;
}
