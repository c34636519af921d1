import type { Fault } from './faults.ts';
import { daemonDirectory, type World } from './world.ts';

const only = { buildkitdOnly: true } as const;
const open = { masked: false, capAdd: ['SYS_ADMIN'] } as const;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const cache = (world: World): string => `${world.home}/.local/share/buildkit`;
const asAlice = (world: World, script: string): string => world.script(`su -s /bin/sh alice -c '${script}'`);
const program = (world: World, path: string, text: string): void => {
  const done = world.asRoot(['sh', '-ec', `cat >${path}.new; chmod 755 ${path}.new; mv ${path}.new ${path}`], {
    input: text,
  });
  if (done.code !== 0) throw new Error(done.stderr);
};
const config = (world: World, text: string): void => {
  asAlice(world, 'mkdir -p ~/.config/buildkit');
  const path = `${world.home}/.config/buildkit/buildkitd.toml`;
  const done = world.asRoot(['sh', '-c', `cat >${path} && chown alice: ${path}`], { input: text });
  if (done.code !== 0) throw new Error(done.stderr);
};
/** A copy of buildkitd before all others on PATH, to be damaged. */
const ownDaemon = { PATH: `/usr/local/own:${PATH}` };
const copyDaemon = (world: World, damage: string): string =>
  world.script(
    `mkdir /usr/local/own; for name in buildkitd buildctl; do cp "${daemonDirectory() ?? '/nowhere'}/$name" /usr/local/own/ || true; done; cd /usr/local/own; ${damage}`,
  );
const tmpfs = (options: string) => `mount -t tmpfs -o ${options} none`;
const unit = (world: World, flags: string): void => {
  asAlice(world, 'mkdir -p ~/.config/systemd/user');
  world.script(
    `printf '[Service]\nEnvironment=PATH=${world.environment('user').PATH}\nExecStart=/usr/bin/rootlesskit ${flags} buildkitd\n' >${world.home}/.config/systemd/user/buildkit.service`,
  );
};
/** Another machine's number in the ELF header. */
const foreign = (path: string): string => `printf '\\000\\001' | dd of=${path} bs=1 seek=18 conv=notrunc 2>/dev/null`;
const worker = (world: World): string => `${cache(world)}/runc-overlayfs`;
const damaged = (world: World, path: string): string => {
  asAlice(world, `mkdir -p -m 711 $(dirname ${path})`);
  return world.script(`head -c 65536 /dev/zero >${path}; chown alice: ${path}; chmod 600 ${path}`);
};

/** The device nodes of a tree made by hand, as its own /dev. */
const ownDevices = (world: World, damage: string): string =>
  world.script(
    `mkdir /run/dev; cd /run/dev; mknod -m 666 null c 1 3; mknod -m 666 zero c 1 5; mknod -m 666 full c 1 7; mknod -m 666 random c 1 8; mknod -m 666 urandom c 1 9; mknod -m 666 tty c 5 0; mkdir pts shm; mount --rbind /dev/pts pts; mount --rbind /dev/shm shm; ln -s pts/ptmx ptmx; ln -s /proc/self/fd fd; ${damage}; cd /; mount --rbind /run/dev /dev`,
  );
/** A pod's usual set-up. */
const withoutSandbox = (world: World): void => {
  config(world, '[worker.oci]\nnoProcessSandbox = true\n');
  world.script('mount --bind /dev/null /proc/timer_list');
};
/** A state directory whose path has so many characters. */
const longRoot = (world: World, length: number): void => {
  const parts = [world.home];
  for (let left = length - world.home.length; left > 0; left -= 201) parts.push('x'.repeat(Math.min(left, 201) - 1));
  config(world, `root = "${parts.join('/')}"\n`);
};

