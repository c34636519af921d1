/** What BuildKit takes for white space: Unicode's, without the byte order mark. */
const SPACE = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;

export function isSpace(character: string | undefined): boolean {
  return character !== undefined && SPACE.test(character);
}

export function trimStart(text: string): string {
  let from = 0;
  while (from < text.length && isSpace(text[from])) from++;
  return from === 0 ? text : text.slice(from);
}

export function trim(text: string): string {
  const rest = trimStart(text);
  let to = rest.length;
  while (to > 0 && isSpace(rest[to - 1])) to--;
  return to === rest.length ? rest : rest.slice(0, to);
}

/** The blanks between the arguments of an instruction: narrower than white space elsewhere. */
const BLANKS = /[\t\v\f\r ]+/;

/** The text as far as the first blanks, and what follows them; null where there are none. */
export function cutAtBlanks(text: string): readonly [head: string, rest: string | null] {
  const found = BLANKS.exec(text);
  if (found === null) return [text, null];
  return [text.slice(0, found.index), text.slice(found.index + found[0].length)];
}

export function splitAtBlanks(text: string): readonly string[] {
  return text === '' ? [] : text.split(BLANKS);
}
