import { MASK, maskAddress, type OnSecret, tellParts, tellWords } from '../text/secret-words.ts';
import { garbled, maskComment } from './garble.ts';
import { type KeyKind, namesOfToml } from './toml-names.ts';

/**
 * The text of a buildkitd.toml as it may be kept: the same lines, keys and kinds of values, without the user
 * information of addresses, the values of keys that are no business of BuildKit's, and the words of what is no TOML.
 */
export function maskToml(text: string, found: OnSecret): string {
  return new TomlMask(text, found).run();
}

const BLANK = /[ \t]*/y;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const BARE = /[^\s,\]}#"']+/y;
const VALID =
  /^(?:true|false|[+-]?(?:inf|nan)|[+-]?[\d_]+(?:\.[\d_]+)?(?:[eE][+-]?[\d_]+)?|0[xob][\da-fA-F_]+|[\d:.TtZz+-]+)$/;
/** Deeper than any file that buildkitd takes. */
const MOST_DEEP = 200;

/** One pass over a text, which may be broken anywhere. */
class TomlMask {
  private at = 0;
  private copied = 0;
  private out = '';
  private table: readonly string[] = [];
  private readonly told = namesOfToml();
  private readonly text: string;
  private readonly found: OnSecret;

  constructor(text: string, found: OnSecret) {
    this.text = text;
    this.found = found;
  }

  run(): string {
    if (this.text.startsWith('\ufeff')) this.at = 1;
    while (this.at < this.text.length) {
      const bad = this.statement();
      if (bad !== null) this.garbleLine(bad);
      this.endOfLine();
    }
    return this.out + this.text.slice(this.copied);
  }

  /** Null, or from where on the line is no TOML. What stands before was judged, and is masked where it must be. */
  private statement(): number | null {
    this.take(BLANK);
    if (this.isLineDone()) return null;
    const start = this.at;
    if (this.text[start] === '[') {
      if (!this.header()) return Math.max(start, this.copied);
    } else {
      const key = this.key();
      if (key === null || this.text[this.at] !== '=') return Math.max(start, this.copied);
      this.at++;
      if (!this.value([...this.table, ...key], 0)) return this.at;
    }
    return this.isLineDone() ? null : this.at;
  }

  private header(): boolean {
    const double = this.text.startsWith('[[', this.at);
    this.at += double ? 2 : 1;
    const key = this.key();
    const end = double ? ']]' : ']';
    if (key === null || !this.text.startsWith(end, this.at)) return false;
    this.at += end.length;
    this.table = key;
    return true;
  }

  private isLineDone(): boolean {
    this.take(BLANK);
    const char = this.text[this.at];
    return char === undefined || char === '\n' || char === '\r' || char === '#';
  }

  /** A dotted key with the blanks around it; null: there is none. */
  private key(): readonly string[] | null {
    const parts: string[] = [];
    for (;;) {
      this.take(BLANK);
      const quote = this.text[this.at];
      if (quote === '"' || quote === "'") {
        const part = this.string((value) => maskAddress(value, this.found));
        if (part === null) return null;
        parts.push(part);
      } else {
        const part = this.take(BARE_KEY);
        if (part === '') return null;
        parts.push(part);
      }
      this.take(BLANK);
      if (this.text[this.at] !== '.') return parts;
      this.at++;
    }
  }

  private value(path: readonly string[], depth: number): boolean {
    if (depth > MOST_DEEP) return false;
    this.take(BLANK);
    const told = this.told(path);
    switch (this.text[this.at]) {
      case '"':
      case "'":
        return this.string((value) => this.masked(value, told)) !== null;
      case '[':
        return this.list(path, depth);
      case '{':
        return this.inlineTable(path, depth);
      default:
        return this.bare(told);
    }
  }

  private masked(value: string, told: KeyKind): string {
    if (told === 'address') return maskAddress(value, this.found);
    if (value === '') return value;
    maskAddress(value, this.found);
    if (told === 'secret') tellParts(value, this.found);
    tellWords(value, this.found);
    return MASK;
  }

  private bare(told: KeyKind): boolean {
    const from = this.at;
    const word = this.take(BARE);
    if (word === '') return false;
    if (!VALID.test(word)) {
      if (told !== 'address') this.put(from, garbled(word, this.found));
    } else if (told !== 'address' && /^\d{4,}$/.test(word)) {
      this.found(word);
      this.put(from, '1');
    }
    return true;
  }