/** Damage to a copy of buildkitd: nothing to try where there is none. */
const daemonFaults: readonly Fault[] =
  daemonDirectory() === null
    ? []
    : [
        {
          name: 'buildkitd for another processor',
          inject: (world) => copyDaemon(world, foreign('buildkitd')),
          env: ownDaemon,
          ready: false,
          blamed: 'runtime/binaries',
          ...only,
        },
        {
          name: 'an empty buildkitd',
          inject: (world) => copyDaemon(world, ': >buildkitd'),
          env: ownDaemon,
          ready: false,
          blamed: 'runtime/binaries',
          ...only,
        },
        {
          name: 'half of buildkitd',
          inject: (world) => copyDaemon(world, 'truncate -s 100000 buildkitd'),
          env: ownDaemon,
          ready: false,
          blamed: 'runtime/binaries',
          ...only,
        },
        {
          name: 'buildkitd without its dynamic loader',
          inject: (world) =>
            copyDaemon(world, "cp /usr/bin/true buildkitd; sed -i 's#/ld-linux#/no-linux#g' buildkitd"),
          env: ownDaemon,
          ready: false,
          blamed: 'runtime/binaries',
          ...only,
        },
        {
          name: 'buildkitd is a script whose interpreter is missing',
          inject: (world) => copyDaemon(world, 'printf "#!/nowhere/sh\\n" >buildkitd'),
          env: ownDaemon,
          ready: false,
          blamed: 'runtime/binaries',
          ...only,
        },
      ];

