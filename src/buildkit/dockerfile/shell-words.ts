import { isSpace } from './space.ts';

/** What a word of a Dockerfile may refer to: the value of a variable, or undefined where it is not set. */
export type Variables = (name: string) => string | undefined;

export interface Lexing {
  readonly escape: string;
  readonly rawQuotes?: boolean;
  readonly rawEscapes?: boolean;
  /** Leaves what is not set as it is written. */
  readonly keepUnset?: boolean;
  /** Takes blanks behind `<<` for a part of a here-document's word. */
  readonly blankInHeredoc?: boolean;
}

/** A word that BuildKit cannot expand; its message is BuildKit's. */
export class BadWord extends Error {}

/** The words of a text, quotes and variables resolved: as a shell splits it, as far as BuildKit is one. */
export function shellWords(text: string, lexing: Lexing, variables: Variables = () => undefined): readonly string[] {
  return new Lexer(text, lexing, variables).run(null, lexing.rawEscapes === true).words;
}

/** A text with quotes and variables resolved, its blanks kept. */
export function expanded(text: string, lexing: Lexing, variables: Variables): string {
  return new Lexer(text, lexing, variables).run(null, lexing.rawEscapes === true).text;
}

const LETTER = /^[\p{L}\p{Nd}_]$/u;
const DIGIT = /^\p{Nd}$/u;

class Lexer {
  private at = 0;
  /** One buffer for the word, also inside of `${…}`: that drops what stood before it in the word, as in BuildKit. */
  private word = '';
  private rawEscapes = false;
  private readonly characters: readonly string[];
  private readonly lexing: Lexing;
  private readonly variables: Variables;

  constructor(text: string, lexing: Lexing, variables: Variables) {
    this.characters = [...text];
    this.lexing = lexing;
    this.variables = variables;
  }

  run(until: string | null, rawEscapes: boolean): { readonly text: string; readonly words: readonly string[] } {
    const outer = this.rawEscapes;
    this.rawEscapes = rawEscapes;
    this.word = '';
    const words: string[] = [];
    let text = '';
    let inWord = false;
    const add = (part: string): void => {
      for (const character of part) {
        if (!isSpace(character)) {
          this.word += character;
          inWord = true;
        } else if (inWord && this.word !== '') {
          words.push(this.word);
          this.word = '';
          inWord = false;
        }
      }
    };
    const addRaw = (part: string): void => {
      this.word += part;
      inWord = true;
    };
    const finish = () => {
      if (this.word !== '') words.push(this.word);
      this.word = '';
      this.rawEscapes = outer;
      return { text, words };
    };
    for (let next = this.peek(); next !== undefined; next = this.peek()) {
      if (next === until) {
        this.at++;
        return finish();
      }
      if (next === '$') {
        const value = this.dollar();
        text += value;
        add(value);
      } else if (next === "'" || next === '"' || next === '<') {
        const part = next === '<' ? this.heredoc() : next === '"' ? this.doubleQuoted() : this.singleQuoted();
        text += part;
        addRaw(part);
      } else if (next === this.lexing.escape) {
        this.at++;
        const escaped = this.next();
        const part = (this.rawEscapes ? next : '') + (escaped ?? '');
        text += part;
        if (part !== '') addRaw(part);
      } else {
        this.at++;
        text += next;
        add(next);
      }
    }
    if (until !== null) throw new BadWord(`unexpected end of statement while looking for matching ${until}`);
    return finish();
  }

  private peek(): string | undefined {
    return this.characters[this.at];
  }

  private next(): string | undefined {
    return this.characters[this.at++];
  }

  private singleQuoted(): string {
    const end = this.characters.indexOf("'", this.at + 1);
    if (end < 0) throw new BadWord('unexpected end of statement while looking for matching single-quote');
    const inner = this.characters.slice(this.at + 1, end).join('');
    this.at = end + 1;
    return this.lexing.rawQuotes === true ? `'${inner}'` : inner;
  }

  private doubleQuoted(): string {
    this.at++;
    let inner = '';
    for (;;) {
      const next = this.peek();
      if (next === undefined) throw new BadWord('unexpected end of statement while looking for matching double-quote');
      if (next === '$') {
        inner += this.dollar();
        continue;
      }
      this.at++;
      if (next === '"') return this.lexing.rawQuotes === true ? `"${inner}"` : inner;
      if (next !== this.lexing.escape) {
        inner += next;
        continue;
      }
      const after = this.peek();
      if (this.rawEscapes) inner += next;
      if (after === undefined) continue;
      if (after === '"' || after === '$' || after === this.lexing.escape) inner += this.next();
      else inner += next;
    }
  }

  private heredoc(): string {
    this.at++;
    if (this.peek() !== '<') return '<';
    this.at++;
    let blanks = '';
    while (this.lexing.blankInHeredoc === true && /^[\t\r ]$/.test(this.peek() ?? '')) blanks += this.next();
    return `<<${blanks}`;
  }

