import type { Automaton } from './automaton.ts';
import { type Canonical, canonical, canonicalText, continued } from './canonical.ts';
import type { Knowledge, Subject } from './knowledge.ts';
import { plain } from './plain.ts';
import { placeOf } from './signature.ts';

/** A text of the table, seen in a log. */
export interface Sighting {
  readonly subject: Subject;
  /** Null: standard input. */
  readonly file: string | null;
  /** From 1, of its file. */
  readonly line: number;
  /** The words of the log as they stand there. */
  readonly excerpt: string;
  /** Said at the level of debugging. */
  readonly debug: boolean;
}

export interface Reading {
  readonly sightings: readonly Sighting[];
  readonly lines: number;
}

/** Reads a log piece by piece in constant memory; nothing of it is kept but what is seen. */
export interface LogReader {
  feed(bytes: Uint8Array): void;
  end(): Reading;
}

/** What bytes of a log say as text, whatever they are. */
export type Decode = (bytes: Uint8Array) => string;

/** Lines around one that is looked at closely: a message broken by a terminal goes on there. */
const AROUND = 3;
/** A longer line is looked at around what was found in it. */
const MOST_LINE = 12_288;
const BEFORE_HIT = 4096;
/** A line without an end is cut here; what was read last is read again, so that no word is lost. */
const MOST_UNFINISHED = 131_072;
const OVERLAP = 1024;
/** No word of the automaton is longer. */
const MOST_WORD = 32;
/** The same text again and again says nothing new. */
const MOST_SIGHTINGS = 12;
const MOST_LOOKS = 60;
/** Broken lines are put together in what people paste, not in what machines write by the gigabyte. */
const JOINED_BYTES = 16 * 1024 * 1024;
const MOST_JOINED = 4096;
const LEAST_TAIL = 7;
const WIDE = 40;
const MOST_EXCERPT = 400;

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

export function readerOf(knowledge: Knowledge, decode: Decode, file: string | null = null): LogReader {
  return new Reader(knowledge, decode, file);
}

class Reader implements LogReader {
  readonly #knowledge: Knowledge;
  readonly #automaton: Automaton;
  readonly #decode: Decode;
  readonly #file: string | null;
  readonly #sightings: Sighting[] = [];
  readonly #seen: Uint16Array;
  readonly #looks: Uint16Array;
  /** Bytes that wait: context that was scanned, then what was not. */
  #kept: Uint8Array = new Uint8Array(0);
  #scanned = 0;
  #line = 1;
  #total = 0;
  #joined = 0;

  constructor(knowledge: Knowledge, decode: Decode, file: string | null) {
    this.#knowledge = knowledge;
    this.#automaton = knowledge.automaton;
    this.#decode = decode;
    this.#file = file;
    this.#seen = new Uint16Array(knowledge.subjects.length);
    this.#looks = new Uint16Array(knowledge.words.length);
  }

