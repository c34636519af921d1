import { describe, expect, test } from 'vitest';
import { canMakeWorlds, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;

/** Can the account map ids of that range, by the real newuidmap? With the sign chroot takes a number for a uid. */
const maps = (world: World, uid: number): boolean =>
  world.asRoot([
    ...['chroot', `--userspec=+${uid}:+${uid}`, '--groups=', '/', 'sh', '-c'],
    'unshare --user sleep 5 & sleep .5; newuidmap $! 0 700000 1; mapped=$?; kill $!; exit $mapped',
  ]).code === 0;

describe.skipIf(!canMakeWorlds())('an account whose name is the uid of another', () => {
  test('gets no line that counts for the other one', { timeout: 120_000 }, () => {
    const world = new World();
    try {
      world.script(
        `useradd --uid 4243 bob; sed -i '/^bob:/d;/^alice:/d' /etc/subuid /etc/subgid; sed -i 's/^alice:/4243:/' /etc/passwd /etc/shadow`,
      );
      const write = (owner: string): string =>
        world.script(
          `for file in /etc/subuid /etc/subgid; do sed -i '/:700000:/d' $file; echo ${owner}:700000:65536 >>$file; done`,
        );
      write('4243');
      expect([maps(world, 4242), maps(world, 4243)]).toEqual([true, true]);
      write('4242');
      expect([maps(world, 4242), maps(world, 4243)]).toEqual([true, false]);
      world.script(`sed -i '/:700000:/d' /etc/subuid /etc/subgid`);
      const done = world.asRoot([process.execPath, BIN, 'fix', '--yes', '--user', '4243']);
      expect([0, 1, 3], done.stderr).toContain(done.code);
      const owners = world.script('cut -d : -f 1 /etc/subuid /etc/subgid').split('\n');
      expect(owners).not.toContain('4243');
      // The rootlesskit of Debian 12 reads a line by uid twice, so there it takes a person.
      if (!owners.includes('4242')) expect(done.stdout).toMatch(/usermod\s+--login\s+NAME\s+4243/);
    } finally {
      world.close();
    }
  });
});