/** Programs that are there and cannot start, directories without room, filters of single system calls, damaged state. */
export const oddFaults: readonly Fault[] = [
  {
    name: 'a /dev without one of the nodes that every step gets',
    inject: (world) => ownDevices(world, 'rm full'),
    ready: false,
    blamed: 'runtime/devices',
  },
  {
    name: 'a mask over /proc, no process sandbox, and a node that every step gets is missing',
    inject: (world) => {
      ownDevices(world, 'rm full');
      withoutSandbox(world);
    },
    ready: false,
    blamed: 'runtime/devices',
    ...only,
  },
  {
    name: 'a mask over /proc, no process sandbox, and a runc that fails at every step',
    inject: (world) => {
      withoutSandbox(world);
      world.script('mv $(command -v runc) /usr/bin/runc.own');
      const text =
        'case "$*" in *"run "*) echo "runc: cannot do that here" >&2; exit 1;; esac; exec /usr/bin/runc.own "$@"\n';
      program(world, '/usr/sbin/runc', `#!/bin/sh\n${text}`);
    },
    ready: false,
    blamed: 'userns/probe',
    ...only,
  },
  {
    name: 'a /dev/null that only root may open',
    inject: (world) => world.script('cp -a /dev/null /run/null; chmod 600 /run/null; mount --bind /run/null /dev/null'),
    ready: false,
    blamed: 'runtime/devices',
  },
  {
    name: 'a /dev/urandom that only root may open',
    inject: (world) => ownDevices(world, 'chmod 600 urandom'),
    ready: true,
  },
  {
    name: 'a /proc that is mounted read-only',
    inject: (world) => world.script('mount -o remount,bind,ro /proc'),
    ready: false,
    blamed: 'userns/probe',
  },
  {
    name: 'two accounts with one uid, the first without ids',
    inject: (world) =>
      world.script(`sed -i '/^alice:/i first:x:${world.uid}:${world.uid}::/home/alice:/bin/bash' /etc/passwd`),
    ready: false,
    blamed: 'idmap/ranges',
    repaired: true,
  },
  {
    name: 'a path of the cache as long as a RUN step bears',
    inject: (world) => longRoot(world, 1300),
    ready: true,
    ...only,
  },
  {
    name: 'a path of the cache too long for a RUN step',
    inject: (world) => longRoot(world, 1312),
    ready: false,
    blamed: 'snapshotter/overlayfs',
    ...only,
  },
  {
    name: 'a path of the cache too long for overlayfs at all',
    inject: (world) => longRoot(world, 1992),
    ready: true,
    ...only,
  },
  ...daemonFaults,
  {
    name: 'rootlesskit for another processor',
    inject: (world) =>
      world.script(
        `cp /usr/bin/rootlesskit /usr/bin/kit; ${foreign('/usr/bin/kit')}; mv /usr/bin/kit /usr/bin/rootlesskit`,
      ),
    ready: false,
    blamed: 'runtime/binaries',
  },
  {
    name: 'a runc that may not be read',
    inject: (world) => world.script('chmod 711 /usr/sbin/runc'),
    ready: false,
    blamed: 'runtime/binaries',
  },
  {
    name: 'a configured runtime that prints nothing and fails',
    inject: (world) => {
      program(world, '/usr/local/bin/own-runtime', '#!/bin/sh\nexit 3\n');
      config(world, '[worker.oci]\nbinary = "own-runtime"\n');
    },
    ready: false,
    blamed: 'userns/probe',
    ...only,
  },
  ...['umount2', 'pivot_root', 'keyctl', 'sethostname', 'mknodat'].map(
    (name): Fault => ({
      name: `container: ${name} is refused`,
      container: { ...open, deny: [name] },
      inject: () => {},
      ready: false,
      blamed: 'userns/probe',
      // The chain of packages gives its steps no host name.
      buildkitdOnly: name === 'sethostname',
    }),
  ),
  {
    name: 'container: no process may be cloned',
    container: { ...open, deny: ['clone'] },
    inject: () => {},
    ready: false,
    blamed: ['userns/probe', 'userns/permission', 'runtime/binaries'],
    ...only,
  },
  {
    name: 'XDG_RUNTIME_DIR is full',
    inject: (world) =>
      world.script(
        `${tmpfs('size=64k,mode=700,uid=4242,gid=4242')} ${world.runtime}; dd if=/dev/zero of=${world.runtime}/fill bs=1k 2>/dev/null || true`,
      ),
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'XDG_RUNTIME_DIR without inodes',
    inject: (world) => world.script(`${tmpfs('nr_inodes=3,mode=700,uid=4242,gid=4242')} ${world.runtime}`),
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'TMPDIR is full',
    inject: (world) =>
      world.script(`${tmpfs('size=64k,mode=1777')} /mnt; dd if=/dev/zero of=/mnt/fill bs=1k 2>/dev/null || true`),
    env: { TMPDIR: '/mnt' },
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'an OpenTelemetry exporter that other programs have',
    inject: () => {},
    env: { OTEL_TRACES_EXPORTER: 'console' },
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'an OTLP protocol that buildkitd lacks',
    inject: () => {},
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'Jaeger without a port',
    inject: () => {},
    env: { JAEGER_TRACE: 'localhost' },
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  { name: 'TMPDIR is relative', inject: () => {}, env: { TMPDIR: 'tmp' }, ready: false, blamed: 'runtime/session' },
  {
    name: 'TMPDIR is too long for a socket',
    inject: (world) => asAlice(world, `mkdir ~/${'t'.repeat(150)}`),
    env: { TMPDIR: `/home/alice/${'t'.repeat(150)}` },
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'TMPDIR elsewhere does not help where /tmp is closed',
    inject: (world) => {
      asAlice(world, 'mkdir ~/t');
      world.script(`${tmpfs('mode=755')} /tmp`);
    },
    env: { TMPDIR: '/home/alice/t' },
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'rootlesskit with a relative state directory',
    inject: (world) => unit(world, '--state-dir=kit'),
    rootlesskitArgs: ['--state-dir=kit'],
    ready: false,
    blamed: 'runtime/session',
  },
  {
    name: 'XDG_DATA_HOME is relative to a place of root',
    inject: () => {},
    env: { XDG_DATA_HOME: 'data' },
    ready: false,
    blamed: ['runtime/session', 'storage/ownership'],
  },
  {
    name: 'a map of more than a page',
    inject: (world) =>
      world.script(
        "for file in subuid subgid; do sed -i '/^alice:/d' /etc/$file; for at in $(seq 339); do echo alice:$((700000 + at * 300)):200; done >>/etc/$file; done",
      ),
    ready: false,
    blamed: 'idmap/ranges',
  },
  {
    name: 'passwd may not be read',
    inject: (world) => world.script('chmod 600 /etc/passwd'),
    ready: false,
    blamed: 'idmap/ranges',
  },
  {
    name: 'accounts come from a service that does not know the user',
    inject: (world) => {
      world.script("sed -i 's/^passwd:.*/passwd: none/' /etc/nsswitch.conf");
      world.groups = '--clear-groups';
    },
    ready: false,
    blamed: 'idmap/ranges',
  },
  {
    name: 'a shared lock of somebody else',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit && : >~/.local/share/buildkit/buildkitd.lock');
      world.start(['flock', '--shared', `${cache(world)}/buildkitd.lock`, 'sleep', '600'], 'user');
      world.script(
        `for turn in $(seq 1 100); do flock -xn ${cache(world)}/buildkitd.lock true || exit 0; sleep 0.05; done; exit 1`,
      );
    },
    ready: false,
    blamed: 'runtime/instance',
  },
  {
    name: 'a damaged database of the worker',
    inject: (world) => damaged(world, `${worker(world)}/metadata_v2.db`),
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'a damaged database of the contents',
    inject: (world) => damaged(world, `${worker(world)}/containerdmeta.db`),
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'a file in the place of the worker',
    inject: (world) => asAlice(world, 'mkdir -p ~/.local/share/buildkit && : >~/.local/share/buildkit/runc-overlayfs'),
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'the worker on a read-only mount',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit/runc-overlayfs');
      world.script(`mount --bind ${worker(world)} ${worker(world)}; mount -o remount,bind,ro ${worker(world)}`);
    },
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'a database of the cache that is empty, and of root',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit');
      world.script(`: >${cache(world)}/history.db`);
    },
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
    ...only,
  },
  {
    name: 'a lock that is a directory',
    inject: (world) => asAlice(world, 'mkdir -p ~/.local/share/buildkit/buildkitd.lock'),
    ready: false,
    blamed: 'storage/filesystem',
  },
  {
    name: 'a database that is a link to nowhere',
    inject: (world) =>
      asAlice(
        world,
        'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs; ln -s /nowhere/x.db ~/.local/share/buildkit/runc-overlayfs/metadata_v2.db',
      ),
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'the snapshots are a link to nowhere',
    inject: (world) =>
      asAlice(
        world,
        'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs; ln -s /nowhere ~/.local/share/buildkit/runc-overlayfs/snapshots',
      ),
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'the worker is a link to a directory of root',
    inject: (world) => {
      world.script('mkdir -m 755 /home/of-root');
      asAlice(world, 'mkdir -p ~/.local/share/buildkit; ln -s /home/of-root ~/.local/share/buildkit/runc-overlayfs');
    },
    ready: false,
    blamed: 'storage/ownership',
    ...only,
  },
  {
    name: 'a file where new contents are written',
    inject: (world) =>
      asAlice(
        world,
        'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs/content; : >~/.local/share/buildkit/runc-overlayfs/content/ingest',
      ),
    ready: false,
    blamed: 'storage/filesystem',
    ...only,
  },
  {
    name: 'name servers that only root may read',
    inject: (world) => world.script('echo nameserver 192.0.2.1 >/etc/r; chmod 600 /etc/r; mv /etc/r /etc/resolv.conf'),
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'name servers behind a closed directory',
    inject: (world) =>
      world.script(
        'mkdir -m 700 /run/closed; echo nameserver 192.0.2.1 >/run/closed/r; ln -sfn /run/closed/r /etc/resolv.conf',
      ),
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'the servers behind systemd-resolved may not be read',
    inject: (world) =>
      world.script(
        'echo nameserver 127.0.0.53 >/etc/r; mv /etc/r /etc/resolv.conf; mkdir -p /run/systemd/resolve; : >/run/systemd/resolve/resolv.conf; chmod 600 /run/systemd/resolve/resolv.conf',
      ),
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'a /proc of processes alone',
    inject: (world) => world.script('mount -t proc -o subset=pid proc /proc'),
    ready: false,
    since: 'v0.12.0',
    blamed: 'runtime/process-sandbox',
    ...only,
  },
  {
    name: 'no file may be larger than a megabyte',
    inject: (world) => world.restrict('prlimit', '--fsize=1048576'),
    ready: false,
    blamed: 'kernel/limits',
    ...only,
  },
  {
    name: 'too few open files for a step',
    inject: (world) => world.restrict('prlimit', '--nofile=24'),
    ready: false,
    blamed: 'kernel/limits',
    ...only,
  },
  {
    name: 'container: rootful and privileged, but for a capability that every step gets',
    mode: 'rootful',
    container: { privileged: true, capDrop: ['NET_RAW'] },
    inject: () => {},
    ready: false,
    blamed: 'userns/probe',
    ...only,
  },
  {
    name: 'container: rootful and privileged, and no keyrings',
    mode: 'rootful',
    container: { privileged: true, deny: ['keyctl'] },
    inject: () => {},
    ready: false,
    blamed: 'userns/probe',
    ...only,
  },
];

