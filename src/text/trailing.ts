/** Where the characters begin that stand before a place in a text; the place itself where there are none. */
export function beforeTrailing(text: string, characters: string, end = text.length): number {
  let at = end;
  while (at > 0 && characters.includes(text.charAt(at - 1))) at--;
  return at;
}

/** A text without the characters at its end. A pattern would take quadratic time on many of them in its middle. */
export function withoutTrailing(text: string, characters: string): string {
  return text.slice(0, beforeTrailing(text, characters));
}
