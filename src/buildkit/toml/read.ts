import type { Grammar } from './dialect.ts';
import { headerKeys, namesOf } from './keys.ts';
import { Lexer, Mistake } from './lexer.ts';
import { shown, wordAt } from './shown.ts';
import type { HeaderNode, Statement, TomlText } from './syntax.ts';
import { pair } from './values.ts';

/** Reads TOML as one grammar has it. Never throws; time and memory grow with the text alone. */
export function readToml(text: string, by: Grammar): TomlText {
  const lexer = new Lexer(text, by);
  const statements: Statement[] = [];
  try {
    readStatements(lexer, statements);
    return { statements, error: null };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { statements, error: { message: error.message, at: error.at, under: lexer.under } };
  }
}

function readStatements(lexer: Lexer, into: Statement[]): void {
  const { text, by } = lexer;
  let table: readonly string[] = [];
  if (text.startsWith('\ufeff')) {
    if (!by.byteOrderMark) lexer.fail('a byte order mark stands at the beginning');
    lexer.at = 1;
  }
  for (;;) {
    lexer.blank();
    if (lexer.isAtEnd()) return;
    if (lexer.peek() === '[') {
      into.push(header(lexer));
      table = lexer.under;
      lexer.spaces();
      if (by.keyAfterHeader) continue;
    } else {
      lexer.under = table;
      const node = pair(lexer, 0);
      into.push({ kind: 'pair', pair: node });
      lexer.under = [...table, ...namesOf(node.keys)];
      lexer.spaces();
    }
    lexer.comment();
    if (!lexer.isAtEnd() && !lexer.lineEnd())
      lexer.fail(`${shown(wordAt(text, lexer.at))} is not expected after the value`);
  }
}

function header(lexer: Lexer): HeaderNode {
  const { text } = lexer;
  const at = lexer.at++;
  const array = lexer.peek() === '[';
  if (array) lexer.at++;
  lexer.under = [];
  const from = lexer.at;
  const keys = headerKeys(lexer);
  const raw = text.slice(from, lexer.at);
  lexer.under = namesOf(keys);
  for (const bracket of array ? ']]' : ']') {
    if (lexer.peek() !== bracket)
      lexer.fail(
        text[lexer.at - 1] === ' ' || lexer.isAtEnd() || /[\r\n#[\]=]/.test(lexer.peek())
          ? `“${bracket}” is missing; the parts of a name are joined by dots`
          : `${shown(lexer.peek())} cannot stand in a name without quotation marks`,
      );
    lexer.at++;
  }
  return { kind: 'header', keys, array, raw, at, end: lexer.at };
}
