import { trimStart } from './space.ts';

const NAMES = ['syntax', 'escape', 'check'] as const;
export type DirectiveName = (typeof NAMES)[number];
export interface Directive {
  readonly name: DirectiveName;
  readonly value: string;
  /** Starting at 1. */
  readonly line: number;
}

/** A second directive of one name: BuildKit refuses it. */
export class DuplicateDirective extends Error {}

/** Reads directives line by line: the first line that is none ends them, whatever follows. */
export function directiveReader(comment = '#'): (line: string) => Directive | null {
  const seen = new Set<string>();
  let done = false;
  let count = 0;
  return (line) => {
    count++;
    if (done) return null;
    const [, word, value] = line.startsWith(comment)
      ? (/^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*([^\n]+)$/.exec(trimStart(line.slice(comment.length))) ?? [])
      : [];
    const name = NAMES.find((known) => known === word?.toLowerCase());
    const text = value === undefined ? undefined : withoutBlanksBehind(value);
    if (name === undefined || text === undefined) {
      done = true;
      return null;
    }
    if (seen.has(name)) throw new DuplicateDirective(`only one ${name} parser directive can be used`);
    seen.add(name);
    return { name, value: text, line: count };
  };
}

function withoutBlanksBehind(text: string): string {
  let to = text.length;
  while (to > 1 && /[\t\n\f\r ]/.test(text.charAt(to - 1))) to--;
  return text.slice(0, to);
}

export interface Syntax {
  /** The image of the frontend: the first word. */
  readonly image: string;
  readonly text: string;
  readonly line: number;
}

/**
 * The frontend that a file asks for, as the daemon's built-in frontend looks for it: `# syntax=`, `// syntax=`, or a JSON object.
 * Null where it asks for none, or asks in a way that is not read.
 */
export function syntaxOf(text: string, skipsMark: boolean): Syntax | null {
  const unmarked = skipsMark && text.startsWith('\ufeff') ? text.slice(1) : text;
  const shebang = unmarked.startsWith('#!');
  const next = unmarked.indexOf('\n');
  const body = !shebang ? unmarked : next < 0 ? '' : unmarked.slice(next + 1);
  return (
    ['#', '//'].map((comment) => syntaxAfter(comment, body, shebang ? 1 : 0)).find((found) => found !== null) ??
    syntaxInJson(body)
  );
}

/** The options of BuildKit's own checks that a file sets; null where it sets none. */
export function checkDirective(text: string): Directive | null {
  const read = directiveReader();
  try {
    for (const line of lines(text.replace(/^\ufeff/, ''))) {
      const found = read(line.replace(/\r$/, ''));
      if (found === null) return null;
      if (found.name === 'check') return found;
    }
  } catch (error) {
    if (!(error instanceof DuplicateDirective)) throw error;
  }
  return null;
}

function syntaxAfter(comment: string, body: string, before: number): Syntax | null {
  const read = directiveReader(comment);
  let found: Directive | null = null;
  try {
    for (const line of lines(body)) {
      const directive = read(line.replace(/\r$/, ''));
      if (directive === null) break;
      if (directive.name === 'syntax') found = directive;
    }
  } catch (error) {
    if (!(error instanceof DuplicateDirective)) throw error;
  }
  return found && { image: found.value.split(' ', 1)[0] ?? '', text: found.value, line: found.line + before };
}

function* lines(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    yield end < 0 ? text.slice(from) : text.slice(from, end);
    from = end < 0 ? text.length : end + 1;
  }
}

function syntaxInJson(body: string): Syntax | null {
  if (!/^[\t\n\r ]*\{/.test(body)) return null;
  try {
    const { syntax }: { syntax?: unknown } = JSON.parse(body);
    return typeof syntax === 'string' ? { image: syntax, text: syntax, line: 1 } : null;
  } catch {
    return null;
  }
}
