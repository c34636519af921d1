import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { statOf } from '../../src/apply/disk/handle.ts';
import { identityOf, isThatObject } from '../../src/apply/disk/object-identity.ts';
import type { Step } from '../../src/model/plan.ts';
import { canChangeThings, Ground, ROOT, root, sh } from './ground.ts';

const target = { uid: 77, gid: 77, groups: [77], name: null, home: null, shell: null };
const more = { identity: { self: ROOT, target, mode: 'rootless', sudoUser: null } } as const;

test.each(['/var/tmp', '/proc'])('an object is known again by its birth, else by its disk in this boot: %s', (path) => {
  const made = path === '/proc' ? null : fs.mkdtempSync(`${path}/bkd-change-`);
  const fd = fs.openSync(made ?? path, 'r');
  const handle = { fd, path: `/proc/self/fd/${fd}`, close: () => fs.closeSync(fd) };
  const stat = statOf(handle);
  const known = identityOf(handle);
  const hasBirth = known.born !== null;
  if (made === null) expect(hasBirth).toBe(false);
  expect(isThatObject(stat, known)).toBe(true);
  expect(isThatObject(stat, { ...known, ino: '2' })).toBe(false);
  expect(isThatObject(stat, { ...known, dev: '1' })).toBe(hasBirth);
  expect(isThatObject(stat, { ...known, dev: '1', boot: 'another' })).toBe(true);
  expect(isThatObject(stat, { ...known, born: '1' })).toBe(false);
  // A journal of an older bk-doctor says neither.
  expect(isThatObject(stat, { dev: known.dev, ino: known.ino })).toBe(true);
  expect(isThatObject(stat, { dev: '1', ino: known.ino })).toBe(false);
  handle.close();
});

describe.skipIf(!canChangeThings('mke2fs', 'losetup'))('a disk that gets another number', () => {
  test('owner, mode and adopted trees are given back all the same', { timeout: 60_000 }, async () => {
    const ground = new Ground();
    const image = `${ground.path}/image`;
    sh(`truncate -s 16M ${image} && mke2fs -q -t ext4 ${image}`);
    const loops: string[] = [];
    const mount = (): void => {
      // The first one stays taken, so that the second is another.
      const loop = sh(`losetup --find --show ${image}`).trim();
      loops.push(loop);
      sh(`mount ${loop} ${ground.tree}`);
    };
    try {
      mount();
      ground.write('owned/file', 'x');
      ground.write('tree/sub/a', 'a');
      const before = ground.fingerprint();
      const number = fs.statSync(ground.tree).dev;
      const allowed = { uids: [{ start: 77, count: 1 }], gids: [{ start: 77, count: 1 }] };
      const steps: Step[] = [
        { as: 'root', do: 'owner', path: ground.at('owned'), from: root, to: { uid: 5, gid: 6 } },
        { as: 'root', do: 'mode', path: ground.at('owned'), from: 0o755, to: 0o700 },
        { as: 'root', do: 'adopt', tree: ground.at('tree'), allowed, only: [0], to: { uid: 77, gid: 77 } },
      ];
      expect(await ground.apply(steps, more)).toMatchObject({ result: 'applied' });
      sh(`umount ${ground.tree}`);
      mount();
      expect(fs.statSync(ground.tree).dev).not.toBe(number);
      expect(await ground.undo(null, more)).toMatchObject({ transactions: [{ result: 'undone', reason: null }] });
      expect(ground.fingerprint()).toBe(before);
    } finally {
      spawnSync('umount', ['-l', ground.tree]);
      for (const loop of loops) spawnSync('losetup', ['--detach', loop]);
    }
  });
});