const daemonLookalikes: readonly Fault[] =
  daemonDirectory() === null
    ? []
    : [
        {
          name: 'buildkitd and runc are scripts',
          inject: (world) => {
            copyDaemon(world, 'mv buildkitd real');
            program(world, '/usr/local/own/buildkitd', '#!/bin/sh\nexec /usr/local/own/real "$@"\n');
            world.script('mv /usr/sbin/runc /usr/sbin/runc.real');
            program(world, '/usr/sbin/runc', '#!/bin/sh\nexec /usr/sbin/runc.real "$@"\n');
          },
          env: ownDaemon,
          ready: true,
          ...only,
        },
        {
          name: 'an old broken buildkitd after the one that is used',
          inject: (world) => {
            copyDaemon(world, ': >buildkitd; chmod 644 buildkitd');
          },
          env: { PATH: `/usr/local/own:${daemonDirectory() ?? '/nowhere'}:${PATH}` },
          ready: true,
          ...only,
        },
      ];

/** Look odd, and work. */
export const oddLookalikes: readonly Fault[] = [
  {
    name: 'OpenTelemetry switched off, with a protocol that nothing uses',
    inject: () => {},
    env: { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    ready: true,
  },
  { name: 'HOME is relative', inject: () => {}, env: { HOME: 'home/alice' }, ready: true, snapshotter: 'overlayfs' },
  { name: 'XDG_CONFIG_HOME is relative', inject: () => {}, env: { XDG_CONFIG_HOME: 'conf' }, ready: true },
  ...daemonLookalikes,
  {
    name: 'a runtime by a relative path',
    inject: (world) => config(world, '[worker.oci]\nbinary = "usr/sbin/runc"\n'),
    ready: true,
    ...only,
  },
  {
    name: 'a comma in the path: overlayfs cannot be mounted below it',
    inject: () => {},
    env: { XDG_DATA_HOME: '/home/alice/a,b' },
    ready: true,
    snapshotter: 'native',
    ...only,
  },
  {
    name: 'a backslash in the path: neither',
    inject: () => {},
    env: { XDG_DATA_HOME: '/home/alice/a\\b' },
    ready: true,
    snapshotter: 'native',
    ...only,
  },
  {
    name: 'empty databases',
    inject: (world) =>
      asAlice(
        world,
        'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs; cd ~/.local/share/buildkit; : >cache.db; : >runc-overlayfs/metadata_v2.db',
      ),
    ready: true,
  },
  {
    name: 'the worker is a link to another directory',
    inject: (world) =>
      asAlice(world, 'mkdir -p ~/.local/share/buildkit ~/other; ln -s ~/other ~/.local/share/buildkit/runc-overlayfs'),
    ready: true,
  },
  {
    name: 'container: system calls that have a fallback are refused',
    container: { ...open, deny: ['openat2', 'statx', 'faccessat2', 'close_range', 'memfd_create', 'setns'] },
    inject: () => {},
    ready: true,
  },
  {
    name: 'container: a read-only root with volumes',
    container: { ...open, seccomp: false, readOnly: true },
    inject: () => {},
    ready: true,
  },
  {
    name: 'parts of the state belong to root and are open to everybody',
    inject: (world) => {
      asAlice(world, 'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs');
      world.script(
        `cd ${cache(world)}; mkdir runc-overlayfs/snapshots runc-overlayfs/content runc-overlayfs/executor; : >runc-overlayfs/metadata_v2.db; : >history.db; : >cache.db; chmod 777 runc-overlayfs/*; chmod 666 runc-overlayfs/*.db *.db`,
      );
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'a blob of root in the contents',
    inject: (world) => {
      asAlice(world, 'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs/content/blobs/sha256');
      world.script(
        `cd ${worker(world)}/content/blobs/sha256; : >e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855; chmod 600 *`,
      );
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'a database that is a link to where it will be made',
    inject: (world) =>
      asAlice(
        world,
        'mkdir -p -m 711 ~/.local/share/buildkit/runc-overlayfs; ln -s /home/alice/my.db ~/.local/share/buildkit/runc-overlayfs/metadata_v2.db',
      ),
    ready: true,
  },
  { name: 'just enough open files', inject: (world) => world.restrict('prlimit', '--nofile=36'), ready: true },
  {
    name: 'no file may be larger than 4 MiB',
    inject: (world) => world.restrict('prlimit', '--fsize=4194304'),
    ready: true,
    ...only,
  },
  {
    name: 'no name servers at all',
    inject: (world) => world.script('rm -f /etc/resolv.conf; ln -s /nowhere /etc/resolv.conf'),
    ready: true,
  },
  {
    name: 'container: rootful and privileged',
    mode: 'rootful',
    container: { privileged: true },
    inject: () => {},
    ready: true,
    ...only,
  },
  {
    name: 'container: rootful and privileged, with masks over /proc',
    mode: 'rootful',
    container: { privileged: true, masked: true },
    inject: () => {},
    ready: true,
    ...only,
  },
];
