import type { Asked, Word } from '../model/request.ts';

/** How a client takes a flag: alone, with one value, or with one of many. */
export type Arity = 'alone' | 'value';
export interface FlagTable {
  readonly [flag: string]: Arity;
}
export interface GivenFlag {
  /** Without dashes; the long name. */
  readonly name: string;
  readonly written: Word;
  readonly value: Asked | null;
  readonly known: boolean;
  /** The last word of the command, though it needs a value behind it. */
  readonly lacking?: boolean;
}
export interface ReadFlags {
  readonly flags: readonly GivenFlag[];
  readonly operands: readonly Word[];
  /** What stands behind the point from which an old client of urfave/cli v1 drops everything. */
  readonly dropped: readonly Word[];
  readonly open: boolean;
}

export const askedFrom = (word: Word, file: string, value = word.text): Asked => ({
  value,
  known: word.known,
  file,
  line: word.line,
  column: word.column,
});

const withNext = (name: string, written: Word, next: Word | undefined, file: string): GivenFlag =>
  next === undefined
    ? { name, written, value: null, known: true, lacking: true }
    : { name, written, value: askedFrom(next, file), known: true };

/** Flags as pflag reads them: anywhere among the operands, `--flag value`, `--flag=value`, `-abc`, `-f value`, `-fvalue`. */
export function pflags(
  words: readonly Word[],
  file: string,
  table: FlagTable,
  short: { readonly [letter: string]: string },
): ReadFlags {
  const flags: GivenFlag[] = [];
  const operands: Word[] = [];
  let open = false;
  /** What is left of a word of several letters, such as `t` of `-qt`. */
  let rest: Word | null = null;
  for (let at = 0; at < words.length; at++) {
    const word: Word | undefined = rest ?? words[at];
    rest = null;
    if (word === undefined) break;
    open ||= word.open;
    if (word.open) continue;
    if (word.text === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (!word.text.startsWith('-') || word.text === '-') {
      operands.push(word);
      continue;
    }
    const [written = '', glued] = splitOnce(word.text);
    const letter = /^-[^-]/.test(written) ? written.charAt(1) : null;
    const name = letter === null ? written.slice(2) : (short[letter] ?? letter);
    const arity = table[name];
    if (arity === undefined)
      flags.push({ name: letter === null ? name : `-${letter}`, written: word, value: null, known: false });
    else if (letter !== null && arity === 'value' && word.text.length > 2)
      flags.push({
        name,
        written: word,
        value: askedFrom(word, file, word.text.slice(2).replace(/^=/, '')),
        known: true,
      });
    else if (arity === 'alone' || glued !== undefined) {
      flags.push({
        name,
        written: word,
        value: glued === undefined ? null : askedFrom(word, file, glued),
        known: true,
      });
      if (letter !== null && written.length > 2) {
        rest = { ...word, text: `-${word.text.slice(2)}` };
        at--;
      }
    } else {
      const next = words[++at];
      flags.push(withNext(name, word, next, file));
    }
  }
  return { flags, operands, dropped: [], open };
}

/**
 * Flags as Go's own package reads them, through urfave/cli: `-flag` is `--flag`, and reading ends at the first word that is none.
 * Up to version 1 of that library, what stands behind such a word after a flag without a value is dropped silently.
 */
export function goFlags(words: readonly Word[], file: string, table: FlagTable, drops: boolean): ReadFlags {
  const flags: GivenFlag[] = [];
  const operands: Word[] = [];
  let open = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) break;
    open ||= word.open;
    if (word.open) continue;
    if (word.text === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (!word.text.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const [written, glued] = splitOnce(word.text);
    const name = written.replace(/^--?/, '');
    const arity = table[name];
    const next = words[at + 1];
    if (arity === undefined) flags.push({ name, written: word, value: null, known: false });
    else if (arity === 'alone') {
      flags.push({
        name,
        written: word,
        value: glued === undefined ? null : askedFrom(word, file, glued),
        known: true,
      });
      if (drops && glued === undefined && next !== undefined && swallows(next, words[at + 2], table)) {
        flags.pop();
        return { flags, operands, dropped: words.slice(at), open };
      }
    } else if (glued !== undefined)
      flags.push({ name, written: word, value: askedFrom(word, file, glued), known: true });
    else {
      at++;
      flags.push(withNext(name, word, next, file));
    }
  }
  return { flags, operands, dropped: [], open };
}

/** A lone word, or an unknown flag with a value of its own, behind a flag that takes none. */
function swallows(next: Word, after: Word | undefined, table: FlagTable): boolean {
  if (!next.text.startsWith('-')) return true;
  const [written, glued] = splitOnce(next.text);
  return (
    table[written.replace(/^--?/, '')] === undefined &&
    glued === undefined &&
    after !== undefined &&
    !after.text.startsWith('-')
  );
}

function splitOnce(text: string): readonly [string, string | undefined] {
  const sign = text.indexOf('=');
  return sign < 0 ? [text, undefined] : [text.slice(0, sign), text.slice(sign + 1)];
}
