import * as fs from 'node:fs';

/** One write, flush or discard, as qemu's blklogwrites took it down (the format of Linux's dm-log-writes). */
export interface LoggedWrite {
  /** Where it goes on the disk, and what; empty for a flush. */
  readonly at: number;
  readonly data: Buffer;
  /** All before it is on the disk. */
  readonly flush: boolean;
  /** This itself is on the disk at once. */
  readonly durable: boolean;
}

const SECTOR = 512;
const [FLUSH, FUA, DISCARD, MARK] = [1n, 2n, 4n, 8n];

/** What the log holds from one size on, up to another. */
export function readBlockLog(file: string, from: number, to: number): readonly LoggedWrite[] {
  const log = fs.readFileSync(file);
  const found: LoggedWrite[] = [];
  for (let at = SECTOR; at + SECTOR <= Math.min(to, log.length); ) {
    const [sector, count, flags] = [0, 8, 16].map((offset) => log.readBigUInt64LE(at + offset));
    if (sector === undefined || count === undefined || flags === undefined) break;
    if (count === 0n && (flags & (FLUSH | MARK)) === 0n) break;
    const length = (flags & DISCARD) === 0n ? Number(count) * SECTOR : 0;
    const data = log.subarray(at + SECTOR, at + SECTOR + length);
    if (at >= from)
      found.push({
        at: Number(sector) * SECTOR,
        data,
        flush: (flags & FLUSH) !== 0n,
        durable: (flags & FUA) !== 0n,
      });
    at += SECTOR + length;
  }
  return found;
}
