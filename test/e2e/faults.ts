import type { ContainerOptions } from './container.ts';
import { NODE, type World } from './world.ts';

/** One real fault, or a host that only looks wrong, and what must be true of it. */
export interface Fault {
  readonly name: string;
  readonly inject: (world: World) => void;
  /** What buildkitd will really do. The judge must agree before bk-doctor is asked. */
  readonly ready: boolean;
  /** The release from which on it is a fault; older ones do not mind. */
  readonly since?: string;
  /** The first reason of the verdict, or one of several that name the same cause; required where not ready. */
  readonly blamed?: string | readonly string[];
  readonly snapshotter?: 'overlayfs' | 'fuse-overlayfs' | 'native';
  /** `fix --yes` brings the host to life, and `undo` brings every byte back. */
  readonly repaired?: boolean;
  readonly userns?: boolean;
  readonly mode?: 'rootless' | 'rootful';
  readonly env?: { readonly [name: string]: string | undefined };
  /** Only buildkitd itself can say; the chain of packages has no opinion. */
  readonly buildkitdOnly?: boolean;
  /** buildkitd already runs: it is asked, instead of starting another. */
  readonly running?: boolean;
  readonly container?: ContainerOptions;
  /** Further arguments of bk-doctor and of buildkitd that describe the same set-up. */
  readonly doctorArgs?: readonly string[];
  readonly daemonArgs?: readonly string[];
  readonly rootlesskitArgs?: readonly string[];
}

const config = (world: World, text: string): void => {
  world.script(`su -s /bin/sh ${world.user} -c 'mkdir -p ${world.home}/.config/buildkit'`);
  const path = `${world.home}/.config/buildkit/buildkitd.toml`;
  const done = world.asRoot(['sh', '-c', `cat >${path} && chown ${world.user}: ${path}`], { input: text });
  if (done.code !== 0) throw new Error(done.stderr);
};
const cache = (world: World): string => `${world.home}/.local/share/buildkit`;
const asAlice = (world: World, script: string): string => world.script(`su -s /bin/sh alice -c '${script}'`);
/** Mounts something over the cache directory and gives it to the user. */
const cacheOn = (world: World, mount: string): void => {
  asAlice(world, 'mkdir -p ~/.local/share/buildkit');
  world.script(mount.replaceAll('CACHE', cache(world)));
};
const subids = (lines: string) => (world: World) => {
  world.script(`for file in subuid subgid; do sed -i '/^alice:/d' /etc/$file; printf '${lines}' >>/etc/$file; done`);
};
const listener = (world: World, port: number, host: string, hex: string, table = 'tcp'): void => {
  world.start([NODE, '-e', `require('net').createServer().listen(${port}, '${host}')`], 'root');
  world.script(
    `for turn in $(seq 1 100); do grep -qi ' ${hex} 0' /proc/net/${table} && exit 0; sleep 0.05; done; exit 1`,
  );
};
const unit = (world: World, text: string): void => {
  asAlice(world, 'mkdir -p ~/.config/systemd/user');
  const path = `${world.home}/.config/systemd/user/buildkit.service`;
  world.asRoot(['sh', '-c', `cat >${path} && chown ${world.user}: ${path}`], {
    input: `[Unit]\nDescription=BuildKit\n[Service]\n${text}\n`,
  });
};
/** A directory that is not on PATH in which only these programs of the host are. */
const PATH_WITHOUT = (world: World, ...names: readonly string[]): void => {
  for (const name of names)
    world.script(`for directory in /usr/local/bin /usr/bin /usr/sbin; do rm -f $directory/${name}; done`);
};

