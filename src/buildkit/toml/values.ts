import { keyParts, namesOf } from './keys.ts';
import { BARE, DEEPEST, type Lexer } from './lexer.ts';
import { numberOrDate } from './numbers.ts';
import { shown } from './shown.ts';
import { basicString, literalString, longString } from './strings.ts';
import type { ArrayNode, InlineNode, PairNode, StringNode, ValueNode } from './syntax.ts';

/** Reads `key = value`, `depth` values deep. */
export function pair(lexer: Lexer, depth: number): PairNode {
  const { text, by, at } = lexer;
  const outer = lexer.under;
  const keys = keyParts(lexer);
  lexer.under = [...outer, ...namesOf(keys)];
  const before = text[lexer.at - 1];
  if (by.equalsBelow && (before === ' ' || before === '\t')) lexer.blank();
  if (lexer.peek() !== '=') lexer.fail(noEquals(lexer));
  lexer.at++;
  lexer.spaces();
  const node = value(lexer, depth);
  lexer.under = outer;
  return { keys, value: node, at, end: lexer.at };
}

function noEquals(lexer: Lexer): string {
  const char = lexer.peek();
  if (char === ':') return 'a key is followed by =, not by a colon';
  const isMissing = lexer.isAtEnd() || /[ \t\r\n]/.test(char) || (lexer.text[lexer.at - 1] === ' ' && BARE.test(char));
  return isMissing ? '= is missing after the key' : `${shown(char)} stands where = is missing after the key`;
}

function value(lexer: Lexer, depth: number): ValueNode {
  if (depth > DEEPEST) lexer.fail(`values are nested more than ${DEEPEST} deep`);
  const { text, at } = lexer;
  const char = lexer.peek();
  if (char === '"' || char === "'") return string(lexer, char);
  if (char === '[') return array(lexer, depth);
  if (char === '{') return inline(lexer, depth);
  for (const raw of ['true', 'false']) {
    if (!text.startsWith(raw, at)) continue;
    lexer.at += raw.length;
    return { kind: 'boolean', raw, at, end: lexer.at };
  }
  if (char === '' || char === '\n' || char === '\r' || char === '#') return valueBelow(lexer);
  return numberOrDate(lexer);
}

function string(lexer: Lexer, quote: '"' | "'"): StringNode {
  const { text, at } = lexer;
  const content = text.startsWith(quote.repeat(3), at)
    ? longString(lexer, quote)
    : quote === '"'
      ? basicString(lexer, false)
      : literalString(lexer);
  return { kind: 'string', text: content, raw: text.slice(at, lexer.at), at, end: lexer.at };
}

/** The older library looks for a value below, but takes what stands there for a table's name: only [] is both. */
function valueBelow(lexer: Lexer): ArrayNode {
  const { text, by, at } = lexer;
  if (by.equalsBelow) lexer.blank();
  if (!by.equalsBelow || !text.startsWith('[]', lexer.at)) return lexer.fail('the value is missing', at);
  lexer.at += 2;
  return { kind: 'array', items: [], at, end: lexer.at };
}

function array(lexer: Lexer, depth: number): ArrayNode {
  const { at } = lexer;
  const unclosed = (): never => lexer.fail('the list is not closed by ]', at);
  const items: ValueNode[] = [];
  lexer.at++;
  for (;;) {
    lexer.blank();
    if (lexer.peek() === ']') break;
    if (lexer.peek() === '') unclosed();
    if (lexer.peek() === ',') lexer.fail('a value is missing before the comma');
    items.push(value(lexer, depth + 1));
    lexer.blank();
    if (lexer.peek() === ',') lexer.at++;
    else if (lexer.peek() === '') unclosed();
    else if (lexer.peek() !== ']') {
      if (/^[\w.-]+[ \t]*=/.test(lexer.text.slice(lexer.at, lexer.at + 80))) unclosed();
      lexer.fail('a comma is missing between two values of the list');
    }
  }
  lexer.at++;
  return { kind: 'array', items, at, end: lexer.at };
}

function inline(lexer: Lexer, depth: number): InlineNode {
  const { by, at } = lexer;
  const pairs: PairNode[] = [];
  const gap = (lines: boolean): string => {
    if (lines) lexer.blank();
    else lexer.spaces();
    return lexer.peek();
  };
  lexer.at++;
  for (;;) {
    const first = gap(by.inlineLineEnds);
    if (first === '}' && (pairs.length === 0 || by.inlineTrailingComma)) break;
    if (first === '}') lexer.fail('a comma stands before the end of an inline table');
    if (first === '\n' || first === '\r') lexer.fail('an inline table must stay on one line in this version');
    if (first === '') lexer.fail('the inline table is not closed by }', at);
    pairs.push(pair(lexer, depth + 1));
    if (gap(by.inlineTrailingComma) === ',') {
      lexer.at++;
      continue;
    }
    const last = gap(by.inlineLineEnds);
    if (last === '}') break;
    if (last === '') lexer.fail('the inline table is not closed by }', at);
    lexer.fail(
      /[\n\r#]/.test(last)
        ? 'an inline table must stay on one line in this version'
        : 'a comma is missing in an inline table',
    );
  }
  lexer.at++;
  return { kind: 'inline', pairs, at, end: lexer.at };
}
