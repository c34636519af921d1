import type { Fault } from './faults.ts';
import type { World } from './world.ts';

const cache = (world: World): string => `${world.home}/.local/share/buildkit`;
const asAlice = (world: World, script: string): string => world.script(`su -s /bin/sh alice -c '${script}'`);
const makeCache = (world: World): string => asAlice(world, 'mkdir -p ~/.local/share/buildkit');
const named = (world: World, snapshotter: string): void => {
  asAlice(
    world,
    `mkdir -p ~/.config/buildkit && printf "[worker.oci]\\nsnapshotter = \\"${snapshotter}\\"\\n" >~/.config/buildkit/buildkitd.toml`,
  );
};
/** A device of our own over the host's, with the mode that the row is about. */
const fuseDevice = (world: World, mode: string): string =>
  world.script(
    `mknod ${world.scratch}/fuse c 10 229; chmod ${mode} ${world.scratch}/fuse; mount --bind ${world.scratch}/fuse /dev/fuse`,
  );
/** An ext4 without file types in its directories, as an old xfs is: the kernel mounts overlayfs on it, BuildKit refuses. */
const withoutDtype = (world: World): string => {
  makeCache(world);
  return world.script(
    `truncate -s 200M ${world.scratch}/image; mkfs.ext4 -q -F -O ^filetype ${world.scratch}/image; mount -o loop ${world.scratch}/image ${cache(world)}; chown 4242:4242 ${cache(world)}`,
  );
};
const onOverlay = (world: World): string => {
  makeCache(world);
  return world.script(
    `cd ${world.scratch}; mkdir low up work; chmod 777 up; mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work ${cache(world)}; chown 4242:4242 ${cache(world)}`,
  );
};

/** Storage and snapshotters, further faults. */
export const storageFaults: readonly Fault[] = [
  {
    name: 'a parent of the cache that only root may enter',
    inject: (world) => {
      makeCache(world);
      world.script(`chown root:root ${world.home}/.local; chmod 700 ${world.home}/.local`);
    },
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
  },
  {
    name: 'a whole cache given to root, except for its image files',
    inject: (world) => {
      asAlice(world, 'mkdir -p ~/.local/share/buildkit/runc-overlayfs/snapshots/snapshots/1/fs/etc');
      const layer = `${cache(world)}/runc-overlayfs/snapshots/snapshots/1/fs`;
      world.script(
        `: >${layer}/etc/file; chown -R 765533:765533 ${layer}/etc; chmod 700 ${layer}/etc; cd ${cache(world)}; find . -uid 4242 -exec chown root:root {} +; chmod 700 .`,
      );
    },
    ready: false,
    blamed: 'storage/ownership',
    repaired: true,
  },
  {
    name: 'a cache whose new files get a foreign group',
    inject: (world) => {
      named(world, 'overlayfs');
      makeCache(world);
      world.script(`chgrp 50 ${cache(world)}; chmod 2775 ${cache(world)}`);
    },
    ready: false,
    blamed: 'storage/ownership',
    buildkitdOnly: true,
    repaired: true,
  },
  {
    name: 'overlayfs by name on overlayfs',
    inject: (world) => {
      named(world, 'overlayfs');
      onOverlay(world);
    },
    ready: false,
    blamed: 'snapshotter/overlayfs',
    buildkitdOnly: true,
  },
  {
    name: 'overlayfs by name without d_type',
    inject: (world) => {
      named(world, 'overlayfs');
      withoutDtype(world);
    },
    ready: false,
    blamed: 'snapshotter/overlayfs',
    buildkitdOnly: true,
  },
  {
    name: 'fuse-overlayfs by name with a closed device',
    inject: (world) => {
      named(world, 'fuse-overlayfs');
      fuseDevice(world, '600');
    },
    ready: false,
    blamed: 'snapshotter/fuse-overlayfs',
    buildkitdOnly: true,
  },
  {
    name: 'noexec where only native is left',
    inject: (world) => {
      fuseDevice(world, '600');
      onOverlay(world);
      world.script(`mount -o remount,bind,noexec ${cache(world)}`);
    },
    ready: false,
    blamed: 'storage/filesystem',
    buildkitdOnly: true,
  },
];

/** Storage that looks wrong and works. */
export const storageLookalikes: readonly Fault[] = [
  {
    name: 'own cache directory with mode 0500',
    inject: (world) => {
      makeCache(world);
      world.script(`chmod 500 ${cache(world)}`);
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'cache directory of root, open and sticky',
    inject: (world) => {
      makeCache(world);
      world.script(`chown root:root ${cache(world)}; chmod 1777 ${cache(world)}`);
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'cache directory of a subordinate id',
    inject: (world) => {
      makeCache(world);
      world.script(`chown 700005:700005 ${cache(world)}; chmod 700 ${cache(world)}`);
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'leftovers of root from another snapshotter',
    inject: (world) => {
      makeCache(world);
      world.script(`mkdir -p -m 700 ${cache(world)}/runc-native/snapshots; : >${cache(world)}/notes`);
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
  {
    name: 'no d_type: fuse-overlayfs by itself',
    inject: (world) => {
      fuseDevice(world, '666');
      withoutDtype(world);
    },
    ready: true,
    snapshotter: 'fuse-overlayfs',
    buildkitdOnly: true,
  },
  {
    name: 'no d_type and a closed device: native by itself',
    inject: (world) => {
      fuseDevice(world, '600');
      withoutDtype(world);
    },
    ready: true,
    snapshotter: 'native',
    buildkitdOnly: true,
  },
  {
    name: 'cache file system with little room',
    inject: (world) => {
      makeCache(world);
      world.script(`mount -t tmpfs -o size=16m,mode=700,uid=4242,gid=4242 tmpfs ${cache(world)}`);
    },
    ready: true,
    snapshotter: 'overlayfs',
  },
];
