import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrived, type Entry, entriesOf, write } from './disk-log.ts';
import { imageOf, run, STORE } from './images.ts';
import { Machine } from './machine.ts';
import { differences } from './stage.ts';
import { toolsDisk } from './tools.ts';

/** Moments at which the power fails; of the short half only so many. */
const MOMENTS = process.env.MACHINES === 'short' ? 12 : 100;
const CACHE = '/home/alice/.local/share/buildkit';
/** Faults whose repairs are files: the kernel's own values belong to the machine that replays. */
const FAULTS = `
sed -i /^alice:/d /etc/subuid /etc/subgid
install -d -o alice -g alice -m 755 /home/alice/.config /home/alice/.config/buildkit /home/alice/.local /home/alice/.local/share ${CACHE}
printf 'debug = true\\n[worker.oci]\\n  enabled = true\\n  snapshoter = "overlayfs"\\n  gckeepstorage = 900\\n' >/home/alice/.config/buildkit/buildkitd.toml
chown alice: /home/alice/.config/buildkit/buildkitd.toml
mkdir ${CACHE}/d; for i in 1 2 3 4 5 6 7 8 9; do echo $i >${CACHE}/d/$i; done`;

const directory = fs.existsSync(STORE) ? fs.mkdtempSync(join(STORE, 'power-')) : fs.mkdtempSync('/var/tmp/bk-power-');
const [log, base, disk] = ['log', 'base.raw', 'disk.raw'].map((name) => join(directory, name)) as [
  string,
  string,
  string,
];
let tools = '';
let during: readonly Entry[] = [];
let before = '';

/** The places that the repairs of these faults change. */
const LOOK = `traces; find ${CACHE} -printf '%y %m %u %g %p\\n' | sort; sha256sum ${CACHE}/d/* | sort`;

/** A script in the disk as it is, in namespaces of its own; its file system replays its journal, kernel values cannot be changed. */
function inside(script: string): string {
  const mnt = join(directory, 'mnt');
  fs.mkdirSync(mnt, { recursive: true });
  const enter = `
    mount -o loop '${disk}' '${mnt}'
    mount -o loop,ro '${tools}' '${mnt}/usr/local'
    mount -t proc proc '${mnt}/proc'
    mount -o bind,ro '${mnt}/proc/sys' '${mnt}/proc/sys'; mount -o remount,bind,ro '${mnt}/proc/sys'
    for place in run tmp; do mount -t tmpfs tmpfs '${mnt}'/$place; done
    mkdir -p '${mnt}/run/user'; install -d -o 1000 -g 1000 -m 700 '${mnt}/run/user/1000'
    mount --bind /dev '${mnt}/dev'
    exec chroot '${mnt}' env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root sh`;
  const flags = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const done = spawnSync('unshare', [...flags, 'sh', '-ec', enter], {
    input: script,
    encoding: 'utf8',
    timeout: 600_000,
  });
  if (done.error !== undefined || done.status === null) throw new Error(`${done.error?.message}${done.stderr}`);
  return done.stdout + (done.status === 0 ? '' : `\n[exit ${done.status}] ${done.stderr}`);
}

function diskAt(entries: readonly Entry[]): void {
  fs.rmSync(disk, { force: true });
  run('cp', ['--sparse=always', base, disk]);
  write(log, disk, entries);
}

/** A number of its own for each moment, the same in each run. */
function chance(seed: number): number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 0x85ebca6b) >>> 0;
  return ((state ^ (state >>> 13)) >>> 0) / 0x1_0000_0000;
}

describe('the power fails while root repairs', () => {
  beforeAll(async () => {
    const machine = await Machine.start('bookworm', { log });
    let start = 0;
    try {
      await machine.must(`${FAULTS}\nsync; sleep 6; sync`);
      start = fs.statSync(log).size;
      const fixed = await machine.root('bk-doctor fix --yes --risky --user alice');
      expect(fixed.code, fixed.stdout + fixed.stderr).toBeLessThan(2);
      await machine.must('sync');
    } finally {
      machine.close();
    }
    run('qemu-img', ['convert', '-O', 'raw', '-S', '64k', `${imageOf('bookworm')}.booted.qcow2`, base]);
    const all = entriesOf(log);
    write(
      log,
      base,
      all.filter(({ end }) => end <= start),
    );
    during = all.filter(({ end }) => end > start);
    tools = toolsDisk();
    diskAt([]);
    before = inside(LOOK);
    expect(before).toContain('buildkitd.toml');
  }, 3_600_000);

  afterAll(() => {
    fs.rmSync(directory, { recursive: true, force: true });
    if (tools !== '') fs.rmSync(tools, { force: true });
  });

  test(`at each of ${MOMENTS} moments undo brings back every byte`, () => {
    const wrong: string[] = [];
    let changed = 0;
    for (let moment = 0; moment < MOMENTS; moment++) {
      const upTo = Math.floor(((moment + 1) * during.length) / MOMENTS);
      const lossy = moment % 2 === 1;
      diskAt(
        lossy ? arrived(during.slice(0, upTo), (index) => chance(moment * 7919 + index) < 0.5) : during.slice(0, upTo),
      );
      if (inside(LOOK) !== before) changed += 1;
      const undone = inside('bk-doctor undo');
      const left = differences(before, inside(LOOK));
      const temporary = inside("find /etc /home -xdev -name '.bk-doctor-*' -not -path '*/share/buildkit/*'").trim();
      const is = left.length === 0 && temporary === '';
      process.stderr.write(
        `  ${is ? '✓' : '✗'} after ${upTo} of ${during.length} writes${lossy ? ', some lost' : ''}\n`,
      );
      if (!is) wrong.push(`after ${upTo} writes: ${[...left.slice(0, 6), temporary].join('; ')}; ${undone}`);
    }
    // Otherwise nothing was tried.
    expect(changed).toBeGreaterThan(MOMENTS / 4);
    expect(wrong).toEqual([]);
  });
});
