import type { Span } from './tree.ts';

/** One word of a command, without its quotes. */
export interface Word {
  readonly text: string;
  readonly span: Span;
  readonly quoted: boolean;
}

/** The words of one simple command. `continued`: the line before it ended in this command's hands. */
export interface Command {
  readonly words: readonly Word[];
  readonly span: Span;
}

/** A here-document: the text that a command is fed. */
export interface Heredoc {
  readonly text: string;
  readonly base: number;
}

export interface Script {
  readonly commands: readonly Command[];
  readonly heredocs: readonly Heredoc[];
  /** Plain assignments (`NAME=value`, `NAME ?= value` of make) by name. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Reads shell text that begins `base` characters into its file; also lines of make. Never throws, whatever the text is. */
export function readShell(text: string, base: number): Script {
  const reader = new ShellReader(text, base);
  reader.read();
  return reader;
}

class ShellReader implements Script {
  readonly commands: Command[] = [];
  readonly heredocs: Heredoc[] = [];
  readonly variables = new Map<string, string>();
  private readonly text: string;
  private readonly base: number;
  private at = 0;
  private words: Word[] = [];
  private waiting: { readonly end: string; readonly strip: boolean }[] = [];

  constructor(text: string, base: number) {
    this.text = text;
    this.base = base;
  }

  read(): void {
    while (this.at < this.text.length) this.step();
    this.endCommand();
  }

