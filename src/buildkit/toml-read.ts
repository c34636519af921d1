import type { Dialect } from './dialect.ts';

/** One part of a key and where it stands (offset in the text). */
export interface KeyPart {
  readonly name: string;
  readonly at: number;
}
/** A value as written. `raw` is its spelling, `text` what a string holds. */
export type ValueNode =
  | { readonly kind: 'string'; readonly text: string; readonly raw: string; readonly at: number }
  | { readonly kind: 'integer' | 'float' | 'boolean' | 'date'; readonly raw: string; readonly at: number }
  | { readonly kind: 'array'; readonly items: readonly ValueNode[]; readonly at: number }
  | { readonly kind: 'inline'; readonly pairs: readonly PairNode[]; readonly at: number };
export interface PairNode {
  readonly keys: readonly KeyPart[];
  readonly value: ValueNode;
  readonly at: number;
}
export type Statement =
  | { readonly kind: 'pair'; readonly pair: PairNode }
  | {
      readonly kind: 'header';
      readonly keys: readonly KeyPart[];
      readonly array: boolean;
      readonly raw: string;
      readonly at: number;
    };
/** A text's statements up to the first mistake in syntax. `under` is the key that the mistake belongs to, as far as it was read. */
export interface TomlText {
  readonly statements: readonly Statement[];
  readonly error: { readonly message: string; readonly at: number; readonly under: readonly string[] } | null;
}

