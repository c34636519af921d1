import { argumentsOf } from './arguments.ts';
import { directiveReader } from './directives.ts';
import { Refused } from './refused.ts';
import { BadWord, shellWords } from './shell-words.ts';
import { cutAtBlanks, trim, trimStart } from './space.ts';
import { flagsOf } from './words.ts';

/** What differs between releases of the frontend in how it reads. */
export interface Reading {
  /** Frontend 1.16 and later: `<< EOF` starts a here-document like `<<EOF`. */
  readonly blankInHeredoc: boolean;
  /** Frontends before 1.3 know no here-documents. */
  readonly heredocs: boolean;
}
export const NEWEST: Reading = { blankInHeredoc: true, heredocs: true };

export interface Heredoc {
  readonly name: string;
  readonly content: string;
  /** Whether variables in it are expanded: no part of its word is quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs are dropped. */
  readonly chomp: boolean;
}

export interface Instruction {
  /** As it is written. */
  readonly command: string;
  readonly flags: readonly string[];
  /** ENV and LABEL: three for each pair, of which the last is its sign. HEALTHCHECK: the kind first. */
  readonly args: readonly string[];
  /** Whether the arguments were a JSON array. */
  readonly json: boolean;
  /** ONBUILD: what is put off. */
  readonly trigger: Instruction | null;
  /** Lines, starting at 1; the last one is that of the last here-document. */
  readonly start: number;
  readonly end: number;
  readonly heredocs: readonly Heredoc[];
  /** The whole instruction as one line. */
  readonly original: string;
}

export interface Dockerfile {
  readonly escape: string;
  readonly instructions: readonly Instruction[];
}

/** No line may be longer, in bytes. */
const LINE_LIMIT = 65535;
const WITH_HEREDOC = new Set(['add', 'copy', 'run']);

/**
 * A Dockerfile as BuildKit reads it. Throws `Refused` for what its reader does not take; what its instructions may say is another
 * question (`firstMistake`).
 */
export function readDockerfile(text: string, reading: Reading = NEWEST): Dockerfile {
  const lines = lineReader(text);
  const directive = directiveReader();
  let token = '\\';
  const escapeFrom = (line: string): void => {
    // BuildKit names the line before.
    const number = lines.count() - 1;
    const found = Refused.at(number, () => directive(line));
    if (found?.name !== 'escape') return;
    if (found.value !== '`' && found.value !== '\\')
      throw new Refused(`invalid escape token '${found.value}' does not match \` or \\`, number);
    token = found.value;
  };
  const instructions: Instruction[] = [];
  for (let raw = lines.next(); raw !== null; raw = lines.next()) {
    const line = trimStart(withoutEnd(lines.count() === 1 ? raw.replace(/^\ufeff/, '') : raw));
    escapeFrom(line);
    const start = lines.count();
    const { whole, empty } = joined(line, () => token, lines, escapeFrom);
    if (empty) continue;
    instructions.push(instructionAt(whole, start, token, lines, reading));
  }
  if (instructions.length === 0) throw new Refused('file with no instructions', lines.count());
  if (lines.tooLong())
    throw new Refused(`dockerfile line greater than max allowed size of ${LINE_LIMIT}`, lines.count());
  return { escape: token, instructions };
}

interface Lines {
  /** With its line end; null at the end, or where a line is too long. */
  next(): string | null;
  /** How many were read: the number of the last one. */
  count(): number;
  tooLong(): boolean;
}

function lineReader(text: string): Lines {
  let at = 0;
  let count = 0;
  let tooLong = false;
  return {
    next() {
      if (at >= text.length || tooLong) return null;
      const end = text.indexOf('\n', at);
      const line = end < 0 ? text.slice(at) : text.slice(at, end + 1);
      if (isLonger(line, end < 0 ? LINE_LIMIT : LINE_LIMIT + 1)) {
        tooLong = true;
        return null;
      }
      at += line.length;
      count++;
      return line;
    },
    count: () => count,
    tooLong: () => tooLong,
  };
}

