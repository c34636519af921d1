import type { Grammar } from './dialect.ts';

/** A mistake in syntax, which ends the reading. */
export class Mistake extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Deeper nesting is not read: no configuration has it, and buildkitd would need as much memory as it likes. */
export const DEEPEST = 1000;
/** What may stand in a key without quotation marks. */
export const BARE = /[A-Za-z0-9_-]/;

/** Goes through a text from its beginning: white space, line ends and comments, as one grammar has them. */
export class Lexer {
  readonly text: string;
  readonly by: Grammar;
  at = 0;
  /** The key that is being read, for a mistake in it. */
  under: readonly string[] = [];

  constructor(text: string, by: Grammar) {
    this.text = text;
    this.by = by;
  }

  /** The next character; "" at the end. */
  peek(): string {
    return this.text[this.at] ?? '';
  }

  isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  isAtSpace(): boolean {
    const char = this.text[this.at];
    return char === ' ' || char === '\t';
  }

  fail(message: string, where = this.at): never {
    throw new Mistake(message, where);
  }

  spaces(): void {
    while (this.isAtSpace()) this.at++;
  }

  /** Takes a line end; false when there is none. */
  lineEnd(): boolean {
    const { text, at } = this;
    if (text[at] === '\n') this.at++;
    else if (text[at] === '\r' && text[at + 1] === '\n') this.at += 2;
    else if (text[at] === '\r' && this.by.bareCarriageReturn) this.at++;
    else return false;
    return true;
  }

  comment(): void {
    const { text, by } = this;
    if (text[this.at] !== '#') return;
    while (this.at < text.length && text[this.at] !== '\n' && !(text[this.at] === '\r' && text[this.at + 1] === '\n')) {
      if (!by.controlCharacters && /[\u0000-\u0008\u000b-\u001f\u007f]/.test(this.peek()))
        this.fail('a control character stands in a comment');
      this.at++;
    }
  }

  /** Takes everything up to the next character that means something. */
  blank(): void {
    do {
      this.spaces();
      this.comment();
    } while (this.lineEnd());
    if (this.peek() === '\r') this.fail('a carriage return stands alone; lines end with a line feed');
  }
}
