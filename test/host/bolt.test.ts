import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeBolt } from '../../src/host/probes/bolt.ts';
import { probeSnapshots } from '../../src/host/probes/snapshots.ts';
import type { BoltAnswer } from '../../src/model/look.ts';

const SIZE = 4096;
let directory = '';
beforeAll(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'bk-bolt-'));
});
afterAll(() => fs.rmSync(directory, { recursive: true }));

/** A meta page as bbolt writes it, at the beginning of a page of 4096 bytes. */
function meta(transaction = 1n, free = 2n, pages = 6n): Buffer {
  const page = Buffer.alloc(SIZE);
  page.writeUInt32LE(0xed0cdaed, 16);
  page.writeUInt32LE(2, 20);
  page.writeUInt32LE(SIZE, 24);
  page.writeBigUInt64LE(3n, 32);
  page.writeBigUInt64LE(free, 48);
  page.writeBigUInt64LE(pages, 56);
  page.writeBigUInt64LE(transaction, 64);
  let sum = 0xcbf29ce484222325n;
  for (const byte of page.subarray(16, 72)) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  page.writeBigUInt64LE(sum, 72);
  return page;
}

function header(id: number, flags: number, count: number, length = SIZE): Buffer {
  const page = Buffer.alloc(length);
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
  return page;
}

/** The pages that are free. */
function freelist(...free: readonly number[]): Buffer {
  const page = header(2, 0x10, free.length);
  free.forEach((id, index) => {
    page.writeBigUInt64LE(BigInt(id), 16 + index * 8);
  });
  return page;
}

/** A page of records: buckets where `bucket` says so. */
function leaf(
  id: number,
  records: readonly (readonly [key: string, value: Buffer, bucket: boolean])[],
  length = SIZE,
): Buffer {
  const page = header(id, 0x02, records.length, length);
  let at = 16 + records.length * 16;
  records.forEach(([key, value, bucket], index) => {
    const element = 16 + index * 16;
    page.writeUInt32LE(bucket ? 1 : 0, element);
    page.writeUInt32LE(at - element, element + 4);
    page.writeUInt32LE(key.length, element + 8);
    page.writeUInt32LE(value.length, element + 12);
    page.write(key, at);
    page.set(Uint8Array.from(value), at + key.length);
    at += key.length + value.length;
  });
  return page.subarray(0, Math.max(length, at));
}

/** The value of a bucket: its page and the last number it gave, or what is in it. */
function bucket(root: number, last = 0, inline: Buffer | null = null): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(BigInt(root), 0);
  head.writeBigUInt64LE(BigInt(last), 8);
  return inline === null ? head : Buffer.concat([head, inline].map((part) => Uint8Array.from(part)));
}

const snapshot = (id: number, kind: number): Buffer =>
  bucket(
    0,
    0,
    leaf(
      0,
      [
        ['id', Buffer.from([id]), false],
        ['kind', Buffer.from([kind]), false],
      ],
      70,
    ),
  );

/** A database of two snapshots, an active one and a finished one, whose pages are 0 and 1 (meta), 2 (free), 3 (root), 4 (v1), 5. */
const whole = (): Uint8Array[] => [
  meta(1n),
  meta(2n),
  freelist(),
  leaf(3, [['v1', bucket(4), true]]),
  leaf(4, [['snapshots', bucket(5, 2), true]]),
  leaf(5, [
    ['one', snapshot(1, 2), true],
    ['two', snapshot(2, 3), true],
  ]),
];

function judge(pages: readonly Uint8Array[]): Promise<BoltAnswer> {
  const path = join(directory, 'x.db');
  fs.writeFileSync(path, Buffer.concat(pages));
  return probeBolt(path);
}

/** The database with one page changed. */
function changed(page: number, to: Uint8Array): readonly Uint8Array[] {
  return whole().map((bytes, index) => (index === page ? to : bytes));
}

