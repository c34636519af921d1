import * as fs from 'node:fs';
import { type CachePlace, isWorkerId } from '../../knowledge/cache-layout.ts';
import { type Handle, reopen, statOf } from '../disk/handle.ts';

/** bbolt's file format: a page header of 16 bytes, then the meta page's fields; elements of a leaf have 16 bytes. */
const MAGIC = 0xed0cdaed;
const HEADER = 16;
const ELEMENT = 16;
const LEAF = 0x02;
const MOST_PAGE = 64 * 1024;
const MOST_BUCKETS = 64;

/** Does what the file holds show that buildkitd wrote it, wherever it came from? Read through the handle that is then changed. */
export function isProved(handle: Handle, place: CachePlace | null): boolean {
  const stat = statOf(handle);
  if (!stat.isFile()) return false;
  // There is nothing in it to read.
  if (stat.size === 0n) return true;
  switch (place?.is) {
    case 'worker-id':
      return stat.size === 25n && isWorkerId(read(handle, 0, 25)?.toString('latin1') ?? '');
    case 'database': {
      const names = topBuckets(handle);
      return names !== null && names.length > 0 && names.every((name) => place.buckets.includes(name));
    }
    default:
      return false;
  }
}

function read(handle: Handle, at: number, length: number): Buffer | null {
  const open = reopen(handle);
  try {
    const bytes = Buffer.alloc(length);
    return fs.readSync(open.fd, bytes, 0, length, at) === length ? bytes : null;
  } catch {
    return null;
  } finally {
    open.close();
  }
}

/** Names of the buckets at the top of a bolt database; null for anything else, and for one with more than we know. */
function topBuckets(handle: Handle): readonly string[] | null {
  const first = read(handle, 0, HEADER + 64);
  if (first === null || first.readUInt32LE(HEADER) !== MAGIC) return null;
  const size = first.readUInt32LE(HEADER + 8);
  if (size < 512 || size > MOST_PAGE) return null;
  const metas = [first, read(handle, size, HEADER + 64)].filter((meta) => meta?.readUInt32LE(HEADER) === MAGIC);
  // The newer transaction counts.
  const meta = metas.toSorted((a, b) =>
    Number((b?.readBigUInt64LE(HEADER + 48) ?? 0n) - (a?.readBigUInt64LE(HEADER + 48) ?? 0n)),
  )[0];
  const root = meta?.readBigUInt64LE(HEADER + 16);
  if (root === undefined || root < 2n || root > 1n << 32n) return null;
  const page = read(handle, Number(root) * size, size);
  return page === null ? null : bucketsOf(page);
}

function bucketsOf(page: Buffer): readonly string[] | null {
  const count = page.readUInt16LE(10);
  if (page.readUInt16LE(8) !== LEAF || count > MOST_BUCKETS) return null;
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    const at = HEADER + index * ELEMENT;
    const from = at + page.readUInt32LE(at + 4);
    const length = page.readUInt32LE(at + 8);
    // Its flag says that the key names a bucket.
    if (page.readUInt32LE(at) !== 1 || from + length > page.length) return null;
    names.push(page.toString('latin1', from, from + length));
  }
  return names;
}
