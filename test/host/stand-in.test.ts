import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fits, helperAnswer } from '../../src/host/answers.ts';
import { Budget } from '../../src/host/budget.ts';
import { endFamily, isAlive } from '../../src/host/looks/processes.ts';
import { runProgram } from '../../src/host/looks/run-tool.ts';
import { rootsAnswer } from '../../src/host/roots-place.ts';
import { startStandIn } from '../../src/host/stand-in.ts';
import { type Call, carryOut } from '../../src/host/verbs.ts';
import { builtProgram } from '../../src/package/form.ts';
import { trialAnswer } from '../../src/verify/answer.ts';

let at: string;
beforeAll(() => {
  at = fs.mkdtempSync('/var/tmp/bkd-stand-in-');
  fs.chmodSync(at, 0o755);
});
afterAll(() => fs.rmSync(at, { recursive: true, force: true }));

const pause = (ms: number): Promise<void> => new Promise((passed) => setTimeout(passed, ms));

async function eventually(isSo: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (isSo()) return true;
    await pause(25);
  }
  return false;
}

test('a process of our own is started as we were, where no memory may become executable', async () => {
  const before = process.execArgv;
  process.execArgv = ['--jitless', '--no-warnings'];
  try {
    const child = startStandIn('helper', { onAnswer: () => {}, onEnd: () => {} });
    const words = fs.readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    expect(words).toEqual([process.execPath, '--jitless', builtProgram('helper')]);
    await child.end();
  } finally {
    process.execArgv = before;
  }
});

/** Sockets on which a process listens for TCP. */
function listeners(pid: number): readonly string[] {
  const listening = ['tcp', 'tcp6'].flatMap((table) =>
    fs
      .readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === '0A')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  return fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const to = fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
      return listening.includes(to) ? [to] : [];
    } catch {
      return [];
    }
  });
}

describe('a process that another account can signal', () => {
  const started: ChildProcess[] = [];
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
  });

  test.each(['helper', 'as-user', 'as-target'] as const)(
    '%s opens no debugger, before it becomes anybody',
    async (name) => {
      const child = spawn(process.execPath, [builtProgram(name)], { env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
      started.push(child);
      const { pid } = child;
      if (pid === undefined) throw new Error('it did not start');
      // Its input is looked at only after what it does first.
      const isReady = (): boolean => /^SigCgt:.*$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) !== null;
      expect(await eventually(isReady)).toBe(true);
      await pause(1000);
      child.kill('SIGUSR1');
      await pause(700);
      expect(isAlive(pid)).toBe(true);
      expect(listeners(pid)).toEqual([]);
    },
  );
});

