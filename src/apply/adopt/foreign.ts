import type * as fs from 'node:fs';
import type { Allowed, IdRange, Owner } from '../../model/look.ts';

type Ids = Pick<fs.Stats, 'uid' | 'gid'>;

const inside = (ranges: readonly IdRange[], id: number): boolean =>
  ranges.some(({ start, count }) => id >= start && id < start + count);

/** Is it one of the ids that belong to the target: its own and its subordinate ones? */
export function isAllowed(allowed: Allowed, kind: 'uid' | 'gid', id: number): boolean {
  return inside(kind === 'uid' ? allowed.uids : allowed.gids, id);
}

/**
 * The owner that an entry is to have, or null when it is to stay as it is: both ids are allowed, or one that is not
 * allowed is also not among those that may be adopted. An id that is allowed is kept.
 */
export function adoptedOwner(
  { uid, gid }: Ids,
  allowed: Allowed,
  only: readonly number[] | null,
  to: Owner,
): Owner | null {
  const keepUid = inside(allowed.uids, uid);
  const keepGid = inside(allowed.gids, gid);
  if (keepUid && keepGid) return null;
  if (only !== null && ((!keepUid && !only.includes(uid)) || (!keepGid && !only.includes(gid)))) return null;
  return { uid: keepUid ? uid : to.uid, gid: keepGid ? gid : to.gid };
}

/** Why an entry that is foreign is left alone all the same; null when it may be adopted. */
export function whyLeftAlone(stat: fs.BigIntStats): string | null {
  if (stat.isBlockDevice()) return 'a device';
  // Character device 0:0 is overlayfs's mark of a removed file; it opens nothing.
  if (stat.isCharacterDevice() && stat.rdev !== 0n) return 'a device';
  if (stat.isSocket()) return 'a socket';
  if (stat.isFile() && (stat.mode & 0o6000n) !== 0n)
    return 'a file with a setuid or setgid bit, which a change of owner would drop';
  return null;
}