/** Hosts with something wrong, by area. */
export const faults: readonly Fault[] = [
  // User namespaces
  {
    name: 'user.max_user_namespaces is 0',
    userns: true,
    inject: (world) => world.script('echo 0 >/proc/sys/user/max_user_namespaces'),
    ready: false,
    blamed: 'userns/limits',
    repaired: true,
  },
  {
    name: 'user.max_mnt_namespaces is 0',
    userns: true,
    inject: (world) => world.script('echo 0 >/proc/sys/user/max_mnt_namespaces'),
    ready: false,
    blamed: 'userns/limits',
    repaired: true,
  },
  {
    name: 'user.max_pid_namespaces is 0',
    userns: true,
    inject: (world) => world.script('echo 0 >/proc/sys/user/max_pid_namespaces'),
    ready: false,
    blamed: 'userns/limits',
    repaired: true,
  },
  {
    name: 'user.max_ipc_namespaces is 0',
    userns: true,
    inject: (world) => world.script('echo 0 >/proc/sys/user/max_ipc_namespaces'),
    ready: false,
    blamed: 'userns/limits',
    repaired: true,
  },
  {
    name: 'user.max_uts_namespaces is 0',
    userns: true,
    inject: (world) => world.script('echo 0 >/proc/sys/user/max_uts_namespaces'),
    ready: false,
    blamed: 'userns/limits',
    repaired: true,
  },
  {
    name: 'no_new_privs is set',
    inject: (world) => world.restrict('--no-new-privs'),
    ready: false,
    blamed: ['userns/permission', 'idmap/helpers'],
  },
  {
    name: 'the bounding set lacks CAP_SETUID',
    inject: (world) => world.restrict('--bounding-set', '-setuid'),
    ready: false,
    blamed: ['idmap/helpers', 'userns/permission'],
  },

  // Id mapping
  { name: 'no subordinate ids', inject: subids(''), ready: false, blamed: 'idmap/ranges', repaired: true },
  {
    name: 'no subordinate group ids',
    inject: (world) => world.script("sed -i '/^alice:/d' /etc/subgid"),
    ready: false,
    blamed: 'idmap/ranges',
    repaired: true,
  },
  {
    name: 'newuidmap without its setuid bit',
    inject: (world) => world.script('chmod u-s /usr/bin/newuidmap'),
    ready: false,
    blamed: 'idmap/helpers',
    repaired: true,
  },
  {
    name: 'newgidmap without its setuid bit',
    inject: (world) => world.script('chmod u-s /usr/bin/newgidmap'),
    ready: false,
    blamed: 'idmap/helpers',
    repaired: true,
  },
  {
    name: 'newuidmap not installed',
    inject: (world) => PATH_WITHOUT(world, 'newuidmap'),
    ready: false,
    blamed: ['idmap/helpers', 'runtime/binaries'],
  },
  {
    name: 'newuidmap not executable',
    inject: (world) => world.script('chmod 4644 /usr/bin/newuidmap'),
    ready: false,
    blamed: 'idmap/helpers',
  },
  {
    name: 'newuidmap with the wrong file capability',
    inject: (world) => world.script('chmod u-s /usr/bin/newuidmap; setcap cap_net_raw=ep /usr/bin/newuidmap'),
    ready: false,
    blamed: 'idmap/helpers',
  },
  {
    name: 'newuidmap on a nosuid mount',
    inject: (world) => world.script('mount -o remount,bind,nosuid /usr'),
    ready: false,
    blamed: 'idmap/helpers',
  },
  {
    name: 'the same range twice',
    inject: subids('alice:700000:65536\\nalice:700000:65536\\n'),
    ready: false,
    blamed: 'idmap/ranges',
    repaired: true,
  },
  {
    name: 'overlapping ranges',
    inject: subids('alice:700000:65536\\nalice:730000:65536\\n'),
    ready: false,
    blamed: 'idmap/ranges',
  },
  { name: 'own id inside the range', inject: subids('alice:4200:65536\\n'), ready: false, blamed: 'idmap/ranges' },
  {
    name: 'a thousand subordinate ids',
    inject: subids('alice:700000:1000\\n'),
    ready: false,
    blamed: 'idmap/ranges',
    repaired: true,
  },
  { name: 'one id too few for nobody', inject: subids('alice:700000:65533\\n'), ready: false, blamed: 'idmap/ranges' },
  { name: 'a numeric owner in subuid', inject: subids('4242:700000:65536\\n'), ready: false, blamed: 'idmap/ranges' },
  {
    name: 'a trailing blank hides the line',
    inject: subids('alice:700000:65536 \\n'),
    ready: false,
    blamed: 'idmap/ranges',
  },
  { name: 'ids beyond 32 bits', inject: subids('alice:4294900000:131072\\n'), ready: false, blamed: 'idmap/ranges' },
  {
    name: 'no passwd entry',
    inject: (world) => {
      world.script("sed -i '/^alice:/d' /etc/passwd");
      world.groups = '--clear-groups';
    },
    ready: false,
    blamed: 'idmap/ranges',
  },

  // Storage
  {
    name: 'cache directory owned by root',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share');
      world.script(`mkdir -m 700 ${cache(world)}`);
    },
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
  },
  {
    name: 'parent of the cache owned by root',
    inject: (world) => world.script(`mkdir -m 755 ${world.home}/.local`),
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
  },
  {
    name: 'a database of root deep in the cache',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit/runc-overlayfs');
      world.script(
        `: >${cache(world)}/runc-overlayfs/metadata_v2.db; chmod 600 ${cache(world)}/runc-overlayfs/metadata_v2.db`,
      );
    },
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
  },
  {
    name: 'cache directory is a file',
    inject: (world) => asAlice(world, 'mkdir -p ~/.local/share && : >~/.local/share/buildkit'),
    ready: false,
    blamed: ['storage/filesystem', 'storage/ownership'],
  },
  {
    name: 'cache directory is a dangling link',
    inject: (world) => asAlice(world, 'mkdir -p ~/.local/share && ln -s /nowhere/at/all ~/.local/share/buildkit'),
    ready: false,
    blamed: ['storage/filesystem', 'storage/ownership'],
  },
  {
    name: 'cache on a read-only mount',
    inject: (world) => cacheOn(world, 'mount --bind CACHE CACHE && mount -o remount,bind,ro CACHE'),
    ready: false,
    blamed: 'storage/filesystem',
  },
  {
    name: 'cache file system is full',
    inject: (world) =>
      cacheOn(
        world,
        'mount -t tmpfs -o size=2m,mode=700,uid=4242,gid=4242 tmpfs CACHE; { dd if=/dev/zero of=CACHE/fill bs=64k 2>/dev/null || true; }; chown 4242:4242 CACHE/fill',
      ),
    ready: false,
    blamed: 'storage/space',
  },
  {
    name: 'cache file system has no inodes left',
    inject: (world) =>
      cacheOn(
        world,
        'mount -t tmpfs -o nr_inodes=12,mode=700,uid=4242,gid=4242 tmpfs CACHE; for n in $(seq 1 40); do touch CACHE/$n 2>/dev/null || true; done; chown -R 4242:4242 CACHE',
      ),
    ready: false,
    blamed: 'storage/space',
  },
  {
    name: 'noexec with the native snapshotter',
    inject: (world) => {
      config(world, '[worker.oci]\nsnapshotter = "native"\n');
      cacheOn(world, 'mount --bind CACHE CACHE && mount -o remount,bind,noexec CACHE');
    },
    ready: false,
    blamed: 'storage/filesystem',
    buildkitdOnly: true,
  },
  {
    name: 'another process holds the lock of the cache',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit && : >~/.local/share/buildkit/buildkitd.lock');
      world.start(['flock', '--exclusive', `${cache(world)}/buildkitd.lock`, 'sleep', '600'], 'user');
      world.script(
        `for turn in $(seq 1 100); do flock -sn ${cache(world)}/buildkitd.lock true || exit 0; sleep 0.05; done; exit 1`,
      );
    },
    ready: false,
    blamed: 'runtime/instance',
  },

  // Session
  { name: 'USER is unset', inject: () => {}, env: { USER: undefined }, ready: false, blamed: 'runtime/session' },
  { name: 'USER is root', inject: () => {}, env: { USER: 'root' }, ready: false, blamed: 'runtime/session' },
  {
    name: 'XDG_RUNTIME_DIR is unset',
    inject: () => {},
    env: { XDG_RUNTIME_DIR: undefined },
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'XDG_RUNTIME_DIR does not exist',
    inject: (world) => world.script(`rm -rf ${world.runtime}`),
    ready: false,
    blamed: 'runtime/session',
    repaired: true,
  },
  {
    name: 'XDG_RUNTIME_DIR owned by root',
    inject: (world) => world.script(`chown root:root ${world.runtime}`),
    ready: false,
    blamed: 'runtime/session',
    repaired: true,
  },
  { name: 'HOME is unset', inject: () => {}, env: { HOME: undefined }, ready: false, blamed: 'runtime/session' },
  {
    name: 'HOME does not exist',
    inject: () => {},
    env: { HOME: '/home/nobody-here' },
    ready: false,
    blamed: ['runtime/session', 'storage/ownership'],
  },
  {
    name: 'TMPDIR does not exist',
    inject: () => {},
    env: { TMPDIR: '/tmp/does-not-exist' },
    ready: false,
    blamed: 'runtime/session',
  },

  // Programs
  { name: 'no runc', inject: (world) => PATH_WITHOUT(world, 'runc'), ready: false, blamed: 'runtime/binaries' },
  {
    name: 'no rootlesskit',
    inject: (world) => PATH_WITHOUT(world, 'rootlesskit'),
    ready: false,
    blamed: 'runtime/binaries',
  },
  {
    name: 'a configured runtime that is missing',
    inject: (world) => config(world, '[worker.oci]\nbinary = "crun-that-is-not-here"\n'),
    ready: false,
    blamed: 'runtime/binaries',
    buildkitdOnly: true,
  },
  {
    name: 'no worker enabled',
    inject: (world) => config(world, '[worker.oci]\nenabled = false\n[worker.containerd]\nenabled = false\n'),
    ready: false,
    blamed: ['runtime/binaries', 'config/buildkitd'],
    buildkitdOnly: true,
  },
  {
    name: 'a mask over /proc',
    inject: (world) => world.script('mount --bind /dev/null /proc/timer_list'),
    ready: false,
    blamed: 'runtime/process-sandbox',
  },

  // Network
  {
    name: 'configured TCP port in use',
    inject: (world) => {
      config(
        world,
        '# team settings\n[grpc]\n  address = [ "unix:///run/user/4242/buildkit/buildkitd.sock", "tcp://127.0.0.1:4711" ] # both\n',
      );
      listener(world, 4711, '127.0.0.1', '0100007F:1267');
    },
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'a wildcard listener takes the port of every address',
    inject: (world) => {
      config(world, '[grpc]\naddress = ["tcp://127.0.0.1:4712"]\n');
      listener(world, 4712, '::', '00000000000000000000000000000000:1268', 'tcp6');
    },
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'a privileged port, in letters of another case',
    inject: (world) => config(world, '[GRPC]\nAddress = ["tcp://127.0.0.1:88"] # ours\n'),
    ready: false,
    since: 'v0.28.0',
    blamed: 'net/ports',
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'a privileged port',
    inject: (world) => config(world, '[grpc]\naddress = ["tcp://127.0.0.1:88"]\n'),
    ready: false,
    blamed: 'net/ports',
    buildkitdOnly: true,
  },
  {
    name: 'an address that is not ours',
    inject: (world) => config(world, '[grpc]\naddress = ["tcp://192.0.2.7:4713"]\n'),
    ready: false,
    blamed: 'net/ports',
    buildkitdOnly: true,
  },
  {
    name: 'an address without scheme',
    inject: (world) => config(world, '[grpc]\naddress = ["/run/user/4242/b.sock"]\n'),
    ready: false,
    blamed: ['net/sockets', 'config/buildkitd'],
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'an unknown scheme',
    inject: (world) => config(world, '[grpc]\naddress = ["http://127.0.0.1:4714"]\n'),
    ready: false,
    blamed: ['net/ports', 'net/sockets', 'config/buildkitd'],
    buildkitdOnly: true,
  },
  {
    name: 'a socket path that is too long',
    inject: (world) => config(world, `[grpc]\naddress = ["unix:///run/user/4242/${'long/'.repeat(20)}s.sock"]\n`),
    ready: false,
    blamed: 'net/sockets',
    buildkitdOnly: true,
  },
  {
    name: 'a socket in a directory of root',
    inject: (world) => config(world, '[grpc]\naddress = ["unix:///etc/buildkit-of-alice/s.sock"]\n'),
    ready: false,
    blamed: 'net/sockets',
    buildkitdOnly: true,
  },
  {
    name: 'a directory where the socket should be',
    inject: (world) => asAlice(world, 'mkdir -p /run/user/4242/buildkit/buildkitd.sock/full'),
    ready: false,
    blamed: 'net/sockets',
    buildkitdOnly: true,
  },

  // Configuration
  {
    name: 'a snapshotter that does not exist',
    inject: (world) => config(world, '[worker.oci]\n  # fast\n  snapshotter = "overlay2"\n'),
    ready: false,
    blamed: ['snapshotter/selected', 'config/buildkitd'],
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'a configuration that is not TOML',
    inject: (world) => config(world, 'root = /data\n'),
    ready: false,
    blamed: 'config/buildkitd',
    buildkitdOnly: true,
  },
  {
    name: 'a table where a boolean belongs',
    inject: (world) => config(world, '[debug]\nlevel = "info"\n'),
    ready: false,
    blamed: 'config/buildkitd',
    buildkitdOnly: true,
  },
  {
    name: 'a configuration that only root can read',
    inject: (world) => {
      config(world, 'root = ""\n');
      world.script(
        `chown root: ${world.home}/.config/buildkit/buildkitd.toml; chmod 600 ${world.home}/.config/buildkit/buildkitd.toml`,
      );
    },
    ready: false,
    blamed: 'config/buildkitd',
    buildkitdOnly: true,
    repaired: true,
  },
  {
    name: 'an unknown network mode',
    inject: (world) => config(world, '[worker.oci]\nnetworkMode = "nat"\n'),
    ready: false,
    blamed: ['config/buildkitd', 'net/driver'],
    buildkitdOnly: true,
  },

  // Rootful
  {
    name: 'rootful: state directory is a file',
    mode: 'rootful',
    inject: (world) => world.script('umount /var/lib/buildkit; rm -rf /var/lib/buildkit; : >/var/lib/buildkit'),
    ready: false,
    blamed: ['storage/filesystem', 'storage/ownership'],
  },
  {
    name: 'rootful: no runc',
    mode: 'rootful',
    inject: (world) => PATH_WITHOUT(world, 'runc'),
    ready: false,
    blamed: 'runtime/binaries',
  },
  {
    name: 'rootful: configured TCP port in use',
    mode: 'rootful',
    inject: (world) => {
      world.script(
        'mkdir -p /etc/buildkit; printf \'[grpc]\\naddress = ["tcp://0.0.0.0:4715"]\\n\' >/etc/buildkit/buildkitd.toml',
      );
      listener(world, 4715, '127.0.0.1', '0100007F:126B');
    },
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'rootful: state directory read-only',
    mode: 'rootful',
    inject: (world) => world.script('mount -o remount,bind,ro /var/lib/buildkit'),
    ready: false,
    blamed: 'storage/filesystem',
  },
  {
    name: 'rootful: a key in the wrong type',
    mode: 'rootful',
    inject: (world) =>
      world.script(
        'mkdir -p /etc/buildkit; echo \'insecure-entitlements = "network.host"\' >/etc/buildkit/buildkitd.toml',
      ),
    ready: false,
    blamed: 'config/buildkitd',
    buildkitdOnly: true,
  },

  // Containers
  { name: 'container: engine defaults', container: {}, inject: () => {}, ready: false, blamed: 'userns/permission' },
  {
    name: 'container: seccomp unconfined, setuid helpers without SYS_ADMIN',
    container: { seccomp: false, masked: false },
    inject: () => {},
    ready: false,
    blamed: 'idmap/helpers',
  },
  {
    name: 'container: no_new_privs',
    container: { seccomp: false, masked: false, noNewPrivileges: true, capAdd: ['SYS_ADMIN'] },
    inject: () => {},
    ready: false,
    blamed: ['userns/permission', 'idmap/helpers'],
  },
  {
    name: 'container: masked /proc',
    container: { seccomp: false, capAdd: ['SYS_ADMIN'] },
    inject: () => {},
    ready: false,
    blamed: 'runtime/process-sandbox',
  },
  {
    name: 'container: SETUID dropped',
    container: { seccomp: false, masked: false, capAdd: ['SYS_ADMIN'], capDrop: ['SETUID'] },
    inject: () => {},
    ready: false,
    blamed: ['idmap/helpers', 'userns/permission'],
  },
  {
    name: 'container: rootful without the right to mount',
    container: {},
    mode: 'rootful',
    inject: () => {},
    ready: false,
    blamed: ['userns/permission', 'userns/probe'],
  },

  {
    name: 'container: no cgroup file system',
    container: { seccomp: false, masked: false, capAdd: ['SYS_ADMIN'], cgroup: false },
    inject: () => {},
    ready: false,
    blamed: 'runtime/cgroups',
  },

  // The unit that starts buildkitd
  {
    name: 'the unit names a snapshotter that does not exist',
    inject: (world) => unit(world, 'ExecStart=/usr/bin/rootlesskit buildkitd --oci-worker-snapshotter=overlay2'),
    daemonArgs: ['--oci-worker-snapshotter=overlay2'],
    ready: false,
    blamed: 'snapshotter/selected',
    buildkitdOnly: true,
  },
  {
    name: 'the unit wants a network driver that cannot work here',
    inject: (world) =>
      unit(
        world,
        `Environment=PATH=${world.environment('user').PATH}\nExecStart=/usr/bin/rootlesskit --net=slirp4netns --copy-up=/etc --disable-host-loopback buildkitd`,
      ),
    rootlesskitArgs: ['--net=slirp4netns', '--copy-up=/etc', '--disable-host-loopback'],
    ready: false,
    blamed: 'net/driver',
  },
];

