import * as fs from 'node:fs';
import * as net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adoptedOwner } from '../../src/apply/adopt/foreign.ts';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import type { Account } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, Ground, ROOT, sh } from './ground.ts';

const ALICE: Account = { uid: 64501, gid: 64501, groups: [64501], name: null, home: null, shell: null };
const alice = { uid: ALICE.uid, gid: ALICE.gid };
const SUB = 700_000;
const allowed = {
  uids: [
    { start: alice.uid, count: 1 },
    { start: SUB, count: 65536 },
  ],
  gids: [
    { start: alice.gid, count: 1 },
    { start: SUB, count: 65536 },
  ],
};

test('an id that is allowed stays, and one that may not be adopted keeps the whole entry', () => {
  const to = (uid: number, gid: number, only: readonly number[] | null = [0]) =>
    adoptedOwner({ uid, gid }, allowed, only, alice);
  expect(to(alice.uid, alice.gid)).toBeNull();
  expect(to(SUB, SUB + 65535)).toBeNull();
  expect(to(0, 0)).toEqual(alice);
  expect(to(SUB + 33, 0)).toEqual({ uid: SUB + 33, gid: alice.gid });
  expect(to(0, SUB + 33)).toEqual({ uid: alice.uid, gid: SUB + 33 });
  expect(to(0, 1002)).toBeNull();
  expect(to(1002, 1002)).toBeNull();
  expect(to(1002, 1002, null)).toEqual(alice);
  expect(to(SUB + 65536, SUB, null)).toEqual({ uid: alice.uid, gid: SUB });
});