  private step(): void {
    const { text } = this;
    const char = text[this.at] ?? '';
    if (char === '\\' && /^\\\r?\n/.test(text.slice(this.at, this.at + 3))) {
      this.at += text[this.at + 1] === '\r' ? 3 : 2;
      return;
    }
    // PowerShell continues a line so.
    if (char === '`' && /^[ \t]`\r?\n/.test(text.slice(this.at - 1, this.at + 3))) {
      this.at += text[this.at + 1] === '\r' ? 3 : 2;
      return;
    }
    if (char === '\n') {
      this.endCommand();
      this.at++;
      this.takeHeredocs();
    } else if (/\s/.test(char)) this.at++;
    else if (char === '#') this.skipLine();
    else if (char === '<' && text.startsWith('<<', this.at) && text[this.at + 2] !== '<') this.beginHeredoc();
    else if (/^&?[<>](?!\()/.test(text.slice(this.at, this.at + 3))) this.skipRedirection();
    else if (';&|(){}`'.includes(char) && !(char === '{' && /\S/.test(text[this.at + 1] ?? ' '))) {
      this.endCommand();
      this.at++;
    } else if (char === '<' || char === '>') this.at++;
    else this.words.push(this.word());
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** `>file`, `2>&1`, `<file`: neither the number in front nor the file behind is a word of the command. */
  private skipRedirection(): void {
    const last = this.words.at(-1);
    if (last !== undefined && !last.quoted && /^\d+$/.test(last.text) && last.span.end === this.base + this.at)
      this.words.pop();
    this.at += /^&?(?:<<<|<[&>]?|>[>&|]?)[ \t]*/.exec(this.text.slice(this.at, this.at + 200))?.[0].length ?? 1;
    if (/[^\s;&|<>()`]/.test(this.text.charAt(this.at))) this.word();
  }

  private beginHeredoc(): void {
    const found = /^<<(-?)\s*(['"]?)(\w+)\2/.exec(this.text.slice(this.at, this.at + 80));
    if (found?.[3] === undefined) {
      this.at += 2;
      return;
    }
    this.waiting.push({ end: found[3], strip: found[1] === '-' });
    this.at += found[0].length;
  }

  private takeHeredocs(): void {
    for (const { end } of this.waiting) {
      const rest = this.text.slice(this.at);
      const found = new RegExp(`^[ \\t]*${end}[ \\t]*\\r?$`, 'm').exec(rest);
      const length = found?.index ?? rest.length;
      this.heredocs.push({ text: rest.slice(0, length), base: this.base + this.at });
      this.at += length + (found?.[0].length ?? 0);
    }
    this.waiting = [];
  }

  private endCommand(): void {
    const { words } = this;
    this.words = [];
    const first = words[0];
    const last = words.at(-1);
    if (first === undefined || last === undefined) return;
    this.commands.push({ words, span: { start: first.span.start, end: last.span.end } });
    this.remember(words);
  }

  private remember(words: readonly Word[]): void {
    const [first, second, third] = words[0]?.text === 'export' ? words.slice(1) : words;
    const found = /^([A-Za-z_]\w*)(?::|\?)?=([\s\S]*)$/.exec(first?.text ?? '');
    if (found?.[1] !== undefined) {
      const value = found[2] || (words.length === 2 ? second?.text : '') || '';
      // `NAME=${NAME:-value}`: what it has unless somebody says otherwise.
      const [, own, fallback = ''] = /^\$\{(\w+):?[-=]([^}]*)\}$/.exec(value) ?? [];
      this.variables.set(found[1], own === found[1] ? fallback : value);
    } else if (/^(?::|\?|::)?=$/.test(second?.text ?? '') && third !== undefined && /^\w+$/.test(first?.text ?? ''))
      this.variables.set(first?.text ?? '', third.text);
  }

  private word(): Word {
    const start = this.at;
    let text = '';
    let quoted = false;
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? '';
      if (/[\s;&|<>()`]/.test(char)) break;
      if (char === '\\') {
        if (/^\\\r?\n/.test(this.text.slice(this.at, this.at + 3))) break;
        text += this.text[this.at + 1] ?? '';
        this.at += 2;
      } else if (char === "'" || char === '"') {
        quoted = true;
        text += this.quoted(char);
      } else if (char === '$' && /^\$[({]/.test(this.text.slice(this.at, this.at + 2))) text += this.expansion();
      else {
        text += char;
        this.at++;
      }
    }
    return { text, quoted, span: { start: this.base + start, end: this.base + this.at } };
  }

  private quoted(mark: string): string {
    const start = ++this.at;
    let text = '';
    while (this.at < this.text.length && this.text[this.at] !== mark) {
      if (mark === '"' && this.text[this.at] === '\\' && /["\\$`\n]/.test(this.text[this.at + 1] ?? '')) {
        if (this.text[this.at + 1] !== '\n') text += this.text[this.at + 1];
        this.at += 2;
      } else text += this.text[this.at++];
    }
    // A quote that never ends is an apostrophe in text that is no shell.
    if (this.at >= this.text.length) {
      this.at = start;
      return '';
    }
    this.at++;
    return text;
  }

  /** `$(…)`, `$((…))` or `${…}` as it stands; the commands inside are commands too. */
  private expansion(): string {
    const start = this.at;
    const [open, close] = this.text[this.at + 1] === '(' ? ['(', ')'] : ['{', '}'];
    let depth = 0;
    for (this.at++; this.at < this.text.length; this.at++) {
      const char = this.text[this.at];
      if (char === open) depth++;
      else if (char === close && --depth === 0) {
        this.at++;
        break;
      } else if (char === '\n' && open === '{') break;
    }
    const inner = this.text.slice(start + 2, Math.max(start + 2, this.at - 1));
    if (open === '(' && inner.length > 3 && inner.length < 10_000 && /\s/.test(inner)) {
      const { commands } = readShell(inner, this.base + start + 2);
      this.commands.push(...commands);
    }
    return this.text.slice(start, this.at);
  }
}

const MOST_ROUNDS = 6;
/** Values that name each other again and again would grow without end. */
const LONGEST = 100_000;

/** The text with `$NAME`, `${NAME}`, `${NAME:-default}` and make's `$(NAME)` put in, and those in them; what is not known stays. */
export function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  let now = text;
  for (let round = 0; round < MOST_ROUNDS && now.includes('$'); round++) {
    let room = LONGEST;
    const next = now.replace(
      /\$(?:\{([A-Za-z_]\w*)(?::?[-=]([^}]*))?\}|\(([A-Za-z_]\w*)\)|([A-Za-z_]\w*))/g,
      (whole, braced?: string, fallback?: string, made?: string, bare?: string) => {
        const value = variables.get(braced ?? made ?? bare ?? '') ?? fallback ?? whole;
        room -= value.length;
        return room < 0 ? whole : value;
      },
    );
    if (next === now || next.length > LONGEST) return now;
    now = next;
  }
  return now;
}

/** A variable without quotes is as many words as its value has. */
export function splitWord(word: Word, variables: ReadonlyMap<string, string>): readonly Word[] {
  if (word.quoted || !/^\$(?:\{\w+\}|\(\w+\)|\w+)$/.test(word.text)) return [word];
  const value = expanded(word.text, variables);
  const { commands } = value === word.text ? { commands: [] } : readShell(value, 0);
  const [only, second] = commands;
  return only === undefined || second !== undefined
    ? [word]
    : only.words.map(({ text, quoted }) => ({ text, quoted, span: word.span }));
}
