import * as fs from 'node:fs';

/** A write to a disk, as qemu's blklogwrites keeps it in the form of the kernel's dm-log-writes. */
export interface Entry {
  /** Where its bytes lie in the log; where they belong on the disk; how many. */
  readonly at: number;
  readonly to: number;
  readonly length: number;
  readonly flush: boolean;
  readonly fua: boolean;
  readonly discard: boolean;
  /** Where the log goes on. */
  readonly end: number;
}

const MAGIC = 0x6a736677736872n;
const SECTOR = 512;
const [FLUSH, FUA, DISCARD, MARK] = [1, 2, 4, 8];
const KNOWN = 31;

/** The entries of a log, in order, as far as they are whole. Throws where it is no log. */
export function entriesOf(file: string): readonly Entry[] {
  const log = fs.openSync(file, 'r');
  try {
    const size = fs.fstatSync(log).size;
    const header = Buffer.alloc(32);
    fs.readSync(log, header, 0, 32, 0);
    if (header.readBigUInt64LE(0) !== MAGIC || header.readUInt32LE(24) !== SECTOR)
      throw new Error(`${file} is no log of writes`);
    const entries: Entry[] = [];
    for (let from = SECTOR; from + SECTOR <= size; ) {
      fs.readSync(log, header, 0, 32, from);
      const [sector, count, flags] = [0, 8, 16].map((offset) => Number(header.readBigUInt64LE(offset))) as [
        number,
        number,
        number,
      ];
      if ((flags & ~KNOWN) !== 0 || (count === 0 && (flags & (FLUSH | MARK)) === 0)) break;
      const discard = (flags & DISCARD) !== 0;
      const at = from + SECTOR;
      const length = count * SECTOR;
      const end = at + (discard ? 0 : length);
      entries.push({
        at,
        to: sector * SECTOR,
        length,
        flush: (flags & FLUSH) !== 0,
        fua: (flags & FUA) !== 0,
        discard,
        end,
      });
      from = end;
    }
    return entries;
  } finally {
    fs.closeSync(log);
  }
}

/** Writes entries of a log to a disk. */
export function write(file: string, disk: string, entries: readonly Entry[]): void {
  const [log, device] = [fs.openSync(file, 'r'), fs.openSync(disk, 'r+')];
  try {
    for (const { at, to, length, discard } of entries) {
      if (discard || length === 0) continue;
      const bytes = Buffer.alloc(length);
      fs.readSync(log, bytes, 0, length, at);
      fs.writeSync(device, bytes, 0, length, to);
    }
  } finally {
    fs.closeSync(log);
    fs.closeSync(device);
  }
}

/** What reached the disk, where the power failed after these: of what no flush or FUA ordered, what `kept` says. */
export function arrived(entries: readonly Entry[], kept: (index: number) => boolean): readonly Entry[] {
  const last = entries.map(({ flush }) => flush).lastIndexOf(true);
  return entries.filter(({ fua }, index) => index <= last || fua || kept(index));
}