function isLonger(line: string, bytes: number): boolean {
  if (line.length > bytes) return true;
  if (line.length * 3 <= bytes) return false;
  let size = 0;
  for (const character of line) {
    const code = character.codePointAt(0) ?? 0;
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return size > bytes;
}

function withoutEnd(line: string): string {
  let to = line.length;
  while (to > 0 && (line[to - 1] === '\n' || line[to - 1] === '\r')) to--;
  return line.slice(0, to);
}

const isComment = (line: string): boolean => trimStart(line).startsWith('#');

/** A line without the sign that continues it; null where it has none. */
function continued(line: string, token: string): string | null {
  let to = line.length;
  while (to > 0 && (line[to - 1] === ' ' || line[to - 1] === '\t')) to--;
  return line[to - 1] === token && line[to - 2] !== token ? line.slice(0, to - 1) : null;
}

function joined(
  first: string,
  token: () => string,
  lines: Lines,
  escapeFrom: (line: string) => void,
): { readonly whole: string; readonly empty: boolean } {
  const start = isComment(first) ? '' : first;
  let rest = continued(start, token());
  if (rest === null) return { whole: start, empty: start === '' };
  let whole = rest;
  while (rest !== null) {
    const raw = lines.next();
    if (raw === null) break;
    const line = withoutEnd(raw);
    escapeFrom(line);
    if (isComment(line) || trimStart(line) === '') continue;
    rest = continued(line, token());
    whole += rest ?? line;
  }
  return { whole, empty: false };
}

function instructionAt(line: string, start: number, token: string, lines: Lines, reading: Reading): Instruction {
  const read = Refused.at(start, () => parsed(line, token));
  const heredocs =
    reading.heredocs && mayHaveHeredocs(read) && line.includes('<<') ? heredocsOf(line, start, lines, reading) : [];
  return { ...read, start, end: lines.count(), heredocs };
}

function parsed(line: string, token: string): Instruction {
  const [command, rest] = cutAtBlanks(trim(line));
  const { flags, rest: args } = rest === null ? { flags: [], rest: '' } : flagsOf(rest, token);
  const bare = trim(args);
  if (command.toLowerCase() !== 'onbuild')
    return {
      command,
      flags,
      ...argumentsOf(command, bare, token),
      trigger: null,
      original: line,
      start: 0,
      end: 0,
      heredocs: [],
    };
  const trigger = bare === '' ? null : parsed(bare, token);
  const words = trigger === null ? [] : [trigger.command, ...trigger.args];
  return { command, flags, args: words, json: false, trigger, original: line, start: 0, end: 0, heredocs: [] };
}

function mayHaveHeredocs(instruction: Instruction): boolean {
  const { command, json } = instruction.trigger ?? instruction;
  return WITH_HEREDOC.has(command.toLowerCase()) && !json;
}

function heredocsOf(line: string, start: number, lines: Lines, reading: Reading): readonly Heredoc[] {
  return heredocWords(line, reading).map(({ name, expand, chomp }) => {
    let content = '';
    for (let raw = lines.next(); raw !== null; raw = lines.next()) {
      const bare = withoutEnd(raw);
      if ((chomp ? bare.replace(/^\t+/, '') : bare) === name) return { name, expand, chomp, content };
      content += raw;
    }
    throw new Refused('unterminated heredoc', start);
  });
}

function heredocWords(line: string, reading: Reading): readonly Omit<Heredoc, 'content'>[] {
  const lexing = { escape: '\\', keepUnset: true, blankInHeredoc: reading.blankInHeredoc };
  let words: readonly string[];
  try {
    words = shellWords(line, { ...lexing, rawQuotes: true, rawEscapes: true });
  } catch (error) {
    // A line that is no shell's, such as one with an odd quote, has no here-documents.
    if (error instanceof BadWord) return [];
    throw error;
  }
  return words.map((word) => heredocWord(word, reading)).filter((found) => found !== null);
}

/** The here-document that a word announces, or null. Throws `BadWord` for a word with an odd quote. */
export function heredocWord(word: string, reading: Reading): Omit<Heredoc, 'content'> | null {
  const [, dash, written = ''] = /^\d*<<(-?)([^<]*)$/.exec(word) ?? [];
  const rest = reading.blankInHeredoc ? written.replace(/^[\t\n\f\r ]+/, '') : written;
  if (dash === undefined || rest === '') return null;
  const lexing = { escape: '\\', keepUnset: true, blankInHeredoc: reading.blankInHeredoc };
  const [name, ...more] = shellWords(rest, lexing);
  if (name === undefined || more.length > 0) return null;
  const [raw = ''] = shellWords(rest, { ...lexing, rawQuotes: true });
  return { name, chomp: dash === '-', expand: quotesIn(name) === quotesIn(raw) };
}

const quotesIn = (text: string): number => text.replace(/[^'"]/g, '').length;
