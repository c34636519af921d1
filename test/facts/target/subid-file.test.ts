import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseGetsubids, parseSubidSource } from '../../../src/facts/start/subids.ts';
import { parseSubids, readDecimal, readUnsigned } from '../../../src/facts/target/subid-file.ts';

const OWN = ['alice', '1000'];
const entries = (text: string) => parseSubids(text, OWN).shadow.map(({ owner, start, count }) => [owner, start, count]);

describe('numbers', () => {
  test.each([
    ['0', 0],
    ['100000', 100000],
    ['0x10000', 65536],
    ['0X1f', 31],
    ['0200000', 65536],
    ['+5', 5],
    ['\t5', 5],
    ['-1', 2 ** 64],
    ['', null],
    ['08', null],
    ['5 ', null],
    ['1_000', null],
    ['0x', null],
    ['99999999999999999999', null],
  ])('strtoul(%j)', (text, value) => expect(readUnsigned(text)).toBe(value));
  test.each([
    ['100000', 100000],
    ['+5', 5],
    ['-5', -5],
    ['0200000', 200000],
    ['0x10', null],
    [' 5', null],
    ['', null],
    ['9223372036854775808', null],
  ])('Atoi(%j)', (text, value) => expect(readDecimal(text)).toBe(value));
});

describe('lines', () => {
  test('comments have no meaning for shadow', () => {
    expect(entries('# nothing\n\n#alice:1:2\nalice:100000:65536\n')).toEqual([
      ['#alice', 1, 2],
      ['alice', 100000, 65536],
    ]);
  });
  test('what shadow passes over is kept with its number', () => {
    const { shadow, ignored } = parseSubids('bad\nalice:1:2 \n:1:2\nalice::2\nalice:1\n# no\nbob:1:2:3\n', OWN);
    expect(ignored.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
    expect(shadow.map(({ line, owner }) => [line, owner])).toEqual([[7, 'bob']]);
  });
  test('a long line is none for shadow, and the end of it for Go', () => {
    const long = (length: number) => `alice:1:${'0'.repeat(length - 8)}`;
    expect(entries(`${long(1023)}\n`)).toHaveLength(1);
    expect(entries(`${long(1024)}\n`)).toEqual([]);
    expect(entries(`${'é'.repeat(510)}:1:1\n`)).toEqual([]);
    expect(parseSubids(`${'x'.repeat(70000)}\nalice:1:2\n`, OWN).fatal).toMatchObject({ line: 1, by: 'length' });
  });
  test('a NUL joins its line with the next, as fgets(3) leaves it', () => {
    expect(entries('bo\0b:1:2\nb:3:4\nalice:5:6\n')).toEqual([
      ['bob', 3, 4],
      ['alice', 5, 6],
    ]);
  });
  test('RootlessKit stops at what has not three fields, whoever it belongs to', () => {
    const { fatal, rootlesskit } = parseSubids('alice:1:2\n# no\n  alice:5:6  \nbob:1\n1000:3:4\n', OWN);
    expect(rootlesskit.map(({ line }) => line)).toEqual([1, 3]);
    expect(fatal).toMatchObject({ line: 4, text: 'bob:1', by: 'form' });
    expect(parseSubids('bob:x:y\nalice:1:2\n', OWN).fatal).toBeNull();
    expect(parseSubids('alice:x:2\n', OWN).fatal).toMatchObject({ line: 1, by: 'number' });
  });
  test('lines that a person would take for the user’s', () => {
    expect(
      parseSubids('alice:1:2\n alice :3\n\ufeffalice:5:6\nbob:1:2\n1000\n', OWN).ownLines.map(({ line }) => line),
    ).toEqual([1, 2, 3, 5]);
  });
  test('any text is taken, and no number is without value', () => {
    const line = fc
      .tuple(fc.constantFrom('alice', '1000', 'bob', ' alice', '#x', ''), fc.string(), fc.string())
      .map((parts) => parts.join(':'));
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 8 }), (lines) => {
        const { shadow, rootlesskit } = parseSubids(lines.join('\n'), OWN);
        for (const { start, count } of [...shadow, ...rootlesskit])
          expect(Number.isFinite(start) && Number.isFinite(count)).toBe(true);
      }),
    );
  });
});

test('what getsubids prints', () => {
  expect(parseGetsubids('0: alice 100000 65536\n1: alice 300000 5\n')).toEqual([
    { start: 100000, count: 65536 },
    { start: 300000, count: 5 },
  ]);
  expect(parseGetsubids('Error fetching ranges\n')).toBeNull();
});

test('the source that nsswitch.conf names', () => {
  expect(parseSubidSource('passwd: files\nsubid: sss\n')).toBe('sss');
  expect(parseSubidSource('# subid: sss\npasswd: files\n')).toBe('files');
  expect(parseSubidSource(' subid: sss\nsubid:\nSUBID:\tfiles sss\n')).toBe('files');
});

const canMount = process.getuid?.() === 0 && spawnSync('getsubids', ['root']).error === undefined;
describe.skipIf(!canMount)('against the real getsubids', () => {
  test('every line is read as it reads it', () => {
    const number = fc.oneof(
      fc.nat(5_000_000).map(String),
      fc.nat(5_000_000).map((value) => `0x${value.toString(16)}`),
      fc.nat(5_000_000).map((value) => `0${value.toString(8)}`),
      fc.constantFrom('', '-5', '+7', ' 9', '9 ', '\t9', '08', '1e3', '1_0', 'x', '0x', '4294967296'),
    );
    const tail = fc.constantFrom('', '', '', ':', ':5', ' ', '\t', '\r');
    const lines = fc.sample(fc.tuple(number, number, tail), { numRuns: 120, seed: 20 });
    const text = lines.map(([start, count, end], index) => `sub${index}:${start}:${count}${end}\n`).join('');
    const directory = mkdtempSync(join(tmpdir(), 'subids-'));
    try {
      const file = join(directory, 'subuid');
      writeFileSync(file, text);
      chmodSync(file, 0o644);
      const script = `mount --bind '${file}' /etc/subuid && for i in $(seq 0 ${lines.length - 1}); do getsubids "sub$i" 2>/dev/null; done; true`;
      const ran = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
        encoding: 'utf8',
      });
      expect(ran.status, ran.stderr).toBe(0);
      const real = [...ran.stdout.matchAll(/^0: (sub\d+) (\d+) (\d+)$/gm)].map(([, owner, start, count]) => [
        owner,
        Number(start),
        Number(count),
      ]);
      expect(real.length).toBeGreaterThan(20);
      expect(parseSubids(text, []).shadow.map(({ owner, start, count }) => [owner, start, count])).toEqual(real);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
