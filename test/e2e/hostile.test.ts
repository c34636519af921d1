import { describe, expect, test } from 'vitest';
import { oneIn, some } from '../thoroughly.ts';
import { BIN, canMakeWorlds, NODE, World } from './world.ts';

const asAlice = (world: World, commands: string): string =>
  world.script(`su -s /bin/sh alice <<'COMMANDS'\n${commands}\nCOMMANDS`);
/** What root's own buildkitd has, with a mistake in its configuration that could be mended. */
const rootsDaemon = (world: World): string =>
  world.script(`mkdir -p /etc/buildkit /run/buildkit /var/lib/buildkit/runc-overlayfs; chmod 770 /run/buildkit; chmod 711 /var/lib/buildkit
    : >/var/lib/buildkit/cache.db; chmod 600 /var/lib/buildkit/cache.db
    printf '[worker.oci]\\n  snapshotter = "overlay"\\n  noProcessSandbox = true\\n' >/etc/buildkit/buildkitd.toml`);
const userUnit = (world: World, setting: string, flags = ''): string =>
  asAlice(
    world,
    `mkdir -p ~/.config/systemd/user; printf '[Service]\\n${setting}\\nExecStart=/usr/bin/rootlesskit buildkitd ${flags}\\n' >~/.config/systemd/user/buildkit.service`,
  );

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
  'their configuration names the state and the socket of root’s own buildkitd': (world) => {
    rootsDaemon(world);
    asAlice(
      world,
      `mkdir -p ~/.config/buildkit; printf 'root = "/var/lib/buildkit"\\n[grpc]\\naddress = ["unix:///run/buildkit/buildkitd.sock"]\\n' >~/.config/buildkit/buildkitd.toml`,
    );
  },
  'flags of their unit name them': (world) => {
    rootsDaemon(world);
    userUnit(world, '', '--root /var/lib/buildkit --addr unix:///run/buildkit/buildkitd.sock');
  },
  'variables of their unit lead there': (world) => {
    rootsDaemon(world);
    userUnit(world, 'Environment=XDG_DATA_HOME=/var/lib XDG_RUNTIME_DIR=/run');
  },
  'their unit says that they are root': (world) => {
    rootsDaemon(world);
    userUnit(world, 'Environment=USER=root');
  },
  'their unit names root’s own configuration': (world) => {
    rootsDaemon(world);
    userUnit(world, '', '--config /etc/buildkit/buildkitd.toml');
  },
  'their unit names a configuration that only root can read': (world) => {
    rootsDaemon(world);
    world.script('chmod 600 /etc/buildkit/buildkitd.toml');
    userUnit(world, '', '--config /etc/buildkit/buildkitd.toml');
  },
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

const victims = (world: World): readonly string[] => [
  '/etc',
  '/usr/bin/newuidmap',
  '/usr/bin/newgidmap',
  `${world.scratch}/victim`,
];

describe.skipIf(!canMakeWorlds())('root repairs for a hostile user', () => {
  for (const [name, prepare] of some(3, Object.entries(traps))) {
    test(name, { timeout: 120_000 }, () => {
      const world = new World();
      try {
        prepare(world);
        // Files of accounts that the traps aim at, and of the system; what alice owns may change.
        const victims = [
          '/etc',
          '/var/lib/buildkit',
          '/run/buildkit',
          // Whatever the world has changed below /usr.
          `${world.scratch}/usr.up`,
          `${world.home}/outside`,
          '/home/bob',
          `${world.scratch}/victim`,
        ];
        const before = world.fingerprint(victims);
        const setuid = () =>
          world.script(`find ${world.home} -perm /6000 -print; getcap -r ${world.home} 2>/dev/null; true`);
        expect(setuid()).toBe('');
        const done = world.asRoot([NODE, BIN, 'fix', '--yes', '--user', world.user]);
        expect([0, 1, 3], done.stdout + done.stderr).toContain(done.code);
        expect(world.fingerprint(victims)).toBe(before);
        expect(setuid()).toBe('');
        // Whatever of theirs was run was run as them.
        expect(world.script(`cat ${world.home}/ran-as 2>/dev/null | sort -u`).trim()).toMatch(/^(4242)?$/);
      } finally {
        world.close();
      }
    });
  }

  test('FIFOs, devices and loops where files should be: no look hangs', { timeout: 120_000 }, () => {
    const world = new World();
    try {
      world.script(`su -s /bin/sh alice -c 'mkdir -p ~/.config/buildkit ~/.config/systemd/user ~/.local/share/buildkit ~/.docker ~/.config/containers
        mkfifo ~/.config/buildkit/buildkitd.toml ~/.config/systemd/user/buildkit.service ~/.local/share/buildkit/buildkitd.lock ~/.docker/config.json
        ln -s loop ~/.config/containers/loop; ln -s loop ~/.config/containers/registries.conf'
        mkdir -p ${world.runtime}/buildkit; mkfifo ${world.runtime}/buildkit/buildkitd.sock; chown -R alice: ${world.runtime}`);
      const before = world.fingerprint(victims(world));
      for (const args of [['check'], ['fix', '--script'], ['fix', '--dry-run'], ['fix', '--yes'], ['verify']]) {
        const done = world.asRoot([NODE, BIN, ...args, '--user', world.user], { timeout: 30_000 });
        expect([0, 1, 3], done.stdout + done.stderr).toContain(done.code);
      }
      expect(world.fingerprint(victims(world))).toBe(before);
    } finally {
      world.close();
    }
  });

  test('who swaps directories for links all the while gains nothing', { timeout: 180_000 }, () => {
    const world = new World();
    try {
      world.script(`su -s /bin/sh alice -c 'mkdir -p ~/.config/buildkit ~/.local/share/buildkit/deep; printf "[grpc]\naddress = ["unix:///run/user/4242/a/s.sock"]\n[worker.oci]\nsnapshotter = "overlay2"\n" >~/.config/buildkit/buildkitd.toml'
        mkdir -p ${world.home}/.local/share/buildkit/deep/of-root; touch ${world.home}/.local/share/buildkit/deep/left
        mkdir -p /etc/deep/of-root /etc/buildkit; touch /etc/deep/left /etc/buildkit/buildkitd.toml`);
      const before = world.fingerprint(victims(world));
      const swap = (place: string, aside: string): string =>
        `(cd ~; while :; do mv ${place} ${aside}; ln -s /etc ${place}; rm ${place}; mv -T ${aside} ${place}; done) 2>/dev/null &`;
      const attack = [
        swap('.local/share/buildkit/deep', '.local/share/buildkit/aside'),
        swap('.config/buildkit', '.config/aside'),
        'wait',
      ].join('\n');
      world.start(['sh', '-c', attack], 'user');
      for (const place of ['.local/share/buildkit/deep', '.config/buildkit'])
        world.script(`for turn in $(seq 100000); do [ ! -L ${world.home}/${place} ] || exit 0; done; exit 1`);
      for (let round = 0; round < 4; round += oneIn(2)) {
        const doctor = (...args: string[]) => world.asRoot([NODE, BIN, ...args], { timeout: 60_000 });
        doctor('fix', '--yes', '--user', world.user);
        doctor('undo');
        const { stdout } = doctor('fix', '--script', '--user', world.user);
        expect(stdout).toMatch(/^#!\/bin\/sh/);
        const ran = world.asRoot(['sh', '-s'], { input: stdout });
        expect([0, 1], ran.stdout + ran.stderr).toContain(ran.code);
        expect(world.fingerprint(victims(world))).toBe(before);
      }
    } finally {
      world.close();
    }
  });
});
