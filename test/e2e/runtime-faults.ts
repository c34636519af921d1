import type { Fault } from './faults.ts';
import { NODE, type World } from './world.ts';

const asAlice = (world: World, script: string): string => world.script(`su -s /bin/sh alice -c '${script}'`);
const config = (world: World, text: string): void => {
  asAlice(world, 'mkdir -p ~/.config/buildkit');
  const path = `${world.home}/.config/buildkit/buildkitd.toml`;
  const done = world.asRoot(['sh', '-c', `cat >${path} && chown ${world.user}: ${path}`], { input: text });
  if (done.code !== 0) throw new Error(done.stderr);
};
const listen = (...addresses: readonly string[]): string =>
  `[grpc]\naddress = [${addresses.map((address) => `"${address}"`).join(', ')}]\n`;
const holder = (world: World, port: number, host: string, hex: string, table = 'tcp'): void => {
  world.start(
    [NODE, '-e', `require('net').createServer().listen({port: ${port}, host: '${host}', ipv6Only: true})`],
    'root',
  );
  world.script(
    `for turn in $(seq 1 100); do grep -qi ' ${hex} 0' /proc/net/${table} && exit 0; sleep 0.05; done; exit 1`,
  );
};
/** A runc that refuses what an older one did not know, and passes everything else on. */
const oldRunc = (version: string): string => `#!/bin/sh
case "$*" in
  *--version*) echo "runc version ${version}";;
  *--keep*) echo "flag provided but not defined: -keep" >&2; exit 1;;
  *) exec /usr/sbin/runc.real "$@";;
esac
`;
const insteadOfRunc = (world: World, text: string): void => {
  world.script('cp /usr/sbin/runc /usr/sbin/runc.real');
  const done = world.asRoot(
    ['sh', '-c', 'cat >/usr/sbin/runc.new && chmod 755 /usr/sbin/runc.new && mv /usr/sbin/runc.new /usr/sbin/runc'],
    {
      input: text,
    },
  );
  if (done.code !== 0) throw new Error(done.stderr);
};
const stale = (path: string): string =>
  `${NODE} -e "require('net').createServer().listen('${path}', () => process.kill(process.pid, 'SIGKILL'))" || true`;
const only = { buildkitdOnly: true } as const;

