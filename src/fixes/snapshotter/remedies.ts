import type { Obstacle } from '../../facts/cache/snapshotter-trial.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { container } from '../../facts/confinement/container.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { clauseFor, sentenceFor } from '../../knowledge/engines.ts';
import { type Installable, installOf } from '../../knowledge/packages.ts';
import type { FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';

/** What a remedy depends on beside its obstacle. */
export const remedyNeeds = {
  directory: cacheDirectory,
  container: optional(container),
  os: optional(osRelease),
};

type Place = FactsOf<typeof remedyNeeds>;

/** What a person can do about an obstacle. */
export function remedyOf(obstacle: Obstacle, here: Place): string {
  const engine = here.container.value?.kind ?? null;
  switch (obstacle.kind) {
    case 'path-character':
    case 'path-length':
      return 'Put the cache into a directory with a plain and short name: root = "DIRECTORY" in buildkitd.toml.';
    case 'union':
      return engine === null ? MOVE : `Mount a volume there: ${clauseFor(engine, ['volume', here.directory.path])}`;
    case 'no-upper':
      return MOVE;
    case 'no-dtype':
      return `Use another file system, or make this one anew with ${obstacle.fstype === 'xfs' ? 'mkfs.xfs -n ftype=1' : 'mkfs.ext4 -O filetype'}.`;
    case 'unlistable':
      return `Give its owner and users the right to read it, for example:\nchmod a+r ${obstacle.place}`;
    case 'foreign-group':
      return `Take the setgid bit away:\nchmod g-s ${obstacle.place}`;
    case 'no-overlay-module':
      return "Reboot if the kernel was updated; else install the kernel's modules; then, as root:\nmodprobe overlay";
    case 'overlay-module-forbidden':
      return 'Allow it in /etc/modprobe.d; then, as root:\nmodprobe overlay';
    case 'kernel':
      return newerKernel(obstacle);
    case 'selinux':
      return 'Run Linux 5.13 or later, or install fuse-overlayfs and fuse3.';
    case 'apparmor':
      return sentenceFor(engine ?? 'other', 'no-apparmor');
    case 'seccomp':
      return sentenceFor(engine ?? 'other', 'unfiltered-calls');
    case 'program':
      return obstacle.program === 'mount.fuse3'
        ? `Let PATH contain the directory of mount.fuse3 (/usr/sbin or /sbin), or install it. ${bring('mount.fuse3', here)}`
        : bring(obstacle.program, here);
    case 'no-fuse-device':
      return engine === null
        ? 'As root:\nmodprobe fuse'
        : `Give the container the device: ${clauseFor(engine, ['device', '/dev/fuse'])}`;
    case 'closed-fuse-device':
      return 'Let udev give it its default mode again: a line KERNEL=="fuse", MODE="0666" in /etc/udev/rules.d/99-fuse.rules.';
  }
}

export const MOVE = 'Put the cache on a local disk (ext4, xfs, btrfs): root = "DIRECTORY" in buildkitd.toml.';

function newerKernel({ mounts, release }: Extract<Obstacle, { kind: 'kernel' }>): string {
  if (mounts === 'FUSE') return 'Run Linux 4.18 or later.';
  const newer = /\.el8/.test(release) ? 'Update to Enterprise Linux 8.5 or later' : 'Run Linux 5.11 or later';
  return `${newer}, or install fuse-overlayfs and fuse3.`;
}

/** What to type for a missing program on this distribution. */
function bring(program: Installable, { os }: Place): string {
  const { argv, text } = installOf(program, os.value ?? { id: 'linux', idLike: [], version: null });
  return argv === null ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : `As root:\n${text}`;
}
