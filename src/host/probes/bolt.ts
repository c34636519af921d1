import * as fs from 'node:fs';
import type { BoltAnswer } from '../../model/look.ts';

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const HEADER = 16;
const META = 56;

/** Would bbolt open this file? By the rules of its Open: an empty file is made anew, else one of two meta pages must be sound. */
export function probeBolt(path: string): BoltAnswer {
  let file: number;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch {
    return { sound: null };
  }
  try {
    const { size } = fs.fstatSync(file);
    if (size === 0) return { sound: true };
    const pageAt = (offset: number): number | null => {
      const bytes = Buffer.alloc(HEADER + META + 8);
      return fs.readSync(file, bytes, 0, bytes.length, offset) === bytes.length ? pageSizeOf(bytes) : null;
    };
    if (pageAt(0) !== null) return { sound: true };
    return { sound: [1024, 2048, 4096, 8192, 16384, 32768, 65536].some((offset) => pageAt(offset) === offset) };
  } catch {
    return { sound: null };
  } finally {
    fs.closeSync(file);
  }
}

/** The page size that a sound meta page names; null for anything else. */
function pageSizeOf(bytes: Buffer): number | null {
  const meta = bytes.subarray(HEADER, HEADER + META);
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return null;
  let sum = 0xcbf29ce484222325n;
  for (const byte of meta) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  return bytes.readBigUInt64LE(HEADER + META) === sum ? meta.readUInt32LE(8) : null;
}
