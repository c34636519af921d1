import type { Grammar } from './dialect.ts';
import type { Lexer } from './lexer.ts';
import { FOREIGN_QUOTE, shown, wordAt } from './shown.ts';
import type { WordNode } from './syntax.ts';

/** Reads what stands where a value is wanted and is neither string, list, table nor switch. */
export function numberOrDate(lexer: Lexer): WordNode {
  const rest = lexer.text.slice(lexer.at, lexer.at + 128);
  return /^(\d{4}-|\d{2}:)/.test(rest) ? date(lexer, rest) : number(lexer, rest);
}

function date(lexer: Lexer, rest: string): WordNode {
  const { by, at } = lexer;
  // The newer library skips whatever stands two places behind a space in a date.
  const raw = by.ignoredNumbers
    ? (/^[0-9T:Ztz.+-]*(?: \d.?[0-9T:Ztz.+-]*)?/s.exec(rest)?.[0] ?? '')
    : (/^[0-9T:Zt z.+-]*/.exec(rest.replace(/ (?!\d).*$/s, ''))?.[0] ?? '').trimEnd();
  if (!by.ignoredNumbers && !isDate(raw)) lexer.fail(`${raw} is no date`);
  lexer.at += raw.length;
  if (by.spaceAfterDate && !raw.includes(':') && !lexer.isAtEnd() && lexer.peek() !== ' ')
    lexer.fail('this version reads a date only before a space', at);
  return { kind: 'date', raw, at, end: lexer.at };
}

function number(lexer: Lexer, rest: string): WordNode {
  const { text, by, at } = lexer;
  // Most numbers are short; what fills all that was cut off may go on.
  const whole = /^[\w.+-]{128}/.test(rest) ? `${/^[\w.+-]*/.exec(text.slice(at))?.[0] ?? rest}\n\n` : rest;
  const raw = by.ignoredNumbers ? numberOfLibrary2(whole) : numberOfLibrary1(whole);
  if (raw === null) return lexer.fail(noValue(wordAt(text, at)));
  lexer.at += raw.length;
  const kind = /^0[xob]/.test(raw) || !/[.eEn]/.test(raw) ? 'integer' : 'float';
  const complaint = by.ignoredNumbers ? null : numberComplaint(raw, kind, by);
  if (complaint !== null) lexer.fail(complaint, at);
  return { kind, raw, at, end: lexer.at };
}

/** What is said of a word that stands where a value is wanted. */
function noValue(word: string): string {
  if (/^(?:yes|no|on|off|true|false)$/i.test(word)) return `“${word}” is not a TOML value; write true or false`;
  return `${shown(word)} ${FOREIGN_QUOTE.test(word) ? 'does not begin a string; write "…"' : 'is not a TOML value; a string needs quotation marks'}`;
}

export function isDate(raw: string): boolean {
  const found = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:[Tt ]?(\d\d):(\d\d):(\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)?)?$/.exec(raw);
  if (found === null) return false;
  const [, year, month, day, hour, minute, second] = found.map((part) => (part === undefined ? null : Number(part)));
  const days = year != null && month != null ? new Date(Date.UTC(year, month, 0)).getUTCDate() : 31;
  return (
    (month == null || (month >= 1 && month <= 12 && (day ?? 0) >= 1 && (day ?? 0) <= days)) &&
    (hour == null || (hour <= 23 && (minute ?? 0) <= 59 && (second ?? 0) <= 59))
  );
}

/** How far the older library reads a number; null where it sees none. */
function numberOfLibrary1(rest: string): string | null {
  const based = /^0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)/.exec(rest)?.[0];
  if (based !== undefined) return based;
  if (/^0[A-Za-z]/.test(rest)) return null;
  const word = /^[+-]?(?:inf|nan)/.exec(rest)?.[0];
  if (word !== undefined) return word;
  const raw = /^[+-]?[0-9_.eE]*(?:(?<=[eE])[+-][0-9_.eE]*)*/.exec(rest)?.[0] ?? '';
  return /^[+-]?[0-9]/.test(raw) ? raw : null;
}

/** How far the newer library reads a number; it looks at it closely only if something wants it. */
function numberOfLibrary2(rest: string): string | null {
  const word = /^(?:inf|nan)/.exec(rest)?.[0];
  if (word !== undefined) return word;
  const zero = /^0(?=[\s\S]{2})(?:x[0-9a-fA-F_]*|o[0-7_]*|b[01_]*|(?=[^.eE]))/.exec(rest)?.[0];
  if (zero !== undefined) return zero;
  const raw = /^[0-9+\-_.eE]+(?:inf|nan)?|^[+-](?:inf|nan)/.exec(rest)?.[0];
  return raw ?? null;
}

const UNDERSCORES = /^_|_$|__|_[.eE+-]|[.eE+-]_/;

/** What a library says of a number that it looks at; null: nothing. */
export function numberComplaint(raw: string, kind: 'integer' | 'float', by: Grammar): string | null {
  const base = /^0[xob]/.exec(raw)?.[0];
  const digits = base === undefined ? raw : raw.slice(2);
  if (UNDERSCORES.test(digits)) return `${raw}: an underscore must stand between digits`;
  const plain = digits.replaceAll('_', '');
  if (kind === 'float') {
    if (/^[+-]?(?:inf|nan)$/.test(plain)) return null;
    if (!/^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(plain)) return `${raw} is no number`;
    if (!by.shortLeadingZero && /^[+-]?0\d/.test(plain)) return `${raw} has a leading zero`;
    return Number.isFinite(Number(plain)) ? null : `${raw} is too large`;
  }
  if (base === undefined) {
    if (!/^[+-]?\d+$/.test(plain)) return `${raw} is no number`;
    const padded = /^[+-]?0\d/.test(plain);
    if (padded && !(by.shortLeadingZero && (plain.length === 2 || /^[+-]/.test(plain))))
      return `${raw} has a leading zero`;
  } else if (plain === '') return `${raw} is no number`;
  const big = integerOf(raw);
  if (big === null) return `${raw} is no number`;
  if (big < -(2n ** 63n) || big >= (by.unsigned ? 2n ** 64n : 2n ** 63n)) return `${raw} is too large`;
  return null;
}

/** An integer's value; null where its spelling is none. */
export function integerOf(raw: string): bigint | null {
  const plain = raw.replaceAll('_', '').replace(/^([+-])/, '');
  const negative = raw.startsWith('-');
  if (plain.length > 400 || !/^(?:0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|\d+)$/.test(plain)) return null;
  const value = BigInt(/^\d+$/.test(plain) ? plain.replace(/^0+(?=\d)/, '') : plain);
  return negative ? -value : value;
}
