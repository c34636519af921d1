import type { Lexer } from './lexer.ts';

const SHORT_ESCAPES: { readonly [letter: string]: string } = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  e: '\u001b',
};
/** Letters before the hexadecimal digits of a character, and how many follow. */
const CODE_DIGITS: { readonly [letter: string]: number } = { x: 2, u: 4, U: 8 };

function codePoint(lexer: Lexer, digits: number): string {
  const { text, at } = lexer;
  const hex = text.slice(at + 1, at + 1 + digits);
  if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex))
    lexer.fail(`\\${lexer.peek()} needs ${digits} hexadecimal digits`);
  const code = Number.parseInt(hex, 16);
  const real = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  if (!real && !lexer.by.anyCodePoint) lexer.fail(`\\${lexer.peek()}${hex} is no character`);
  lexer.at += 1 + digits;
  return real ? String.fromCodePoint(code) : '\ufffd';
}

function escaped(lexer: Lexer, long: boolean): string {
  const { text, by } = lexer;
  const start = lexer.at++;
  const letter = lexer.peek();
  if (letter !== '' && ' \t\r\n'.includes(letter)) {
    const space = /^[ \t]*\r?\n[ \t\r\n]*/.exec(text.slice(lexer.at, lexer.at + 4096))?.[0];
    if (by.escapedSpace || (long && space !== undefined)) {
      while (!lexer.isAtEnd() && ' \t\r\n'.includes(lexer.peek())) lexer.at++;
      return '';
    }
  }
  const isEscape = letter !== '' && by.escapes.includes(letter);
  const digits = isEscape ? CODE_DIGITS[letter] : undefined;
  if (digits !== undefined) return codePoint(lexer, digits);
  const value = isEscape ? SHORT_ESCAPES[letter] : undefined;
  if (value === undefined) return lexer.fail(`\\${letter} is no escape; write \\\\ for a backslash`, start);
  lexer.at++;
  return value;
}

/** Reads a "string" on one line; `newlines`: line ends may stand in it. */
export function basicString(lexer: Lexer, newlines: boolean): string {
  const { text, by } = lexer;
  const start = lexer.at++;
  const parts: string[] = [];
  for (;;) {
    const from = lexer.at;
    while (
      lexer.at < text.length &&
      text[lexer.at] !== '"' &&
      text[lexer.at] !== '\\' &&
      !/[\u0000-\u0008\n-\u001f\u007f]/.test(lexer.peek())
    )
      lexer.at++;
    parts.push(text.slice(from, lexer.at));
    const char = lexer.peek();
    const isLineEnd = char === '\n' || char === '\r';
    if (char === '') lexer.fail('unterminated string: the closing quotation mark is missing', start);
    if (char === '"') {
      lexer.at++;
      return parts.join('');
    }
    if (char === '\\') parts.push(escaped(lexer, false));
    else if ((char === '\u007f' && by.controlCharacters) || (newlines && isLineEnd)) {
      parts.push(char);
      lexer.at++;
    } else lexer.fail(isLineEnd ? 'the line ends inside quotation marks' : 'a control character stands in a string');
  }
}

/** Reads a 'string' on one line. */
export function literalString(lexer: Lexer): string {
  const { text, by } = lexer;
  const start = lexer.at++;
  for (;;) {
    const char = lexer.peek();
    if (char === '') lexer.fail('unterminated string: the closing quotation mark is missing', start);
    if (char === "'") return text.slice(start + 1, lexer.at++);
    if (/[\n\r]/.test(char) && !by.literalLineEnds) lexer.fail('the line ends inside quotation marks');
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(char) && !by.controlCharacters)
      lexer.fail('a control character stands in a string');
    lexer.at++;
  }
}

/** Reads a """string""" or '''string''' over several lines. */
export function longString(lexer: Lexer, quote: '"' | "'"): string {
  const { text, by } = lexer;
  const start = lexer.at;
  const end = quote.repeat(3);
  lexer.at += 3;
  if (text.startsWith('\r\n', lexer.at)) lexer.at += 2;
  else if (lexer.peek() === '\n') lexer.at++;
  const parts: string[] = [];
  for (;;) {
    const char = lexer.peek();
    if (char === '') lexer.fail(`the string is not closed by ${end}`, start);
    if (text.startsWith(end, lexer.at)) {
      let more = 0;
      while (by.quotesBeforeEnd && more < 3 && text[lexer.at + 3 + more] === quote) more++;
      if (more === 3) lexer.fail(`${end} stands in a string`);
      parts.push(quote.repeat(more));
      lexer.at += 3 + more;
      return parts.join('');
    }
    if (char === '\\' && quote === '"') {
      parts.push(escaped(lexer, true));
      continue;
    }
    if (char === '\r' && text[lexer.at + 1] !== '\n' && !by.bareCarriageReturn)
      lexer.fail('a carriage return stands alone');
    const isControl = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(char);
    // Even where they pass, of the control characters only DEL does between double quotes.
    if (isControl && !(by.controlCharacters && (quote === "'" || char === '\u007f')))
      lexer.fail('a control character stands in a string');
    parts.push(char);
    lexer.at++;
  }
}
