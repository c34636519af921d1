import { isNamed, mayOwn, mayWrite, NOT_ROOTS, partsOf, type Rights } from '../../rights/rights.ts';
import { visible } from '../../text/visible.ts';
import { openChild, statOf } from './handle.ts';
import { Refused } from './refused.ts';
import { componentsOf, walk, walkToParent } from './walk.ts';
import type { Work } from './work.ts';

/** Is `path` that place, or below it? Both are plain absolute paths. */
export function isWithin(path: string, place: string): boolean {
  const inner = componentsOf(path);
  return componentsOf(place).every((part, index) => inner[index] === part);
}

type Whose = Pick<Work, 'uid' | 'target' | 'permitted'>;

/** What the rule of places (src/knowledge/rights.ts) has to know, as it is at this moment. */
export function rightsOf({ uid, target, permitted }: Whose): Rights {
  const home = target.home !== null && isOwned(target.home, target.uid, uid) ? target.home : null;
  return { uid: target.uid, home, named: permitted };
}

/** Links in the way that others could have laid make it nobody's. */
function isOwned(home: string, owner: number, uid: number): boolean {
  if (partsOf(home) === null) return false;
  try {
    const { directory, missing } = walk(home, uid);
    const stat = statOf(directory);
    directory.close();
    return missing.length === 0 && stat.uid === BigInt(owner);
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** The places where root may change owners and modes, and where it may make things for the target. */
export function isTargetsPlace(path: string, work: Work): boolean {
  return mayOwn(path, rightsOf(work));
}

/** Refuses a change of owner or mode that root may not make. Accounts other than root need no rule: the kernel keeps theirs. */
export function refuseForeignPlace(path: string, work: Work): void {
  componentsOf(path);
  if (work.uid !== 0 || isTargetsPlace(path, work)) return;
  throw new Refused(`root does not change the owner or mode of ${visible(path)} for ${nameOf(work)}: ${NOT_ROOTS}`, [
    path,
  ]);
}

/** Refuses a file or directory that root may not write. */
export function refuseForeignFile(path: string, work: Work): void {
  componentsOf(path);
  if (work.uid !== 0 || mayWrite(path, rightsOf(work))) return;
  throw new Refused(`root does not write ${visible(path)} for ${nameOf(work)}: ${NOT_ROOTS}`, [path]);
}

export function isPermitted(path: string, { permitted }: Pick<Work, 'permitted'>): boolean {
  return isNamed(path, permitted);
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
