import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heldLooker } from '../../src/host/looks/held.ts';

const OTHER = 4242;

describe.skipIf(process.getuid?.() !== 0)('looks of root where others may have a hand in the path', () => {
  let at: string;
  beforeAll(() => {
    // The way to a temporary directory leads through one that everybody may write.
    at = fs.mkdtempSync('/var/bkd-held-');
    fs.mkdirSync(join(at, 'secret'), { mode: 0o700 });
    fs.writeFileSync(join(at, 'secret/key'), 'of root\n', { mode: 0o600 });
    fs.symlinkSync('secret', join(at, 'by-root'));
    fs.mkdirSync(join(at, 'theirs'));
    fs.symlinkSync('../secret', join(at, 'theirs/directory'));
    fs.symlinkSync('../secret/key', join(at, 'theirs/file'));
    fs.writeFileSync(join(at, 'theirs/own'), 'theirs\n', { mode: 0o000 });
    fs.linkSync(join(at, 'secret/key'), join(at, 'theirs/hard'));
    for (const name of ['theirs', 'theirs/own']) fs.chownSync(join(at, name), OTHER, OTHER);
  });
  afterAll(() => fs.rmSync(at, { recursive: true, force: true }));

  test('no verb goes through a link that another account has put', () => {
    const refused = /leads through a link that another account can change/;
    expect(() => heldLooker.read(join(at, 'theirs/file'))).toThrow(refused);
    expect(() => heldLooker.read(join(at, 'theirs/directory/key'))).toThrow(refused);
    expect(() => heldLooker.stat(join(at, 'theirs/directory/key'))).toThrow(refused);
    expect(() => heldLooker.lstat(join(at, 'theirs/directory/key'))).toThrow(refused);
    expect(() => heldLooker.list(join(at, 'theirs/directory'))).toThrow(refused);
    expect(() => heldLooker.readlink(join(at, 'theirs/directory/key'))).toThrow(refused);
    expect(() => heldLooker.realpath(join(at, 'theirs/directory'))).toThrow(refused);
    expect(() => heldLooker.access(join(at, 'theirs/directory/key'), 'r')).toThrow(refused);
  });

  test("root's own links and plain paths are followed, absence is null", () => {
    expect(heldLooker.read(join(at, 'by-root/key'))?.text).toBe('of root\n');
    expect(heldLooker.list(join(at, 'by-root'))).toEqual(['key']);
    expect(heldLooker.lstat(join(at, 'theirs/file'))?.kind).toBe('symlink');
    expect(heldLooker.readlink(join(at, 'theirs/file'))).toBe('../secret/key');
    expect(heldLooker.stat(join(at, 'theirs/nothing'))).toBeNull();
  });

  test('a file is read for its owner only where it is theirs', () => {
    const owner = { uid: OTHER, gid: OTHER };
    expect(heldLooker.read(join(at, 'theirs/own'), undefined, owner)?.text).toBe('theirs\n');
    expect(() => heldLooker.read(join(at, 'theirs/hard'), undefined, owner)).toThrow(/belongs to another account/);
  });
});
