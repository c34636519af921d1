import { describe, expect, test } from 'vitest';
import { canMakeWorlds, World } from './world.ts';

/** What an ordinary user can prepare before root runs `fix --yes` for them. */
const traps: { readonly [name: string]: (world: World) => void } = {
  'a configuration whose root is /etc': (world) =>
    world.script(
      `su -s /bin/sh alice -c 'mkdir -p ~/.config/buildkit && echo "root = \\"/etc\\"" >~/.config/buildkit/buildkitd.toml'`,
    ),
  "a configuration whose root is another user's home": (world) =>
    world.script(
      `useradd --create-home bob; su -s /bin/sh alice -c 'mkdir -p ~/.config/buildkit && echo "root = \\"/home/bob/cache\\"" >~/.config/buildkit/buildkitd.toml'`,
    ),
  'XDG_RUNTIME_DIR in a unit of theirs names a system directory': (world) =>
    world.script(
      `su -s /bin/sh alice -c 'mkdir -p ~/.config/systemd/user && printf "[Service]\\nEnvironment=XDG_RUNTIME_DIR=/etc/cron.d\\nExecStart=/usr/bin/rootlesskit buildkitd\\n" >~/.config/systemd/user/buildkit.service'; mkdir -p /etc/cron.d`,
    ),
  'the cache directory is a link to /etc': (world) =>
    world.script(`su -s /bin/sh alice -c 'mkdir -p ~/.local/share && ln -s /etc ~/.local/share/buildkit'`),
  'a parent of the cache is a link to /etc': (world) =>
    world.script(`su -s /bin/sh alice -c 'mkdir -p ~/.local && ln -s /etc ~/.local/share'; mkdir -p /etc/buildkit`),
  'links and hard links inside the cache point at files of root': (world) =>
    world.script(
      `su -s /bin/sh alice -c 'mkdir -p ~/.local/share/buildkit/deep && ln -s /etc/passwd ~/.local/share/buildkit/deep/link && ln -s /etc ~/.local/share/buildkit/deep/tree'; touch ${world.home}/.local/share/buildkit/deep/left; echo secret >${world.scratch}/victim; chmod 600 ${world.scratch}/victim; mkdir -p ${world.home}/outside; cp ${world.scratch}/victim ${world.home}/outside/victim; ln ${world.home}/outside/victim ${world.home}/.local/share/buildkit/deep/hard`,
    ),
  'the configuration lies behind a link into /etc': (world) =>
    world.script(
      `mkdir -p /etc/victim; printf '[worker.oci]\\nsnapshotter = "overlay2"\\n' >/etc/victim/buildkitd.toml; su -s /bin/sh alice -c 'mkdir -p ~/.config && ln -s /etc/victim ~/.config/buildkit'`,
    ),
  'a newuidmap of their own stands first in their PATH': (world) =>
    world.script(
      `su -s /bin/sh alice -c 'mkdir -p ~/bin ~/.config/systemd/user && cp /bin/busybox ~/bin/newuidmap && cp /bin/busybox ~/bin/newgidmap && printf "[Service]\\nEnvironment=PATH=/home/alice/bin:/usr/bin:/bin\\nExecStart=/usr/bin/rootlesskit buildkitd\\n" >~/.config/systemd/user/buildkit.service'; chown root:root ${world.home}/bin/newuidmap`,
    ),
  'programs of their own stand first in their PATH': (world) =>
    world.script(
      `su -s /bin/sh alice -c 'mkdir -p ~/bin ~/.config/systemd/user; for tool in buildkitd buildctl rootlesskit runc git getsubids slirp4netns; do printf "#!/bin/sh\\nid -u >>/home/alice/ran-as; touch /etc/owned-by-alice\\n" >~/bin/$tool; chmod 755 ~/bin/$tool; done; printf "[Service]\\nEnvironment=PATH=/home/alice/bin:/usr/bin:/bin\\nExecStart=/home/alice/bin/rootlesskit /home/alice/bin/buildkitd\\n" >~/.config/systemd/user/buildkit.service'`,
    ),
};

describe.skipIf(!canMakeWorlds())('root repairs for a hostile user', () => {
  for (const [name, prepare] of Object.entries(traps)) {
    test(name, { timeout: 120_000 }, () => {
      const world = new World();
      try {
        prepare(world);
        // Files of accounts that the traps aim at, and of the system; what alice owns may change.
        const victims = [
          '/etc',
          '/usr/bin/newuidmap',
          '/usr/bin/newgidmap',
          `${world.home}/outside`,
          '/home/bob',
          `${world.scratch}/victim`,
        ];
        // Owners and modes everywhere else in the system; reading every byte of it would take minutes.
        const inodes = () => world.script("find /usr -xdev -printf '%y %m %U %G %p\\n' | sort | sha256sum");
        const before = world.fingerprint(victims) + inodes();
        const setuid = () =>
          world.script(`find ${world.home} -perm /6000 -print; getcap -r ${world.home} 2>/dev/null; true`);
        expect(setuid()).toBe('');
        const done = world.asRoot([
          process.execPath,
          new URL('../../bin/bk-doctor.js', import.meta.url).pathname,
          'fix',
          '--yes',
          '--user',
          world.user,
        ]);
        expect([0, 1, 3], done.stdout + done.stderr).toContain(done.code);
        expect(world.fingerprint(victims) + inodes()).toBe(before);
        expect(setuid()).toBe('');
        // Whatever of theirs was run was run as them.
        expect(world.script(`cat ${world.home}/ran-as 2>/dev/null | sort -u`).trim()).toMatch(/^(4242)?$/);
      } finally {
        world.close();
      }
    });
  }
});
