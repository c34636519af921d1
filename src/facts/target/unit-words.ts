import { isMasked, MASK } from '../../text/secret-words.ts';

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

/** Values of variables, as far as they are known. */
export interface Values {
  readonly [name: string]: string;
}

/**
 * Replaces variables in a start line as replace_env_argv() does: "${NAME}" anywhere, "$NAME" only as a whole word, which
 * becomes as many words as its value has; "$$" is a dollar. `unread`: names of those whose value is not known here.
 */
export function withVariables(
  argv: readonly string[],
  values: Values,
): { readonly argv: readonly string[]; readonly unread: readonly string[] } {
  const unread: string[] = [];
  const known = (name: string): string => {
    const value = values[name] ?? '';
    if (isMasked(value)) unread.push(name);
    return value;
  };
  const replaced = argv.flatMap((word) => {
    const whole = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word)?.[1];
    if (whole !== undefined) return unitWords(known(whole)).words;
    return [word.replace(/\$(?:\{([^}]*)\}|(\$))/g, (_, name?: string) => (name === undefined ? '$' : known(name)))];
  });
  return { argv: replaced, unread };
}

/** Is a part of this word hidden from here? */
export const isHidden = (word: string): boolean => word.includes(MASK);
