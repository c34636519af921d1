import { visible } from '../report/visible.ts';
import { openChild, statOf } from './handle.ts';
import { Refused } from './refused.ts';
import { componentsOf, walk, walkToParent } from './walk.ts';
import type { Work } from './work.ts';

/** The system's own configuration, where root writes files that belong to root. */
const ROOT_FILES = [
  '/etc/apparmor.d',
  '/etc/buildkit',
  '/etc/cni',
  '/etc/containerd',
  '/etc/docker',
  '/etc/modprobe.d',
  '/etc/modules-load.d',
  '/etc/security/limits.d',
  '/etc/subgid',
  '/etc/subuid',
  '/etc/sysctl.d',
  '/etc/systemd',
  '/etc/tmpfiles.d',
  '/etc/udev/rules.d',
];
const BUILDKIT = ['/var/lib/buildkit', '/run/buildkit'];

/** Is `path` that place, or below it? Both are plain absolute paths. */
export function isWithin(path: string, place: string): boolean {
  const inner = componentsOf(path);
  return componentsOf(place).every((part, index) => inner[index] === part);
}

/** Below the target's home, if the target owns it. */
function isBelowHome(path: string, work: Work): boolean {
  const { home, uid } = work.target;
  if (home === null || !home.startsWith('/') || !isWithin(path, home)) return false;
  if (componentsOf(path).length === componentsOf(home).length) return false;
  const { directory, missing } = walk(home, work.uid);
  try {
    return missing.length === 0 && statOf(directory).uid === BigInt(uid);
  } finally {
    directory.close();
  }
}

/** The places where root may change owners and modes, and where it may make things for the target. */
export function isTargetsPlace(path: string, work: Work): boolean {
  return (
    [`/run/user/${work.target.uid}`, ...BUILDKIT, ...work.permitted].some((place) => isWithin(path, place)) ||
    isBelowHome(path, work)
  );
}

/** Refuses a change of owner or mode that root may not make. Accounts other than root need no rule: the kernel keeps theirs. */
export function refuseForeignPlace(path: string, work: Work): void {
  if (work.uid !== 0 || isTargetsPlace(path, work)) return;
  throw new Refused(
    `root does not change the owner or mode of ${visible(path)}: it is neither below the home of ${nameOf(work)}, nor one of BuildKit's own directories, nor given on the command line`,
    [path],
  );
}

/** Refuses a file or directory that root may not write. */
export function refuseForeignFile(path: string, work: Work): void {
  if (work.uid !== 0 || ROOT_FILES.some((place) => isWithin(path, place)) || isTargetsPlace(path, work)) return;
  throw new Refused(
    `root does not write ${visible(path)}: it is neither the system's configuration that concerns BuildKit, nor one of BuildKit's own directories, nor given on the command line`,
    [path],
  );
}

export function isPermitted(path: string, work: Pick<Work, 'permitted'>): boolean {
  return work.permitted.some((place) => isWithin(path, place));
}

const HELPERS = new Set(['newuidmap', 'newgidmap']);

/**
 * Is this the one thing that root may give a setuid bit or a file capability: a root-owned newuidmap or newgidmap,
 * with a single name, below directories that only root can write? Says why not.
 */
export function whyNotHelper(path: string, work: Work): string | null {
  const name = componentsOf(path).at(-1) ?? '';
  if (!HELPERS.has(name)) return `${visible(path)} is not newuidmap or newgidmap`;
  const { directory, exclusive } = walkToParent(path, 0);
  try {
    if (work.uid !== 0 || !exclusive)
      return `${visible(path)} stands below a directory that another account than root can write`;
    const file = openChild(directory, name);
    try {
      const stat = statOf(file);
      if (!stat.isFile()) return `${visible(path)} is not a regular file`;
      if (stat.uid !== 0n) return `${visible(path)} does not belong to root`;
      if ((stat.mode & 0o022n) !== 0n) return `${visible(path)} can be written by other accounts than root`;
      if (stat.nlink !== 1n) return `${visible(path)} has other names`;
      return null;
    } finally {
      file.close();
    }
  } finally {
    directory.close();
  }
}

function nameOf(work: Work): string {
  return work.target.name === null ? `uid ${work.target.uid}` : visible(work.target.name);
}
