import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { history } from '../../src/apply/index.ts';
import type { Step } from '../../src/model/plan.ts';
import { oneIn } from '../thoroughly.ts';
import { canChangeThings, editStep, Ground, root, sh, sha } from './ground.ts';

const LARGE = 'large\n'.repeat(3000);

describe.skipIf(!canChangeThings())('when something runs out', () => {
  /** A small file system of its own below the ground. */
  function small(path: string, options: string): void {
    fs.mkdirSync(path, { recursive: true });
    sh(`mount -t tmpfs -o ${options} tmpfs ${path}`);
  }
  function fill(path: string, leave: number): void {
    const { bavail, bsize } = fs.statfsSync(path);
    const size = bavail * bsize - leave;
    if (size > 0) fs.writeFileSync(`${path}/filler`, Buffer.alloc(size));
  }
  function prepare(ground: Ground): readonly Step[] {
    const conf = ground.write('conf', 'a\n');
    const old = ground.write('old', LARGE);
    return [
      editStep(conf, 'a\n', LARGE),
      { as: 'root', do: 'directory', path: ground.at('d', 'e'), mode: 0o700, owner: root },
      editStep(ground.at('d', 'e', 'new'), null, LARGE),
      { as: 'root', do: 'remove', path: old, expects: sha(LARGE) },
      { as: 'root', do: 'mode', path: conf, from: 0o644, to: 0o600 },
    ];
  }

  /** All of it or nothing; whatever it was, the journal can be read, and with room again undo brings everything back. */
  async function tryAt(ground: Ground, steps: readonly Step[], filler: string): Promise<'applied' | 'failed'> {
    const before = ground.fingerprint();
    const done = await ground
      .apply(steps)
      .catch((error: Error) => ({ result: 'failed' as const, message: error.message }));
    expect(['applied', 'failed']).toContain(done.result);
    if (done.result === 'failed') {
      expect(done.message).toMatch(/is full|no space/i);
      expect(ground.fingerprint()).toBe(before);
    }
    await history(ground.state, 0);
    fs.rmSync(filler, { force: true });
    await ground.undo();
    expect(ground.fingerprint().replace(/\n\/filler .*/, '')).toBe(before.replace(/\n\/filler .*/, ''));
    return done.result as 'applied' | 'failed';
  }

  for (const where of ['target', 'journal', 'both'] as const)
    test(`no space left for the ${where}, at each write`, { timeout: 180_000 }, async () => {
      const results = new Set<string>();
      for (let leave = 0; leave <= 140 * 1024; leave += 10_240 * oneIn(2)) {
        const ground = new Ground();
        const disk = where === 'target' ? ground.tree : where === 'journal' ? ground.state : ground.path;
        small(disk, 'size=1m,mode=755');
        fs.mkdirSync(ground.tree, { recursive: true });
        const steps = prepare(ground);
        if (where !== 'target') fs.mkdirSync(ground.state, { recursive: true, mode: 0o700 });
        fill(disk, leave);
        results.add(await tryAt(ground, steps, `${disk}/filler`));
        ground.remove();
      }
      expect([...results].sort()).toEqual(['applied', 'failed']);
    });

  test('the disk of the journal fills up in the middle: it can still say what was done, and take it back', {
    timeout: 60_000,
  }, async () => {
    const states: string[] = [];
    // Wherever in a page the next line would begin.
    for (let length = 0; length < 4096; length += 45 * oneIn(3)) {
      const ground = new Ground();
      small(ground.state, 'size=1m,mode=700');
      const steps: Step[] = [
        { as: 'root', do: 'tell', text: 'x'.repeat(length) },
        editStep(ground.write('conf', 'a\n'), 'a\n', 'b\n'),
        editStep(ground.at('new'), null, 'b\n'),
      ];
      const before = ground.fingerprint();
      const done = await ground.apply(steps, {
        progress: ({ stage }) => {
          if (stage === 'acting') fill(ground.state, 0);
        },
      });
      if (done.result === 'failed') {
        expect(done.message).toBe('the file system of the journal is full (no space or no inodes left)');
        expect(ground.fingerprint()).toBe(before);
      }
      states.push(
        ...(await history(ground.state, 0)).runs.flatMap((run) => run.transactions.map(({ state }) => state)),
      );
      // Still full: what it takes was set aside before.
      await ground.undo();
      expect(ground.fingerprint()).toBe(before);
      ground.remove();
    }
    expect(states.filter((state) => state === 'interrupted')).toEqual([]);
    expect(states).toContain('taken-back');
  });

  test('no inodes left, at each new file', { timeout: 180_000 }, async () => {
    const results = new Set<string>();
    for (let inodes = 0; inodes < 24; inodes += 2) {
      const ground = new Ground();
      small(ground.path, 'size=4m,nr_inodes=64,mode=755');
      fs.mkdirSync(ground.tree, { recursive: true });
      const steps = prepare(ground);
      fs.mkdirSync(`${ground.path}/fillers`);
      while (fs.statfsSync(ground.path).ffree > inodes)
        fs.writeFileSync(`${ground.path}/fillers/${fs.statfsSync(ground.path).ffree}`, '');
      const before = ground.fingerprint();
      const done = await ground
        .apply(steps)
        .catch((error: Error) => ({ result: 'failed' as const, message: error.message }));
      results.add(done.result);
      if (done.result === 'failed') {
        expect(done.message).toMatch(/is full/);
        expect(ground.fingerprint()).toBe(before);
      }
      fs.rmSync(`${ground.path}/fillers`, { recursive: true });
      await ground.undo();
      expect(ground.fingerprint()).toBe(before);
    }
    expect([...results].sort()).toEqual(['applied', 'failed']);
  });

  test('a read-only file system', async () => {
    const ground = new Ground();
    small(ground.tree, 'size=1m,mode=755');
    const steps = prepare(ground);
    sh(`mount -o remount,ro ${ground.tree}`);
    const before = ground.fingerprint();
    const done = await ground.apply(steps);
    expect(done).toMatchObject({ result: 'failed', message: `${ground.at('conf')} is on a read-only file system` });
    expect(ground.fingerprint()).toBe(before);
  });

  test('no place for the journal: nothing is changed', async () => {
    const ground = new Ground();
    const steps = prepare(ground);
    small(ground.state, 'size=1m,mode=755,ro');
    const before = ground.fingerprint();
    await expect(ground.apply(steps)).rejects.toThrow(/is on a read-only file system/);
    expect(ground.fingerprint()).toBe(before);
  });

  test('a file that is itself a mount point', async () => {
    const ground = new Ground();
    const file = ground.write('resolv', 'x\n');
    const source = ground.write('source', 'x\n');
    sh(`mount --bind ${source} ${file}`);
    const done = await ground.apply([editStep(file, 'x\n', 'y\n')]);
    expect(done).toMatchObject({
      result: 'failed',
      message: `${file} is itself a mount point: change it where it is mounted from`,
    });
    expect(fs.readFileSync(source, 'utf8')).toBe('x\n');
    sh(`umount ${file}`);
  });

  test('an immutable file', async () => {
    const ground = new Ground();
    const image = `${ground.path}/image`;
    // tmpfs knows the attribute only since Linux 6.6; ext4 always did.
    sh(`truncate -s 8M ${image}; mkfs.ext4 -q ${image}; mount -o loop ${image} ${ground.tree}`);
    const file = ground.write('conf', 'a\n');
    sh(`chattr +i ${file}`);
    const before = ground.fingerprint();
    const done = await ground.apply([editStep(file, 'a\n', 'b\n')]);
    expect(done.message).toBe(
      `${file} may not be changed (an immutable attribute, a missing capability or a foreign owner)`,
    );
    expect(ground.fingerprint()).toBe(before);
    sh(`chattr -i ${file}; umount ${ground.tree}`);
  });

  test('attributes that cannot be kept: the file is left alone', async () => {
    const ground = new Ground();
    // The journal lies on a file system without extended attributes of users.
    fs.mkdirSync(ground.state, { mode: 0o700 });
    sh(`mount -t ramfs -o mode=700 ramfs ${ground.state}`);
    const file = ground.write('conf', 'a\n');
    expect(await ground.apply([editStep(file, 'a\n', 'b\n')])).toMatchObject({ result: 'applied' });
    sh(`setfattr -n user.x -v y ${file}`);
    const before = ground.fingerprint();
    const done = await ground.apply([editStep(file, 'b\n', 'c\n')]);
    expect(done.message).toMatch(/the attributes of .*conf cannot be kept: .*Operation not supported/);
    expect(ground.fingerprint()).toBe(before);
  });
});
