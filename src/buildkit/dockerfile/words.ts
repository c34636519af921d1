import { isSpace, trimStart } from './space.ts';

/**
 * The words of ENV, LABEL and ARG, with their quotes and escapes left in place. An escape character at the very end is dropped.
 */
export function wordsOf(text: string, token: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === null && isSpace(character)) {
      if (word !== null && word !== '') words.push(word);
      word = null;
      continue;
    }
    word ??= '';
    if (quote === null && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = null;
    if (character === token && quote !== "'") {
      if (at + 1 === text.length) break;
      word += character + text.charAt(++at);
    } else word += character;
  }
  if (word !== null && word !== '') words.push(word);
  return words;
}

/** Flags in front of the arguments, without their quotes and escapes, and what follows them. `--` alone ends them. */
export function flagsOf(text: string, token: string): { readonly flags: readonly string[]; readonly rest: string } {
  if (!/[^\0-\x7f]/.test(text) || !trimStart(text).startsWith('--')) return flagsIn(text, token);
  // BuildKit goes through flags byte by byte, and takes each for a character: a no-break space ends a flag in its middle.
  const { flags, rest } = flagsIn(bytesOf(text), token);
  return { flags, rest: textOf(rest) };
}

/** UTF-8, one character a byte. */
function bytesOf(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '\ufffd')).replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function textOf(bytes: string): string {
  try {
    return decodeURIComponent(
      bytes.replace(/[%\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`),
    );
  } catch {
    // Cut in the middle of a character.
    return bytes.replace(/^[\x80-\xbf]+/, '\ufffd');
  }
}

function flagsIn(text: string, token: string): { readonly flags: readonly string[]; readonly rest: string } {
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at])) at++;
    if (at === text.length) return { flags, rest: '' };
    if (!text.startsWith('--', at)) return { flags, rest: text.slice(at) };
    const { word, end } = flagAt(text, at, token);
    at = end;
    // At the very end of the line a lone `--` is dropped without ending anything.
    if (word === '--') return { flags, rest: text.slice(at) };
    flags.push(word);
  }
}

function flagAt(text: string, from: number, token: string): { readonly word: string; readonly end: number } {
  let word = '';
  let quote: string | null = null;
  let at = from;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === null && isSpace(character)) break;
    if (quote === null && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = null;
    else if (character !== token) word += character;
    else if (at + 1 < text.length) word += text.charAt(++at);
  }
  return { word, end: at };
}
