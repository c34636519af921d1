import { BARE, DEEPEST, type Lexer } from './lexer.ts';
import { shown } from './shown.ts';
import { basicString, literalString } from './strings.ts';
import type { KeyPart } from './syntax.ts';

const isQuote = (char: string): boolean => char === '"' || char === "'";
const noBareKey = (char: string): string => `${shown(char)} cannot stand in a key without quotation marks`;

/** The parts of a key, without what joins them. */
export const namesOf = (keys: readonly KeyPart[]): string[] => keys.map(({ name }) => name);

/** Reads a key, up to the equals sign or bracket behind it. */
export function keyParts(lexer: Lexer): KeyPart[] {
  const { by } = lexer;
  const parts: KeyPart[] = [];
  if (by.looseDots && lexer.peek() === '.') {
    lexer.at++;
    if (!BARE.test(lexer.peek()) && !isQuote(lexer.peek())) lexer.fail('a key cannot begin with a dot');
  }
  for (;;) {
    const { at } = lexer;
    const quoted = isQuote(lexer.peek());
    parts.push({ name: keyPart(lexer), at, end: lexer.at });
    if (parts.length > DEEPEST) lexer.fail(`a key has more than ${DEEPEST} parts`, at);
    if (by.looseDots && quoted && (BARE.test(lexer.peek()) || isQuote(lexer.peek()))) continue;
    const spaced = lexer.isAtSpace();
    lexer.spaces();
    if (lexer.peek() !== '.') return parts;
    lexer.at++;
    if (!by.spaceAfterDot && !spaced && lexer.isAtSpace()) lexer.fail('a space stands behind the dot of a key');
    const behind = lexer.at;
    lexer.spaces();
    if (by.looseDots && lexer.at > behind && lexer.peek() === '=') return parts;
  }
}

function keyPart(lexer: Lexer): string {
  const { text, by, at } = lexer;
  const char = lexer.peek();
  if (char === "'") return literalString(lexer);
  if (char === '"') {
    const name = basicString(lexer, by.looseDots);
    if (by.looseDots && name.includes('"')) lexer.fail('a key cannot hold a quotation mark', at);
    return name;
  }
  while (!lexer.isAtEnd() && BARE.test(lexer.peek())) lexer.at++;
  if (lexer.at === at) lexer.fail(char === '' || char === '\n' || char === '\r' ? 'a key is missing' : noBareKey(char));
  return text.slice(at, lexer.at);
}

/** Reads the key between square brackets. */
export function headerKeys(lexer: Lexer): KeyPart[] {
  if (!lexer.by.bracketsInHeaders) return keysToFirstBracket(lexer);
  lexer.spaces();
  const parts = keyParts(lexer);
  lexer.spaces();
  return parts;
}

/** The older library first looks for a bracket, and then for keys in what stands before it. */
function keysToFirstBracket(lexer: Lexer): KeyPart[] {
  const { text, at } = lexer;
  lexer.under = guessedKeys(text.slice(at, at + 200));
  const length = text.slice(at).search(/[[\]]/);
  if (length < 0) lexer.fail('the square bracket is not closed', at);
  const end = at + length;
  if (text[end] === '[')
    lexer.fail('a square bracket stands inside [ ], which this version cannot read even in quotation marks', end);
  const parts: KeyPart[] = [];
  lexer.spaces();
  while (lexer.at < end) {
    const from = lexer.at;
    const char = lexer.peek();
    if (char === '.') {
      lexer.at++;
      const next = lexer.at < end ? lexer.peek() : '';
      if (!BARE.test(next) && !isQuote(next) && next !== ' ') lexer.fail('a part of the key is missing', from + 1);
    } else if (isQuote(char)) {
      const close = text.indexOf(char, from + 1);
      if (close < 0 || close >= end) lexer.fail('unterminated string: the closing quotation mark is missing', from);
      lexer.at = close + 1;
      parts.push({ name: text.slice(from + 1, close), at: from, end: lexer.at });
    } else {
      while (lexer.at < end && BARE.test(lexer.peek())) lexer.at++;
      if (lexer.at === from) lexer.fail(noBareKey(char));
      parts.push({ name: text.slice(from, lexer.at), at: from, end: lexer.at });
      lexer.spaces();
      if (lexer.at < end && lexer.peek() !== '.') lexer.fail(noBareKey(lexer.peek()));
    }
    lexer.spaces();
  }
  if (parts.length === 0) lexer.fail('the name of the table is missing', at);
  if (parts.length > DEEPEST) lexer.fail(`a key has more than ${DEEPEST} parts`, at);
  return parts;
}

/** The key that the inside of a broken header most likely names. */
function guessedKeys(rest: string): string[] {
  const inner = /^[^\][\n\r#:]*/.exec(rest)?.[0] ?? '';
  return inner.split('.').flatMap((part) => {
    const name = part.trim().replace(/^(["'])(.*)\1$/, '$2');
    return /^[\w-]+$/.test(name) ? [name] : [];
  });
}
