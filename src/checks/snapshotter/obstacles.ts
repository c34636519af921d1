import type { Obstacle } from '../../facts/cache/snapshotter-trial.ts';
import type { Condition } from '../../model/decide.ts';
import { octal } from '../../text/octal.ts';

/** The condition that an obstacle means. */
export function conditionOf(obstacle: Obstacle): Condition {
  switch (obstacle.kind) {
    case 'path-character':
    case 'path-length':
    case 'no-upper':
      return 'snapshotter.overlay-unsupported';
    case 'union':
      return 'snapshotter.overlay-on-overlay';
    case 'no-dtype':
      return obstacle.fstype === 'xfs' ? 'storage.xfs-no-dtype' : 'snapshotter.overlay-unsupported';
    case 'unlistable':
    case 'foreign-group':
      return 'storage.permission';
    case 'no-overlay-module':
    case 'overlay-module-forbidden':
      return 'kernel.config-missing';
    case 'kernel':
      return 'kernel.too-old';
    case 'selinux':
      return 'lsm.selinux-denied';
    case 'apparmor':
      return 'apparmor.mount-denied';
    case 'seccomp':
      return 'seccomp.blocked';
    case 'program':
      return 'snapshotter.fuse-overlayfs-missing';
    case 'no-fuse-device':
    case 'closed-fuse-device':
      return 'snapshotter.fuse-device-missing';
  }
}

/** A clause that can follow "because". */
export function because(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case 'path-character':
      return `the path ${obstacle.path} contains "${obstacle.character}", which separates or escapes the options of a mount`;
    case 'path-length':
      return `the path of the cache directory is too long (${obstacle.length} characters) for the options of a mount`;
    case 'union':
      return `${obstacle.place} itself lies on ${obstacle.fstype}`;
    case 'no-upper':
      return `${obstacle.place} lies on ${obstacle.fstype}, which cannot hold the upper directory of overlayfs`;
    case 'no-dtype':
      return `the ${obstacle.fstype} file system of ${obstacle.place} does not store the kinds of files in directories (d_type)`;
    case 'unlistable':
      return `${obstacle.place} cannot be listed by ${obstacle.account}`;
    case 'foreign-group':
      return `what is created in ${obstacle.place} gets its group ${obstacle.gid}, which does not exist in the namespace of buildkitd`;
    case 'no-overlay-module':
      return `the running kernel ${obstacle.release} has no overlay module here`;
    case 'overlay-module-forbidden':
      return 'loading the overlay module is forbidden on this host';
    case 'kernel':
      return `${obstacle.rule} and lets only real root mount ${obstacle.mounts}`;
    case 'selinux':
      return `SELinux refuses overlayfs in user namespaces with Linux ${obstacle.release}`;
    case 'apparmor':
      return `the AppArmor profile ${obstacle.profile} may deny mounts`;
    case 'seccomp':
      return "the container's seccomp profile may forbid mount(2)";
    case 'program':
      return `${obstacle.program === 'mount.fuse3' ? 'its mount helper ' : ''}${absence(obstacle)}`;
    case 'no-fuse-device':
      return `/dev/fuse is missing${obstacle.moduleAbsent ? ' and the kernel has no fuse module here' : ''}`;
    case 'closed-fuse-device':
      return `/dev/fuse has mode ${octal(obstacle.mode)} and owner ${obstacle.uid}:${obstacle.gid}, so that ${obstacle.account} may not open it`;
  }
}

function absence({ program, found, searched }: Extract<Obstacle, { kind: 'program' }>): string {
  return found === null
    ? `${program} is not in PATH (${searched ?? 'which is not set'})`
    : `${found} is not executable`;
}
