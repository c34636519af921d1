/** A stretch of text, and what comes in its place. */
export interface Splice {
  readonly at: number;
  readonly to: number;
  readonly text: string;
}

/** The text after some splices, which do not overlap. */
export function spliced(text: string, splices: readonly Splice[]): string {
  let out = text;
  for (const splice of [...splices].sort((a, b) => b.at - a.at || b.to - a.to))
    out = out.slice(0, splice.at) + splice.text + out.slice(splice.to);
  return out;
}

/** How the text ends its lines. */
export const newlineOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n');

export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line of a place ends, its line feed included. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

/** The white space before a place, from the start of its line. */
export const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? '';

/** Inserts whole lines at the start of a line or at the end of the text; a missing final newline stays missing. */
export function insertLines(text: string, at: number, lines: readonly string[]): string {
  const newline = newlineOf(text);
  const block = lines.join(newline);
  return at === text.length && text !== '' && !text.endsWith('\n')
    ? text + newline + block
    : text.slice(0, at) + block + newline + text.slice(at);
}

/** Where the comma behind an item of a list or inline table stands; null where there is none. */
export function commaBehind(text: string, end: number): number | null {
  let at = end;
  while (at < text.length && ' \t\r\n#'.includes(text[at] ?? '')) at = text[at] === '#' ? lineEnd(text, at) : at + 1;
  return text[at] === ',' ? at : null;
}

/** The comment on the rest of a line, with nothing but white space before it; its end, or null where there is none. */
export function commentEndBehind(text: string, at: number): number | null {
  const found = /^[ \t]*#[^\r\n]*/.exec(text.slice(at, lineEnd(text, at)))?.[0];
  return found === undefined ? null : at + found.length;
}
