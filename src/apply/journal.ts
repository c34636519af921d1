import * as fs from 'node:fs';
import type { Account, Json, Step } from '../model.ts';
import { createChild, type Handle, openChild, statOf, syncDirectory } from './handle.ts';
import { orRefuse } from './sentence.ts';

/** Whose run it is, and for whom: undoing needs the same people, places and environment. */
export interface RunEntry {
  readonly id: string;
  readonly at: string;
  readonly user: string;
  readonly version: string;
  /** Not to be guessed; names temporary files and marks processes. */
  readonly token: string;
  readonly target: Account;
  readonly permitted: readonly string[];
  readonly environment: { readonly [name: string]: string };
}

/** One line of a run's journal. Each is on disk before what it announces is done. */
export type Entry =
  | ({ readonly entry: 'run' } & RunEntry)
  | {
      readonly entry: 'transaction';
      readonly transaction: string;
      readonly check: string;
      readonly steps: readonly Step[];
    }
  | {
      readonly entry: 'intent';
      readonly transaction: string;
      readonly step: number;
      readonly actor: 'self' | 'target';
      /** Name of its temporary files. */
      readonly temp: string;
      readonly prepared: Json;
    }
  | { readonly entry: 'done'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'already'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'applied'; readonly transaction: string }
  /** The opposite of a command is about to be run: nobody can see afterwards whether it was. */
  | { readonly entry: 'undoing'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'not-undone'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'undone'; readonly transaction: string; readonly step: number }
  | { readonly entry: 'taken-back'; readonly transaction: string };

const NAME = 'journal';
/** So much is set aside before a deed, so that what follows it can be written on a disk that has filled up meanwhile. */
const RESERVE = 16 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;

export interface Journal {
  append(entry: Entry): Promise<void>;
  close(): void;
}

/** A run's journal, made new in its directory or opened to go on. */
export async function openJournal(directory: Handle, create: boolean): Promise<Journal> {
  return orRefuse('the journal', () => {
    const file = create ? createChild(directory, NAME) : openForWriting(directory);
    let end = create ? 0 : endOf(read(file.fd));
    let reserved = Number(statOf(file).size);
    if (create) syncDirectory(directory);
    return {
      append: (entry) =>
        orRefuse('the journal', () => {
          const line = Buffer.from(`${JSON.stringify(entry)}\n`, 'utf8');
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
          reserved = Math.max(reserved, Number(statOf(file).size), end);
        }),
      close: () => file.close(),
    };
  });
}

/** The entries of a run's journal. A last line that was not finished announces nothing that was done. */
export function readJournal(directory: Handle): readonly Entry[] {
  const file = openChild(directory, NAME);
  const fd = fs.openSync(file.path, fs.constants.O_RDONLY);
  file.close();
  try {
    return entriesOf(read(fd));
  } finally {
    fs.closeSync(fd);
  }
}

function openForWriting(directory: Handle): Handle {
  const file = openChild(directory, NAME);
  const fd = fs.openSync(file.path, fs.constants.O_RDWR);
  file.close();
  return { fd, path: `/proc/self/fd/${fd}`, close: () => fs.closeSync(fd) };
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

/** Where the last whole entry ends. */
function endOf(text: Buffer): number {
  let end = 0;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf(10, at);
    if (next < 0) break;
    if (next > at && parse(text.subarray(at, next)) !== null) end = next + 1;
    at = next + 1;
  }
  return end;
}

function entriesOf(text: Buffer): readonly Entry[] {
  return text
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => parse(line) ?? []);
}

function parse(line: string | Buffer): Entry | null {
  try {
    const value: unknown = JSON.parse(line.toString());
    return typeof value === 'object' && value !== null && 'entry' in value ? (value as Entry) : null;
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
