import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, canMakeWorlds, NODE, World } from './world.ts';

/** At so many moments of a whole examination, evenly. */
const TIMES = 15;

describe.skipIf(!canMakeWorlds())('a check that is ended while it tries things', () => {
  test.each(['user', 'root'] as const)('leaves nothing behind: %s', { timeout: 120_000 }, async (as) => {
    const world = new World();
    try {
      // A name of its own: what runs for this world carries it in its environment.
      const temporary = `${world.home}/tmp-${basename(world.scratch)}`;
      world.script(`su -s /bin/sh alice -c 'mkdir -p ${temporary} ~/.local/share/buildkit'`);
      // A rootlesskit that is ended before it handles signals leaves its own directory, empty but for its lock.
      const early = `${temporary}/rootlesskit[0-9]+(/lock)?`;
      const look = (): string =>
        `${world.script(`find ${world.home} ${world.runtime} /var/lib/bk-doctor -regextype posix-extended ! -regex '${early}' -printf '%p\\n' | sort`)}${running(temporary)}`;
      const before = look();
      const whose = as === 'user' ? [] : ['--user', world.user, '--env', `TMPDIR=${temporary}`];
      const start = () => {
        const child = world.start([NODE, BIN, 'check', ...whose], as, { TMPDIR: temporary });
        child.stdout?.resume();
        child.stderr?.resume();
        return child;
      };
      const begun = performance.now();
      await once(start(), 'close');
      const whole = performance.now() - begun;
      let cutShort = 0;
      for (let part = 1; part <= TIMES; part++) {
        const signal = part % 2 === 0 ? 'SIGINT' : 'SIGTERM';
        const child = start();
        const delay = Math.round((whole * part) / TIMES);
        setTimeout(() => child.kill(signal), delay);
        const [code] = await once(child, 'close');
        if (code === 130 || code === 143) cutShort++;
        expect(look(), `${signal} after ${delay} ms of ${Math.round(whole)}`).toBe(before);
      }
      expect(cutShort).toBeGreaterThan(TIMES / 4);
    } finally {
      world.close();
    }
  });
});

function running(mark: string): string {
  return readdirSync('/proc')
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark);
      } catch {
        return false;
      }
    })
    .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').slice(0, 80))
    .join('\n');
}
