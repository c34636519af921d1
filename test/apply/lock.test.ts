import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Busy, openRun } from '../../src/apply/index.ts';
import type { Step } from '../../src/model/plan.ts';
import { type Built, buildChildren, startChild } from './children.ts';
import { canChangeThings, editStep, Ground } from './ground.ts';

describe.skipIf(!canChangeThings())('two runs at once', () => {
  let built: Built;
  beforeAll(async () => {
    built = await buildChildren();
  }, 60_000);
  afterAll(() => built.remove());

  const append = (file: string, text: string, line: string): Step =>
    ({ ...editStep(file, text, ''), edit: { edit: 'append', line } }) as Step;

  test('the second one refuses with the pid of the first', async () => {
    const ground = new Ground();
    const first = startChild(built, ground, { holdMs: 3000 });
    await first.ready;
    const pid = first.process.pid ?? 0;
    const lock = `${ground.state}/lock`;
    for (let tries = 0; tries < 200 && (!fs.existsSync(lock) || fs.readFileSync(lock, 'utf8') === ''); tries++)
      await new Promise((passed) => setTimeout(passed, 10));
    await expect(openRun(ground.context({ waitMs: 100 }))).rejects.toThrow(
      `another bk-doctor (process ${pid}) is changing this host`,
    );
    first.process.kill('SIGKILL');
    await first.ended;
    await (await openRun(ground.context())).close();
  });

  test('or waits for it, and then sees what it did', async () => {
    const ground = new Ground();
    const file = ground.write('f', 'a\n');
    const first = startChild(built, ground, { holdMs: 400, treatments: [[append(file, 'a\n', 'b')]] });
    await first.ready;
    const second = startChild(built, ground, { treatments: [[append(file, 'a\n', 'c')]], context: { waitMs: 10_000 } });
    const answers = [...(await first.ended).answers, ...(await second.ended).answers].filter(
      (answer) => 'result' in answer,
    );
    // Whichever came first, the other one's plan no longer fits.
    expect(answers.map(({ result }) => result).sort()).toEqual(['applied', 'failed']);
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^a\n[bc]\n$/);
  });

  test('never both at work, out of eight', { timeout: 60_000 }, async () => {
    const ground = new Ground();
    const file = ground.write('f', '');
    const children = Array.from({ length: 8 }, (_, index) =>
      startChild(built, ground, {
        treatments: [[append(file, '', `line ${index}`)]],
        context: { waitMs: 30_000 },
      }),
    );
    const answers = (await Promise.all(children.map(({ ended }) => ended))).flatMap((ended) => ended.answers);
    expect(answers.filter(({ result }) => result === 'applied')).toHaveLength(1);
    expect(answers.filter(({ result }) => result === 'failed')).toHaveLength(7);
    expect(fs.readFileSync(file, 'utf8')).toMatch(/^line \d\n$/);
  });

  describe('without flock(1)', () => {
    /** Here flock is no program that may be run. */
    const without = ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null /usr/bin/flock && exec "$@"', 'sh'];

    test('a file names the holder; that of a process that has ended is taken over', async () => {
      const ground = new Ground();
      const first = startChild(built, ground, { holdMs: 5000, under: without });
      await first.ready;
      const lock = `${ground.state}/lock.pid`;
      for (let tries = 0; tries < 300 && !fs.existsSync(lock); tries++)
        await new Promise((passed) => setTimeout(passed, 10));
      const [pid] = fs.readFileSync(lock, 'utf8').split(' ');
      const second = await startChild(built, ground, { under: without }).ended;
      expect(second.answers).toMatchObject([{ error: 'Busy', message: expect.stringContaining(`(process ${pid})`) }]);
      process.kill(Number(pid), 'SIGKILL');
      await first.ended;
      const third = await startChild(built, ground, { under: without }).ended;
      expect(third.answers).toMatchObject([{ reported: 0 }]);
      expect(fs.readdirSync(ground.state).filter((name) => name.startsWith('lock.'))).toEqual([]);
    });

    test('a pid that belongs to another process by now is no holder', async () => {
      const ground = new Ground();
      const sleeper = spawn('sleep', ['30']);
      fs.mkdirSync(ground.state, { mode: 0o700 });
      fs.writeFileSync(`${ground.state}/lock.pid`, `${sleeper.pid} 1@some-other-boot`);
      const ended = await startChild(built, ground, { under: without }).ended;
      expect(ended.answers).toMatchObject([{ reported: 0 }]);
      sleeper.kill();
    });
  });

  test('Busy says who', () => {
    expect(new Busy(12).message).toContain('process 12');
    expect(new Busy(null).message).not.toContain('process');
  });
});
