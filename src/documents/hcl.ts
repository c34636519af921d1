import type { Entry, Scalar, Span, Value } from './tree.ts';

/** What an HCL text holds, and the first thing in it that cannot be read. */
export interface HclText {
  /** Blocks stand under their kind and labels: `target.app.args`. */
  readonly root: Value;
  readonly error: { readonly message: string; readonly at: number } | null;
}

const DEEPEST = 100;

class Unreadable extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/**
 * Reads the static part of an HCL text, as `docker buildx bake` takes it: blocks, attributes, texts, lists and maps. What has to be
 * computed is a text with its expression in `${…}`. Never throws.
 */
export function readHcl(text: string, base = 0): HclText {
  const reader = new HclReader(text, base);
  try {
    return { root: reader.body(false, 0), error: null };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return {
      root: { kind: 'fields', entries: [], span: { start: base, end: base } },
      error: { message: error.message, at: base + error.at },
    };
  }
}

class HclReader {
  private at = 0;
  private readonly text: string;
  private readonly base: number;

  constructor(text: string, base: number) {
    this.text = text;
    this.base = base;
  }

  body(inBlock: boolean, depth: number): Value {
    const start = this.at;
    const entries: Entry[] = [];
    for (;;) {
      this.skip(true);
      const char = this.text[this.at];
      if (char === undefined || (char === '}' && inBlock)) {
        if (inBlock && char === undefined) throw new Unreadable('A block is not closed.', start);
        if (inBlock) this.at++;
        return { kind: 'fields', entries: merged(entries), span: this.span(start) };
      }
      entries.push(this.member(depth));
    }
  }

  private span(start: number): Span {
    return { start: this.base + start, end: this.base + this.at };
  }

  /** Blanks and comments; also line ends where they mean nothing. */
  private skip(lines: boolean): void {
    for (;;) {
      const rest = this.text.slice(this.at, this.at + 2);
      if (/^[ \t\r]/.test(rest) || (lines && rest.startsWith('\n'))) this.at++;
      else if (rest.startsWith('#') || rest === '//') {
        const end = this.text.indexOf('\n', this.at);
        this.at = end < 0 ? this.text.length : end;
      } else if (rest === '/*') {
        const end = this.text.indexOf('*/', this.at + 2);
        this.at = end < 0 ? this.text.length : end + 2;
      } else return;
    }
  }

  private member(depth: number): Entry {
    if (depth > DEEPEST) throw new Unreadable(`It is nested more than ${DEEPEST} levels deep.`, this.at);
    const start = this.at;
    const name = this.name();
    const keySpan = this.span(start);
    const labels: { readonly key: string; readonly keySpan: Span }[] = [];
    for (;;) {
      this.skip(false);
      const char = this.text[this.at];
      if (char === '=' || char === ':') {
        this.at++;
        this.skip(false);
        const value = this.expression(depth + 1);
        return { key: name, keySpan, value, span: this.span(start) };
      }
      if (char === '{') {
        this.at++;
        let value = this.body(true, depth + 1);
        const span = this.span(start);
        for (const label of labels.toReversed()) value = { kind: 'fields', entries: [{ ...label, value, span }], span };
        return { key: name, keySpan, value, span };
      }
      const labelStart = this.at;
      if (char === '"' || /\w/.test(char ?? '')) labels.push({ key: this.name(), keySpan: this.span(labelStart) });
      else throw new Unreadable(`Something else than = or { stands behind ${name}.`, this.at);
    }
  }

  private name(): string {
    if (this.text[this.at] === '"') return this.quoted();
    const found = /^[\p{L}_][\p{L}\p{N}_-]*/u.exec(this.text.slice(this.at, this.at + 300))?.[0];
    if (found === undefined)
      throw new Unreadable(`${JSON.stringify(this.text[this.at])} stands where a name is needed.`, this.at);
    this.at += found.length;
    return found;
  }