describe.skipIf(!canChangeThings())('adopting what root left in a tree', () => {
  function prepare(): { ground: Ground; state: string; cache: string; more: Partial<ApplyContext>; step: Step } {
    const ground = new Ground();
    const home = ground.at('home');
    const state = `${home}/state`;
    // Files of an image may have any name; the rest of the state directory has buildkitd's own.
    const cache = `${state}/runc-overlayfs/snapshots/snapshots/1/fs`;
    sh(`mkdir -p ${cache}/snapshots/1/fs; chown -R 64501:64501 ${home}`);
    const identity = { self: ROOT, target: { ...ALICE, home }, mode: 'rootless', sudoUser: null } as const;
    return {
      ground,
      state,
      cache,
      more: { identity, permitted: [] },
      step: { as: 'root', do: 'adopt', tree: state, allowed, only: [0], to: alice },
    };
  }
  const ownerOf = (path: string): string => sh(`stat -c %u:%g '${path}'`).trim();

  test('files, directories, links and pipes; images keep their owners', async () => {
    const { ground, cache, more, step } = prepare();
    sh(`cd ${cache}; mkdir -p left/deep snapshots/1/fs/etc; echo x >left/deep/file; ln -s /etc/passwd left/link; mkfifo left/pipe
      mknod left/whiteout c 0 0; touch snapshots/1/fs/etc/shadow snapshots/1/fs/www; chown ${SUB}:${SUB + 42} snapshots/1/fs/etc/shadow
      chown ${SUB + 33}:0 snapshots/1/fs/www; touch snapshots/1/fs/foreign; chown 1234:1234 snapshots/1/fs/foreign; chown 64501 snapshots/1/fs`);
    fs.writeFileSync(Buffer.concat([Buffer.from(`${cache}/left/`), Buffer.from([0xff, 0x0a, 0x27])]), 'odd');
    const before = ground.fingerprint();
    const passwd = ownerOf('/etc/passwd');
    const done = await ground.apply([step], more);
    expect(done).toMatchObject({ result: 'applied', message: null, leftAlone: [] });
    expect(sh(`find ${cache} -uid 0 -o -gid 0`)).toBe('');
    for (const name of [
      'left',
      'left/deep',
      'left/deep/file',
      'left/link',
      'left/pipe',
      'left/whiteout',
      'snapshots/1/fs/etc',
    ])
      expect(ownerOf(`${cache}/${name}`), name).toBe('64501:64501');
    expect(ownerOf(`${cache}/snapshots/1/fs/etc/shadow`)).toBe(`${SUB}:${SUB + 42}`);
    expect(ownerOf(`${cache}/snapshots/1/fs/www`)).toBe(`${SUB + 33}:64501`);
    expect(ownerOf(`${cache}/snapshots/1/fs/foreign`)).toBe('1234:1234');
    expect(ownerOf('/etc/passwd')).toBe(passwd);
    expect(await ground.apply([step], more)).toMatchObject({ result: 'already' });
    expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone', reason: null }]);
    expect(ground.fingerprint()).toBe(before);
  });

  test('devices, sockets, setuid files, capabilities, other mounts and links to outside are left alone, and named', async () => {
    const { ground, cache, more, step } = prepare();
    sh(`cd ${cache}; mkdir d mnt bind; mknod d/disk b 7 99; mknod d/tty c 5 0; echo x >d/su; chmod 4755 d/su; echo x >d/cap; chmod 755 d/cap
      setcap cap_net_raw+ep d/cap; echo x >d/tool; chmod 755 d/tool
      echo secret >${ground.path}/outside; ln ${ground.path}/outside d/hard; echo two >d/a; ln d/a d/b; ln -s x d/s1
      mkdir ${ground.path}/other; touch ${ground.path}/other/file; mount --bind ${ground.path}/other bind; mount -t tmpfs tmpfs mnt; touch mnt/file
      touch -h -d '10 seconds ago' d/a`);
    const server = net.createServer().listen(`${cache}/d/sock`);
    await new Promise((listening) => server.once('listening', listening));
    // Names count only when nothing happened to them for a while: a name may be moved about while it is counted.
    await new Promise((passed) => setTimeout(passed, 1200));
    const before = ground.fingerprint();
    const done = await ground.apply([step], more);
    expect(done.result).toBe('applied');
    const words = done.leftAlone.join('\n');
    for (const [name, why] of Object.entries({
      'd/disk': 'is a device',
      'd/tty': 'is a device',
      'd/su': 'is a file with a setuid or setgid bit',
      'd/cap': 'has file capabilities',
      'd/sock': 'is a socket',
      'd/hard': 'has other names (hard links) outside the tree',
      mnt: 'is another mount',
      bind: 'is another mount',
    })) {
      expect(words).toContain(`${cache}/${name} ${why}`);
      if (!['mnt', 'bind'].includes(name)) expect(ownerOf(`${cache}/${name}`), name).toBe('0:0');
    }
    expect(ownerOf(`${cache}/bind/file`)).toBe('0:0');
    expect(ownerOf(`${cache}/mnt/file`)).toBe('0:0');
    expect(ownerOf(`${ground.path}/outside`)).toBe('0:0');
    expect(sh(`getcap ${cache}/d/cap`)).toContain('cap_net_raw');
    for (const name of ['d', 'd/tool', 'd/a', 'd/b', 'd/s1'])
      expect(ownerOf(`${cache}/${name}`), name).toBe('64501:64501');
    await ground.undo();
    expect(ground.fingerprint()).toBe(before);
    sh(`umount ${cache}/mnt ${cache}/bind`);
    server.close();
  });

  test('names that were moved a moment ago are not counted', async () => {
    const { ground, cache, more, step } = prepare();
    sh(
      `cd ${cache}; echo x >${ground.path}/outside; echo y >moved; ln moved here; sleep 1.2; ln ${ground.path}/outside a; ln a b; mv here there`,
    );
    const done = await ground.apply([step], more);
    expect([...done.leftAlone].sort()).toEqual(
      ['a', 'b', 'moved', 'there'].map((name) => `${cache}/${name} has several names, one of which changed just now`),
    );
    expect(ownerOf(`${ground.path}/outside`)).toBe('0:0');
  });

  test('undo refuses when an adopted file was changed since, and names it', async () => {
    const { ground, cache, more, step } = prepare();
    sh(`cd ${cache}; echo x >one; echo y >two; echo z >three`);
    await ground.apply([step], more);
    fs.rmSync(`${cache}/three`);
    fs.writeFileSync(`${cache}/two`, 'changed');
    const { transactions } = await ground.undo();
    expect(transactions).toMatchObject([{ result: 'refused', reason: `${cache}/two was changed since` }]);
    expect(ownerOf(`${cache}/one`)).toBe('64501:64501');
    fs.rmSync(`${cache}/two`);
    expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone' }]);
    expect(ownerOf(`${cache}/one`)).toBe('0:0');
  });

  describe('at scale', () => {
    let built: Built;
    beforeAll(async () => {
      built = await buildChildren();
    }, 60_000);
    afterAll(() => built.remove());

    test('memory does not grow with the tree; the journal grows with what was changed; progress is told', {
      timeout: 90_000,
    }, async () => {
      const peaks: number[] = [];
      const logs: number[] = [];
      for (const count of [1000, 30_000]) {
        const { ground, cache, more, step } = prepare();
        sh(
          `cd ${cache}; mkdir many; cd many; seq 1 ${count} | xargs touch; seq 1 ${count} | tail -n +501 | xargs chown 64501:64501`,
        );
        const child = startChild(built, ground, {
          treatments: [[step]],
          context: more,
        });
        const { answers, stderr } = await child.ended;
        expect(answers, stderr).toMatchObject([{ result: 'applied' }, { reported: expect.any(Number) }]);
        if (count > 10_000) expect(answers[1]?.reported).toBeGreaterThan(count / 2000);
        peaks.push(Number(answers[1]?.peakKiB));
        logs.push(fs.statSync(`${ground.state}/runs/1/backup-1.1-0`).size);
        expect(sh(`find ${cache} -uid 0 | head -1`)).toBe('');
      }
      expect(peaks[1]).toBeLessThan((peaks[0] ?? 0) + 24 * 1024);
      expect((logs[1] ?? 0) - (logs[0] ?? 0)).toBeLessThan(1000);
    });
  });
});
