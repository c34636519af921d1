import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { looker } from '../../src/host/looks/looker.ts';
import { Unanswered, Unseen } from '../../src/model/unseen.ts';

let at: string;
beforeAll(() => {
  at = fs.mkdtempSync(join(tmpdir(), 'bkd-looker-'));
});
afterAll(() => fs.rmSync(at, { recursive: true, force: true }));

test('a regular file is read with its digest, absence is null', () => {
  fs.writeFileSync(join(at, 'file'), 'hello\n');
  const expected = execFileSync('sha256sum', [join(at, 'file')], { encoding: 'utf8' }).split(' ')[0];
  expect(looker.read(join(at, 'file'))).toEqual({ text: 'hello\n', digest: expected, utf8: true });
  expect(looker.read(join(at, 'nothing'))).toBeNull();
  expect(looker.read(join(at, 'file/below'))).toBeNull();
});

test('a FIFO, a directory, a socket and an endless device are never opened for reading', () => {
  execFileSync('mkfifo', [join(at, 'fifo')]);
  fs.symlinkSync('/dev/zero', join(at, 'endless'));
  for (const [name, kind] of [
    ['fifo', 'fifo'],
    ['', 'directory'],
    ['endless', 'character'],
  ] as const) {
    expect(() => looker.read(join(at, name))).toThrow(new RegExp(`is a ${kind}, not a regular file`));
  }
});

test('what is longer than the limit is not read in part, and it is said', () => {
  fs.writeFileSync(join(at, 'big'), 'x'.repeat(200_000));
  expect(() => looker.read(join(at, 'big'), 1024)).toThrow(/big is longer than 1 KiB, which is more than/);
  expect(looker.read(join(at, 'big'), 200_000)?.text.length).toBe(200_000);
});

test('bytes that are not UTF-8 are told, a byte order mark is kept', () => {
  fs.writeFileSync(join(at, 'binary'), Buffer.from([0xff, 0xfe, 0x00, 0x41]));
  fs.writeFileSync(join(at, 'bom'), '\ufeffa = 1\n');
  expect(looker.read(join(at, 'binary'))?.utf8).toBe(false);
  expect(looker.read(join(at, 'bom'))).toMatchObject({ utf8: true, text: '\ufeffa = 1\n' });
});

test('files of procfs, whose size is 0, are read whole', () => {
  expect(looker.read('/proc/self/status')?.text).toMatch(/^Name:/);
  expect(looker.read('/proc/self/mountinfo')?.text).toContain(' - ');
});

test('links: dangling is absent, a circle is absent, readlink of a file is null', () => {
  fs.symlinkSync('nowhere', join(at, 'dangling'));
  fs.symlinkSync('circle', join(at, 'circle'));
  expect(looker.stat(join(at, 'dangling'))).toBeNull();
  expect(looker.lstat(join(at, 'dangling'))?.kind).toBe('symlink');
  expect(looker.readlink(join(at, 'dangling'))).toBe('nowhere');
  expect(looker.stat(join(at, 'circle'))).toBeNull();
  expect(looker.readlink(join(at, 'file'))).toBeNull();
});

test('names come sorted by bytes', () => {
  const directory = join(at, 'names');
  fs.mkdirSync(directory);
  for (const name of ['b', 'a', 'Z', 'ä', '99-x', '999-x']) fs.writeFileSync(join(directory, name), '');
  expect(looker.list(directory)).toEqual(['99-x', '999-x', 'Z', 'a', 'b', 'ä']);
  expect(looker.list(join(at, 'file'))).toBeNull();
});

test('the mount of a path is found by its mount id', () => {
  expect(looker.mountOf('/proc/self/status')?.fstype).toBe('proc');
  const expected = spawnSync('findmnt', ['-no', 'FSTYPE', '-T', at], { encoding: 'utf8' }).stdout.trim();
  expect(looker.mountOf(at)?.fstype).toBe(expected);
});

test.skipIf(process.getuid?.() === 0 && !fs.existsSync('/usr/bin/setpriv'))(
  'what exists but may not be read is unseen, not absent',
  () => {
    if (process.getuid?.() !== 0) {
      fs.writeFileSync(join(at, 'secret'), 'x', { mode: 0 });
      expect(() => looker.read(join(at, 'secret'))).toThrow(Unseen);
    } else {
      // Root reads everything; only the words can be compared here, the real case is in the helper's test.
      expect(looker.read('/etc/shadow')?.text).toContain('root:');
    }
  },
);

test('what this process itself is short of is no refusal of the host', () => {
  const limit = (soft: string): string =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`], { encoding: 'utf8' });
  const before = execFileSync(
    'prlimit',
    ['--pid', String(process.pid), '--nofile', '--raw', '--noheadings', '-o', 'SOFT'],
    {
      encoding: 'utf8',
    },
  ).trim();
  const failure = (look: () => unknown): unknown => {
    try {
      return look();
    } catch (error) {
      return error;
    }
  };
  looker.read('/etc/passwd');
  limit('400');
  const held: number[] = [];
  let answers: readonly unknown[];
  try {
    for (;;) held.push(fs.openSync('/dev/null', 'r'));
  } catch {
    answers = [failure(() => looker.read('/etc/passwd')), failure(() => looker.list('/etc'))];
  } finally {
    for (const file of held) fs.closeSync(file);
    limit(before);
  }
  for (const answer of answers) {
    expect(answer).toBeInstanceOf(Unanswered);
    expect(String(answer)).toContain('could not be looked at: bk-doctor may not open more files (EMFILE)');
  }
});