  feed(bytes: Uint8Array): void {
    const clean = plain(bytes);
    const all = new Uint8Array(this.#kept.length + clean.length);
    all.set(this.#kept);
    all.set(clean, this.#kept.length);
    this.#total += clean.length;
    let to = startOfLineBack(all, all.length, AROUND + 1);
    if (to <= this.#scanned) {
      if (all.length - this.#scanned < MOST_UNFINISHED) {
        this.#kept = all;
        return;
      }
      to = all.length - OVERLAP;
    }
    this.#scan(all, this.#scanned, to);
    const from = Math.max(startOfLineBack(all, to, AROUND), to - MOST_UNFINISHED, 0);
    this.#kept = all.slice(from);
    this.#scanned = startOfWord(all, to) - from;
  }

  end(): Reading {
    this.#scan(this.#kept, this.#scanned, this.#kept.length);
    const last = this.#kept[this.#kept.length - 1];
    const lines = this.#total === 0 ? 0 : last === LF ? this.#line - 1 : this.#line;
    this.#kept = new Uint8Array(0);
    this.#scanned = 0;
    return { sightings: this.#sightings, lines };
  }

  #scan(bytes: Uint8Array, from: number, to: number): void {
    const { next, classes, shift, special, lineEnd, ends, depths } = this.#automaton;
    const joined = this.#total <= JOINED_BYTES && this.#joined < MOST_JOINED;
    let state = 0;
    let start = from;
    let words: number[] = [];
    let at = from;
    for (let index = from; index < to; index++) {
      const byte = bytes[index] as number;
      const reached = next[(state << shift) | (classes[byte] as number)] as number;
      if (reached >= special) {
        if (reached === lineEnd) {
          if (words.length > 0) this.#look(bytes, start, index, at, words);
          if (joined && (depths[state] as number) > 0 && this.#goesOn(bytes, index, state))
            this.#join(bytes, start, index);
          if (words.length > 0) words = [];
          if (byte === LF) this.#line++;
          start = index + 1;
        } else {
          for (const word of ends[reached] as readonly number[])
            if ((this.#looks[word] as number) < MOST_LOOKS && !words.includes(word)) {
              words.push(word);
              at = index;
            }
          if (words.length > 0 && index - start > MOST_LINE) {
            this.#look(bytes, start, Math.min(index + BEFORE_HIT, to), at, words);
            words = [];
          }
        }
      }
      state = reached;
    }
    if (words.length > 0) this.#look(bytes, start, endOfLine(bytes, to), at, words);
  }

  /** A line in which words stand by which symptoms are found. */
  #look(bytes: Uint8Array, start: number, end: number, hit: number, words: readonly number[]): void {
    const from = end - start > MOST_LINE ? Math.max(start, hit - BEFORE_HIT) : start;
    const raw = this.#decode(bytes.subarray(from, Math.min(end, from + MOST_LINE)));
    const line = withWraps(canonical(raw), () => linesAfter(bytes, end, AROUND).map((after) => this.#textOf(after)));
    const missed: number[] = [];
    for (const word of words) {
      this.#looks[word] = (this.#looks[word] as number) + 1;
      for (const number of this.#knowledge.words[word] ?? []) if (!this.#fits(number, line, raw)) missed.push(number);
    }
    if (missed.length === 0 || this.#total > JOINED_BYTES) return;
    for (const whole of this.#broken(bytes, start, end))
      for (const number of missed) this.#fits(number, { ...line, text: whole.text }, raw, whole);
  }

  /** Does a word that the end of a line begins go on in the next line? Behind a prefix that cannot be told from bytes. */
  #goesOn(bytes: Uint8Array, end: number, state: number): boolean {
    if (this.#joined >= MOST_JOINED) return false;
    const { next, classes, shift, depths, special, lineEnd } = this.#automaton;
    if ((depths[state] as number) >= LEAST_TAIL) return true;
    for (const start of [state, next[(state << shift) | (classes[BLANK] as number)] as number]) {
      let reached = start;
      for (let at = end + 1; (depths[reached] as number) > 0 && at < bytes.length; at++) {
        reached = next[(reached << shift) | (classes[bytes[at] as number] as number)] as number;
        if (reached === lineEnd || (depths[reached] as number) <= at - end) break;
        if (reached >= special) return true;
      }
    }
    return false;
  }

  /** A line whose end begins a word that may go on in the next one. */
  #join(bytes: Uint8Array, start: number, end: number): void {
    this.#joined++;
    const raw = this.#decode(bytes.subarray(Math.max(start, end - MOST_LINE), end));
    const line = canonical(raw);
    for (const whole of this.#broken(bytes, start, end))
      for (const word of wordsIn(whole.text, this.#automaton))
        for (const number of this.#knowledge.words[word] ?? [])
          this.#fits(number, { ...line, text: whole.text }, raw, whole);
  }

  /** The line with those around it that may belong to it, as one message: broken within a word, and between words. */
  #broken(bytes: Uint8Array, start: number, end: number): readonly Joined[] {
    const own = this.#textOf(bytes.subarray(start, Math.min(end, start + MOST_LINE)));
    const textOf = (line: Uint8Array): string => this.#textOf(line);
    const before: string[] = [];
    if (!beginsRecord(own))
      for (const line of linesBefore(bytes, start, AROUND - 1)
        .map(textOf)
        .reverse()) {
        if (line.length < WIDE) break;
        before.unshift(line);
        if (beginsRecord(line)) break;
      }
    const after: string[] = [];
    for (const line of linesAfter(bytes, end, AROUND).map(textOf)) {
      if (beginsRecord(line)) break;
      after.push(continued(line));
      if (line.length < WIDE) break;
    }
    const rest = before.length > 0 ? continued(own) : own;
    if (before.length === 0 && (after.length === 0 || own.length < WIDE)) return [];
    return [joined(before, rest, after, ''), joined(before, rest, after, ' ')];
  }

  #textOf(line: Uint8Array): string {
    return canonicalText(this.#decode(line));
  }

  #fits(number: number, { text, step, debug }: Canonical, raw: string, whole: Joined | null = null): boolean {
    const entry = this.#knowledge.signatures[number];
    if (entry === undefined) return false;
    const { subject } = entry;
    if ((this.#seen[subject.number] as number) >= MOST_SIGHTINGS) return true;
    const place = placeOf(entry.signature, text);
    if (place === null) return false;
    if (!standsAlone(text, place) || (whole !== null && !crosses(whole, place))) return false;
    if (text.length <= subject.longerThan || subject.unless.some((word) => text.includes(word))) return true;
    if (step !== false && isExpectation(text, place.from)) return true;
    if (subject.symptom !== null && step === true && isOfTest(text)) return true;
    if ((subject.where === 'step' && step === false) || (subject.where === 'outside' && step === true)) return true;
    if (subject.where === 'step' && step === null) return true;
    // A line says the same once.
    if (this.#sightings.some((one) => one.subject === subject && one.line === this.#line)) return true;
    this.#seen[subject.number] = (this.#seen[subject.number] as number) + 1;
    this.#sightings.push({ subject, file: this.#file, line: this.#line, excerpt: excerptOf(raw), debug });
    return true;
  }
}

const ENDS = /(?:^|[ :\]])buildkitd: /;
const WRAP = /^(?:failed to|could not|creating|error|unable to|invalid) /;

/** What buildkitd ends of is one message: behind its cause, one line for each thing that it was about to do. */
function withWraps(line: Canonical, after: () => readonly string[]): Canonical {
  if (!ENDS.test(line.text)) return line;
  const rest = after().map(continued);
  const end = rest.findIndex((text) => !WRAP.test(text));
  const wraps = end === -1 ? rest : rest.slice(0, end);
  return wraps.length === 0 ? line : { ...line, text: [line.text, ...wraps].join(' ') };
}

/** Lines put together, and where in the text the line in question stands. */
interface Joined {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

function joined(before: readonly string[], own: string, after: readonly string[], by: string): Joined {
  const start = before.map((line) => line + by).join('');
  return { text: [start + own, ...after].join(by), from: start.length, to: start.length + own.length };
}

/** Does a text begin or end in the line in question and go beyond it? Any other is found where it stands. */
function crosses({ from, to }: Joined, place: { readonly from: number; readonly to: number }): boolean {
  return place.from < to && place.to > from && (place.from < from || place.to > to);
}

/** The beginning of a message of its own: what stands here goes on with nothing. */
function beginsRecord(text: string): boolean {
  return /^(?:#\d{1,6} |time=|level=|\[rootlesskit|buildkitd: |error: |fatal: |(?:erro|warn|info|debu|fata)\[|-{4,}|={4,})/.test(
    text,
  );
}

const WORD = /[a-z0-9]/;

function standsAlone(text: string, { from, to }: { readonly from: number; readonly to: number }): boolean {
  const joins = (inside: number, outside: number): boolean =>
    WORD.test(text[inside] ?? '') && WORD.test(text[outside] ?? '');
  return !joins(from, from - 1) && !joins(to - 1, to);
}

const EXPECTATION =
  /\b(?:expect(?:ed|s)?|want(?:ed)?|got|assert(?!ion ')\w{0,12}|should (?:be|have|contain|equal|match))\b[^'<]{0,40}['<][^']{0,20}$/;

/** What a test expects or got, in quotation marks, has happened to nobody. */
function isExpectation(text: string, from: number): boolean {
  return EXPECTATION.test(text.slice(Math.max(0, from - 80), from));
}

/** The title of a test may name every error there is. */
const TEST_TITLE =
  /^(?:(?:not )?ok \d{1,6} |[\u2713\u2714\u221a\u2717\u2715\u2716\u00d7] |--- (?:pass|fail|skip)|(?:pass|passed|fail): )/;

/** The title of a test, or what it wanted beside what it got: no host is to blame for it. */
function isOfTest(text: string): boolean {
  const has = (word: string): boolean => text.includes(` ${word} `) || text.includes(` ${word}: `);
  return (
    (has('got') && (has('want') || has('wanted') || has('expected'))) ||
    (has('expected') && has('actual')) ||
    TEST_TITLE.test(continued(text))
  );
}

function excerptOf(raw: string): string {
  const text = raw.trim();
  return text.length > MOST_EXCERPT ? `${text.slice(0, MOST_EXCERPT)}…` : text;
}

/** The words of the automaton that stand in a text. */
function wordsIn(text: string, { next, classes, shift, special, lineEnd, ends }: Automaton): readonly number[] {
  const found: number[] = [];
  let state = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    state = next[(state << shift) | (code < 256 ? (classes[code] as number) : 0)] as number;
    if (state >= special && state !== lineEnd) found.push(...(ends[state] as readonly number[]));
  }
  return [...new Set(found)];
}

/** A word that may stand across a place is read again: so far back, but not into another line. */
function startOfWord(bytes: Uint8Array, place: number): number {
  let start = place;
  while (start > 0 && place - start < MOST_WORD && !isEnd(bytes[start - 1])) start--;
  return start;
}

function isEnd(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

function endOfLine(bytes: Uint8Array, from: number): number {
  let end = from;
  while (end < bytes.length && !isEnd(bytes[end])) end++;
  return end;
}

/** Where the line begins that stands so many line ends before a place. */
function startOfLineBack(bytes: Uint8Array, from: number, count: number): number {
  let at = from;
  for (let line = 0; line < count; line++) {
    at = bytes.lastIndexOf(LF, at - 1);
    if (at <= 0) return at < 0 ? 0 : at + 1;
  }
  return at + 1;
}

function linesBefore(bytes: Uint8Array, start: number, count: number): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  let end = start - 1;
  while (lines.length < count && end > 0) {
    const from = Math.max(bytes.lastIndexOf(LF, end - 1) + 1, end - BEFORE_HIT, 0);
    lines.unshift(bytes.subarray(from, end));
    end = from - 1;
  }
  return lines;
}

function linesAfter(bytes: Uint8Array, end: number, count: number): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = end + 1;
  while (lines.length < count && from < bytes.length) {
    const to = Math.min(endOfLine(bytes, from), from + BEFORE_HIT);
    if (to > from) lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return lines;
}
