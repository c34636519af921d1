import type { BoltDamage } from '../../model/look.ts';

/** The fields of a sound meta page of bbolt. Page numbers may be anything. */
export interface Meta {
  /** A power of two from 1,024 to 65,536. */
  readonly pageSize: number;
  readonly root: bigint;
  readonly freelist: bigint;
  /** The first number that no page has yet. */
  readonly pages: bigint;
  readonly transaction: bigint;
}

/**
 * A database as bbolt maps it. Up to `mapped`, the end of its last page of memory, `read` gives zeros beyond the file; from
 * there to `span`, the end of the mapping, a look at memory kills the process; beyond it lies something else, which is told
 * from a list of free pages.
 */
export interface BoltFile {
  readonly meta: Meta;
  readonly mapped: number;
  readonly span: number;
  read(offset: number, length: number): Buffer;
}

const HEADER = 16;
const ELEMENT = 16;
const BUCKET = 16;
const BRANCH = 0x01;
const LEAF = 0x02;
const FREELIST = 0x10;
const NO_FREELIST = 0xffff_ffff_ffff_ffffn;
/** From the root downwards: what a larger database has beyond them is left to bbolt. */
const MOST_PAGES = 4000;
const MOST_OVERFLOW = 16_384;

export function newestMeta(metas: readonly Meta[]): Meta | null {
  return metas.toSorted((a, b) => Number(b.transaction - a.transaction))[0] ?? null;
}

/** A page with those that belong to it. */
interface Page {
  readonly id: number;
  readonly flags: number;
  readonly count: number;
  readonly bytes: Buffer;
}

/** What bbolt would stumble over: in the list of free pages, which it reads as it opens, or in a page that records lie on. */
export function damageOf(file: BoltFile): BoltDamage | null {
  const free = freePages(file);
  if (typeof free === 'string') return free;
  const { root, pages, pageSize } = file.meta;
  // The file is never shortened: what is free beyond its end is the next to be written, and is not mapped.
  if (Number(pages) * pageSize > file.mapped) return 'cut';
  const seen = new Set<number>();
  const waiting: bigint[] = [root];
  for (let turn = 0; turn < waiting.length && turn < MOST_PAGES; turn++) {
    const page = pageAt(file, waiting[turn] ?? 0n);
    if (page === 'cut' || page === 'page') return page;
    const isTwice = seen.has(page.id) || free.has(page.id);
    seen.add(page.id);
    const below = isTwice ? null : childrenOf(page.flags, page.count, page.bytes);
    if (below === null) return 'page';
    waiting.push(...below);
  }
  return null;
}

/** Numbers of the free pages; a word for what is wrong with their list. */
function freePages(file: BoltFile): ReadonlySet<number> | BoltDamage {
  const { meta } = file;
  if (meta.freelist === NO_FREELIST) return new Set();
  const page = pageAt(file, meta.freelist);
  if (page === 'cut') return Number(meta.freelist) * meta.pageSize < file.span ? 'cut' : 'freelist';
  if (page === 'page' || page.flags !== FREELIST) return 'freelist';
  const long = page.count === 0xffff;
  const count = long ? Number(page.bytes.readBigUInt64LE(HEADER)) : page.count;
  const from = HEADER + (long ? 8 : 0);
  if (from + count * 8 > page.bytes.length) return 'page';
  const free = new Set<number>();
  for (let index = 0; index < count; index++) {
    const id = page.bytes.readBigUInt64LE(from + index * 8);
    if (id < 2n || id >= meta.pages || free.has(Number(id))) return 'page';
    free.add(Number(id));
  }
  return free;
}

