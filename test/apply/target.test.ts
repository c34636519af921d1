import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import { endLeftovers } from '../../src/apply/leftovers.ts';
import type { Account } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha } from './ground.ts';

/** An account that every Debian has. */
const DAEMON: Account = { uid: 1, gid: 1, groups: [1], name: 'daemon', home: null, shell: null };
const daemon = { uid: 1, gid: 1 };

describe.skipIf(!canChangeThings())('what is done as the target', () => {
  let built: Built;
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());

  function prepare(): { ground: Ground; home: string; more: Partial<ApplyContext> } {
    const ground = new Ground();
    const home = ground.at('home');
    fs.mkdirSync(home);
    fs.chownSync(home, 1, 1);
    const identity = { self: ROOT, target: { ...DAEMON, home }, mode: 'rootless', sudoUser: null } as const;
    return {
      ground,
      home,
      more: { identity, permitted: [], userEntry: built.asUser, environment: { PATH: '/usr/bin', HOME: home } },
    };
  }
  const as = (who: 'target' | 'root', step: Step): Step =>
    ({ ...step, as: who, ...('owner' in step ? { owner: daemon } : {}) }) as Step;

  test('files are made, changed, removed and restored with the target’s own rights', async () => {
    const { ground, home, more } = prepare();
    const mine = ground.write('home/mine', 'a\n', 0o600);
    const old = ground.write('home/old', 'old\n', 0o400);
    sh(`chown 1:1 ${mine} ${old}; setfattr -n user.k -v v ${mine} ${old}`);
    const before = ground.fingerprint();
    for (const who of ['target', 'root'] as const) {
      // Inside a directory of the target's, a step of root's is the target's to do.
      const steps = [
        as(who, editStep(mine, 'a\n', 'b\n')),
        as(who, editStep(`${home}/new`, null, 'n\n')),
        as(who, { as: who, do: 'directory', path: `${home}/d/e`, mode: 0o700, owner: daemon }),
        as(who, { as: who, do: 'remove', path: old, expects: sha('old\n') }),
      ];
      expect(await ground.apply(steps, more)).toMatchObject({ result: 'applied', message: null });
      expect(sh(`find ${home} ! -uid 1`)).toBe('');
      expect(fs.readFileSync(mine, 'utf8')).toBe('b\n');
      // Undo needs nothing but the journal: it knows who the target was.
      expect((await ground.undo(null, { userEntry: built.asUser })).transactions).toMatchObject([
        { result: 'undone', reason: null },
      ]);
      expect(ground.fingerprint()).toBe(before);
    }
  });

  test('and with no more than those', async () => {
    const { ground, home, more } = prepare();
    const foreign = ground.write('home/foreign', 'x\n', 0o644);
    fs.mkdirSync(`${home}/closed`, { mode: 0o700 });
    fs.symlinkSync('/etc', `${home}/etc`);
    const before = ground.fingerprint();
    const cases: [Step, RegExp][] = [
      [editStep(foreign, 'x\n', 'y\n'), /belongs to another account/],
      [editStep(`${home}/closed/f`, null, 'y\n'), /permission denied/],
      [editStep('/etc/bk-doctor-was-here', null, 'y\n'), /permission denied/],
      [editStep('/etc/passwd', fs.readFileSync('/etc/passwd'), 'y\n'), /belongs to another account/],
      [editStep(ground.at('outside'), null, 'y\n'), /permission denied/],
      [{ as: 'target', do: 'owner', path: foreign, from: root, to: daemon }, /may not be changed/],
      [{ as: 'target', do: 'sysctl', key: 'kernel.printk_ratelimit_burst', from: '10', to: '11' }, /only root/],
      [{ as: 'target', do: 'adopt', tree: home, allowed: { uids: [], gids: [] }, only: null, to: daemon }, /only root/],
    ];
    for (const [step, why] of cases) {
      const done = await ground.apply([as('target', step)], more);
      expect(done.message ?? '').toMatch(why);
      expect(done.result).toBe('failed');
      expect(ground.fingerprint()).toBe(before);
    }
    expect(fs.existsSync('/etc/bk-doctor-was-here')).toBe(false);
  });

  test('in a process with its ids and groups, a session of its own, nothing of ours', async () => {
    const { ground, home, more } = prepare();
    const run = (...argv: string[]): Step => ({ as: 'target', do: 'run', argv, undo: null, why: 'test' });
    const steps = [
      run('sort', '-o', `${home}/status`, '/proc/self/status'),
      run('sort', '-z', '-o', `${home}/environ`, '/proc/self/environ'),
      run('sort', '-o', `${home}/stat`, '/proc/self/stat'),
      run('find', '/proc/self/fd', '-type', 'l', '-fprintf', `${home}/fds`, '%f %l\\n'),
    ];
    // Descriptors and variables that root was given by whoever started it, as a shell does.
    const under = ['sh', '-c', 'exec 7</dev/zero; export SECRET=of-root; exec "$@"', 'sh'];
    const child = startChild(built, ground, { treatments: [steps], context: more, under });
    expect((await child.ended).answers[0]).toMatchObject({ result: 'applied', message: null });
    const status = fs.readFileSync(`${home}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t1\t1\t1\t1$/m);
    expect(status).toMatch(/^Gid:\t1\t1\t1\t1$/m);
    const groups = sh('id -G daemon').trim().split(' ').sort().join(' ');
    expect(/^Groups:\t(.*?) *$/m.exec(status)?.[1]?.split(' ').sort().join(' ')).toBe(groups);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    const names = fs
      .readFileSync(`${home}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean)
      .map((text) => text.split('=')[0]);
    expect(names).toEqual(['BK_DOCTOR_TRANSACTION', 'HOME', 'PATH']);
    const session = fs.readFileSync(`${home}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    expect(session).not.toBe(fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[3]);
    // find itself opens what it searches, from 3 on.
    const fds = fs
      .readFileSync(`${home}/fds`, 'utf8')
      .split('\n')
      .filter((line) => / (pipe|socket|anon_inode|\/dev)/.test(line) && Number(line.split(' ')[0]) > 2);
    expect(fds).toEqual([]);
  });

  test('the helper itself cannot go back to being root', async () => {
    const { ground, home } = prepare();
    const job = {
      account: { ...DAEMON, uid: 0, gid: 0, name: 'root' },
      verb: 'prepare',
      deed: editStep(`${home}/x`, null, ''),
      prepared: null,
      work: {},
    };
    const done = spawnSync(process.execPath, [built.asUser], {
      input: `${JSON.stringify(job)}\n`,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe', fs.openSync('/dev/null', 'r')],
    });
    expect(done.stdout).toContain('root is not somebody to become');
    expect(ground.fingerprint(home)).not.toContain('/x');
  });

  test('an ordinary user changes what is theirs, with a journal of their own, and nothing else', async () => {
    const { ground, home } = prepare();
    const mine = ground.write('home/mine', 'a\n');
    fs.chownSync(mine, 1, 1);
    sh(`chown -R 1:1 ${home}; chmod 755 ${ground.path}`);
    const self = { ...DAEMON, home };
    const context: Partial<ApplyContext> = {
      identity: { self, target: self, mode: 'rootless', sudoUser: null },
      permitted: [],
      state: `${home}/.local/state/bk-doctor`,
    };
    const before = ground.fingerprint(mine);
    const under = ['setpriv', '--reuid=1', '--regid=1', '--init-groups', '--'];
    const step = { ...editStep(mine, 'a\n', 'b\n'), as: 'self', owner: daemon } as Step;
    const needsRoot: Step = { as: 'root', do: 'directory', path: `${home}/x`, mode: 0o700, owner: daemon };
    const done = await startChild(built, ground, { treatments: [[step], [needsRoot]], context, under }).ended;
    expect(done.answers, done.stderr).toMatchObject([
      { result: 'applied' },
      { result: 'failed', message: 'this needs root' },
      {},
    ]);
    expect(fs.readFileSync(mine, 'utf8')).toBe('b\n');
    expect(fs.statSync(`${home}/.local/state/bk-doctor`)).toMatchObject({ uid: 1, mode: 0o40700 });
    const undone = await startChild(built, ground, { undo: true, context, under }).ended;
    expect(undone.answers[0]).toMatchObject({ transactions: [{ result: 'undone' }] });
    expect(ground.fingerprint(mine)).toBe(before);
  });

  test('a command dies with the run that started it', async () => {
    const { ground, home, more } = prepare();
    for (const who of ['root', 'target'] as const) {
      const seconds = who === 'root' ? '987' : '986';
      const step: Step = { as: who, do: 'run', argv: ['sleep', seconds], undo: null, why: 'test' };
      const child = startChild(built, ground, { treatments: [[step]], context: more });
      const isRunning = (): boolean => spawnSync('pgrep', ['-x', '-f', `(.*/)?sleep ${seconds}`]).status === 0;
      while (!isRunning()) await new Promise((passed) => setTimeout(passed, 10));
      child.process.kill('SIGKILL');
      await child.ended;
      for (let tries = 0; tries < 100 && isRunning(); tries++) await new Promise((passed) => setTimeout(passed, 20));
      expect(isRunning()).toBe(false);
      expect((await ground.undo(null, { userEntry: built.asUser })).transactions).toMatchObject([{ result: 'undone' }]);
    }
    expect(ground.fingerprint(home)).toContain(' 40755 1:1');
  });

  test('what still carries a transaction is waited for, or ended', { timeout: 30_000 }, async () => {
    const env = { PATH: '/usr/bin:/bin', BK_DOCTOR_TRANSACTION: 'abc-1.1' };
    const quick = spawn('sleep', ['0.3'], { env });
    const other = spawn('sleep', ['600'], { env: { ...env, BK_DOCTOR_TRANSACTION: 'abc-1.11' } });
    const ended = once(quick, 'exit');
    await endLeftovers('abc-1.1', { self: ROOT, target: ROOT });
    expect(await ended).toEqual([0, null]);
    const stubborn = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 0.1; done'], { env });
    const gone = new Promise((resolve) => stubborn.once('exit', (_code, signal) => resolve(signal)));
    await endLeftovers('abc-1.1', { self: ROOT, target: ROOT });
    expect(await gone).toBe('SIGKILL');
    expect(other.exitCode).toBeNull();
    other.kill();
  });

  test('processes that are not its own do not hold a transaction up', { timeout: 60_000 }, async () => {
    const env = { PATH: '/usr/bin:/bin', BK_DOCTOR_TRANSACTION: 'def-1.1' };
    const directory = fs.mkdtempSync('/var/tmp/bkd-change-mark-');
    fs.chmodSync(directory, 0o755);
    const who = { self: ROOT, target: DAEMON };
    // With a setuid bit: it begins as daemon and is root's, and keeps the environment that daemon gave it.
    fs.copyFileSync('/bin/sleep', `${directory}/sleep`);
    fs.chmodSync(`${directory}/sleep`, 0o4755);
    const loop = 'while :; do BK_DOCTOR_TRANSACTION=def-1.1 sleep 0.2; done';
    const children = [
      spawn('sleep', ['600'], { env, uid: 65533, gid: 65533 }),
      spawn(`${directory}/sleep`, ['600'], { env, uid: 1, gid: 1 }),
    ];
    const forger = spawn('sh', ['-c', loop], { env: { PATH: env.PATH }, uid: 1, gid: 1, detached: true });
    const own = spawn('sleep', ['600'], { env, uid: 1, gid: 1 });
    const ended = new Promise((resolve) => own.once('exit', (_code, signal) => resolve(signal)));
    try {
      const began = performance.now();
      await endLeftovers('def-1.1', who);
      expect(performance.now() - began).toBeLessThan(20_000);
      expect(await ended).toBe('SIGTERM');
      expect(children.map(({ exitCode, signalCode }) => [exitCode, signalCode])).toEqual([
        [null, null],
        [null, null],
      ]);
      expect([forger.exitCode, forger.signalCode]).toEqual([null, null]);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      process.kill(-(forger.pid ?? 0), 'SIGKILL');
      fs.rmSync(directory, { recursive: true });
    }
  });
});
