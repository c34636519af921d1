/** Words of a unit's line. `broken`: a quote stays open, for which systemd drops the whole line. */
export interface Words {
  readonly words: readonly string[];
  readonly broken: boolean;
}

const ESCAPES: { readonly [letter: string]: string } = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Splits as extract_first_word() does: quotes anywhere in a word, escapes as in C also within them, unknown ones kept. */
export function unitWords(line: string): Words {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (char === '\\') {
      const [text, length] = escaped(line.slice(at, at + 10));
      word = (word ?? '') + text;
      at += length - 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return { words, broken: quote !== '' };
}

function escaped(text: string): readonly [text: string, length: number] {
  const known = ESCAPES[text[1] ?? ''];
  if (known !== undefined) return [known, 2];
  const code =
    /^\\x([0-9a-fA-F]{2})/.exec(text) ?? /^\\u([0-9a-fA-F]{4})/.exec(text) ?? /^\\U([0-9a-fA-F]{8})/.exec(text);
  if (code?.[1] !== undefined) return [pointOf(Number.parseInt(code[1], 16)), code[0].length];
  const octal = /^\\([0-3][0-7]{2})/.exec(text);
  if (octal?.[1] !== undefined) return [pointOf(Number.parseInt(octal[1], 8)), octal[0].length];
  return text.length > 1 ? [text.slice(0, 2), 2] : ['\\', 1];
}

const pointOf = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '');
