import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../../src/model/plan.ts';
import { oneIn } from '../thoroughly.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha } from './ground.ts';

const target = { uid: 77, gid: 77, groups: [77], name: null, home: null, shell: null };
const identity = { self: ROOT, target, mode: 'rootless', sudoUser: null } as const;
const SUBIDS = 'a:100000:65536\n';

describe.skipIf(!canChangeThings('qemu-storage-daemon', 'losetup', 'mke2fs', 'usermod'))('loss of power', () => {
  let built: Built;
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());

  /** The file is a disk then, every write to which is taken down, with the order to flush. */
  async function logged(ground: Ground, image: string): Promise<{ log: string; disk: string; daemon: ChildProcess }> {
    const [log, disk] = [`${ground.path}/log`, `${ground.path}/disk`];
    for (const file of [log, disk]) fs.writeFileSync(file, '');
    const daemon = spawn('qemu-storage-daemon', [
      ...['--blockdev', `driver=file,node-name=file,filename=${image}`],
      ...['--blockdev', `driver=file,node-name=log,filename=${log}`],
      ...['--blockdev', 'driver=blklogwrites,node-name=logged,file=file,log=log'],
      ...['--export', `type=fuse,id=disk,node-name=logged,mountpoint=${disk},writable=on`],
    ]);
    while (fs.statSync(disk).size === 0) {
      expect(daemon.exitCode).toBeNull();
      await new Promise((passed) => setTimeout(passed, 50));
    }
    return { log, disk, daemon };
  }

  test('at any write of a run ends in a disk that undo restores, and on which usermod works', {
    timeout: 900_000,
  }, async () => {
    const ground = new Ground();
    const image = `${ground.path}/image`;
    sh(`truncate -s 24M ${image} && mke2fs -q -t ext4 -E lazy_itable_init=0 ${image}`);
    const { log, disk, daemon } = await logged(ground, image);
    const loop = sh(`losetup --find --show ${disk}`).trim();
    try {
      sh(`mount ${loop} ${ground.tree}`);
      const at = (name: string): string => ground.at('things', name);
      sh(`cp -a /etc ${ground.at('etc')}; cd ${ground.at('etc')}; rm -f sub*.lock
        echo 'bkdsub:x:64777:64777::/nonexistent:/bin/sh' >>passwd; printf '${SUBIDS}' >subuid; printf '${SUBIDS}' >subgid
        mkdir -p ${at('owned')} ${at('tree')} ${at('home')}; chown 77:77 ${at('home')}`);
      ground.write('things/file', 'a\n');
      ground.write('things/old', 'x\n');
      for (const name of ['1', '2', '3']) ground.write(`things/tree/${name}`, name);
      const allowed = { uids: [{ start: 77, count: 1 }], gids: [{ start: 77, count: 1 }] };
      const append = { edit: { edit: 'append', line: 'b:300000:65536' } } as Partial<Step>;
      const mine = { as: 'target', owner: { uid: 77, gid: 77 } } as Partial<Step>;
      const treatments: (readonly Step[])[] = [
        ['/etc/subuid', '/etc/subgid'].map((file) => editStep(file, SUBIDS, '', append)),
        [
          editStep(at('file'), 'a\n', 'b\n'),
          editStep(at('new'), null, 'n\n'),
          editStep(at('home/config'), null, 'n\n', mine),
          { as: 'root', do: 'remove', path: at('old'), expects: sha('x\n') },
          { as: 'root', do: 'directory', path: at('made/below'), mode: 0o700, owner: root },
          { as: 'root', do: 'owner', path: at('owned'), from: root, to: { uid: 5, gid: 6 } },
          { as: 'root', do: 'mode', path: at('owned'), from: 0o755, to: 0o700 },
          { as: 'root', do: 'adopt', tree: at('tree'), allowed, only: [0], to: { uid: 77, gid: 77 } },
        ],
      ];
      // All that was until now, also where the kernel writes it when it likes.
      sh(`sync -f ${ground.tree}; umount ${ground.tree}; mount ${loop} ${ground.tree}; sync -f ${ground.tree}`);
      const base = `${ground.path}/base`;
      fs.copyFileSync(image, base);
      const from = fs.statSync(log).size;
      const context = { identity, state: ground.at('state'), permitted: [ground.at('things')] };
      const under = ['unshare', '-m', 'sh', '-ec', `mount --bind ${ground.at('etc')} /etc; exec "$@"`, 'sh'];
      const { answers, stderr } = await startChild(built, ground, { treatments, under, context }).ended;
      expect([stderr, ...answers.slice(0, 2).map(({ result }) => result)]).toEqual(['', 'applied', 'applied']);
      sh(`sync -f ${ground.tree}; umount ${ground.tree}`);
      const to = fs.statSync(log).size;
      daemon.kill();
      await new Promise((ended) => daemon.once('exit', ended));
      // Odd, so that what never arrived is tried too.
      const step = oneIn(13);
      const orders = {
        context: ground.context({ ...context, userEntry: built.asUser }),
        ...{ base, tree: ground.tree, log, from, to, stranger: process.pid, step },
      };
      fs.writeFileSync(`${ground.path}/orders.json`, JSON.stringify(orders));
      const told: string[] = [];
      const child = spawn('unshare', ['-m', process.execPath, built.power, `${ground.path}/orders.json`]);
      child.stdout.setEncoding('utf8').on('data', (text) => told.push(text));
      child.stderr.setEncoding('utf8').on('data', (text) => told.push(text));
      expect(await new Promise((ended) => child.once('close', ended)), told.join('')).toBe(0);
      const moments = told
        .join('')
        .trim()
        .split('\n')
        .map(
          (line) =>
            JSON.parse(line) as { readonly of: number; readonly locked: boolean; readonly problem: string | null },
        );
      expect(moments.filter(({ problem }) => problem !== null)).toEqual([]);
      expect(moments.length).toBe(Math.ceil((moments[0]?.of ?? 0) / step));
      if (step === 1) expect(moments.filter(({ locked }) => locked).length).toBeGreaterThan(5);
      // Dozens of files made durable, each with the file system's own journal.
      expect(moments[0]?.of).toBeGreaterThan(100);
    } finally {
      spawnSync('umount', ['-l', ground.tree]);
      spawnSync('losetup', ['--detach', loop]);
      daemon.kill();
      spawnSync('umount', ['-l', disk]);
    }
  });
});
