import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Step } from '../../src/model/plan.ts';
import { oneIn } from '../thoroughly.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground, root, sha } from './ground.ts';

describe.skipIf(!canChangeThings('strace'))(
  'subuid and subgid are changed under the locks of useradd and usermod',
  () => {
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
        inside: (command) =>
          spawnSync('nsenter', [...under.slice(1), 'sh', '-c', command], { encoding: 'utf8' }).stdout,
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

    test('usermod keeps out while we hold them, and takes over what a killed run left', {
      timeout: 60_000,
    }, async () => {
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

    test('a lock that loss of power left is cleared, whoever has its pid by then', { timeout: 60_000 }, async () => {
      for (const next of ['undo', 'run'] as const) {
        const ground = new Ground();
        const { under, inside } = await world(ground);
        const etc = `/proc/${keepers.at(-1)?.pid}/root/etc`;
        fs.writeFileSync(`${etc}/subuid`, LONG);
        const child = startChild(built, ground, { treatments: [[append(LONG, 'b:1:1')]], under });
        while (!fs.existsSync(`${etc}/subgid.lock`)) await new Promise((passed) => setImmediate(passed));
        child.process.kill('SIGKILL');
        await child.ended;
        for (const name of ['subuid.lock', 'subgid.lock']) fs.writeFileSync(`${etc}/${name}`, String(process.pid));
        const other = { treatments: [[editStep(ground.at('etc', 'other'), null, '')]] };
        const { answers } = await startChild(built, ground, { under, ...(next === 'undo' ? { undo: true } : other) })
          .ended;
        expect(answers[0]).toMatchObject(
          next === 'undo' ? { transactions: [{ result: 'undone' }] } : { result: 'applied' },
        );
        expect(
          inside(
            'ls -A /etc | grep -e "sub.*lock$" -e bk-doctor; usermod --add-subuids 300000-365535 bkdsub && echo ok',
          ),
        ).toBe('ok\n');
      }
    });

    test('a lock that somebody else made is not ours because our own file lies beside it', async () => {
      const ground = new Ground();
      const { under, inside } = await world(ground);
      await startChild(built, ground, { treatments: [[append(START, 'b:1:1')]], under }).ended;
      const token = (
        JSON.parse(fs.readFileSync(`${ground.state}/runs/1/journal`, 'utf8').split('\n')[0] ?? '') as { token: string }
      ).token;
      inside(`printf ${process.pid} >/etc/subuid.lock; printf 1 >/etc/.bk-doctor-${token}-1.1-0-subuid.lock`);
      const other = [editStep(ground.at('etc', 'other'), null, '')];
      await startChild(built, ground, { treatments: [other], under }).ended;
      expect(inside('ls -A /etc | grep -e "sub.*lock$" -e bk-doctor; cat /etc/subuid.lock')).toBe(
        `subuid.lock\n${process.pid}`,
      );
    });

    test('a lock is on disk, with its pid, before it is one', async () => {
      const ground = new Ground();
      const { under } = await world(ground);
      const trace = `${ground.path}/trace`;
      const strace = ['strace', '-f', '-y', '-o', trace, '-e', 'trace=pwrite64,fsync,link,linkat,unlink'];
      await startChild(built, ground, { treatments: [[append(START, 'b:1:1')]], under: [...under, ...strace] }).ended;
      const calls = fs
        .readFileSync(trace, 'utf8')
        .split('\n')
        .flatMap((line) => {
          const call = /^\d+ +(\w+)\((.*)\) += \d/.exec(line);
          return call === null ? [] : [`${call[1]} ${call[2]}`];
        });
      const links = calls.flatMap((call, at) => (/^link/.test(call) ? [at] : []));
      expect(links).toHaveLength(2);
      for (const at of links) {
        const [write, file, directory] = calls.slice(at - 3, at);
        expect(write).toMatch(/^pwrite64 .*-sub[ug]id\.lock>, "\d+"/);
        expect(file).toMatch(/^fsync .*-sub[ug]id\.lock>/);
        expect(directory).toMatch(/^fsync \d+<[^>]*\/etc>/);
      }
    });

    test('where a file cannot be removed, that is said, and undo or the next run removes it', {
      timeout: 240_000,
    }, async () => {
      const steps = [append(START, 'b:1:1'), append(START, 'b:1:1', '/etc/subgid')];
      for (const [calls, error] of [
        ['unlink,unlinkat', 'EIO'],
        ['fsync', 'ENOSPC'],
        ['link,rename', 'EIO'],
      ])
        for (let when = 1; ; when += oneIn(3)) {
          const ground = new Ground();
          const { under, inside } = await world(ground);
          const trace = `${ground.path}/trace`;
          const strace = [
            'strace',
            '-f',
            '-o',
            trace,
            '-e',
            `trace=${calls}`,
            '-e',
            `inject=${calls}:error=${error}:when=${when}`,
          ];
          const { answers } = await startChild(built, ground, { treatments: [steps], under: [...under, ...strace] })
            .ended;
          if (!fs.readFileSync(trace, 'utf8').includes('(INJECTED)')) break;
          expect(answers[0], `${calls} ${when}`).not.toHaveProperty('error', 'Error');
          const undone = await startChild(built, ground, { undo: true, under }).ended;
          expect(JSON.stringify(undone.answers[0])).not.toMatch(/refused|error/);
          expect(
            inside('cat /etc/subuid /etc/subgid; ls -A /etc | grep -e "sub.*lock$" -e bk-doctor'),
            `${calls} ${when}`,
          ).toBe(START + START);
          keepers.pop()?.kill('SIGKILL');
          ground.remove();
        }
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
  },
);
