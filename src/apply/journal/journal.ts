import * as fs from 'node:fs';
import { createChild, type Handle, openChild, reopen, statOf, syncDirectory } from '../disk/handle.ts';
import { Refused } from '../disk/refused.ts';
import { seal, unseal } from '../disk/sealed-line.ts';
import { orRefuse } from '../disk/sentence.ts';
import type { JournalEntry } from './entry.ts';
import { isEntry } from './entry-shape.ts';

const NAME = 'journal';
/** So much is set aside before a deed, so that what follows it can be written on a disk that has filled up meanwhile. */
const RESERVE = 16 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;

export interface Journal {
  append(entry: JournalEntry): Promise<void>;
  close(): void;
}

/** What a journal says, and whether all of it can be believed. */
export interface ReadJournal {
  readonly entries: readonly JournalEntry[];
  /** The first line that is not as it was written; null when all are. */
  readonly damagedLine: number | null;
}

/** A run's journal, made new in its directory or opened to go on. */
export async function openJournal(directory: Handle, create: boolean): Promise<Journal> {
  return orRefuse('the journal', () => {
    const file = create ? createChild(directory, NAME) : openOwn(directory, fs.constants.O_RDWR);
    const before = read(file.fd);
    let { end, sum } = parse(before);
    let reserved = before.length;
    // What a run that was cut short had not finished must not follow what is written now.
    if (before.subarray(end).some((byte) => byte !== 10)) blank(file.fd, end, reserved - end);
    if (create) syncDirectory(directory);
    return {
      append: (entry) =>
        orRefuse('the journal', () => {
          const sealed = seal(entry, sum);
          const line = Buffer.from(sealed.line, 'utf8');
          try {
            const wanted = end + line.length + RESERVE;
            // Empty lines, which are no entries; a failing write may have left a part of them, and that is harmless.
            if (entry.entry === 'intent' && wanted > reserved) {
              write(file.fd, Buffer.alloc(wanted - reserved, '\n'), reserved);
              fs.fsyncSync(file.fd);
            }
            write(file.fd, line, end);
            fs.fsyncSync(file.fd);
          } catch (error) {
            blank(file.fd, end, line.length);
            throw error;
          }
          end += line.length;
          sum = sealed.sum;
          reserved = Math.max(reserved, Number(statOf(file).size), end);
        }),
      close: () => file.close(),
    };
  });
}

/** The entries of a run's journal. A last line that was not finished announces nothing that was done. Throws ENOENT, or Refused for what is no journal of ours. */
export function readJournal(directory: Handle): ReadJournal {
  const file = openOwn(directory, fs.constants.O_RDONLY);
  try {
    return parse(read(file.fd));
  } finally {
    file.close();
  }
}

/** A regular file that nobody else can write; whatever else has its name is not opened. */
function openOwn(directory: Handle, flags: number): Handle {
  const file = openChild(directory, NAME);
  try {
    const stat = statOf(file);
    const isOwn = stat.uid === BigInt(process.geteuid?.() ?? -1) && (stat.mode & 0o022n) === 0n && stat.nlink === 1n;
    if (!stat.isFile() || !isOwn) throw new Refused('it is not a regular file that nobody else can write');
    if (stat.size > BigInt(MOST_BYTES)) throw new Refused('it is larger than 64 MiB');
    return reopen(file, flags);
  } finally {
    file.close();
  }
}

function read(fd: number): Buffer {
  const size = Math.min(fs.fstatSync(fd).size, MOST_BYTES);
  const text = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const got = fs.readSync(fd, text, at, size - at, at);
    if (got === 0) break;
    at += got;
  }
  return text.subarray(0, at);
}

interface Parsed extends ReadJournal {
  /** Where the last whole entry ends, and its sum. */
  readonly end: number;
  readonly sum: string;
}

/**
 * Each entry seals the one before it. A last line that was cut short is none, and nothing was done for it; anything
 * else that is not an entry is damage.
 */
function parse(text: Buffer): Parsed {
  const entries: JournalEntry[] = [];
  let damagedLine: number | null = null;
  let torn: number | null = null;
  let [end, sum, number] = [0, '', 0];
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf(10, at);
    const next = newline < 0 ? text.length : newline;
    const line = text.subarray(at, next).toString('utf8');
    at = next + 1;
    number++;
    if (line.trim() === '') continue;
    const found = unseal(line, sum) ?? { value: asJson(line), sum: null };
    const isWhole = found.sum !== null && isEntry(found.value) && torn === null && newline >= 0;
    if (isWhole) [end, sum] = [at, found.sum];
    else if (looksWhole(line) || isEntry(found.value)) damagedLine ??= torn ?? number;
    else torn ??= number;
    if (isEntry(found.value)) entries.push(found.value);
  }
  return { entries, damagedLine, end, sum };
}

/** Loss of power leaves a piece of a line, or one with a hole in it. */
function looksWhole(line: string): boolean {
  return line.startsWith('{') && line.endsWith('}') && !line.includes('\0');
}

function asJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function write(fd: number, content: Buffer, at: number): void {
  for (let done = 0; done < content.length; ) done += fs.writeSync(fd, content, done, content.length - done, at + done);
}

/** Makes a line that could not be finished into empty ones, or cuts it off. */
function blank(fd: number, at: number, length: number): void {
  try {
    const size = fs.fstatSync(fd).size;
    write(fd, Buffer.alloc(Math.max(0, Math.min(length, size - at)), '\n'), at);
  } catch {
    fs.ftruncateSync(fd, at);
  }
}
