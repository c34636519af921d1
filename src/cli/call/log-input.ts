import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../../host/usage-error.ts';
import type { LogReader } from '../../symptoms/reader.ts';
import { visible } from '../../text/visible.ts';
import { type JournalBytes, journalBytesOf } from './journal-bytes.ts';

const PIECE = 1024 * 1024;
/** So many zero bytes among the first are letters of two bytes. */
const LEAST_ZEROS = 0.3;
const LOOKED_AT = 1024;

/** Throws UsageError where it cannot be opened. */
export function logFile(path: string): Readable {
  try {
    if (statSync(path).isDirectory()) throw new UsageError(`"${visible(path)}" is a directory, not a log`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`"${visible(path)}" cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'no reason'}`);
  }
  return createReadStream(path, { highWaterMark: PIECE });
}

/** Reads a log to its end, also one that is compressed or written in two bytes a letter. */
export async function readLog(input: Readable, reader: LogReader, signal: AbortSignal): Promise<void> {
  const pieces = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await pieces.next();
  if (first.done) return;
  const all = rest(first.value, pieces);
  if (first.value[0] === 0x1f && first.value[1] === 0x8b) return readZipped(all, reader, signal);
  await readPlain(all, reader, signal);
}

async function* rest(first: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
}

/** What was unpacked before a damaged place counts. */
async function readZipped(pieces: AsyncIterable<Buffer>, reader: LogReader, signal: AbortSignal): Promise<void> {
  const gunzip = createGunzip({ chunkSize: PIECE });
  const feed = async (): Promise<void> => {
    for await (const piece of pieces) {
      if (signal.aborted || gunzip.destroyed) break;
      if (!gunzip.write(piece)) await new Promise((resolve) => gunzip.once('drain', resolve).once('close', resolve));
    }
    gunzip.end();
  };
  const fed = feed().catch((error) => gunzip.destroy(error as Error));
  await readPlain(gunzip, reader, signal).catch((error: NodeJS.ErrnoException) => {
    if (!error.code?.startsWith('Z_')) throw error;
  });
  await fed;
}

async function readPlain(pieces: AsyncIterable<Buffer>, reader: LogReader, signal: AbortSignal): Promise<void> {
  let convert: ((piece: Buffer) => Buffer) | null | undefined;
  let journal: JournalBytes | null | undefined;
  for await (const piece of pieces) {
    if (signal.aborted) return;
    if (convert === undefined) convert = converterOf(piece);
    const text = convert === null ? piece : convert(piece);
    if (journal === undefined) journal = journalBytesOf(text);
    reader.feed(journal === null ? text : journal.feed(text));
  }
  if (journal !== null && journal !== undefined) reader.feed(journal.end());
}

/** Null: one byte a letter, or UTF-8. */
function converterOf(first: Buffer): ((piece: Buffer) => Buffer) | null {
  const start = first.subarray(0, LOOKED_AT);
  const zerosAt = (parity: number): number =>
    start.filter((byte, at) => byte === 0 && at % 2 === parity).length / Math.max(1, start.length / 2);
  const little = (first[0] === 0xff && first[1] === 0xfe) || (zerosAt(1) > LEAST_ZEROS && zerosAt(0) < LEAST_ZEROS / 3);
  const big = (first[0] === 0xfe && first[1] === 0xff) || (zerosAt(0) > LEAST_ZEROS && zerosAt(1) < LEAST_ZEROS / 3);
  if (!little && !big) return null;
  const decoder = new TextDecoder(little ? 'utf-16le' : 'utf-16be');
  return (piece) => Buffer.from(decoder.decode(piece, { stream: true }), 'utf8');
}