/** Session, programs, sockets, ports and drivers: further faults, as buildkitd v0.13.0 and later judge them. */
export const runtimeFaults: readonly Fault[] = [
  {
    name: 'XDG_RUNTIME_DIR that no client may enter',
    inject: (world) => world.script(`chmod 0 ${world.runtime}`),
    ready: false,
    blamed: 'runtime/session',
    repaired: true,
    ...only,
  },
  {
    name: 'XDG_RUNTIME_DIR is a list',
    inject: () => {},
    env: { XDG_RUNTIME_DIR: '/run/user/4242:/var/run' },
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'XDG_RUNTIME_DIR of a group that is not mapped, without write permission',
    inject: (world) => world.script(`chgrp 0 ${world.runtime}; chmod 500 ${world.runtime}`),
    ready: false,
    blamed: 'runtime/session',
    repaired: true,
  },
  {
    name: 'XDG_RUNTIME_DIR is a dangling link',
    inject: (world) => asAlice(world, 'ln -s /nowhere ~/run'),
    env: { XDG_RUNTIME_DIR: '/home/alice/run' },
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'HOME belongs to root',
    inject: (world) => world.script(`chown root:root ${world.home}; chmod 755 ${world.home}`),
    ready: false,
    blamed: ['runtime/session', 'storage/ownership'],
  },
  {
    name: 'XDG_DATA_HOME belongs to root',
    inject: () => {},
    env: { XDG_DATA_HOME: '/usr/share' },
    ready: false,
    blamed: ['runtime/session', 'storage/ownership'],
  },
  {
    name: 'TMPDIR may not be written',
    inject: () => {},
    env: { TMPDIR: '/usr/share' },
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'a runc that does not know what buildkitd passes to it',
    inject: (world) => {
      // Its release decides; where there is no buildkitd, something answers for it.
      world.script(
        `command -v buildkitd || { printf '#!/bin/sh\\necho buildkitd github.com/moby/buildkit v0.32.2 0\\n' >/usr/local/bin/buildkitd; chmod 755 /usr/local/bin/buildkitd; }`,
      );
      insteadOfRunc(world, oldRunc('1.0.0~rc93'));
    },
    ready: false,
    since: 'v0.12.0',
    blamed: 'runtime/binaries',
    ...only,
  },
  {
    name: 'a crun that does not know what buildkitd passes to it, and a runc that does',
    inject: (world) => {
      world.script(
        `command -v buildkitd || { printf '#!/bin/sh\\necho buildkitd github.com/moby/buildkit v0.32.2 0\\n' >/usr/local/bin/buildkitd; chmod 755 /usr/local/bin/buildkitd; }
        printf '#!/bin/sh\\ncase "$*" in *--version*) echo crun version 1.8.1; exit;; esac\\necho "run: unrecognized option '"'--keep'"'" >&2; exit 64\\n' >/usr/bin/crun.new
        chmod 755 /usr/bin/crun.new; mv /usr/bin/crun.new /usr/bin/crun`,
      );
      config(world, '[worker.oci]\n  enabled = true\n  binary = "/usr/bin/crun"\n');
    },
    ready: false,
    since: 'v0.12.0',
    blamed: 'runtime/binaries',
    repaired: true,
    ...only,
  },
  {
    name: 'a runtime that is named where it is not',
    inject: (world) => config(world, '[worker.oci]\n  enabled = true\n  binary = "/opt/nowhere/runc"\n'),
    ready: false,
    blamed: 'runtime/binaries',
    repaired: true,
    ...only,
  },
  {
    name: 'a runc that does not run',
    inject: (world) => insteadOfRunc(world, '#!/bin/sh\nexit 127\n'),
    ready: false,
    blamed: 'runtime/binaries',
  },
  {
    name: 'a configured runtime that is not switched on',
    inject: (world) => {
      world.script('cp /usr/sbin/runc /usr/local/bin/own-runtime; rm -f /usr/sbin/runc /usr/bin/runc');
      config(world, '# our runtime\n[worker.oci]\n  binary = "own-runtime" # static\n');
    },
    ready: false,
    blamed: 'runtime/binaries',
    repaired: true,
    ...only,
  },
  {
    name: 'no cgroup file system, outside of a container',
    inject: (world) => world.script('umount -R /sys/fs/cgroup'),
    ready: false,
    blamed: 'runtime/cgroups',
  },
  {
    name: 'rootful: read-only cgroups',
    mode: 'rootful',
    inject: (world) =>
      world.script(
        "grep -E ' - cgroup2? ' /proc/self/mountinfo | cut -d' ' -f5 | while read -r at; do mount -o remount,bind,ro \"$at\"; done",
      ),
    ready: false,
    blamed: 'runtime/cgroups',
    ...only,
  },
  {
    name: 'the directory of the socket belongs to root',
    inject: (world) => world.script(`mkdir -m 755 ${world.runtime}/buildkit`),
    ready: false,
    blamed: 'net/sockets',
    repaired: true,
  },
  {
    name: 'somebody else’s leftover in a sticky directory',
    inject: (world) => {
      config(world, listen('unix:///home/sticky/s.sock'));
      world.script('mkdir -m 1777 /home/sticky');
      world.script(stale('/home/sticky/s.sock'));
    },
    ready: false,
    blamed: 'net/sockets',
    ...only,
  },
  {
    name: 'a trace socket written with a scheme',
    inject: (world) => config(world, '[otel]\nsocketPath = "unix:///home/alice/otel.sock"\n'),
    ready: false,
    since: 'v0.13.0',
    blamed: ['net/sockets', 'config/buildkitd'],
    ...only,
  },
  {
    name: 'a socket group that the namespace does not have',
    inject: (world) => config(world, '[grpc]\ngid = 70000\n'),
    ready: false,
    blamed: ['net/sockets', 'config/buildkitd'],
    ...only,
  },
  {
    name: 'the same port twice',
    inject: (world) => config(world, listen('tcp://127.0.0.1:4721', 'tcp://0.0.0.0:4721')),
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    ...only,
  },
  {
    name: 'an IPv6 listener in the way of 0.0.0.0',
    inject: (world) => {
      config(world, listen('tcp://0.0.0.0:4722'));
      holder(world, 4722, '::1', '00000000000000000000000001000000:1272', 'tcp6');
    },
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    ...only,
  },
  {
    name: 'the debug address is in use',
    inject: (world) => {
      config(world, '[grpc]\ndebugAddress = "127.0.0.1:4723"\n');
      holder(world, 4723, '127.0.0.1', '0100007F:1273');
    },
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    ...only,
  },
  {
    name: 'an IPv6 address without brackets',
    inject: (world) => config(world, listen('tcp://::1:4724')),
    ready: false,
    blamed: ['net/ports', 'config/buildkitd'],
    ...only,
  },
  {
    name: 'CNI without its configuration',
    inject: (world) => config(world, '[worker.oci]\nnetworkMode = "cni"\n'),
    ready: false,
    blamed: ['net/driver', 'config/buildkitd'],
    ...only,
  },
];

