import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { slowness } from '../../src/host/pace.ts';
import { canMakeWorlds, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;
/** What a command of root's may take, whatever the target does. */
const MOST_MS = 60_000;
/** Limits follow the machine's speed: as if this one had nothing else to do. */
const PATIENCE = ['--patience', String(Math.max(0.1, 0.5 / slowness(0)))];

/** As the target: stops, or takes signals to, whatever acts in its name for the bk-doctor of the given pid. */
const ATTACK = `
const fs = require('node:fs');
const [, parent, program, signal] = process.argv;
const done = new Set();
setInterval(() => {
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
    try {
      if (done.has(pid)) continue;
      const stat = fs.readFileSync('/proc/' + pid + '/stat', 'latin1');
      if (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] !== parent) continue;
      if (!fs.readFileSync('/proc/' + pid + '/cmdline', 'latin1').includes(program)) continue;
      process.kill(Number(pid), signal);
      done.add(pid);
      console.log(pid);
    } catch {}
  }
}, 1);
`;

describe.skipIf(!canMakeWorlds())('whatever the target does to what root waits for', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  interface Ended {
    readonly code: number | null;
    readonly ms: number;
    readonly out: string;
    readonly attacked: number;
  }
  async function attacked(
    args: readonly string[],
    program: string,
    signal: string,
    endAfterMs?: number,
  ): Promise<Ended> {
    const began = performance.now();
    const child = world.start([process.execPath, BIN, ...args, ...PATIENCE, '--user', 'alice'], 'root');
    const attacker = world.start(
      [
        'setpriv',
        '--reuid=4242',
        '--regid=4242',
        '--clear-groups',
        process.execPath,
        '-e',
        ATTACK,
        `${child.pid}`,
        program,
        signal,
      ],
      'root',
    );
    let stopped = '';
    attacker.stdout?.on('data', (text) => {
      stopped += text;
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => {
        out += text;
      });
    let from = began;
    if (endAfterMs !== undefined) {
      while (stopped === '') await new Promise((later) => setTimeout(later, 20));
      await new Promise((later) => setTimeout(later, endAfterMs));
      from = performance.now();
      child.kill('SIGTERM');
    }
    const [code] = (await once(child, 'close')) as [number | null];
    const ms = performance.now() - from;
    attacker.kill('SIGKILL');
    return { code, ms, out, attacked: stopped.split('\n').filter(Boolean).length };
  }
  const misnameSnapshotter = (): string =>
    world.script(
      `su -s /bin/sh alice -c 'mkdir -p ~/.config/buildkit; printf "[worker.oci]\\n  snapshotter = \\"overlay\\"\\n" >~/.config/buildkit/buildkitd.toml'`,
    );

  test('a process that looks and is stopped, again and again, is given up', { timeout: 90_000 }, async () => {
    const { code, ms, out, attacked: times } = await attacked(['check'], 'helper.cjs', 'SIGSTOP');
    expect(times).toBeGreaterThan(0);
    expect(ms).toBeLessThan(MOST_MS);
    // Which look is hit decides whether it is given up for good, or each that hangs for itself.
    expect(out.replace(/\s+/g, ' ')).toMatch(/is not asked again|did not answer within/);
    expect(out).not.toMatch(/internal error|FAIL {2}config/);
    expect([1, 3]).toContain(code);
  });

  test('one that is killed is given up as well', { timeout: 90_000 }, async () => {
    const { code, ms, out } = await attacked(['check'], 'helper.cjs', 'SIGKILL');
    expect(ms).toBeLessThan(MOST_MS);
    expect(out).not.toContain('internal error');
    expect([1, 3]).toContain(code);
  });

  test('one that acts and is stopped changes nothing, and the fix says so', { timeout: 90_000 }, async () => {
    misnameSnapshotter();
    const { code, ms, out } = await attacked(['fix', '--yes', '--only', 'config/buildkitd'], 'as-user.cjs', 'SIGSTOP');
    expect(ms).toBeLessThan(MOST_MS);
    expect(out.replace(/\s+/g, ' ')).toMatch(
      /The process that acts as the target did not answer within [\d.]+ seconds/,
    );
    expect(code).toBe(1);
    expect(fs.readdirSync(join(world.scratch, 'home/alice/.config/buildkit'))).toEqual(['buildkitd.toml']);
  });

  test.each([
    ['check', 'helper.cjs'],
    ['fix', 'as-user.cjs'],
    ['verify', 'helper.cjs'],
  ])('SIGTERM ends %s at once though %s is stopped', { timeout: 90_000 }, async (command, program) => {
    misnameSnapshotter();
    const args = command === 'fix' ? ['fix', '--yes'] : [command];
    const { code, ms } = await attacked(args, program, 'SIGSTOP', 500);
    expect(code).toBe(143);
    // Two seconds, and what a loaded machine adds.
    expect(ms).toBeLessThan(4000);
  });

  test('SIGUSR1 to what acts in its name gives the target nothing', { timeout: 90_000 }, async () => {
    const { code, out, attacked: times } = await attacked(['check', '--json'], 'helper.cjs', 'SIGUSR1');
    expect(times).toBeGreaterThan(0);
    expect([0, 1]).toContain(code);
    expect(JSON.parse(out)).toMatchObject({ schema: 1 });
  });

  test('a FUSE home that never answers costs one look’s time', { timeout: 120_000 }, async () => {
    const held = spawnHolder(world);
    try {
      for (const as of ['root', 'user'] as const) {
        const began = performance.now();
        const child = world.start(
          [process.execPath, BIN, 'check', '--json', ...PATIENCE, ...(as === 'root' ? ['--user', 'alice'] : [])],
          as,
        );
        let out = '';
        child.stdout?.on('data', (text) => {
          out += text;
        });
        child.stderr?.resume();
        await once(child, 'close');
        expect(performance.now() - began).toBeLessThan(30_000);
        const report = JSON.parse(out) as { verdict: { ready: boolean | null } };
        expect(report.verdict.ready).not.toBe(true);
      }
    } finally {
      held.kill('SIGKILL');
    }
  });

  test('a trial whose daemon leaves a child with its pipes ends, and so does the child', { timeout: 90_000 }, () => {
    world.script(`
      mkdir -p /home/alice/bin
      printf '#!/bin/sh\\ncase "$*" in *--version*) echo "buildkitd github.com/moby/buildkit v0.32.2 x"; exit 0;; esac\\nsetsid sleep 98763 &\\nexit 0\\n' >/home/alice/bin/buildkitd
      cp /home/alice/bin/buildkitd /home/alice/bin/buildctl; chmod 755 /home/alice/bin/*; chown -R alice: /home/alice/bin`);
    const env = `PATH=/home/alice/bin:/usr/local/bin:/usr/bin:/bin`;
    const began = performance.now();
    const { code, report } = world.doctor<{ ok: boolean; stages: readonly { message: string | null }[] }>(
      ['verify', '--user', 'alice', '--env', env],
      { as: 'root' },
    );
    expect(performance.now() - began).toBeLessThan(MOST_MS);
    expect([code, report.ok]).toEqual([1, false]);
    expect(report.stages[0]?.message).toBe('buildkitd ended before it was ready');
    const left = fs.readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('98763');
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
  });
});

/** Mounts what looks like a FUSE file system, and serves it never: whoever looks there waits. */
function spawnHolder(world: World): ChildProcess {
  const at = `${world.home}/data`;
  world.script(
    `su -s /bin/sh alice -c 'mkdir -p ~/data ~/.config/buildkit; echo "root = \\"/home/alice/data/cache\\"" >~/.config/buildkit/buildkitd.toml'`,
  );
  const mount = `exec 5<>/dev/fuse; mount -i -t fuse -o fd=5,rootmode=40000,user_id=0,group_id=0,allow_other none ${at}; echo mounted; exec sleep 300`;
  const child = world.start(['sh', '-c', mount], 'root');
  world.script(
    `for turn in $(seq 1 200); do grep -q '${at} fuse' /proc/self/mounts && exit 0; sleep 0.05; done; exit 1`,
  );
  return child;
}