class Mistake extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Deeper nesting is not read: no configuration has it, and buildkitd would need as much memory as it likes. */
const DEEPEST = 1000;
const BARE = /[A-Za-z0-9_-]/;
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
const INVISIBLE = /^[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]/;
const shown = (word: string): string => {
  if (word === '') return 'the end';
  if (INVISIBLE.test(word))
    return `an invisible character (U+${word.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')})`;
  if (/^[“”„‟‘’‚‛«»`]/.test(word)) return `the quotation mark ${word.charAt(0)}, which is none in TOML,`;
  return /[\u0000-\u0020]/.test(word) ? JSON.stringify(word) : `“${word}”`;
};

/** Reads TOML as one library does. Never throws; time and memory grow with the text alone. */
export function readToml(text: string, by: Dialect): TomlText {
  const statements: Statement[] = [];
  let at = 0;
  let table: readonly string[] = [];
  let under: readonly string[] = [];

  const peek = (): string => text[at] ?? '';
  const fail = (message: string, where = at): never => {
    throw new Mistake(message, where);
  };
  const spaces = (): void => {
    while (text[at] === ' ' || text[at] === '\t') at++;
  };
  /** Takes a line end; false when there is none. */
  const lineEnd = (): boolean => {
    if (text[at] === '\n') at++;
    else if (text[at] === '\r' && text[at + 1] === '\n') at += 2;
    else if (text[at] === '\r' && by.bareCarriageReturn) at++;
    else return false;
    return true;
  };
  const comment = (): void => {
    if (peek() !== '#') return;
    while (at < text.length && text[at] !== '\n' && !(text[at] === '\r' && text[at + 1] === '\n')) {
      if (!by.controlCharacters && /[\u0000-\u0008\u000b-\u001f\u007f]/.test(peek()))
        fail('a control character stands in a comment');
      at++;
    }
  };
  const blank = (): void => {
    do {
      spaces();
      comment();
    } while (lineEnd());
    if (peek() === '\r') fail('a carriage return stands alone; lines end with a line feed');
  };

  // -------------------------------------------------------------- strings

  const codePoint = (digits: number): string => {
    const hex = text.slice(at + 1, at + 1 + digits);
    if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex)) fail(`\\${peek()} needs ${digits} hexadecimal digits`);
    const code = Number.parseInt(hex, 16);
    const real = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    if (!real && !by.anyCodePoint) fail(`\\${peek()}${hex} is no character`);
    at += 1 + digits;
    return real ? String.fromCodePoint(code) : '\ufffd';
  };
  const escaped = (long: boolean): string => {
    const start = at++;
    const letter = peek();
    if (letter === 'u') return codePoint(4);
    if (letter === 'U') return codePoint(8);
    if (letter !== '' && ' \t\r\n'.includes(letter)) {
      const space = /^[ \t]*\r?\n[ \t\r\n]*/.exec(text.slice(at, at + 4096))?.[0];
      if (by.escapedSpace || (long && space !== undefined)) {
        while (at < text.length && ' \t\r\n'.includes(peek())) at++;
        return '';
      }
    }
    const value = by.escapes.includes(letter) && letter !== '' ? SHORT_ESCAPES[letter] : undefined;
    if (value === undefined) return fail(`\\${letter} is no escape; write \\\\ for a backslash`, start);
    at++;
    return value;
  };
  const basicString = (newlines: boolean): string => {
    const start = at++;
    const parts: string[] = [];
    for (;;) {
      const from = at;
      while (
        at < text.length &&
        text[at] !== '"' &&
        text[at] !== '\\' &&
        !/[\u0000-\u0008\n-\u001f\u007f]/.test(peek())
      )
        at++;
      parts.push(text.slice(from, at));
      const char = peek();
      if (char === '') fail('the quotation marks are not closed', start);
      if (char === '"') {
        at++;
        return parts.join('');
      }
      if (char === '\\') parts.push(escaped(false));
      else if (char === '\u007f' && by.controlCharacters) parts.push(text[at++] ?? '');
      else if (newlines && (char === '\n' || char === '\r')) parts.push(text[at++] ?? '');
      else
        fail(
          char === '\n' || char === '\r'
            ? 'the line ends inside quotation marks'
            : 'a control character stands in a string',
        );
    }
  };
  const literalString = (): string => {
    const start = at++;
    for (;;) {
      const char = peek();
      if (char === '') fail('the quotation marks are not closed', start);
      if (char === "'") return text.slice(start + 1, at++);
      if (/[\n\r]/.test(char) && !by.literalLineEnds) fail('the line ends inside quotation marks');
      if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(char) && !by.controlCharacters)
        fail('a control character stands in a string');
      at++;
    }
  };
  const longString = (quote: '"' | "'"): string => {
    const start = at;
    const end = quote.repeat(3);
    at += 3;
    if (text.startsWith('\r\n', at)) at += 2;
    else if (peek() === '\n') at++;
    const parts: string[] = [];
    for (;;) {
      const char = peek();
      if (char === '') fail(`the string is not closed by ${end}`, start);
      if (text.startsWith(end, at)) {
        let more = 0;
        while (by.quotesBeforeEnd && more < 3 && text[at + 3 + more] === quote) more++;
        if (more === 3) fail(`${end} stands in a string`);
        parts.push(quote.repeat(more));
        at += 3 + more;
        return parts.join('');
      }
      if (char === '\\' && quote === '"') {
        parts.push(escaped(true));
        continue;
      }
      if (char === '\r' && text[at + 1] !== '\n' && !by.bareCarriageReturn) fail('a carriage return stands alone');
      const forbidden =
        quote === '"' ? /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/ : /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
      if (
        (forbidden.test(char) && !(by.controlCharacters && quote === "'")) ||
        (char === '\u007f' && !by.controlCharacters)
      )
        fail('a control character stands in a string');
      parts.push(char);
      at++;
    }
  };

  // ----------------------------------------------------------------- keys

  const keyParts = (): KeyPart[] => {
    const parts: KeyPart[] = [];
    if (by.looseDots && peek() === '.') {
      at++;
      if (!BARE.test(peek()) && peek() !== '"' && peek() !== "'") fail('a key cannot begin with a dot');
    }
    for (;;) {
      const start = at;
      const char = peek();
      if (char === '"') {
        const name = basicString(by.looseDots);
        if (by.looseDots && name.includes('"')) fail('a key cannot hold a quotation mark', start);
        parts.push({ name, at: start });
      } else if (char === "'") parts.push({ name: literalString(), at: start });
      else {
        while (at < text.length && BARE.test(peek())) at++;
        if (at === start)
          fail(
            char === '' || char === '\n' || char === '\r'
              ? 'a key is missing'
              : `${shown(char)} cannot stand in a key without quotation marks`,
          );
        parts.push({ name: text.slice(start, at), at: start });
      }
      if (parts.length > DEEPEST) fail(`a key has more than ${DEEPEST} parts`, start);
      const quoted = char === '"' || char === "'";
      if (by.looseDots && quoted && (BARE.test(peek()) || peek() === '"' || peek() === "'")) continue;
      const spaced = peek() === ' ' || peek() === '\t';
      spaces();
      if (peek() !== '.') return parts;
      at++;
      if (!by.spaceAfterDot && !spaced && (peek() === ' ' || peek() === '\t'))
        fail('a space stands behind the dot of a key');
      const behind = at;
      spaces();
      if (by.looseDots && at > behind && peek() === '=') return parts;
    }
  };
  /** Keys between square brackets, where the older library looks for the first closing bracket only. */
  const headerKeys = (): KeyPart[] => {
    if (by.bracketsInHeaders) {
      spaces();
      const parts = keyParts();
      spaces();
      return parts;
    }
    const start = at;
    under = guessedKeys(text.slice(at, at + 200));
    const end = text.slice(at).search(/[[\]]/);
    if (end < 0) fail('the square bracket is not closed', start);
    if (text[at + end] === '[')
      fail('a square bracket stands inside [ ], which this version cannot read even in quotation marks', at + end);
    const inner = text.slice(at, at + end);
    const parts: KeyPart[] = [];
    let here = 0;
    const skip = (): void => {
      while (inner[here] === ' ' || inner[here] === '\t') here++;
    };
    skip();
    while (here < inner.length) {
      const char = inner[here] ?? '';
      if (char === '"' || char === "'") {
        const close = inner.indexOf(char, here + 1);
        if (close < 0) fail('the quotation marks are not closed', start + here);
        parts.push({ name: inner.slice(here + 1, close), at: start + here });
        here = close + 1;
        skip();
      } else if (char === '.') {
        here++;
        const next = inner[here] ?? '';
        if (!BARE.test(next) && next !== '"' && next !== "'" && next !== ' ')
          fail('a part of the key is missing', start + here);
        skip();
      } else if (BARE.test(char)) {
        const from = here;
        while (here < inner.length && BARE.test(inner[here] ?? '')) here++;
        parts.push({ name: inner.slice(from, here), at: start + from });
        skip();
        if (here < inner.length && inner[here] !== '.')
          fail(`${shown(inner[here] ?? '')} cannot stand in a key without quotation marks`, start + here);
      } else fail(`${shown(char)} cannot stand in a key without quotation marks`, start + here);
    }
    if (parts.length === 0) fail('the name of the table is missing', start);
    if (parts.length > DEEPEST) fail(`a key has more than ${DEEPEST} parts`, start);
    at += end;
    return parts;
  };
  const header = (): void => {
    const start = at++;
    const array = peek() === '[';
    if (array) at++;
    under = [];
    const from = at;
    const keys = headerKeys();
    const raw = text.slice(from, at);
    under = keys.map(({ name }) => name);
    for (const bracket of array ? ']]' : ']') {
      if (peek() !== bracket)
        fail(
          text[at - 1] === ' ' || at >= text.length || /[\r\n#[\]=]/.test(peek())
            ? `${bracket} is missing; the parts of a name are joined by dots`
            : `${shown(peek())} cannot stand in a name without quotation marks`,
        );
      at++;
    }
    table = under;
    statements.push({ kind: 'header', keys, array, raw, at: start });
  };

  // --------------------------------------------------------------- values

  const number = (): ValueNode => {
    const start = at;
    const rest = text.slice(at, at + 128);
    if (/^(\d{4}-|\d{2}:)/.test(rest)) {
      // The newer library skips whatever stands two places behind a space in a date.
      const raw = by.ignoredNumbers
        ? (/^[0-9T:Ztz.+-]*(?: \d.?[0-9T:Ztz.+-]*)?/s.exec(rest)?.[0] ?? '')
        : (/^[0-9T:Zt z.+-]*/.exec(rest.replace(/ (?!\d).*$/s, ''))?.[0] ?? '').trimEnd();
      if (!by.ignoredNumbers && !isDate(raw)) fail(`${raw} is no date`, start);
      at += raw.length;
      if (by.spaceAfterDate && !raw.includes(':') && at < text.length && peek() !== ' ')
        fail('this version reads a date only before a space', start);
      return { kind: 'date', raw, at: start };
    }
    // Most numbers are short; what fills all that was cut off may go on.
    const whole = /^[\w.+-]{128}/.test(rest) ? `${/^[\w.+-]*/.exec(text.slice(at))?.[0] ?? rest}\n\n` : rest;
    const raw = by.ignoredNumbers ? numberOfLibrary2(whole) : numberOfLibrary1(whole);
    if (raw === null) return fail(noValue(wordAt(text, start)), start);
    at += raw.length;
    const kind = /^0[xob]/.test(raw) || !/[.eEn]/.test(raw) ? 'integer' : 'float';
    if (!by.ignoredNumbers) {
      const complaint = numberComplaint(raw, kind, by);
      if (complaint !== null) fail(complaint, start);
    }
    return { kind, raw, at: start };
  };
  const value = (depth: number): ValueNode => {
    if (depth > DEEPEST) fail(`values are nested more than ${DEEPEST} deep`);
    const start = at;
    const char = peek();
    if (char === '"' || char === "'") {
      const long = text.startsWith(char.repeat(3), at);
      const content = long ? longString(char) : char === '"' ? basicString(false) : literalString();
      return { kind: 'string', text: content, raw: text.slice(start, at), at: start };
    }
    if (char === '[') return array(depth);
    if (char === '{') return inline(depth);
    for (const word of ['true', 'false']) {
      if (!text.startsWith(word, at)) continue;
      at += word.length;
      return { kind: 'boolean', raw: word, at: start };
    }
    if (char === '' || char === '\n' || char === '\r' || char === '#') {
      // The older library looks for it below, but takes what stands there for a table's name: only [] is both.
      if (by.equalsBelow) blank();
      if (!by.equalsBelow || !text.startsWith('[]', at)) return fail('the value is missing', start);
      at += 2;
      return { kind: 'array', items: [], at: start };
    }
    return number();
  };
  const array = (depth: number): ValueNode => {
    const start = at++;
    const items: ValueNode[] = [];
    for (;;) {
      blank();
      if (peek() === ']') break;
      if (peek() === '') fail('the list is not closed by ]', start);
      if (peek() === ',') fail('a value is missing before the comma');
      items.push(value(depth + 1));
      blank();
      if (peek() === ',') at++;
      else if (peek() === '') fail('the list is not closed by ]', start);
      else if (peek() !== ']') {
        if (/^[\w.-]+[ \t]*=/.test(text.slice(at, at + 80))) fail('the list is not closed by ]', start);
        fail('a comma is missing between two values of the list');
      }
    }
    at++;
    return { kind: 'array', items, at: start };
  };
  const inline = (depth: number): ValueNode => {
    const start = at++;
    const pairs: PairNode[] = [];
    const gap = by.inlineLineEnds ? blank : spaces;
    for (;;) {
      gap();
      if (peek() === '}' && pairs.length === 0) break;
      if (peek() === '}') fail('a comma stands before the end of an inline table');
      if (peek() === '\n' || peek() === '\r') fail('an inline table must stay on one line in this version');
      if (peek() === '') fail('the inline table is not closed by }', start);
      pairs.push(pair(depth + 1));
      spaces();
      if (peek() === ',') {
        at++;
        continue;
      }
      gap();
      if (peek() === '}') break;
      if (peek() === '') fail('the inline table is not closed by }', start);
      fail(
        peek() === '\n' || peek() === '\r' || peek() === '#'
          ? 'an inline table must stay on one line in this version'
          : 'a comma is missing in an inline table',
      );
    }
    at++;
    return { kind: 'inline', pairs, at: start };
  };
  const pair = (depth: number): PairNode => {
    const start = at;
    const outer = under;
    const keys = keyParts();
    under = [...outer, ...keys.map(({ name }) => name)];
    if (by.equalsBelow && (text[at - 1] === ' ' || text[at - 1] === '\t')) blank();
    if (peek() !== '=')
      fail(
        peek() === ':'
          ? 'a key is followed by =, not by a colon'
          : at >= text.length || /[ \t\r\n]/.test(peek()) || (text[at - 1] === ' ' && BARE.test(peek()))
            ? '= is missing after the key'
            : `${shown(peek())} stands where = is missing after the key`,
      );
    at++;
    spaces();
    const node = value(depth);
    under = outer;
    return { keys, value: node, at: start };
  };

  // ----------------------------------------------------------- statements

  try {
    if (text.startsWith('\ufeff')) {
      if (!by.byteOrderMark) fail('a byte order mark stands at the beginning');
      at = 1;
    }
    for (;;) {
      blank();
      if (at >= text.length) break;
      if (peek() === '[') {
        header();
        spaces();
        if (by.keyAfterHeader) continue;
      } else {
        under = table;
        statements.push({ kind: 'pair', pair: pair(0) });
        under = [...table, ...(lastKeys(statements) ?? [])];
        spaces();
      }
      comment();
      if (at < text.length && !lineEnd()) fail(`${shown(wordAt(text, at))} stands behind what the line says`);
    }
    return { statements, error: null };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { statements, error: { message: error.message, at: error.at, under } };
  }
}

/** What is said of a word that stands where a value is wanted. */
function noValue(word: string): string {
  if (/^(?:yes|no|on|off|true|false)$/i.test(word))
    return `“${word}” is no value; a switch is true or false, in lower case`;
  return `${shown(word)} ${/^[“”„‟‘’‚‛«»`]/.test(word) ? 'begins no text; write "…"' : 'is no value; text needs quotation marks'}`;
}

function lastKeys(statements: readonly Statement[]): string[] | null {
  const last = statements.at(-1);
  return last?.kind === 'pair' ? last.pair.keys.map(({ name }) => name) : null;
}

/** The key that the inside of a broken header most likely names. */
function guessedKeys(rest: string): string[] {
  const inner = /^[^\][\n\r#:]*/.exec(rest)?.[0] ?? '';
  return inner.split('.').flatMap((part) => {
    const name = part.trim().replace(/^(["'])(.*)\1$/, '$2');
    return /^[\w-]+$/.test(name) ? [name] : [];
  });
}

/** What stands at a place, up to the next white space, for a message. */
function wordAt(text: string, at: number): string {
  const word = /^[^\s,#\]}]{1,40}/.exec(text.slice(at, at + 60))?.[0];
  return word ?? text.slice(at, at + 1);
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
export function numberComplaint(raw: string, kind: 'integer' | 'float', by: Dialect): string | null {
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
