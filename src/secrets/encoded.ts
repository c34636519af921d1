/** What texts hide in other texts: base64, hexadecimal, percent signs and backslashes. Pure, and without a decoder of Node's. */

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** What each letter stands for, by its code; -1 for what is none. */
const VALUES = new Int8Array(128).fill(-1);
for (const [value, letter] of [...LETTERS].entries()) VALUES[letter.charCodeAt(0)] = value;
VALUES['-'.charCodeAt(0)] = 62;
VALUES['_'.charCodeAt(0)] = 63;
/** Longer ones are no words. */
const LONGEST = 200_000;

const isControl = (byte: number): boolean => (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 127;

/** The text of bytes in UTF-8; null where they are none that a person could read. Most are none: it throws nothing. */
function textOf(bytes: readonly number[]): string | null {
  let text = '';
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (isControl(byte)) return null;
    if (byte < 128) {
      text += String.fromCharCode(byte);
      continue;
    }
    const more =
      byte >= 0xc2 && byte < 0xe0 ? 1 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xf0 && byte < 0xf5 ? 3 : 0;
    let point = byte & (0x3f >> more);
    for (let left = more; left > 0; left--) {
      const next = bytes[++at] ?? 0;
      if ((next & 0xc0) !== 0x80) return null;
      point = (point << 6) | (next & 0x3f);
    }
    const isWrong = more === 0 || point < ([0, 0x80, 0x800, 0x10000][more] ?? 0) || (point >= 0xd800 && point < 0xe000);
    if (isWrong || point > 0x10ffff) return null;
    text += String.fromCodePoint(point);
  }
  return text;
}

/** Up to the first letter that is none; null as soon as there is a byte that no text has: most words are no base64. */
function bytesOfBase64(word: string): readonly number[] | null {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (let at = 0; at < word.length; at++) {
    const value = VALUES[word.charCodeAt(at)] ?? -1;
    if (value < 0) break;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (held >> bits) & 0xff;
    if (isControl(byte)) return null;
    bytes.push(byte);
  }
  return bytes;
}

/** What base64 holds, of either alphabet, with padding or without; null where it is no text. */
export function fromBase64(word: string): string | null {
  const bytes = word.length > LONGEST ? null : bytesOfBase64(word);
  return bytes === null ? null : textOf(bytes);
}

/** What pairs of hexadecimal digits hold; null where it is no text. */
export function fromHex(word: string): string | null {
  if (word.length > LONGEST || word.length % 2 !== 0) return null;
  const bytes: number[] = [];
  for (let at = 0; at < word.length; at += 2) bytes.push(Number.parseInt(word.slice(at, at + 2), 16));
  return textOf(bytes);
}

/** With every %XX that stands for text decoded. */
export function fromPercent(text: string): string {
  return text.replace(/(?:%[\da-fA-F]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

const SIMPLE: { readonly [letter: string]: string } = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
};

/** With the backslashes of JSON, of Go's %q, of C and of a shell's quotes undone, once. */
export function fromEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:u\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([\s\S]))/g,
    (_whole, braced?: string, short?: string, long?: string, byte?: string, letter = '') => {
      const digits = braced ?? short ?? long ?? byte;
      if (digits === undefined) return SIMPLE[letter] ?? letter;
      const code = Number.parseInt(digits, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '';
    },
  );
}

/** With the entities of HTML undone. */
export function fromEntities(text: string): string {
  if (!text.includes('&')) return text;
  const named: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Whole words: to try each end of one again takes longer than all else. */
export const BASE64_WORD = /(?<![\w+/-])[\w+/-]{8,}={0,2}/g;
export const HEX_WORD = /(?<![\da-fA-F])(?:[\da-fA-F]{2}){5,}(?![\da-fA-F])/g;

/** Changes words that hold a text in disguise: `shown` gets what they hold, and says what stands for them; null: they stay. */
export function replaceEncoded(text: string, shown: (held: string) => string | null): string {
  let out = text;
  if (out.includes('%'))
    out = out.replace(/[^\s"'`<>]+/g, (word) => {
      if (!/%[\da-fA-F]{2}/.test(word)) return word;
      const held = fromPercent(word);
      return held === word ? word : (shown(held) ?? word);
    });
  out = out.replace(BASE64_WORD, (word) => {
    const held = fromBase64(word);
    return held === null || held.length < 5 ? word : (shown(held) ?? word);
  });
  return out.replace(HEX_WORD, (word) => {
    const held = fromHex(word);
    return held === null ? word : (shown(held) ?? word);
  });
}
