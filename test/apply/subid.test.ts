import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../../src/model.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, Ground, root, sha } from './ground.ts';

describe.skipIf(!canChangeThings())('subuid and subgid are changed under the locks of useradd and usermod', () => {
  let built: Built;
  const keepers: ChildProcess[] = [];
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());
  afterEach(() => {
    for (const keeper of keepers.splice(0)) keeper.kill('SIGKILL');
  });

  /** A mount namespace in which /etc is a copy, so that the real usermod can be let loose on it. */
  async function world(ground: Ground): Promise<{ under: readonly string[]; inside: (command: string) => string }> {
    const setUp = `mount -t tmpfs tmpfs ${ground.tree} && cp -a /etc ${ground.tree}/etc && mount --bind ${ground.tree}/etc /etc &&
      rm -f /etc/subuid.lock /etc/subgid.lock && printf 'a:100000:65536\\n' >/etc/subuid && cp /etc/subuid /etc/subgid &&
      echo 'bkdsub:x:64777:64777::/nonexistent:/bin/sh' >>/etc/passwd && echo ready && exec sleep 600`;
    const keeper = spawn('unshare', ['-m', 'sh', '-c', setUp], { stdio: ['ignore', 'pipe', 'inherit'] });
    keepers.push(keeper);
    await new Promise((ready) => keeper.stdout?.once('data', ready));
    const under = ['nsenter', '-t', String(keeper.pid), '-m', '--'];
    return {
      under,
      inside: (command) => spawnSync('nsenter', [...under.slice(1), 'sh', '-c', command], { encoding: 'utf8' }).stdout,
    };
  }
  const append = (text: string, line: string, file = '/etc/subuid'): Step => ({
    as: 'root',
    do: 'edit',
    path: file,
    expects: sha(text),
    edit: { edit: 'append', line },
    mode: 0o644,
    owner: root,
  });
  const START = 'a:100000:65536\n';

  test('a lock whose process ends is waited for', async () => {
    const ground = new Ground();
    const { under, inside } = await world(ground);
    inside('sleep 1 & printf %s $! >/etc/subuid.lock');
    const { answers } = await startChild(built, ground, { treatments: [[append(START, 'b:1:1')]], under }).ended;
    expect(answers[0]).toMatchObject({ result: 'applied' });
    expect(inside('cat /etc/subuid; ls /etc | grep -e lock -e bk-doctor')).toBe(`${START}b:1:1\n`);
  });

  test('a stale lock is taken over, both are let go, and undo takes them too', async () => {
    const ground = new Ground();
    const { under, inside } = await world(ground);
    inside('printf 999999 >/etc/subgid.lock');
    const steps = [append(START, 'b:1:1'), append(START, 'b:1:1', '/etc/subgid')];
    const { answers } = await startChild(built, ground, { treatments: [steps], under }).ended;
    expect(answers[0]).toMatchObject({ result: 'applied' });
    inside('printf 999999 >/etc/subuid.lock');
    const undone = await startChild(built, ground, { undo: true, under }).ended;
    expect(undone.answers[0]).toMatchObject({ transactions: [{ result: 'undone' }] });
    expect(inside('cat /etc/subuid /etc/subgid; ls /etc | grep -e lock -e bk-doctor')).toBe(START + START);
  });

  test('a lock that names no process is not taken away, as shadow would not', async () => {
    const ground = new Ground();
    const { under, inside } = await world(ground);
    for (const content of ['', '12\\n']) {
      inside(`printf '${content}' >/etc/subuid.lock`);
      const { answers } = await startChild(built, ground, { treatments: [[append(START, 'b:1:1')]], under }).ended;
      expect(answers[0]).toMatchObject({
        result: 'failed',
        message: expect.stringMatching(/^\/etc\/subuid.lock exists and names no process.*remove it$/),
      });
      expect(inside('cat /etc/subuid; ls /etc | grep bk-doctor; rm /etc/subuid.lock')).toBe(START);
    }
  });

  /** Long enough that the locks are held for a while. */
  const LONG = `${START}${'# filling\n'.repeat(300_000)}`;

  test('usermod keeps out while we hold them, and takes over what a killed run left', { timeout: 60_000 }, async () => {
    const ground = new Ground();
    const { under, inside } = await world(ground);
    const etc = `/proc/${keepers[0]?.pid}/root/etc`;
    fs.writeFileSync(`${etc}/subuid`, LONG);
    /** Starts a change and stops it with the locks held. */
    const stopped = async () => {
      const child = startChild(built, ground, { treatments: [[append(LONG, 'b:1:1')]], under });
      while (!fs.existsSync(`${etc}/subgid.lock`)) await new Promise((passed) => setImmediate(passed));
      child.process.kill('SIGSTOP');
      expect(fs.readFileSync(`${etc}/subuid.lock`, 'utf8')).toBe(String(child.process.pid));
      return child;
    };
    const waiting = await stopped();
    const refusal = inside('timeout 2 usermod --add-subuids 300000-365535 bkdsub 2>&1');
    expect(refusal).toContain(`already used by PID ${waiting.process.pid}`);
    waiting.process.kill('SIGCONT');
    expect((await waiting.ended).answers[0]).toMatchObject({ result: 'applied' });
    await startChild(built, ground, { undo: true, under }).ended;
    expect(fs.readFileSync(`${etc}/subuid`, 'utf8') === LONG).toBe(true);

    const killed = await stopped();
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(inside('usermod --add-subuids 300000-365535 bkdsub; grep -c bkdsub /etc/subuid')).toBe('1\n');
    inside('usermod --del-subuids 300000-365535 bkdsub');
    expect((await startChild(built, ground, { undo: true, under }).ended).answers[0]).toMatchObject({
      transactions: [{ result: 'undone' }],
    });
    expect(fs.readFileSync(`${etc}/subuid`, 'utf8') === LONG).toBe(true);
    expect(inside('ls -A /etc | grep -e "sub.*lock$" -e bk-doctor')).toBe('');
  });

  test('no line is lost when both work at once', { timeout: 60_000 }, async () => {
    const ground = new Ground();
    const { under, inside } = await world(ground);
    const many = spawn(
      'nsenter',
      [
        ...under.slice(1),
        'sh',
        '-c',
        'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do usermod --add-subuids "$i"00000-"$i"00009 bkdsub || echo failed; done',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let complaints = '';
    many.stdout?.on('data', (text) => {
      complaints += String(text);
    });
    const ended = new Promise((done) => many.once('close', done));
    const mine: string[] = [];
    for (let round = 0; round < 12; round++) {
      const text = fs.readFileSync(`/proc/${keepers[0]?.pid}/root/etc/subuid`, 'utf8');
      const line = `mine${round}:1:1`;
      const { answers } = await startChild(built, ground, { treatments: [[append(text, line)]], under }).ended;
      if (answers[0]?.result === 'applied') mine.push(line);
      else expect(answers[0]?.message).toMatch(/no longer what the plan saw|changed while/);
    }
    await ended;
    expect(complaints).toBe('');
    const lines = inside('cat /etc/subuid').split('\n');
    expect(lines.filter((line) => line.startsWith('bkdsub:'))).toHaveLength(12);
    expect(lines.filter((line) => line.startsWith('mine'))).toEqual(mine);
    expect(mine.length).toBeGreaterThan(0);
  });
});
