import type { World } from './world.ts';

/** One real fault, or a host that only looks wrong, and what must be true of it. */
export interface Fault {
  readonly name: string;
  readonly inject: (world: World) => void;
  /** What buildkitd will really do. The judge must agree before bk-doctor is asked. */
  readonly ready: boolean;
  /** The first reason of the verdict; required where not ready. */
  readonly blamed?: string;
  readonly snapshotter?: 'overlayfs' | 'fuse-overlayfs' | 'native';
  /** `fix --yes` brings the host to life, and `undo` brings every byte back. */
  readonly repaired?: boolean;
  readonly userns?: boolean;
  readonly mode?: 'rootless' | 'rootful';
  readonly env?: { readonly [name: string]: string | undefined };
  /** Only buildkitd itself can say; the chain of packages has no opinion. */
  readonly buildkitdOnly?: boolean;
  /** Further arguments of bk-doctor and of buildkitd that describe the same set-up. */
  readonly doctorArgs?: readonly string[];
  readonly daemonArgs?: readonly string[];
  readonly rootlesskitArgs?: readonly string[];
}

const config = (world: World, text: string): void => {
  world.script(`su -s /bin/sh ${world.user} -c 'mkdir -p ${world.home}/.config/buildkit'`);
  world.asRoot(
    [
      'sh',
      '-c',
      `cat >${world.home}/.config/buildkit/buildkitd.toml && chown ${world.user}: ${world.home}/.config/buildkit/buildkitd.toml`,
    ],
    { input: text },
  );
};
const cache = (world: World): string => `${world.home}/.local/share/buildkit`;

/** Hosts with something wrong, by area. */
export const faults: readonly Fault[] = [
  {
    name: 'user.max_user_namespaces is 0',
    userns: true,
    inject: (world) => world.script('echo 0 >/proc/sys/user/max_user_namespaces'),
    ready: false,
    blamed: 'userns/limits',
    repaired: true,
  },
  {
    name: 'no subordinate ids',
    inject: (world) => world.script("sed -i '/^alice:/d' /etc/subuid /etc/subgid"),
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
    name: 'cache directory owned by root',
    inject: (world) =>
      world.script(`su -s /bin/sh alice -c 'mkdir -p ${world.home}/.local/share'; mkdir -m 700 ${cache(world)}`),
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
  },
  {
    name: 'XDG_RUNTIME_DIR owned by root',
    inject: (world) => world.script(`chown root:root ${world.runtime}`),
    ready: false,
    blamed: 'runtime/session',
    repaired: true,
  },
  {
    name: 'configured TCP port in use',
    inject: (world) => {
      config(
        world,
        '# team settings\n[grpc]\n  address = [ "unix:///run/user/4242/buildkit/buildkitd.sock", "tcp://127.0.0.1:4711" ] # both\n',
      );
      world.start(
        [process.execPath, '-e', "require('net').createServer().listen(4711, '127.0.0.1', () => console.log('up'))"],
        'root',
      );
      world.script(
        'for turn in $(seq 1 100); do grep -q "0100007F:1267" /proc/net/tcp && exit 0; sleep 0.05; done; exit 1',
      );
    },
    ready: false,
    blamed: 'net/ports',
    repaired: true,
    buildkitdOnly: true,
  },
  {
    name: 'a snapshotter that does not exist',
    inject: (world) => config(world, '[worker.oci]\n  # fast\n  snapshotter = "overlay2"\n'),
    ready: false,
    blamed: 'config/buildkitd',
    repaired: true,
    buildkitdOnly: true,
  },
];

/** Hosts that look wrong and work. */
export const lookalikes: readonly Fault[] = [
  { name: 'nothing is wrong', inject: () => {}, ready: true, snapshotter: 'overlayfs' },
  {
    name: 'file capabilities instead of setuid',
    inject: (world) =>
      world.script(
        'for helper in newuidmap newgidmap; do chmod u-s /usr/bin/$helper; done; setcap cap_setuid=ep /usr/bin/newuidmap; setcap cap_setgid=ep /usr/bin/newgidmap',
      ),
    ready: true,
  },
  {
    name: 'two ranges of 32,768',
    inject: (world) =>
      world.script(
        "sed -i '/^alice:/d' /etc/subuid /etc/subgid; for file in subuid subgid; do printf 'alice:700000:32768\\nalice:800000:32768\\n' >>/etc/$file; done",
      ),
    ready: true,
  },
];
