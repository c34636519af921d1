import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMakeWorlds, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;

describe.skipIf(!canMakeWorlds())('a check that is ended while it tries things', () => {
  test.each(['user', 'root'] as const)('leaves nothing behind: %s', { timeout: 120_000 }, async (as) => {
    const world = new World();
    try {
      // A name of its own: what runs for this world carries it in its environment.
      const temporary = `${world.home}/tmp-${basename(world.scratch)}`;
      world.script(`su -s /bin/sh alice -c 'mkdir -p ${temporary} ~/.local/share/buildkit'`);
      const look = (): string =>
        `${world.script(`find ${world.home} ${world.runtime} /var/lib/bk-doctor -printf '%p\\n' | sort`)}${running(temporary)}`;
      const before = look();
      const whose = as === 'user' ? [] : ['--user', world.user, '--env', `TMPDIR=${temporary}`];
      let cutShort = 0;
      for (let delay = 120; delay < 700; delay += 40) {
        const signal = delay % 80 === 0 ? 'SIGINT' : 'SIGTERM';
        const child = world.start([process.execPath, BIN, 'check', ...whose], as, { TMPDIR: temporary });
        child.stdout?.resume();
        child.stderr?.resume();
        setTimeout(() => child.kill(signal), delay);
        const [code] = await once(child, 'close');
        if (code === 130 || code === 143) cutShort++;
        expect(look(), `${signal} after ${delay} ms`).toBe(before);
      }
      expect(cutShort).toBeGreaterThan(3);
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
