import type { Entry, Scalar, Span, Value } from './tree.ts';

/** It is written in a way that only a whole reader of YAML knows. */
class Other extends Error {}
const other = (): never => {
  throw new Other();
};

const LONGEST = 2_200_000;
const DEEPEST = 50;
const STRANGE = /[\t\r\ufeff\u0085\u2028\u2029]|^%|^\.\.\./m;

/**
 * The documents of a text in the YAML of which nearly all files are made: blocks, texts and brackets that end on their
 * line, literal blocks. Null for any other text, which is left to a whole reader, as is all that is wrong.
 */
export function readPlainYaml(text: string, base: number): readonly Value[] | null {
  if (text.length > LONGEST || STRANGE.test(text)) return null;
  try {
    return new Blocks(text, base).documents();
  } catch (error) {
    if (error instanceof Other) return null;
    throw error;
  }
}

const INTEGER = /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+)$/;
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ...['~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** What a text without quotes stands for, by the core schema of YAML 1.2. */
function meantBy(text: string): Scalar['value'] {
  const constant = CONSTANTS.get(text);
  if (constant !== undefined) return constant;
  const first = text.charCodeAt(0);
  // Numbers begin with a digit, a sign or a point.
  if ((first < 48 || first > 57) && first !== 43 && first !== 45 && first !== 46) return text;
  if (/^[-+]?\.(?:inf|nan)$/i.test(text)) return other();
  return INTEGER.test(text) || FLOAT.test(text) ? Number(text) : text;
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === undefined;

class Blocks {
  private readonly text: string;
  private readonly base: number;
  /** Offsets of the lines that say something, where their words begin, and where they end. */
  private readonly starts: number[] = [];
  private readonly words: number[] = [];
  private readonly ends: number[] = [];
  private line = 0;
  private depth = 0;

  constructor(text: string, base: number) {
    this.text = text;
    this.base = base;
    for (let start = 0; start <= text.length; ) {
      let end = text.indexOf('\n', start);
      if (end < 0) end = text.length;
      let at = start;
      while (text[at] === ' ') at++;
      if (at < end && text[at] !== '#') {
        this.starts.push(start);
        this.words.push(at);
        this.ends.push(end);
      }
      start = end + 1;
    }
  }

  documents(): readonly Value[] {
    const found: Value[] = [];
    if (this.isBorder()) this.line++;
    do {
      if (this.indent() !== 0 || this.isBorder()) other();
      found.push(this.block(-1));
      if (this.line < this.starts.length && !this.isBorder()) other();
      this.line++;
    } while (this.line < this.starts.length);
    return this.line > this.starts.length + 1 || this.endsWithBorder() ? other() : found;
  }

  private isBorder(): boolean {
    const start = this.starts[this.line];
    if (start === undefined || !this.text.startsWith('---', start)) return false;
    return this.text.slice(start + 3, this.ends[this.line]).trim() === '' || other();
  }

  private endsWithBorder(): boolean {
    const last = this.starts.at(-1);
    return last !== undefined && this.text.startsWith('---', last);
  }

  /** Of the line to be read; -1 behind the last one, and where a document ends. */
  private indent(): number {
    const { line, starts, words } = this;
    return line >= starts.length ? -1 : (words[line] ?? 0) - (starts[line] ?? 0);
  }

  private lineEnd(): number {
    return this.ends[this.line] ?? this.text.length;
  }

  private isEntry(at: number): boolean {
    return this.text[at] === '-' && (isBlank(this.text[at + 1]) || at + 1 === this.lineEnd());
  }

  /** What begins on this line, deeper than `above`. */
  private block(above: number): Value {
    const column = this.indent();
    if (column <= above) other();
    const at = this.words[this.line] ?? 0;
    return this.isEntry(at) ? this.list(at, column) : this.map(at, column);
  }

  private deeper<T>(read: () => T): T {
    if (++this.depth > DEEPEST) other();
    const value = read();
    this.depth--;
    return value;
  }

  private list(first: number, column: number): Value {
    const items: Value[] = [];
    for (let at = first; ; at = this.words[this.line] ?? 0) {
      if (!this.isEntry(at)) other();
      const inner = this.pastBlanks(at + 1);
      items.push(this.deeper(() => this.item(inner, column)));
      if (this.indent() !== column || this.isBorder() || !this.isEntry(this.words[this.line] ?? 0)) break;
    }
    if (this.indent() > column) other();
    return { kind: 'list', items, span: this.span(first, endOf(items) - this.base) };
  }

  private item(at: number, column: number): Value {
    const { text } = this;
    if (at >= this.lineEnd() || text[at] === '#') {
      this.line++;
      return this.block(column);
    }
    const inner = at - (this.starts[this.line] ?? 0);
    if (this.isEntry(at)) return this.list(at, inner);
    return this.keyEnd(at) === null ? this.value(at, column) : this.map(at, inner);
  }

  private map(first: number, column: number): Value {
    const entries: Entry[] = [];
    for (let at = first; ; at = this.words[this.line] ?? 0) {
      const end = this.keyEnd(at) ?? other();
      const key = this.key(at, end);
      const keySpan = this.span(at, end);
      const colon = this.text.indexOf(':', end);
      const value = this.deeper(() => this.valueOf(this.pastBlanks(colon + 1), column, colon + 1));
      entries.push({ key, keySpan, value, span: { start: keySpan.start, end: Math.max(keySpan.end, value.span.end) } });
      if (this.indent() !== column || this.isBorder()) break;
    }
    if (this.indent() > column) other();
    return { kind: 'fields', entries, span: this.span(first, (entries.at(-1)?.span.end ?? 0) - this.base) };
  }

  private pastBlanks(from: number): number {
    let at = from;
    while (this.text[at] === ' ') at++;
    return at;
  }

  /** Behind the key that begins here; null: no key does. */
  private keyEnd(at: number): number | null {
    const { text } = this;
    const quote = text[at];
    const lineEnd = this.lineEnd();
    if (quote === '"' || quote === "'") {
      const end = this.quoteEnd(at);
      if (text[end] !== ':') return text.slice(end, lineEnd).trimStart().startsWith(':') ? other() : null;
      return isBlank(text[end + 1]) || end + 1 === lineEnd ? end : other();
    }
    if (quote === '[' || quote === '{') return null;
    if (quote === '?' && isBlank(text[at + 1])) other();
    for (let colon = text.indexOf(':', at); colon >= 0 && colon < lineEnd; colon = text.indexOf(':', colon + 1)) {
      if (colon + 1 < lineEnd && text[colon + 1] !== ' ') continue;
      const key = text.slice(at, colon);
      if (key.includes(' #')) return null;
      return key.endsWith(' ') || key === '' || key === '<<' ? other() : colon;
    }
    return null;
  }

  private key(at: number, end: number): string {
    const { text } = this;
    if (text[at] === '"' || text[at] === "'") return text.slice(at + 1, end - 1);
    return this.plainText(at, end);
  }

  /** Text without quotes; what begins like another thing is left to others. */
  private plainText(at: number, end: number): string {
    const found = this.text.slice(at, end);
    const first = found[0] ?? '';
    if ('[]{},#&*!|>\'"%@`'.includes(first) || ('-?:'.includes(first) && isBlank(found[1]))) other();
    return found;
  }

  /** Behind the closing quote on the same line; with backslashes or doubled quotes it is left to others. */
  private quoteEnd(at: number): number {
    const { text } = this;
    const end = text.indexOf(text[at] ?? '', at + 1);
    if (end < 0 || end >= this.lineEnd() || text[end + 1] === text[at]) other();
    if (text[at] === '"' && text.slice(at, end).includes('\\')) other();
    return end + 1;
  }

  /** Behind a colon: on the same line, or deeper on the next ones; nothing at all is null. */
  private valueOf(at: number, column: number, colon: number): Value {
    if (at < this.lineEnd() && this.text[at] !== '#') return this.value(at, column);
    const isBare = colon === this.lineEnd();
    this.line++;
    const next = this.indent();
    if (next > column) return this.block(column);
    if (next === column && !this.isBorder() && this.isEntry(this.words[this.line] ?? 0))
      return this.deeper(() => this.list(this.words[this.line] ?? 0, column));
    if (!isBare) other();
    return { kind: 'scalar', value: null, text: '', plain: true, span: this.span(colon, colon) };
  }

  /** A value that begins here, and ends on this line or is a literal block. */
  private value(at: number, column: number): Value {
    if (this.text[at] === '|') return this.literal(at, column);
    const { value, end } = this.inline(at, false);
    const rest = this.text.slice(end, this.lineEnd());
    if (!/^ *(?: #.*)?$/.test(rest)) other();
    this.line++;
    // It may go on.
    if (this.indent() > column) other();
    return value;
  }

  private inline(at: number, flow: boolean): { readonly value: Value; readonly end: number } {
    const { text } = this;
    const first = text[at];
    if (first === '[' || first === '{')
      return this.deeper(() => (first === '[' ? this.flowList(at) : this.flowMap(at)));
    if (first === '"' || first === "'") {
      const end = this.quoteEnd(at);
      const held = text.slice(at + 1, end - 1);
      return { value: { kind: 'scalar', value: held, text: held, plain: false, span: this.span(at, end) }, end };
    }
    const end = this.plainEnd(at, flow);
    const written = this.plainText(at, end);
    const value = meantBy(written);
    return { value: { kind: 'scalar', value, text: written, plain: true, span: this.span(at, end) }, end };
  }

  private plainEnd(at: number, flow: boolean): number {
    const { text } = this;
    const lineEnd = this.lineEnd();
    let end = at;
    for (; end < lineEnd; end++) {
      const char = text[end] ?? '';
      if (char === '#' && text[end - 1] === ' ') break;
      const next = text[end + 1];
      if (char === ':' && (isBlank(next) || next === '\n' || (flow && ',[]{}'.includes(next ?? '')))) {
        if (!flow) other();
        break;
      }
      if (flow && ',[]{}'.includes(char)) break;
    }
    while (end > at && text[end - 1] === ' ') end--;
    return end > at ? end : other();
  }

  private flowList(at: number): { readonly value: Value; readonly end: number } {
    const items: Value[] = [];
    let here = this.pastBlanks(at + 1);
    while (this.text[here] !== ']') {
      const { value, end } = this.inline(here, true);
      items.push(value);
      here = this.afterItem(end, ']');
    }
    return { value: { kind: 'list', items, span: this.span(at, here + 1) }, end: here + 1 };
  }

  private flowMap(at: number): { readonly value: Value; readonly end: number } {
    const { text } = this;
    const entries: Entry[] = [];
    let here = this.pastBlanks(at + 1);
    while (text[here] !== '}') {
      const key = this.inline(here, true);
      if (key.value.kind !== 'scalar' || text[key.end] !== ':' || text[key.end + 1] !== ' ') return other();
      if (key.value.text === '<<') other();
      const { value, end } = this.inline(this.pastBlanks(key.end + 1), true);
      const keySpan = key.value.span;
      entries.push({ key: key.value.text, keySpan, value, span: { start: keySpan.start, end: value.span.end } });
      here = this.afterItem(end, '}');
    }
    return { value: { kind: 'fields', entries, span: this.span(at, here + 1) }, end: here + 1 };
  }

  private afterItem(end: number, close: string): number {
    const at = this.pastBlanks(end);
    if (this.text[at] === close) return at;
    const next = this.text[at] === ',' ? this.pastBlanks(at + 1) : other();
    return this.text[next] === close ? other() : next;
  }

  private literal(at: number, column: number): Value {
    const { text } = this;
    const header = /^\|(-?)(?: *| +#.*)$/.exec(text.slice(at, this.lineEnd())) ?? other();
    let start = this.lineEnd() + 1;
    let indent = -1;
    const lines: string[] = [];
    while (start < text.length) {
      let end = text.indexOf('\n', start);
      if (end < 0) end = text.length;
      const first = this.pastBlanks(start);
      if (first >= end) {
        if (end - start > Math.max(indent, 0)) other();
        lines.push('');
      } else {
        const own = first - start;
        if (indent < 0) indent = own;
        if (own < indent || indent <= column) break;
        lines.push(text.slice(start + indent, end));
      }
      start = end + 1;
    }
    while (lines.at(-1) === '') lines.pop();
    if (lines.length === 0) other();
    while (this.line < this.starts.length && (this.starts[this.line] ?? 0) < start) this.line++;
    if (this.indent() > column) other();
    let end = Math.min(start, text.length);
    while (/\s/.test(text[end - 1] ?? '')) end--;
    const held = lines.join('\n') + (header[1] === '-' ? '' : '\n');
    return { kind: 'scalar', value: held, text: held, plain: false, span: this.span(at, end) };
  }

  private span(start: number, end: number): Span {
    return { start: this.base + start, end: this.base + end };
  }
}

const endOf = (items: readonly Value[]): number => items.at(-1)?.span.end ?? 0;
