import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { history, openRun } from '../../src/apply/index.ts';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import type { Account } from '../../src/model/look.ts';
import type { Step } from '../../src/model/plan.ts';
import { oneIn, some } from '../thoroughly.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground, ROOT, root, sh, sha } from './ground.ts';

const TARGET: Account = { uid: 64301, gid: 64301, groups: [64301], name: null, home: null, shell: null };
const owner = { uid: TARGET.uid, gid: TARGET.gid };

describe.skipIf(!canChangeThings())('a run that is killed can be undone', () => {
  let built: Built;
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());

  /** Two treatments over every kind of step that leaves something in files, as root and as the target. */
  function prepare(ground: Ground): { treatments: readonly (readonly Step[])[]; context: Partial<ApplyContext> } {
    const home = ground.at('home');
    fs.mkdirSync(home);
    fs.chownSync(home, TARGET.uid, TARGET.gid);
    const conf = ground.write('etc/conf', 'a\nb\n', 0o640);
    const big = ground.write('etc/big', 'x'.repeat(200_000));
    const old = ground.write('etc/old', 'old\n', 0o400);
    const mine = ground.write('home/mine.toml', '# mine\nroot = "/a"\n', 0o600);
    sh(
      `setfattr -n user.k -v v ${conf} ${old} ${mine}; chown 7:8 ${conf}; chown 64301:64301 ${mine}; touch -d 2001-01-01 ${conf}`,
    );
    for (let i = 0; i < 70; i++) ground.write(`home/cache/${i % 7}/${i}`, String(i));
    sh(
      `chown -R 64301:64301 ${home}/cache; find ${home}/cache -name '*3' -exec chown 0:0 {} +; chown 100123:100123 ${home}/cache/1/1`,
    );
    const identity = { self: ROOT, target: { ...TARGET, home }, mode: 'rootless', sudoUser: null } as const;
    const allowed = {
      uids: [
        { start: 64301, count: 1 },
        { start: 100000, count: 65536 },
      ],
      gids: [
        { start: 64301, count: 1 },
        { start: 100000, count: 65536 },
      ],
    };
    return {
      context: { identity, permitted: [ground.at('etc')] },
      treatments: [
        [
          editStep(conf, 'a\nb\n', 'a\n'),
          { as: 'root', do: 'directory', path: ground.at('etc/new/deep'), mode: 0o755, owner: root },
          editStep(ground.at('etc/new/deep/file'), null, 'new\n'),
          editStep(big, 'x'.repeat(200_000), 'y'.repeat(300_000)),
          { as: 'root', do: 'remove', path: old, expects: sha('old\n') },
        ],
        [
          { as: 'root', do: 'adopt', tree: `${home}/cache`, allowed, only: null, to: owner },
          {
            ...editStep(mine, '# mine\nroot = "/a"\n', ''),
            as: 'target',
            owner,
            edit: { edit: 'toml', changes: [{ change: 'set', path: ['root'], value: '/b' }] },
          } as Step,
          { as: 'target', do: 'directory', path: `${home}/made`, mode: 0o700, owner },
          {
            as: 'root',
            do: 'run',
            argv: ['/usr/bin/mkdir', ground.at('etc/run')],
            undo: ['/usr/bin/rmdir', ground.at('etc/run')],
            why: 'test',
          },
          { as: 'root', do: 'mode', path: ground.at('etc/big'), from: 0o644, to: 0o600 },
        ],
      ],
    };
  }

  /** What the person sees next: history tells, and undoing run after run brings everything back. */
  async function undoEverything(ground: Ground, before: string, context: Partial<ApplyContext>): Promise<void> {
    for (let runs = 0; runs < 3; runs++) {
      const { transactions } = await ground.undo(null, { ...context, userEntry: built.asUser, waitMs: 2000 });
      expect(transactions.filter(({ result }) => result !== 'undone')).toEqual([]);
      if (transactions.length === 0) break;
    }
    expect(ground.fingerprint()).toBe(before);
    const states = (await history(ground.state, 0)).runs.flatMap(({ transactions }) =>
      transactions.map(({ state }) => state),
    );
    expect(states.every((state) => state === 'taken-back')).toBe(true);
  }

  test('at every stage of every step', { timeout: 300_000 }, async () => {
    const trial = new Ground();
    const whole = await startChild(built, trial, prepare(trial)).ended;
    const [first, second, { reported }] = whole.answers as [object, object, { reported: number }];
    expect([first, second], whole.stderr).toMatchObject([{ result: 'applied' }, { result: 'applied' }]);
    expect(reported).toBeGreaterThan(36);
    // Every stage once, three grounds at a time.
    const stages = some(
      3,
      Array.from({ length: reported }, (_, index) => index + 1),
    );
    const next = async (): Promise<void> => {
      for (let killAt = stages.shift(); killAt !== undefined; killAt = stages.shift()) {
        const ground = new Ground();
        const { treatments, context } = prepare(ground);
        const before = ground.fingerprint();
        const { signal } = await startChild(built, ground, { treatments, context, killAt }).ended;
        expect(signal).toBe('SIGKILL');
        await undoEverything(ground, before, context);
        ground.remove();
      }
    };
    await Promise.all([next(), next(), next()]);
  });

  test('at every stage of undoing', { timeout: 300_000 }, async () => {
    for (let killAt = 1, live = true; live; killAt += oneIn(2)) {
      const ground = new Ground();
      const { treatments, context } = prepare(ground);
      const before = ground.fingerprint();
      await startChild(built, ground, { treatments: [treatments[1] ?? []], context }).ended;
      const { signal } = await startChild(built, ground, { undo: true, context, killAt }).ended;
      live = signal === 'SIGKILL';
      if (!live) expect(killAt).toBeGreaterThan(9);
      await undoEverything(ground, before, context);
      ground.remove();
    }
  });

  test('at 30 random moments of applying, and at 10 of undoing', { timeout: 300_000 }, async () => {
    const trial = new Ground();
    const running = startChild(built, trial, prepare(trial));
    await running.ready;
    const began = performance.now();
    await running.ended;
    const whole = performance.now() - began;
    let cutShort = 0;
    const part = oneIn(4);
    const lives = Array.from({ length: 40 }, (_, index) => index).filter((index) => index % part === 0);
    const next = async (): Promise<void> => {
      for (let life = lives.shift(); life !== undefined; life = lives.shift()) {
        const ground = new Ground();
        const { treatments, context } = prepare(ground);
        const before = ground.fingerprint();
        const undoing = life >= 30;
        if (undoing) await startChild(built, ground, { treatments, context }).ended;
        const child = startChild(built, ground, undoing ? { undo: true, context } : { treatments, context });
        await child.ready;
        await sleep(Math.random() * whole);
        child.process.kill('SIGKILL');
        if ((await child.ended).signal === 'SIGKILL') cutShort++;
        await undoEverything(ground, before, context);
        ground.remove();
      }
    };
    await Promise.all([next(), next()]);
    expect(cutShort).toBeGreaterThan(15 / part - 2);
  });

  test('kernel values and owners, at every stage; and undoing that is killed twice', { timeout: 120_000 }, async () => {
    const key = 'kernel.printk_ratelimit';
    const file = '/proc/sys/kernel/printk_ratelimit';
    const value = fs.readFileSync(file, 'utf8').trim();
    const steps = (ground: Ground): readonly Step[] => [
      { as: 'root', do: 'sysctl', key, from: value, to: String(Number(value) + 1) },
      { as: 'root', do: 'owner', path: ground.at('dir'), from: root, to: { uid: 5, gid: 6 } },
      editStep(ground.at('dir/file'), 'a\n', 'b\n'),
      { as: 'root', do: 'owner', path: ground.at('dir/file'), from: { uid: 3, gid: 4 }, to: owner },
    ];
    const fresh = (): Ground => {
      const ground = new Ground();
      fs.chownSync(ground.write('dir/file', 'a\n', 0o640), 3, 4);
      return ground;
    };
    try {
      for (let killAt = 1, live = true; live; killAt += oneIn(3)) {
        const ground = fresh();
        const before = ground.fingerprint();
        const { signal, answers } = await startChild(built, ground, { treatments: [steps(ground)], killAt }).ended;
        live = signal === 'SIGKILL';
        if (!live) expect([answers[0], killAt > 15]).toMatchObject([{ result: 'applied' }, true]);
        const undone: boolean[] = [];
        for (const at of [2, 4])
          undone.push((await startChild(built, ground, { undo: true, killAt: at }).ended).signal === null);
        if (!live) expect(undone).toEqual([false, false]);
        await undoEverything(ground, before, {});
        expect(fs.readFileSync(file, 'utf8').trim()).toBe(value);
        ground.remove();
      }
    } finally {
      fs.writeFileSync(file, value);
    }
  });

  test('when the process that acts as the target is killed instead', { timeout: 120_000 }, async () => {
    const ended = { applied: 0, failed: 0 };
    for (let life = 0; life < 12; life += oneIn(2)) {
      const ground = new Ground();
      const { treatments, context } = prepare(ground);
      const before = ground.fingerprint();
      const ofTarget = (treatments[1] ?? []).filter(({ as }) => as === 'target');
      const undoing = life >= 8;
      const orders = { treatments: [ofTarget], context };
      if (undoing) await startChild(built, ground, orders).ended;
      const child = startChild(built, ground, undoing ? { undo: true, context } : orders);
      await killHelper(child.process.pid ?? 0, life % 4);
      const [answer] = (await child.ended).answers;
      if (!undoing) {
        ended[answer?.result as 'applied' | 'failed']++;
        if (answer?.result === 'failed') expect(ground.fingerprint()).toBe(before);
      }
      await undoEverything(ground, before, context);
      ground.remove();
    }
    expect(ended.failed).toBeGreaterThan(oneIn(2) === 1 ? 3 : 1);
  });

  test('or finished, by a run that says what was left', { timeout: 120_000 }, async () => {
    const trial = new Ground();
    const { treatments, context } = prepare(trial);
    await startChild(built, trial, { treatments, context }).ended;
    const wanted = trial.fingerprint().replace(/ \d{19}$/gm, '');
    for (const killAt of some(2, [2, 6, 11, 22, 25, 33])) {
      const ground = new Ground();
      const orders = prepare(ground);
      await startChild(built, ground, { ...orders, killAt }).ended;
      const run = await openRun(ground.context({ ...orders.context, userEntry: built.asUser }));
      expect(run.interrupted).toHaveLength(1);
      const [left] = run.interrupted;
      expect(left).toMatchObject({ check: 'test/check', state: 'interrupted' });
      expect(await run.finish(left?.id ?? '')).toMatchObject({ result: 'applied', message: null });
      if (left?.id === '1.1')
        await run.carryOut('test/check', { for: [0], risk: 'safe', steps: orders.treatments[1] ?? [] });
      await run.close();
      expect(ground.fingerprint().replace(/ \d{19}$/gm, '')).toBe(wanted);
    }
  });
});

/** Ends the n-th process that this one starts to act as the target, somewhere in its work. */
async function killHelper(parent: number, nth: number): Promise<void> {
  const seen = new Set<number>();
  for (const until = Date.now() + 10_000; Date.now() < until && fs.existsSync(`/proc/${parent}`); await sleep(1)) {
    const pids = childrenOf(parent).filter((pid) => commandOf(pid).includes('as-user'));
    for (const pid of pids) {
      if (seen.has(pid)) continue;
      seen.add(pid);
      if (seen.size <= nth) continue;
      await sleep(Math.random() * 60);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It had finished.
      }
      return;
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
