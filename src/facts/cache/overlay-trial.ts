import { tooLongToChoose } from '../../buildkit/mount-options.ts';
import { overlayInUserNamespace, selinuxDeniesOverlay } from '../../knowledge/kernels.ts';
import { inheritsForeignGroup } from './ownership.ts';
import {
  type Circumstances,
  failureWords,
  type Obstacle,
  refused,
  type Trial,
  unmountable,
  untried,
  wasTried,
  whyUntried,
  working,
} from './snapshotter-trial.ts';

/** What forbids overlayfs by itself, as the kernel's and BuildKit's rules have it. */
function certainObstacles(here: Circumstances): readonly Obstacle[] {
  return [...obstaclesOfPlace(here), ...obstaclesOfKernel(here)];
}

function obstaclesOfPlace({ directory, disk, account, allowed }: Circumstances): readonly Obstacle[] {
  const place = directory.nearest;
  const fstype = disk.name;
  const obstacles: Obstacle[] = [];
  if (disk.kind === 'union') obstacles.push({ kind: 'union', place, fstype });
  if (/^(network|fuse|stacked|ownerless)$/.test(disk.kind)) obstacles.push({ kind: 'no-upper', place, fstype });
  if (disk.dtype === false) obstacles.push({ kind: 'no-dtype', place, fstype });
  if (!directory.readable && directory.writable) obstacles.push({ kind: 'unlistable', place, account });
  const stat = directory.chain.find(({ path }) => path === place)?.stat;
  if (stat != null && inheritsForeignGroup(directory, disk.mount, allowed))
    obstacles.push({ kind: 'foreign-group', place, gid: stat.gid });
  return obstacles;
}

function obstaclesOfKernel({ kernel, os, filesystems, selinux, userns }: Circumstances): readonly Obstacle[] {
  const release = kernel?.release ?? 'here';
  const obstacles: Obstacle[] = [];
  if (filesystems?.overlay === 'absent') obstacles.push({ kind: 'no-overlay-module', release });
  if (filesystems?.overlay === 'disabled') obstacles.push({ kind: 'overlay-module-forbidden' });
  if (!userns || kernel === null) return obstacles;
  const rule = overlayInUserNamespace(kernel, os, filesystems?.permitMountsInUserns === true);
  if (!rule.allows) obstacles.push({ kind: 'kernel', mounts: 'overlayfs', release, rule: rule.because });
  if (selinux?.state === 'enforcing' && selinuxDeniesOverlay(kernel)) obstacles.push({ kind: 'selinux', release });
  return obstacles;
}

/** What confines a container, and so can make any mount fail. */
function confiningObstacles({ confinement, status, contained }: Circumstances): readonly Obstacle[] {
  const obstacles: Obstacle[] = [];
  if (confinement?.profile != null && confinement.mode === 'enforce')
    obstacles.push({ kind: 'apparmor', profile: confinement.profile });
  if (status?.seccomp === 2 && contained) obstacles.push({ kind: 'seccomp' });
  return obstacles;
}

/** fuse-overlayfs takes its paths from its command line, where there is room. */
function tooLong({ directory: { path } }: Circumstances): Obstacle | null {
  return tooLongToChoose(path) ? { kind: 'path-length', length: path.length } : null;
}

/** Would buildkitd's own test of overlayfs on the cache directory succeed? */
export function tryOverlay(here: Circumstances): Trial {
  const named = unmountable(here) ?? tooLong(here);
  if (named !== null) return refused('files', null, [named]);
  const certain = certainObstacles(here);
  const outcome = here.answer?.overlay ?? null;
  if (wasTried(outcome)) {
    if (!outcome.ok) return refused('probe', failureWords(outcome), [...certain, ...confiningObstacles(here)]);
    // buildkitd lists the directory and wants d_type before it mounts; the kernel itself would only warn.
    const { disk, directory } = here;
    if (disk.dtype === false || (!directory.readable && directory.writable)) return refused('probe', null, certain);
    return working('probe');
  }
  if (here.probe) return untried(whyUntried(here, outcome));
  if (certain.length > 0) return refused('files', null, certain);
  if (here.kernel === null) return untried({ why: 'the kernel release could not be read', command: 'uname -r' });
  return working('files');
}