/** Look wrong, and work. */
export const runtimeLookalikes: readonly Fault[] = [
  {
    name: 'XDG_RUNTIME_DIR without write permission, which root of the namespace passes',
    inject: (world) => world.script(`chmod 500 ${world.runtime}`),
    ready: true,
  },
  {
    name: 'HOME without write permission, for the same reason',
    inject: (world) => world.script(`chmod 500 ${world.home}`),
    ready: true,
  },
  {
    name: 'XDG_RUNTIME_DIR that buildkitd makes itself',
    inject: () => {},
    env: { XDG_RUNTIME_DIR: '/home/alice/run' },
    ready: true,
  },
  {
    name: 'TMPDIR mounted noexec',
    inject: (world) => world.script(`mkdir ${world.home}/t; mount -t tmpfs -o noexec,mode=1777 t ${world.home}/t`),
    env: { TMPDIR: '/home/alice/t' },
    ready: true,
  },
  {
    name: 'a regular file where the socket will be',
    inject: (world) => {
      config(world, listen('unix:///home/alice/b.sock'));
      asAlice(world, 'echo old >~/b.sock');
    },
    ready: true,
    ...only,
  },
  {
    name: 'a stale socket of root in a directory of the user',
    inject: (world) => {
      config(world, listen('unix:///home/alice/b.sock'));
      world.script(stale(`${world.home}/b.sock`));
    },
    ready: true,
    ...only,
  },
  {
    name: 'a socket path of exactly 104 bytes',
    inject: (world) => config(world, listen(`unix:///home/alice/${'y'.repeat(92)}`)),
    ready: true,
    ...only,
  },
  {
    name: 'the port is taken on IPv6 alone',
    inject: (world) => {
      config(world, listen('tcp://127.0.0.1:4725'));
      holder(world, 4725, '::1', '00000000000000000000000001000000:1275', 'tcp6');
    },
    ready: true,
    ...only,
  },
  {
    name: 'a broken CNI configuration that a rootless buildkitd does not look at',
    inject: (world) => asAlice(world, 'mkdir -p ~/.config/buildkit; echo broken >~/.config/buildkit/cni.json'),
    ready: true,
  },
  {
    name: 'a mount on a part of /proc that is always empty',
    inject: (world) => world.script('mount -t tmpfs none /proc/sys/fs/binfmt_misc'),
    ready: true,
  },
  {
    name: 'runtime, state and temporary directory set elsewhere by hand',
    inject: (world) => asAlice(world, 'mkdir -m 700 ~/r ~/d ~/t'),
    env: { XDG_RUNTIME_DIR: '/home/alice/r', XDG_DATA_HOME: '/home/alice/d', TMPDIR: '/home/alice/t' },
    ready: true,
  },
];
