import { joined } from './buildctl.ts';

/** What is known of the files that a command shares with the daemon. Paths are relative to where the command runs. */
export interface Files {
  /** The kind of a path; null where nothing is there, undefined where it cannot be told. */
  kind(path: string): 'file' | 'directory' | null | undefined;
  /** The text of a small file; null where it cannot be read. */
  read(path: string): string | null;
}

/** The context of a build: what a source in it means. */
export interface Context {
  readonly directory: string;
  has(path: string): boolean | undefined;
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
    has(path) {
      const inside = joined('.', path.replace(/^\/+/, ''));
      if (inside.startsWith('../') || inside === '..') return undefined;
      if (inside === '') return true;
      if (WILDCARD.test(inside)) return undefined;
      const kind = files.kind(joined(directory, inside));
      if (kind === undefined || kind === null) return kind === null ? false : undefined;
      if (!ignored(rules, inside)) return true;
      // A directory is still there when a rule takes something in it back.
      return kind === 'directory' && rules.some(({ negated }) => negated) ? undefined : false;
    },
  };
}

interface IgnoreRule {
  readonly pattern: RegExp;
  readonly negated: boolean;
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
      return path === '' ? (line === '.' || line === '!.' ? [] : []) : [{ pattern: patternOf(path), negated }];
    });
}

function patternOf(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const character = glob.charAt(at);
    if (character === '*' && glob.charAt(at + 1) === '*') {
      at++;
      if (glob.charAt(at + 1) === '/') at++;
      source += at + 1 >= glob.length ? '.*' : '(?:.*/)?';
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = glob.indexOf(']', at + 2);
      source +=
        end < 0
          ? '\\['
          : `[${glob
              .slice(at + 1, end)
              .replace(/\\/g, '\\\\')
              .replace(/^!/, '^')}]`;
      if (end >= 0) at = end;
    } else if (character === '\\' && at + 1 < glob.length)
      source += glob.charAt(++at).replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    else source += character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /^(?!)/;
  }
}

function ignored(rules: readonly IgnoreRule[], path: string): boolean {
  const parents = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  let out = false;
  for (const { pattern, negated } of rules) if (parents.some((part) => pattern.test(part))) out = !negated;
  return out;
}