function pageAt({ meta, mapped, read }: BoltFile, number: bigint): Page | 'cut' | 'page' {
  if (number < 2n || number >= meta.pages) return 'page';
  const id = Number(number);
  const at = id * meta.pageSize;
  if (at + HEADER > mapped) return 'cut';
  const head = read(at, HEADER);
  const overflow = head.readUInt32LE(12);
  // A list of free pages that is none is told apart from pages of records by who asks.
  if (head.readBigUInt64LE(0) !== number || overflow > MOST_OVERFLOW) return 'page';
  const length = (1 + overflow) * meta.pageSize;
  if (at + length > mapped) return 'cut';
  return { id, flags: head.readUInt16LE(8), count: head.readUInt16LE(10), bytes: read(at, length) };
}

/** The pages that a page of records leads to, those of its buckets among them; null where it is none. */
function childrenOf(flags: number, count: number, bytes: Buffer): readonly bigint[] | null {
  if (flags !== BRANCH && flags !== LEAF) return null;
  if (HEADER + count * ELEMENT > bytes.length) return null;
  const below: bigint[] = [];
  for (let index = 0; index < count; index++) {
    const at = HEADER + index * ELEMENT;
    const found = flags === BRANCH ? childOf(bytes, at) : bucketOf(bytes, at);
    if (found === null) return null;
    below.push(...found);
  }
  return below;
}

function childOf(bytes: Buffer, at: number): readonly bigint[] | null {
  const end = at + bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4);
  return end > bytes.length ? null : [bytes.readBigUInt64LE(at + 8)];
}

/** A bucket has a page of its own, or lies whole in the value. */
function bucketOf(bytes: Buffer, at: number): readonly bigint[] | null {
  const value = at + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
  const end = value + bytes.readUInt32LE(at + 12);
  if (end > bytes.length) return null;
  if ((bytes.readUInt32LE(at) & 1) === 0) return [];
  if (value + BUCKET > end) return null;
  const root = bytes.readBigUInt64LE(value);
  if (root !== 0n) return [root];
  const inline = bytes.subarray(value + BUCKET, end);
  return inline.length < HEADER ? null : childrenOf(inline.readUInt16LE(8), inline.readUInt16LE(10), inline);
}

/** One record of a bucket: a value, or the content of a bucket in it. */
export interface BoltRecord {
  readonly key: string;
  readonly value: Buffer;
  readonly isBucket: boolean;
}

/** The records of the bucket that the names lead to, from the root, of a database without damage; none where it is not there. */
export function recordsOf(file: BoltFile, names: readonly string[]): readonly BoltRecord[] {
  const { root } = file.meta;
  const top = pageAt(file, root);
  let records = typeof top === 'string' ? [] : recordsIn(file, top);
  for (const name of names) {
    const found = records.find(({ key, isBucket }) => isBucket && key === name);
    records = found === undefined ? [] : recordsOfBucket(file, found.value);
  }
  return records;
}

/** What a bucket holds, by the value that stands for it. */
export function recordsOfBucket(file: BoltFile, value: Buffer): readonly BoltRecord[] {
  const root = value.readBigUInt64LE(0);
  if (root === 0n) {
    const bytes = value.subarray(BUCKET);
    return recordsIn(file, { flags: bytes.readUInt16LE(8), count: bytes.readUInt16LE(10), bytes });
  }
  const page = pageAt(file, root);
  return typeof page === 'string' ? [] : recordsIn(file, page);
}

function recordsIn(file: BoltFile, { flags, count, bytes }: Omit<Page, 'id'>): readonly BoltRecord[] {
  const found: BoltRecord[] = [];
  for (let index = 0; index < count; index++) {
    const at = HEADER + index * ELEMENT;
    if (flags === BRANCH) {
      const below = pageAt(file, bytes.readBigUInt64LE(at + 8));
      if (typeof below !== 'string') found.push(...recordsIn(file, below));
      continue;
    }
    const key = at + bytes.readUInt32LE(at + 4);
    const value = key + bytes.readUInt32LE(at + 8);
    found.push({
      key: bytes.toString('latin1', key, value),
      value: bytes.subarray(value, value + bytes.readUInt32LE(at + 12)),
      isBucket: (bytes.readUInt32LE(at) & 1) === 1,
    });
  }
  return found;
}
