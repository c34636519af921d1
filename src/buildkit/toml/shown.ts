/** Quotation marks that are none in TOML. */
export const FOREIGN_QUOTE = /^[“”„‟‘’‚‛«»`]/;
const INVISIBLE = /^[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]/;

/** A character or word of the text, as a message names it. */
export function shown(word: string): string {
  if (word === '') return 'the end';
  if (INVISIBLE.test(word))
    return `an invisible character (U+${word.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')})`;
  if (FOREIGN_QUOTE.test(word)) return `the quotation mark ${word.charAt(0)}, which is none in TOML,`;
  return /[\u0000-\u0020]/.test(word) ? JSON.stringify(word) : `“${word}”`;
}

/** What stands at a place, up to the next white space, for a message. */
export function wordAt(text: string, at: number): string {
  const word = /^[^\s,#\]}]{1,40}/.exec(text.slice(at, at + 60))?.[0];
  return word ?? text.slice(at, at + 1);
}
