import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { some } from '../thoroughly.ts';
import { canMakeWorlds, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;
const CONTROLLER = '/sys/fs/cgroup/cpu';

interface Told {
  readonly verdict: { readonly level: string; readonly proved: boolean };
  readonly checks: readonly { readonly id: string; readonly status: string; readonly reason: string | null }[];
}
interface Slow {
  /** Before a command: it is slow, and so is all that it starts. */
  readonly prefix: readonly string[];
  end(): void;
}

/** A fiftieth of one processor, by a quota of control groups (cgroups(7), v1). */
function underQuota(): Slow {
  const group = `${CONTROLLER}/bk-slow-${process.pid}`;
  fs.mkdirSync(group);
  fs.writeFileSync(`${group}/cpu.cfs_period_us`, '100000');
  fs.writeFileSync(`${group}/cpu.cfs_quota_us`, '2000');
  fs.chmodSync(`${group}/cgroup.procs`, 0o666);
  return {
    prefix: ['sh', '-c', `echo $$ >${group}/cgroup.procs; exec "$@"`, 'sh'],
    end() {
      for (const pid of fs.readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean))
        fs.writeFileSync(`${CONTROLLER}/cgroup.procs`, pid);
      fs.rmdirSync(group);
    },
  };
}

/** Where no quota can be set: one processor, which forty programs want, each in a session of its own (sched(7), autogroup). */
function besideOthers(): Slow {
  const pin = ['taskset', '--cpu-list', '0'];
  const others: readonly ChildProcess[] = Array.from({ length: 40 }, () =>
    spawn('taskset', [...pin.slice(1), 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore', detached: true }),
  );
  return {
    prefix: pin,
    end() {
      for (const other of others) other.kill('SIGKILL');
    },
  };
}

const hasQuota = (): boolean => {
  try {
    fs.accessSync(`${CONTROLLER}/cpu.cfs_quota_us`, fs.constants.W_OK);
    return true;
  } catch {
    return fs.existsSync(`${CONTROLLER}/tasks`);
  }
};

describe.skipIf(!canMakeWorlds())('on a machine that is fifty times slower', () => {
  let world: World;
  let slow: Slow | null = null;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    slow?.end();
    slow = null;
    world.close();
  });

  async function checked(as: 'root' | 'user', prefix: readonly string[]): Promise<Told> {
    const { PATH } = world.environment('user');
    const asked = ['check', '--json', ...(as === 'root' ? ['--user', 'alice', '--env', `PATH=${PATH}`] : [])];
    const child = world.start([...prefix, process.execPath, BIN, ...asked], as);
    let out = '';
    child.stdout?.on('data', (text) => {
      out += text;
    });
    child.stderr?.resume();
    await once(child, 'close');
    return JSON.parse(out) as Told;
  }

  test.each(some(2, ['root', 'user'] as const))('the verdict is the same, as %s', { timeout: 300_000 }, async (as) => {
    const usual = await checked(as, []);
    slow = hasQuota() ? underQuota() : besideOthers();
    const slowly = await checked(as, slow.prefix);
    const told = ({ checks }: Told) => checks.map(({ id, status, reason }) => [id, status, reason]);
    expect(told(slowly)).toEqual(told(usual));
    expect(slowly.verdict).toEqual(usual.verdict);
    expect(slowly.verdict.proved).toBe(true);
  });
});
