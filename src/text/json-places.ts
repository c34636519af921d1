import type { Position } from '../model/decide.ts';

/** Where things stand in a JSON text, as offsets. */
export interface JsonPlaces {
  /** The first thing that JSON does not allow; null where there is none. */
  readonly fault: number | null;
  /** Keys of the outermost object and of objects in it, by their names joined with line feeds; of equal ones the last. */
  readonly keys: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
}

type Wanted = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

const SPACE = /[ \t\r\n]*/y;
const TOKEN =
  /[{}[\],:]|"(?:[^"\\\p{Cc}]|\x7f|[\x80-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;

/** Reads a JSON text as far as it is one. */
export function jsonPlaces(text: string): JsonPlaces {
  const keys = new Map<string, { from: number; to: number }>();
  const open: { readonly closing: '}' | ']'; key: string }[] = [];
  let wanted: Wanted = 'value';
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, text, at).length;
    const token = matchAt(TOKEN, text, at);
    const inner = open.at(-1);
    const next: Wanted | null = token === '' ? null : follow(token, wanted, inner?.closing);
    if (next === null) return { fault: wanted === 'nothing' && at === text.length ? null : at, keys };
    if (token.startsWith('"') && next === 'colon' && inner !== undefined) {
      inner.key = JSON.parse(token) as string;
      if (open.length <= 2) keys.set(open.map(({ key }) => key).join('\n'), { from: at, to: at + token.length });
    }
    if (token === '{' || token === '[') open.push({ closing: token === '{' ? '}' : ']', key: '' });
    else if (token === '}' || token === ']') open.pop();
    wanted = next === 'comma-or-end' && open.length === 0 ? 'nothing' : next;
    at += token.length;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** What is wanted behind a token; null where it may not stand. */
function follow(token: string, wanted: Wanted, closing: '}' | ']' | undefined): Wanted | null {
  const ends = wanted === 'comma-or-end' || (wanted === 'value-or-end' && closing === ']') || wanted === 'key-or-end';
  switch (token) {
    case '}':
    case ']':
      return ends && token === closing ? 'comma-or-end' : null;
    case ',':
      return wanted === 'comma-or-end' ? (closing === '}' ? 'key' : 'value') : null;
    case ':':
      return wanted === 'colon' ? 'value' : null;
  }
  if (wanted === 'key' || wanted === 'key-or-end') return token.startsWith('"') ? 'colon' : null;
  if (wanted !== 'value' && wanted !== 'value-or-end') return null;
  return token === '{' ? 'key-or-end' : token === '[' ? 'value-or-end' : 'comma-or-end';
}

/** The place of a range of a text; `exact`: also its columns are the file's. */
export function placeIn(path: string, text: string, from: number, to: number, exact: boolean): Position {
  const before = text.slice(0, from).split('\n');
  const line = before.length;
  if (!exact) return { path, line, column: 1 };
  const column = (before.at(-1) ?? '').length + 1;
  return to > from + 1
    ? { path, line, column, endLine: line, endColumn: column + to - from - 1 }
    : { path, line, column };
}
