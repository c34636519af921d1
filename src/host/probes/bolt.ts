import * as fs from 'node:fs';
import type { BoltAnswer } from '../../model/look.ts';
import { type BoltFile, damageOf, type Meta, newestMeta } from './bolt-pages.ts';
import { probeLock } from './files.ts';

const MAGIC = 0xed0cdaed;
const VERSION = 2;
const HEADER = 16;
const META = 56;
const PAGE_SIZES = [1024, 2048, 4096, 8192, 16384, 32768, 65536];
/** What the kernel maps of a file's last, partial page can be read: it is zero. */
const MAPPED = 4096;
/** bbolt maps a power of two, and no less than this. */
const LEAST_SPAN = 32_768;

/**
 * Would bbolt open this file, and find every page that its records lie on? By the rules of its Open: an empty file is made
 * anew, else one of two meta pages must be sound. Pages that a daemon is just writing are not judged.
 */
export async function probeBolt(path: string, limitMs?: number): Promise<BoltAnswer> {
  const answer = withBolt(path, judge) ?? { sound: null };
  if (answer.sound !== false) return answer;
  return (await probeLock(path, limitMs)).held ? { sound: null } : answer;
}

function judge(bolt: BoltFile | null | 'empty'): BoltAnswer {
  if (bolt === 'empty') return { sound: true };
  if (bolt === null) return { sound: false, damage: 'header' };
  const damage = damageOf(bolt);
  return damage === null ? { sound: true } : { sound: false, damage };
}

/** Gives an open database to what reads it: null without a sound meta page. Null where it may not be read. */
export function withBolt<T>(path: string, use: (bolt: BoltFile | null | 'empty') => T): T | null {
  let file: number;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
  } catch {
    return null;
  }
  try {
    return use(openBolt(file));
  } catch {
    return null;
  } finally {
    fs.closeSync(file);
  }
}

function openBolt(file: number): BoltFile | null | 'empty' {
  const { size } = fs.fstatSync(file);
  if (size === 0) return 'empty';
  const at = (offset: number, length: number): Buffer | null => {
    const bytes = Buffer.alloc(length);
    return fs.readSync(file, bytes, 0, length, offset) === length ? bytes : null;
  };
  const meta = newestMeta(readMetas(at));
  if (meta === null) return null;
  return {
    meta,
    mapped: Math.ceil(size / MAPPED) * MAPPED,
    span: Math.max(LEAST_SPAN, 2 ** Math.ceil(Math.log2(size))),
    read: (offset, length) => {
      const bytes = Buffer.alloc(length);
      fs.readSync(file, bytes, 0, length, offset);
      return bytes;
    },
  };
}

/** The sound ones of the two meta pages; the size of pages is the first one's where that is sound, else where the second is found. */
function readMetas(at: (offset: number, length: number) => Buffer | null): readonly Meta[] {
  const metaAt = (offset: number): Meta | null => metaOf(at(offset, HEADER + META + 8));
  const first = metaAt(0);
  const second =
    first !== null
      ? metaAt(first.pageSize)
      : (PAGE_SIZES.map((offset) => ({ offset, meta: metaAt(offset) })).find(
          ({ offset, meta }) => meta?.pageSize === offset,
        )?.meta ?? null);
  return [first, second].filter((meta) => meta !== null);
}

function metaOf(bytes: Buffer | null): Meta | null {
  if (bytes === null) return null;
  const meta = bytes.subarray(HEADER, HEADER + META);
  if (meta.readUInt32LE(0) !== MAGIC || meta.readUInt32LE(4) !== VERSION) return null;
  let sum = 0xcbf29ce484222325n;
  for (const byte of meta) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  const pageSize = meta.readUInt32LE(8);
  if (bytes.readBigUInt64LE(HEADER + META) !== sum || !PAGE_SIZES.includes(pageSize)) return null;
  return {
    pageSize,
    root: meta.readBigUInt64LE(16),
    freelist: meta.readBigUInt64LE(32),
    pages: meta.readBigUInt64LE(40),
    transaction: meta.readBigUInt64LE(48),
  };
}