describe('what a process in our stead answers', () => {
  const failureOf = (program: string, mostBytes?: number): Promise<{ why: string; answers: unknown[] }> =>
    new Promise((resolve) => {
      const entry = join(at, `${Math.random().toString(36).slice(2)}.cjs`);
      fs.writeFileSync(entry, program);
      const answers: unknown[] = [];
      startStandIn('helper', {
        start: [process.execPath, entry],
        ...(mostBytes === undefined ? {} : { mostBytes }),
        onAnswer: (answer) => answers.push(answer),
        onEnd: (why) => resolve({ why, answers }),
      });
    });

  test('is a line of JSON or the end of it', async () => {
    const garbage = await failureOf(
      `process.stdout.write('{"id":1}\\n"word"\\ngarbage\\n{"id":2}\\n'); setInterval(() => {}, 1000);`,
    );
    expect(garbage).toEqual({ why: 'answered what is not JSON', answers: [{ id: 1 }, 'word'] });
  });

  test('has a limit, and costs no more memory than that', { timeout: 60_000 }, async () => {
    const before = process.memoryUsage().rss;
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 5);
    const endless = await failureOf(
      `const part = Buffer.alloc(65536, 'x'); const go = () => { while (process.stdout.write(part)); process.stdout.once('drain', go); }; go();`,
      8 * 1024 * 1024,
    );
    clearInterval(timer);
    expect(endless).toEqual({ why: 'answered with more than 8 MB', answers: [] });
    expect(most - before).toBeLessThan(200 * 1024 * 1024);
  });

  test('that it ended is told once, with how', async () => {
    expect((await failureOf('process.exit(7)')).why).toBe('ended (exit 7)');
    expect((await failureOf("process.kill(process.pid, 'SIGKILL')")).why).toBe('ended (SIGKILL)');
  });

  test('has the shape of the question, for each thing that can be asked', async () => {
    const probe = (name: 'connect' | 'lock' | 'program' | 'pem' | 'bind' | 'dtype' | 'write', input: object): Call => ({
      verb: 'probe',
      args: [name, input, {}],
    });
    const calls: readonly Call[] = [
      { verb: 'read', args: ['/etc/passwd'] },
      { verb: 'read', args: ['/proc/self/mountinfo', 8 * 1024 * 1024] },
      { verb: 'stat', args: ['/etc'] },
      { verb: 'lstat', args: ['/etc/mtab'] },
      { verb: 'readlink', args: ['/proc/self/exe'] },
      { verb: 'realpath', args: ['/bin'] },
      { verb: 'list', args: ['/etc'] },
      { verb: 'statfs', args: ['/'] },
      { verb: 'mountOf', args: ['/proc'] },
      { verb: 'access', args: ['/etc', 'r'] },
      { verb: 'run', args: [{ tool: 'ls', args: ['/'], path: '/usr/bin:/bin', env: {} }] },
      { verb: 'survey', args: [at, { uids: [], gids: [] }] },
      probe('connect', { path: `${at}/none` }),
      probe('lock', { path: '/etc/passwd' }),
      probe('program', { path: process.execPath }),
      probe('pem', { path: '/etc/passwd' }),
      probe('bind', { addresses: [] }),
      probe('write', { directory: at }),
      probe('dtype', { directory: at }),
    ];
    const wrong = [undefined, 7, 'word', {}, [], [{}], { text: 1 }, { kind: 'file' }, { errors: 1 }, { error: {} }];
    for (const call of calls) {
      const answer = JSON.parse(JSON.stringify(await carryOut(call))) as unknown;
      expect([call, fits(call, answer)]).toEqual([call, true]);
      for (const value of wrong) {
        const isFine =
          (call.verb === 'readlink' && value === 'word') || (call.verb === 'list' && JSON.stringify(value) === '[]');
        expect([call, value, fits(call, value)]).toEqual([call, value, isFine]);
      }
    }
    // A name that leads elsewhere, more than was asked for, a path that is none.
    expect(fits({ verb: 'list', args: ['/home/a'] }, ['../../etc/passwd'])).toBe(false);
    expect(fits({ verb: 'list', args: ['/home/a'] }, ['..'])).toBe(false);
    const reading = { text: 'abcd', digest: 'x', utf8: true };
    expect(fits({ verb: 'read', args: ['/x', 4] }, reading)).toBe(true);
    expect(fits({ verb: 'read', args: ['/x', 3] }, reading)).toBe(false);
    expect(fits({ verb: 'realpath', args: ['/x'] }, 'etc')).toBe(false);
    expect(fits({ verb: 'probe', args: ['namespace', {}, {}] }, { launch: { ok: true } })).toBe(false);
    expect([helperAnswer(null), helperAnswer({ id: 'x' }), helperAnswer({ id: 1, unseen: { why: {} } })]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('says of a trial only what a trial can be, and not whether it was good', () => {
    const stages = ['start', 'connect', 'build', 'clean-up'].map((name) => ({
      name,
      ok: true,
      durationMs: 1,
      message: null,
    }));
    const trial = { ok: true, stages, snapshotter: 'overlayfs', log: [] };
    expect(trialAnswer({ trial })).toEqual({ trial });
    expect(trialAnswer({ trial: { ...trial, stages: stages.slice(1) } })).toMatchObject({ trial: { ok: false } });
    for (const bad of [
      7,
      { trial: {} },
      { trial: { ...trial, stages: [{ ...stages[0], durationMs: '1' }] } },
      { trial: { ...trial, snapshotter: 'x'.repeat(1000) } },
      { trial: { ...trial, log: [{}] } },
      { stage: 'x' },
    ])
      expect(trialAnswer(bad)).toBeNull();
  });
});

describe.skipIf(process.getuid?.() !== 0)('what only root can change, root looks at itself', () => {
  const target = { uid: 54_321, gid: 54_321, groups: [54_321], name: null, home: null, shell: null };
  // Below directories that root alone can write.
  let at: string;
  beforeAll(() => {
    at = fs.mkdtempSync('/var/lib/bkd-roots-place-');
    fs.chmodSync(at, 0o755);
  });
  afterAll(() => fs.rmSync(at, { recursive: true, force: true }));
  const FORGED = { text: 'forged', digest: 'x', utf8: true };
  const answer = async (call: Call): Promise<{ asked: boolean; value: unknown }> => {
    let asked = false;
    const value = await rootsAnswer(call, target, [], async () => {
      asked = true;
      return FORGED;
    });
    return { asked, value };
  };
  const read = (path: string): Promise<{ asked: boolean; value: unknown }> => answer({ verb: 'read', args: [path] });

  test('a file of root’s, through links of root’s as well, whether it is there or not', async () => {
    for (const path of ['/etc/passwd', '/etc/os-release', '/proc/sys/kernel/osrelease', '/proc/self/mountinfo']) {
      const { asked, value } = await read(path);
      expect([path, asked]).toEqual([path, false]);
      expect((value as { text: string }).text.length).toBeGreaterThan(0);
      expect(value).not.toBe(FORGED);
    }
    expect(await read('/etc/bk-doctor/is-not-here')).toEqual({ asked: false, value: null });
  });

  test('what the target may not read is asked for, and root tells what is in it', async () => {
    const secret = join(at, 'secret');
    fs.writeFileSync(secret, 'of root', { mode: 0o600 });
    expect(await read(secret)).toMatchObject({ asked: true, value: { text: 'of root' } });
    await expect(
      rootsAnswer({ verb: 'read', args: [secret] }, target, [], async () => {
        throw new Error('permission denied');
      }),
    ).rejects.toThrow('permission denied');
    expect(await answer({ verb: 'access', args: [secret, 'r'] })).toEqual({ asked: true, value: FORGED });
    expect(await answer({ verb: 'access', args: ['/etc/passwd', 'r'] })).toEqual({ asked: false, value: true });
  });

  test('what the target, or anybody, can change or lead elsewhere is the target’s to tell', async () => {
    const own = join(at, 'own');
    fs.mkdirSync(own);
    fs.writeFileSync(join(own, 'file'), '');
    fs.symlinkSync('/etc', join(own, 'link'));
    fs.chownSync(own, target.uid, target.gid);
    fs.writeFileSync(join(at, 'open'), '');
    fs.chmodSync(join(at, 'open'), 0o666);
    const paths = [join(own, 'file'), join(own, 'link/passwd'), join(at, 'open'), '/proc/self/status', '/tmp/x'];
    for (const path of paths) expect([path, await read(path)]).toEqual([path, { asked: true, value: FORGED }]);
    // That such a directory is there, and whose it is, is root's to tell; what is in it is not.
    expect(await answer({ verb: 'stat', args: [own] })).toMatchObject({ asked: false, value: { uid: target.uid } });
    expect(await answer({ verb: 'list', args: [own] })).toEqual({ asked: true, value: FORGED });
  });

  test('where a look may hang, root does not look', async () => {
    let asked = false;
    await rootsAnswer({ verb: 'stat', args: ['/etc/passwd'] }, target, ['/etc'], async () => {
      asked = true;
    });
    expect(asked).toBe(true);
  });
});

describe('a program that is run', () => {
  const options = { env: { PATH: '/usr/bin:/bin' }, timeoutMs: 15_000 };
  const running = (word: string): boolean =>
    fs.readdirSync('/proc').some((pid) => {
      try {
        return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        return false;
      }
    });

  test('does not keep us waiting by what it started, in whatever session, nor leaves that', async () => {
    const began = performance.now();
    const ran = await runProgram('/bin/sh', ['-c', 'setsid sleep 98761 & (setsid sleep 98761 &) ; echo said'], options);
    expect(ran).toMatchObject({ code: 0, stdout: 'said\n', timedOut: false });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await eventually(() => !running('98761'))).toBe(true);
  });

  test('is ended when it prints without end', async () => {
    const began = performance.now();
    const ran = await runProgram('/bin/cat', ['/dev/zero'], options);
    expect(ran).toMatchObject({ code: null, timedOut: false });
    expect(ran.stdout.length).toBeLessThan(2 * 1024 * 1024);
    expect(performance.now() - began).toBeLessThan(14_000);
  });

  test('is ended at its time limit though it ignores being asked, with what it started', async () => {
    const program = 'trap "" TERM; setsid sleep 98762 & sleep 98762 & while :; do sleep 1; done';
    const ran = await runProgram('/bin/sh', ['-c', program], { ...options, timeoutMs: 300 });
    expect(ran.timedOut).toBe(true);
    expect(await eventually(() => !running('98762'))).toBe(true);
  });

  test('leaves a service running where it was to change something', async () => {
    const ran = await runProgram('/bin/sh', ['-c', 'setsid sleep 30 & echo $!'], { ...options, leavesRest: true });
    const pid = Number(ran.stdout);
    expect([ran.code, isAlive(pid)]).toEqual([0, true]);
    endFamily({ pids: [pid], mark: null });
    expect(await eventually(() => !isAlive(pid))).toBe(true);
  });
});

test('time that is waited side by side counts once, and other time not at all', async () => {
  const budget = new Budget(10_000);
  await pause(300);
  expect(budget.left()).toBe(10_000);
  await Promise.all([budget.spend(pause(300)), budget.spend(pause(300))]);
  expect(budget.left()).toBeLessThanOrEqual(9710);
  expect(budget.left()).toBeGreaterThan(9000);
});