/** Hosts that look wrong and work. */
export const lookalikes: readonly Fault[] = [
  { name: 'nothing is wrong', inject: () => {}, ready: true, snapshotter: 'overlayfs' },
  { name: 'rootful: nothing is wrong', mode: 'rootful', inject: () => {}, ready: true, snapshotter: 'overlayfs' },
  {
    name: 'file capabilities instead of setuid',
    inject: (world) =>
      world.script(
        'for helper in newuidmap newgidmap; do chmod u-s /usr/bin/$helper; done; setcap cap_setuid=ep /usr/bin/newuidmap; setcap cap_setgid=ep /usr/bin/newgidmap',
      ),
    ready: true,
  },
  { name: 'two ranges of 32,768', inject: subids('alice:700000:32768\\nalice:800000:32768\\n'), ready: true },
  { name: 'just enough ids for nobody', inject: subids('alice:700000:65534\\n'), ready: true },
  {
    name: 'a comment in subuid',
    inject: (world) => world.script("sed -i '1i # managed by hand' /etc/subuid /etc/subgid"),
    ready: true,
  },
  {
    name: 'a stale socket file',
    inject: (world) =>
      asAlice(
        world,
        `mkdir -m 700 /run/user/4242/buildkit; ${NODE} -e "require(\\"net\\").createServer().listen(\\"/run/user/4242/buildkit/buildkitd.sock\\", () => process.kill(process.pid, \\"SIGKILL\\"))"; [ -S /run/user/4242/buildkit/buildkitd.sock ]`,
      ),
    ready: true,
  },
  {
    name: 'the port is taken on another address',
    inject: (world) => {
      config(world, '[grpc]\naddress = ["unix:///run/user/4242/buildkit/buildkitd.sock", "tcp://127.0.0.1:4716"]\n');
      listener(world, 4716, '127.0.0.2', '0200007F:126C');
    },
    buildkitdOnly: true,
    ready: true,
  },
  {
    name: 'cache on a nosuid, nodev mount',
    inject: (world) => cacheOn(world, 'mount --bind CACHE CACHE && mount -o remount,bind,nosuid,nodev CACHE'),
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'cache on a noexec mount with overlayfs',
    inject: (world) => cacheOn(world, 'mount --bind CACHE CACHE && mount -o remount,bind,noexec CACHE'),
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'limits of cgroup and network namespaces of zero',
    userns: true,
    inject: (world) =>
      world.script('echo 0 >/proc/sys/user/max_cgroup_namespaces; echo 0 >/proc/sys/user/max_net_namespaces'),
    ready: true,
  },
  {
    name: 'XDG_RUNTIME_DIR below /tmp',
    inject: (world) => asAlice(world, 'mkdir -m 700 ~/run'),
    env: { XDG_RUNTIME_DIR: '/home/alice/run' },
    ready: true,
  },
  {
    name: 'cache on tmpfs',
    inject: (world) => cacheOn(world, 'mount -t tmpfs -o mode=700,uid=4242,gid=4242 tmpfs CACHE'),
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'cache on overlayfs: the slow native snapshotter',
    inject: (world) =>
      cacheOn(
        world,
        `cd $(dirname CACHE) && mkdir -p low up work && mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work CACHE && chown 4242:4242 CACHE`,
      ),
    ready: true,
    snapshotter: 'native',
  },
  {
    name: 'unknown keys in the configuration',
    inject: (world) => config(world, '[worker.oci]\ncache-dir = "/x"\nmax-paralellism = 4\n[gc]\nenabled = true\n'),
    ready: true,
  },
  {
    name: 'a configuration that does not exist',
    inject: (world) => unit(world, 'ExecStart=/usr/bin/rootlesskit buildkitd --config /nowhere/buildkitd.toml'),
    daemonArgs: ['--config', '/nowhere/buildkitd.toml'],
    ready: true,
  },
  {
    name: 'a mask over /proc without a process sandbox',
    inject: (world) => {
      config(world, '[worker.oci]\nnoProcessSandbox = true\n');
      world.script('mount --bind /dev/null /proc/timer_list');
    },
    buildkitdOnly: true,
    ready: true,
  },
  {
    name: 'image files of subordinate ids in the cache',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit/old');
      world.script(
        `mkdir -m 700 ${cache(world)}/old/etc; : >${cache(world)}/old/etc/file; chown -R 765533:765533 ${cache(world)}/old/etc`,
      );
    },
    ready: true,
  },
  {
    name: 'container: unconfined, helpers with file capabilities',
    container: { seccomp: false, masked: false },
    inject: (world) =>
      world.script(
        'for helper in newuidmap newgidmap; do chmod u-s /usr/bin/$helper; done; setcap cap_setuid=ep /usr/bin/newuidmap; setcap cap_setgid=ep /usr/bin/newgidmap',
      ),
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'container: masked /proc without a process sandbox',
    container: { seccomp: false, capAdd: ['SYS_ADMIN'] },
    inject: (world) => config(world, '[worker.oci]\nnoProcessSandbox = true\n'),
    buildkitdOnly: true,
    ready: true,
  },
  {
    name: 'container: no volume, so the slow native snapshotter',
    container: { seccomp: false, masked: false, capAdd: ['SYS_ADMIN'], volume: false },
    inject: () => {},
    ready: true,
    snapshotter: 'native',
  },
  {
    name: "the target's own buildkitd is running",
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share');
      world.start(
        ['sh', '-c', 'if command -v buildkitd >/dev/null; then exec rootlesskit buildkitd; else exec sleep 600; fi'],
        'user',
      );
      world.script(
        'command -v buildkitd >/dev/null || exit 0; for turn in $(seq 1 200); do [ -S /run/user/4242/buildkit/buildkitd.sock ] && exit 0; sleep 0.05; done; exit 1',
      );
    },
    ready: true,
    running: true,
  },
];
