import * as fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { history, NoSuchTransaction, openRun } from '../../src/apply/index.ts';
import type { Step } from '../../src/model/plan.ts';
import { canChangeThings, editStep, Ground, root, sh, sha, treatment } from './ground.ts';

describe.skipIf(!canChangeThings())('undo', () => {
  test('takes back the last run, newest treatment first; then the one before', async () => {
    const ground = new Ground();
    const file = ground.write('f', '0');
    const states = [ground.fingerprint()];
    const run = await openRun(ground.context());
    await run.carryOut('a/one', treatment([editStep(file, '0', '1')]));
    await run.carryOut('a/two', treatment([editStep(file, '1', '2')]));
    await run.close();
    states.push(ground.fingerprint());
    await ground.apply([editStep(file, '2', '3')]);
    expect((await ground.undo()).transactions).toEqual([
      { id: '2.1', check: 'test/check', result: 'undone', reason: null, paths: [file] },
    ]);
    expect(ground.fingerprint()).toBe(states[1]);
    expect((await ground.undo()).transactions.map(({ id, check, result }) => [id, check, result])).toEqual([
      ['1.2', 'a/two', 'undone'],
      ['1.1', 'a/one', 'undone'],
    ]);
    expect(ground.fingerprint()).toBe(states[0]);
    expect(await ground.undo()).toEqual({ schema: 1, transactions: [] });
    expect(await ground.undo('1')).toEqual({ schema: 1, transactions: [] });
    await expect(ground.undo('7.7')).rejects.toThrow(NoSuchTransaction);
  });

  test('names a later transaction on the same file, which must go first', async () => {
    const ground = new Ground();
    const file = ground.write('f', '0');
    await ground.apply([editStep(file, '0', '1')]);
    await ground.apply([editStep(file, '1', '2')]);
    expect((await ground.undo('1')).transactions).toMatchObject([
      {
        id: '1.1',
        result: 'refused',
        reason: 'transaction 2.1 (test/check) changed the same place later and must be undone first',
      },
    ]);
    expect(fs.readFileSync(file, 'utf8')).toBe('2');
    await ground.undo('2.1');
    expect((await ground.undo('1.1')).transactions).toMatchObject([{ result: 'undone' }]);
    expect(fs.readFileSync(file, 'utf8')).toBe('0');
  });

  test('one transaction out of the middle, when nothing stands on it', async () => {
    const ground = new Ground();
    const [a, b] = [ground.write('a', '0'), ground.write('b', '0')];
    await ground.apply([editStep(a, '0', '1')]);
    await ground.apply([editStep(b, '0', '1')]);
    expect((await ground.undo('1.1')).transactions).toMatchObject([{ result: 'undone' }]);
    expect([a, b].map((file) => fs.readFileSync(file, 'utf8'))).toEqual(['0', '1']);
  });

  test('what a run took back itself stays taken back, whatever the run does after', async () => {
    const ground = new Ground();
    const [a, b, c] = [ground.write('a', '0'), ground.write('b', '0'), ground.write('c', '0')];
    const before = ground.fingerprint();
    const run = await openRun(ground.context());
    await run.carryOut('a/one', treatment([editStep(a, '0', 'a longer text than the ones that follow it')]));
    expect(await run.takeBack('1.1')).toMatchObject({ result: 'undone' });
    await run.carryOut('a/two', treatment([editStep(b, '0', '1')]));
    expect(await run.takeBack('1.2')).toMatchObject({ result: 'undone' });
    await run.carryOut('a/three', treatment([editStep(c, '0', '1')]));
    await run.close();
    const told = (await history(ground.state, 0)).runs.flatMap(({ transactions }) => transactions);
    expect(told.map(({ id, state }) => [id, state])).toEqual([
      ['1.1', 'taken-back'],
      ['1.2', 'taken-back'],
      ['1.3', 'applied'],
    ]);
    expect((await ground.undo()).transactions).toMatchObject([{ id: '1.3', result: 'undone' }]);
    expect(ground.fingerprint()).toBe(before);
  });

  const changes: [string, (ground: Ground) => void, RegExp][] = [
    ['content', (g) => fs.writeFileSync(g.at('f'), 'mine'), /the content of .*\/f was changed since/],
    ['mode', (g) => fs.chmodSync(g.at('f'), 0o600), /the owner or mode of .*\/f was changed since/],
    ['owner', (g) => fs.chownSync(g.at('f'), 5, 5), /the owner or mode of .*\/f was changed since/],
    ['a link in its place', (g) => sh(`mv ${g.at('f')} ${g.at('g')}; ln -s g ${g.at('f')}`), /is a link to g/],
    ['its removal', (g) => fs.rmSync(g.at('f')), /\/f was removed since/],
    ['something in a new directory', (g) => fs.writeFileSync(g.at('d', 'x'), ''), /\/d was filled since: it holds x/],
    [
      'the mode of a new directory',
      (g) => fs.chmodSync(g.at('d'), 0o711),
      /the owner or mode of .*\/d was changed since/,
    ],
    ['a removed file made anew', (g) => fs.writeFileSync(g.at('old'), 'new'), /\/old was made anew since/],
    ['the owner again', (g) => fs.chownSync(g.at('owned'), 6, 6), /the owner of .*\/owned was changed since/],
    ['the mode again', (g) => fs.chmodSync(g.at('owned'), 0o701), /the mode of .*\/owned was changed since/],
    [
      'another object of that name',
      (g) => sh(`rm -r ${g.at('owned')}; mkdir -m 700 ${g.at('owned')}; chown 9:9 ${g.at('owned')}`),
      /\/owned was replaced since/,
    ],
  ];
  test.each(changes)('refuses what somebody changed since, and touches nothing then: %s', async (_, change, why) => {
    const ground = new Ground();
    const file = ground.write('f', '0');
    ground.write('old', 'old');
    fs.mkdirSync(ground.at('owned'), { mode: 0o755 });
    const steps: Step[] = [
      editStep(file, '0', '1'),
      { as: 'root', do: 'directory', path: ground.at('d'), mode: 0o755, owner: root },
      { as: 'root', do: 'remove', path: ground.at('old'), expects: sha('old') },
      { as: 'root', do: 'owner', path: ground.at('owned'), from: root, to: { uid: 9, gid: 9 } },
      { as: 'root', do: 'mode', path: ground.at('owned'), from: 0o755, to: 0o700 },
    ];
    expect(await ground.apply(steps)).toMatchObject({ result: 'applied' });
    change(ground);
    const changed = ground.fingerprint();
    const { transactions } = await ground.undo();
    expect(transactions).toMatchObject([{ result: 'refused' }]);
    expect(transactions[0]?.reason).toMatch(why);
    expect(transactions[0]?.paths.length).toBeGreaterThan(0);
    expect(ground.fingerprint()).toBe(changed);
    const states = (await history(ground.state, 0)).runs.flatMap((run) => run.transactions.map(({ state }) => state));
    expect(states).toEqual(['applied']);
  });

  test('a kernel value that somebody set since is left', async () => {
    const ground = new Ground();
    const file = '/proc/sys/net/core/message_cost';
    const before = fs.readFileSync(file, 'utf8').trim();
    try {
      await ground.apply([{ as: 'root', do: 'sysctl', key: 'net.core.message_cost', from: before, to: '77' }]);
      fs.writeFileSync(file, '78');
      expect((await ground.undo()).transactions).toMatchObject([
        { result: 'refused', reason: 'net.core.message_cost was set to 78 since' },
      ]);
    } finally {
      fs.writeFileSync(file, before);
    }
  });

  test('a damaged backup is not put back', async () => {
    const ground = new Ground();
    const file = ground.write('f', '0');
    await ground.apply([editStep(file, '0', '1')]);
    fs.writeFileSync(`${ground.state}/runs/1/backup-1.1-0`, 'x');
    expect((await ground.undo()).transactions).toMatchObject([
      { result: 'refused', reason: expect.stringMatching(/backup of .* is damaged/) },
    ]);
    expect(fs.readFileSync(file, 'utf8')).toBe('1');
  });

  test('a command whose opposite fails is not undone, however often', async () => {
    const ground = new Ground();
    const path = ground.at('made');
    const step: Step = { as: 'root', do: 'run', argv: ['mkdir', path], undo: ['rmdir', path], why: 'test' };
    await ground.apply([step]);
    fs.writeFileSync(`${path}/x`, '');
    for (let tries = 0; tries < 2; tries++)
      expect((await ground.undo()).transactions).toMatchObject([
        { result: 'refused', reason: expect.stringMatching(/rmdir .*made failed \(exit 1\).*not empty/) },
      ]);
    fs.rmSync(`${path}/x`);
    expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone' }]);
    expect(fs.existsSync(path)).toBe(false);
  });

  test('what is applied already is not part of it', async () => {
    const ground = new Ground();
    const [a, b] = [ground.write('a', '1'), ground.write('b', '0')];
    const done = await ground.apply([editStep(a, '0', '1'), editStep(b, '0', '1')]);
    expect(done.steps.map(({ result }) => result)).toEqual(['already', 'done']);
    fs.writeFileSync(a, 'changed by somebody else');
    expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone', paths: [b] }]);
    expect(fs.readFileSync(a, 'utf8')).toBe('changed by somebody else');
  });

  test('history tells runs, transactions, states and steps; an empty run leaves none', async () => {
    const ground = new Ground();
    expect(await history(ground.state, 0)).toEqual({ schema: 1, runs: [] });
    const file = ground.write('f', '0');
    await ground.apply([editStep(file, '0', '0')]);
    const step = editStep(file, '0', '1');
    await ground.apply([step]);
    await ground.undo();
    await ground.apply([step]);
    const { runs } = await history(ground.state, 0);
    expect(runs).toMatchObject([
      { id: '1', user: 'root', transactions: [{ id: '1.1', check: 'test/check', state: 'taken-back', steps: [step] }] },
      { id: '2', user: 'root', transactions: [{ id: '2.1', check: 'test/check', state: 'applied', steps: [step] }] },
    ]);
    expect(new Date(runs[0]?.at ?? '').toISOString()).toBe(runs[0]?.at);
    // Backups of what was taken back are no longer needed, and gone.
    expect(fs.readdirSync(`${ground.state}/runs/1`)).toEqual(['journal']);
  });

  test('only root can read the journal', async () => {
    const ground = new Ground();
    await ground.apply([editStep(ground.write('f', 'secret', 0o600), 'secret', 'x')]);
    expect(sh(`find ${ground.state} -perm /077`)).toBe('');
  });

  test('a journal whose last line was not finished counts up to there', async () => {
    const ground = new Ground();
    const file = ground.write('f', '0');
    const before = ground.fingerprint();
    await ground.apply([editStep(file, '0', '1')]);
    const journal = `${ground.state}/runs/1/journal`;
    const whole = fs.readFileSync(journal, 'utf8').trimEnd();
    for (let cut = whole.lastIndexOf('{"entry":"done"') + 3; cut < whole.length; cut += 7) {
      fs.writeFileSync(journal, whole.slice(0, cut));
      expect((await history(ground.state, 0)).runs[0]?.transactions[0]?.state).toBe('interrupted');
    }
    fs.writeFileSync(journal, `${whole.slice(0, whole.lastIndexOf('{"entry":"done"') + 9)}\n\n\n`);
    expect((await ground.undo()).transactions).toMatchObject([{ result: 'undone' }]);
    expect(ground.fingerprint()).toBe(before);
    expect((await history(ground.state, 0)).runs[0]?.transactions[0]?.state).toBe('taken-back');
  });
});