  private expression(depth: number): Value {
    const start = this.at;
    const simple = this.simple(depth);
    const end = this.at;
    this.skip(false);
    if (simple !== null && /^(?:[,\]})\n]|)$/.test(this.text[this.at] ?? '')) {
      this.at = end;
      return simple;
    }
    this.at = start;
    return this.computed();
  }

  /** A value that needs no computing; null where there is none. */
  private simple(depth: number): Value | null {
    const start = this.at;
    const char = this.text[this.at];
    if (/^[[{]\s*for\s/.test(this.text.slice(this.at, this.at + 40))) return null;
    if (char === '[') return this.list(depth);
    if (char === '{') {
      this.at++;
      return this.map(depth);
    }
    if (char === '"') return this.scalar(start, this.quoted(), false);
    if (this.text.startsWith('<<', this.at)) return this.scalar(start, this.heredoc(), false);
    const word = /^(?:true|false|null|-?\d+(?:\.\d+)?)(?![\w.(])/.exec(this.text.slice(this.at, this.at + 60))?.[0];
    if (word === undefined) return null;
    this.at += word.length;
    return this.scalar(start, word, true);
  }

  private scalar(start: number, text: string, plain: boolean): Scalar {
    const value = !plain
      ? text
      : text === 'true'
        ? true
        : text === 'false'
          ? false
          : text === 'null'
            ? null
            : Number(text);
    return { kind: 'scalar', value, text, plain, span: this.span(start) };
  }

  private list(depth: number): Value {
    const start = this.at++;
    const items: Value[] = [];
    for (;;) {
      this.skip(true);
      const char = this.text[this.at];
      if (char === undefined) throw new Unreadable('A list is not closed.', start);
      if (char === ',') this.at++;
      else if (char === ']') {
        this.at++;
        return { kind: 'list', items, span: this.span(start) };
      } else items.push(this.nested(depth));
    }
  }

  private nested(depth: number): Value {
    if (depth > DEEPEST) throw new Unreadable(`It is nested more than ${DEEPEST} levels deep.`, this.at);
    return this.expression(depth + 1);
  }

  private map(depth: number): Value {
    const start = this.at - 1;
    const entries: Entry[] = [];
    for (;;) {
      this.skip(true);
      const char = this.text[this.at];
      if (char === undefined) throw new Unreadable('A map is not closed.', start);
      if (char === ',') this.at++;
      else if (char === '}') {
        this.at++;
        return { kind: 'fields', entries, span: this.span(start) };
      } else if (char === '(') {
        this.computed();
      } else entries.push(this.member(depth + 1));
    }
  }

  private quoted(): string {
    const start = this.at++;
    let text = '';
    while (this.at < this.text.length) {
      const char = this.text.charAt(this.at);
      if (char === '"') {
        this.at++;
        return text;
      }
      if (char === '\n') break;
      if (/^(?:\$\$|%%)\{/.test(this.text.slice(this.at, this.at + 3))) {
        text += this.text.slice(this.at, this.at + 3);
        this.at += 3;
      } else if ((char === '$' || char === '%') && this.text[this.at + 1] === '{') {
        const end = this.closing(this.at + 1);
        text += `\${${this.text.slice(this.at + 2, end)}}`;
        this.at = end + 1;
      } else if (char === '\\') {
        const escaped = this.text.charAt(this.at + 1);
        text += ({ n: '\n', t: '\t', r: '\r' } as Readonly<Record<string, string>>)[escaped] ?? escaped;
        this.at += 2;
      } else {
        text += char;
        this.at++;
      }
    }
    throw new Unreadable('A quoted text is not closed.', start);
  }

  /** Where the bracket that opens at a place closes. */
  private closing(from: number): number {
    let depth = 0;
    for (let at = from; at < this.text.length; at++) {
      const char = this.text[at];
      if (char === '{' || char === '(' || char === '[') depth++;
      else if ((char === '}' || char === ')' || char === ']') && --depth === 0) return at;
    }
    throw new Unreadable('A bracket is not closed.', from);
  }

  private heredoc(): string {
    const start = this.at;
    const [whole = '', name = ''] = /^<<-?([A-Za-z_]\w*)[^\n]*\n/.exec(this.text.slice(this.at, this.at + 200)) ?? [];
    if (name === '') throw new Unreadable('A here-document has no name.', start);
    const body = this.at + whole.length;
    for (let line = body; line < this.text.length; ) {
      const end = this.text.indexOf('\n', line);
      const written = this.text.slice(line, end < 0 ? undefined : end);
      if (written.trim() === name) {
        this.at = end < 0 ? this.text.length : line + written.length;
        return this.text.slice(body, line);
      }
      if (end < 0) break;
      line = end + 1;
    }
    throw new Unreadable(`The here-document ${name} does not end.`, start);
  }

  /** Goes past an expression, and keeps it as `${…}`. */
  private computed(): Scalar {
    const start = this.at;
    while (this.at < this.text.length) {
      const char = this.text.charAt(this.at);
      if (char === '\n' || char === ',' || char === ']' || char === '}' || char === ')') break;
      if (char === '(' || char === '[' || char === '{') this.at = this.closing(this.at) + 1;
      else if (char === '"') this.quoted();
      else this.at++;
    }
    if (this.at === start) throw new Unreadable('A value is missing.', start);
    return this.scalar(start, `\${${this.text.slice(start, this.at).trim()}}`, false);
  }
}

/** Blocks of one kind become one map of their labels. */
function merged(entries: readonly Entry[]): readonly Entry[] {
  const found = new Map<string, Entry>();
  for (const entry of entries) {
    const before = found.get(entry.key);
    if (before?.value.kind !== 'fields' || entry.value.kind !== 'fields') found.set(entry.key, entry);
    else
      found.set(entry.key, {
        ...before,
        value: { ...before.value, entries: [...before.value.entries, ...entry.value.entries] },
      });
  }
  return [...found.values()];
}