  private list(path: readonly string[], depth: number): boolean {
    this.at++;
    for (;;) {
      this.gap();
      if (this.text[this.at] === ']') {
        this.at++;
        return true;
      }
      if (!this.value(path, depth + 1)) return false;
      this.gap();
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== ']') return false;
    }
  }

  private inlineTable(path: readonly string[], depth: number): boolean {
    this.at++;
    for (;;) {
      this.gap();
      if (this.text[this.at] === '}') {
        this.at++;
        return true;
      }
      const key = this.key();
      if (key === null || this.text[this.at] !== '=') return false;
      this.at++;
      if (!this.value([...path, ...key], depth + 1)) return false;
      this.gap();
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== '}') return false;
    }
  }

  /** Blanks, ends of lines and comments between items. */
  private gap(): void {
    for (;;) {
      while (/[ \t\r\n]/.test(this.text[this.at] ?? '')) this.at++;
      if (this.text[this.at] !== '#') return;
      this.comment();
    }
  }

  /** One string of any of the four kinds, as `shown` makes it; null: it does not end. */
  private string(shown: (value: string) => string): string | null {
    const from = this.at;
    const quote = this.text[from] ?? '';
    const long = this.text.startsWith(quote.repeat(3), from);
    const end = long ? this.endOfLong(from, quote) : this.endOfShort(from, quote);
    if (end === null) return null;
    const size = long ? 3 : 1;
    const raw = this.text.slice(from + size, end - size);
    const value = quote === '"' ? unescaped(raw) : raw;
    this.at = end;
    const masked = shown(value);
    if (masked !== value) {
      const mark = quote.repeat(size);
      const lines = raw.match(/\r?\n/g) ?? [];
      const basic = masked === MASK || quote === "'" ? masked : JSON.stringify(masked).slice(1, -1);
      this.put(from, mark + (lines.length === 0 ? basic : `${MASK}${lines.join('')}`) + mark);
    }
    return masked;
  }

  private endOfShort(from: number, quote: string): number | null {
    for (let at = from + 1; at < this.text.length; at++) {
      const char = this.text[at];
      if (char === '\n') return null;
      if (char === '\\' && quote === '"') at++;
      else if (char === quote) return at + 1;
    }
    return null;
  }

  private endOfLong(from: number, quote: string): number | null {
    const mark = quote.repeat(3);
    for (let at = from + 3; at < this.text.length; at++) {
      if (this.text[at] === '\\' && quote === '"') at++;
      else if (this.text.startsWith(mark, at)) {
        // Up to two quotes may stand before the end.
        let end = at + 3;
        while (end < at + 5 && this.text[end] === quote) end++;
        return end;
      }
    }
    return null;
  }

  private comment(): void {
    const from = this.at + 1;
    const end = this.lineEnd();
    this.at = end;
    const comment = this.text.slice(from, end).replace(/\r$/, '');
    const shown = maskComment(comment, this.found);
    if (shown !== comment) this.put(from, shown, from + comment.length);
  }

  private garbleLine(from: number): void {
    const end = this.lineEnd();
    this.at = end;
    if (from < end) this.put(from, garbled(this.text.slice(from, end), this.found));
  }

  private endOfLine(): void {
    if (this.text[this.at] === '#') this.comment();
    this.at = Math.min(this.lineEnd() + 1, this.text.length);
  }

  private lineEnd(): number {
    const end = this.text.indexOf('\n', this.at);
    return end < 0 ? this.text.length : end;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private put(from: number, shown: string, to: number = this.at): void {
    this.out += this.text.slice(this.copied, from) + shown;
    this.copied = to;
  }
}

const ESCAPES: { readonly [letter: string]: string } = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b' };

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(
    /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|[ \t]*\r?\n\s*|([\s\S]))/g,
    (whole, short?: string, long?: string, byte?: string, letter?: string) => {
      const code = Number.parseInt(short ?? long ?? byte ?? '', 16);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
      return letter === undefined ? (Number.isNaN(code) ? '' : whole) : (ESCAPES[letter] ?? letter);
    },
  );
}