  private name(): string {
    const first = this.peek() ?? '';
    if (DIGIT.test(first)) return this.while(DIGIT);
    if (/^[@*#?$!-]$/.test(first)) return this.next() ?? '';
    return this.while(LETTER);
  }

  private while(kind: RegExp): string {
    let name = '';
    for (let next = this.peek(); next !== undefined && kind.test(next); next = this.peek()) {
      name += next;
      this.at++;
    }
    return name;
  }

  private dollar(): string {
    this.at++;
    if (this.peek() !== '{') {
      const name = this.name();
      if (name === '') return '$';
      return this.variables(name) ?? (this.lexing.keepUnset === true ? `$${name}` : '');
    }
    this.at++;
    const first = this.peek();
    if (first === undefined) throw new BadWord("syntax error: missing '}'");
    if (first === '{' || first === '}' || first === ':') throw new BadWord('syntax error: bad substitution');
    const name = this.name();
    const value = this.variables(name);
    const sign = this.next();
    if (sign === '}') return value ?? (this.lexing.keepUnset === true ? `\${${name}}` : '');
    if (sign === '/') return this.replaced(name, value);
    const emptyCounts = sign === ':';
    const modifier = emptyCounts ? this.next() : sign;
    const written = `${emptyCounts ? ':' : ''}${modifier ?? ''}`;
    const cuts = modifier === '#' || modifier === '%';
    if (modifier === undefined || !'+-?#%'.includes(modifier) || (emptyCounts && cuts)) {
      if (emptyCounts && !cuts) this.inner('}', false);
      throw new BadWord(`unsupported modifier (${written}) in substitution`);
    }
    const word = this.inner('}', cuts);
    if (value === undefined && this.lexing.keepUnset === true) return `\${${name}${written}${word}}`;
    return modified(name, value, modifier, emptyCounts, word);
  }

  /** What stands inside of `${…}` up to a character. */
  private inner(until: string, rawEscapes: boolean): string {
    try {
      return this.run(until, rawEscapes).text;
    } catch (error) {
      if (this.peek() === undefined)
        throw new BadWord(`syntax error: missing '${until}'${until === '/' ? ' in $' + '{}' : ''}`);
      throw error;
    }
  }

  private replaced(name: string, value: string | undefined): string {
    const all = this.peek() === '/';
    if (all) this.at++;
    const pattern = this.inner('/', true);
    const replacement = this.inner('}', true);
    if (value === undefined && this.lexing.keepUnset === true) return `\${${name}/${pattern}/${replacement}}`;
    const glob = globOf(pattern, pattern);
    return all ? glob.replaceAll(value ?? '', replacement) : glob.replaceFirst(value ?? '', replacement);
  }
}

function modified(
  name: string,
  value: string | undefined,
  modifier: string,
  emptyCounts: boolean,
  word: string,
): string {
  const missing = value === undefined || (emptyCounts && value === '');
  switch (modifier) {
    case '-':
      return missing ? word : value;
    case '+':
      return missing ? '' : word;
    case '?':
      if (!missing) return value;
      throw new BadWord(`${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`);
    default: {
      const greedy = word.startsWith(modifier);
      const pattern = greedy ? word.slice(1) : word;
      const glob = globOf(modifier === '%' ? reversedPattern(pattern) : pattern, pattern);
      if (modifier === '#') return (value ?? '').slice(glob.prefix(value ?? '', greedy));
      const backwards = [...(value ?? '')].reverse().join('');
      return [...backwards.slice(glob.prefix(backwards, greedy))].reverse().join('');
    }
  }
}

function reversedPattern(pattern: string): string {
  return (pattern.match(/\\[\s\S]|[\s\S]/gu) ?? []).reverse().join('');
}

interface Glob {
  /** How much of the start the pattern takes: as little or as much as it can; 0 where it does not match. */
  prefix(text: string, greedy: boolean): number;
  replaceFirst(text: string, replacement: string): string;
  replaceAll(text: string, replacement: string): string;
}
type Piece = 'any' | 'one' | { readonly literal: string };

/** A pattern of `*`, `?` and escaped characters, matched without backtracking over more than its last star. */
function globOf(pattern: string, shown: string): Glob {
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '*') pieces.push('any');
    else if (character === '?') pieces.push('one');
    else if (character !== '\\') pieces.push({ literal: character });
    else {
      const escaped = pattern.charAt(at + 1);
      if (escaped === '}' || escaped === '/') continue;
      if (escaped === '' || !'*?\\'.includes(escaped))
        throw new BadWord(`invalid pattern (${shown}) in substitution: invalid escape '\\${escaped}'`);
      pieces.push({ literal: escaped });
      at++;
    }
  }
  const match = (text: string, from: number, greedy: boolean): number => matchAt(pieces, text, from, greedy);
  const replace = (text: string, replacement: string, all: boolean): string => {
    let result = '';
    let at = 0;
    while (at <= text.length) {
      const end = match(text, at, true);
      if (end < 0 || (end === at && at === text.length && result !== '')) {
        if (at < text.length) result += text.charAt(at);
        at++;
        continue;
      }
      result += replacement;
      if (!all) return result + text.slice(end);
      if (end === at) result += text.charAt(at++);
      else at = end;
    }
    return result;
  };
  return {
    prefix: (text, greedy) => Math.max(0, match(text, 0, greedy)),
    replaceFirst: (text, replacement) => replace(text, replacement, false),
    replaceAll: (text, replacement) => replace(text, replacement, true),
  };
}

/** Where a match that starts at `from` ends, the shortest or the longest; -1 where there is none. Sets of positions, so no backtracking. */
function matchAt(pieces: readonly Piece[], text: string, from: number, greedy: boolean): number {
  let ends = new Set([from]);
  for (const piece of pieces) {
    const next = new Set<number>();
    if (piece === 'any') for (let at = extreme(ends, false); at <= text.length; at++) next.add(at);
    else
      for (const at of ends)
        if (at < text.length && (piece === 'one' || text.charAt(at) === piece.literal)) next.add(at + 1);
    if (next.size === 0) return -1;
    ends = next;
  }
  return extreme(ends, greedy);
}

function extreme(positions: ReadonlySet<number>, greatest: boolean): number {
  let found = greatest ? -1 : Number.POSITIVE_INFINITY;
  for (const position of positions) if (greatest ? position > found : position < found) found = position;
  return found;
}