test('a database without damage, one that is empty, and one meta page of two', async () => {
  expect(await judge(whole())).toEqual({ sound: true });
  expect(await judge([])).toEqual({ sound: true });
  expect(await judge(changed(0, Buffer.alloc(SIZE)))).toEqual({ sound: true });
  expect(await judge(changed(1, Buffer.alloc(SIZE)))).toEqual({ sound: true });
  // Pages are added in larger pieces than are used.
  expect(await judge([...whole(), Buffer.alloc(SIZE)])).toEqual({ sound: true });
  expect(await probeBolt(join(directory, 'absent'))).toEqual({ sound: null });
});

test.each<readonly [string, readonly Uint8Array[], string]>([
  ['both meta pages', [Buffer.alloc(SIZE), Buffer.alloc(SIZE), ...whole().slice(2)], 'header'],
  ['no database', [Buffer.from('garbage')], 'header'],
  ['zeros', [Buffer.alloc(65536)], 'header'],
  ['the list of free pages', changed(2, Buffer.alloc(SIZE)), 'freelist'],
  ['a page of records in the place of that list', changed(2, leaf(2, [])), 'freelist'],
  ['a list that calls a page free that is in use', changed(2, freelist(4)), 'page'],
  ['a list that names pages which are not there', changed(2, freelist(99_999)), 'page'],
  ['the root', changed(3, Buffer.alloc(SIZE)), 'page'],
  ['another page in the place of the root', changed(3, leaf(4, [])), 'page'],
  ['the page of a bucket', changed(5, Buffer.alloc(SIZE, 0xff)), 'page'],
  ['a bucket on a page that is not there', changed(4, leaf(4, [['snapshots', bucket(77), true]])), 'page'],
  ['a bucket on the page of another', changed(4, leaf(4, [['snapshots', bucket(3), true]])), 'page'],
  ['a file cut off before its last page', whole().slice(0, 5), 'cut'],
  ['a file cut off before a page that is free', [meta(2n), meta(1n), freelist(5), leaf(3, []), leaf(4, [])], 'cut'],
  ['a file cut off before its root', whole().slice(0, 3), 'cut'],
  ['a file cut off before its list', whole().slice(0, 2), 'cut'],
])('damage: %s', async (_, pages, damage) => {
  expect(await judge(pages)).toEqual({ sound: false, damage });
});

test('a list beyond what is mapped is something else by chance, and no list', async () => {
  expect(await judge(changed(0, meta(3n, 9n, 12n)))).toEqual({ sound: false, damage: 'freelist' });
});

test('snapshots that the database knows have their directories, and nothing stands where the next ones are made', async () => {
  const place = join(directory, 'snapshots');
  const at = (id: number): string => join(place, 'snapshots', String(id));
  const ask = () => probeSnapshots({ directory: place, below: '/fs' });
  for (const id of [1, 2]) fs.mkdirSync(join(at(id), 'fs'), { recursive: true });
  fs.writeFileSync(join(place, 'metadata.db'), Buffer.concat(whole()));
  expect(await ask()).toEqual({ known: 2, missing: 0, active: 0, first: null, inTheWay: null });
  fs.rmdirSync(join(at(2), 'fs'));
  expect(await ask()).toEqual({ known: 2, missing: 1, active: 0, first: at(2), inTheWay: null });
  fs.rmSync(join(place, 'snapshots'), { recursive: true });
  expect(await ask()).toEqual({ known: 2, missing: 2, active: 1, first: at(1), inTheWay: null });
  fs.mkdirSync(join(at(3), 'fs'), { recursive: true });
  // A daemon whose records begin anew removes what they do not know.
  expect(await ask()).toMatchObject({ inTheWay: null });
  fs.writeFileSync(join(directory, 'containerdmeta.db'), '');
  expect(await ask()).toMatchObject({ inTheWay: at(3) });
  fs.rmSync(join(place, 'metadata.db'));
  expect(await ask()).toEqual({ known: 0, missing: 0, active: 0, first: null, inTheWay: at(3) });
  fs.rmSync(at(3), { recursive: true });
  expect(await ask()).toEqual({ known: 0, missing: 0, active: 0, first: null, inTheWay: null });
});
