import type * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { withCapabilities } from './capabilities.ts';
import { findChild, type Handle, statOf } from './handle.ts';
import { isThatObject, type ObjectIdentity } from './object-identity.ts';
import { refuseForeignPlace } from './places.ts';
import { Refused } from './refused.ts';
import { orRefuse } from './sentence.ts';
import { walkToParent } from './walk.ts';
import type { Work } from './work.ts';

/** The object whose owner or mode is changed. */
export type PreparedObject = ObjectIdentity;

export interface OwnedObject {
  readonly handle: Handle;
  readonly stat: fs.BigIntStats;
  /** Nobody but root can put anything where it stands. */
  readonly exclusive: boolean;
  /** The directories that lead to it. */
  readonly way: readonly fs.BigIntStats[];
}

/**
 * Opens the one object at a path whose owner or mode may change: never a link, a device, or a file that has other
 * names where somebody else could have put this one. `helper`: the place was judged already.
 */
export async function withObject<T>(
  path: string,
  work: Work,
  helper: boolean,
  task: (object: OwnedObject) => T | Promise<T>,
): Promise<T> {
  return orRefuse(path, async () => {
    if (!helper) refuseForeignPlace(path, work);
    const { directory, name, exclusive, way } = walkToParent(path, work.uid);
    const handle = findChild(directory, name);
    try {
      if (handle === null) throw new Refused(`${visible(path)} is not there`, [path]);
      const stat = statOf(handle);
      if (stat.isSymbolicLink())
        throw new Refused(`${visible(path)} is a symbolic link, which is not followed`, [path]);
      if (stat.isBlockDevice() || stat.isCharacterDevice())
        throw new Refused(`${visible(path)} is a device, whose owner and mode are left alone`, [path]);
      if (!stat.isDirectory() && stat.nlink > 1n && !exclusive)
        throw new Refused(`${visible(path)} has other names (hard links), which may stand elsewhere`, [path]);
      return await task({ handle, stat, exclusive, way });
    } finally {
      handle?.close();
      directory.close();
    }
  });
}

/** Changing the owner drops setuid bits and file capabilities; such files are refused rather than altered. */
export function refusePrivileged({ handle, stat }: OwnedObject, path: string, work: Work): void {
  if (!stat.isFile()) return;
  if ((stat.mode & 0o6000n) !== 0n)
    throw new Refused(`${visible(path)} has a setuid or setgid bit, which a change of owner would drop`, [path]);
  if ((stat.mode & 0o111n) === 0n) return;
  const found = withCapabilities([{ handle, name: path.slice(1) }], null, work.transaction);
  if (found === null || found.size > 0)
    throw new Refused(
      found === null
        ? `whether ${visible(path)} has file capabilities cannot be told here (neither getfattr nor getcap), so its owner is not changed`
        : `${visible(path)} has file capabilities, which a change of owner would drop`,
      [path],
    );
}

/** The very object that was prepared? One that a later edit made anew, and undo put back, has another inode. */
export function isSame(stat: fs.BigIntStats, prepared: PreparedObject, path: string, work: Work): boolean {
  return isThatObject(stat, prepared) || (stat.isFile() && work.replaced.includes(path));
}
