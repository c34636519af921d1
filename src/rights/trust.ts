/** Owner and permission bits, as stat(2) has them. */
interface Inode {
  readonly uid: number;
  readonly mode: number;
}
interface Directory extends Inode {
  readonly gid: number;
}

/**
 * Can nobody but root write this? With an access list the group bits are its mask (acl(5)), so that they stand for
 * whatever accounts the list names; what owning group it is then says nothing, not even group 0.
 */
export function onlyRootWrites({ uid, mode }: Inode): boolean {
  return uid === 0 && (mode & 0o022) === 0;
}

/**
 * Can only root and `account` change which names this directory has? In a sticky directory others can add names but not
 * touch ours. In a directory of an ordinary account's own, its private group of the same number counts as itself: whom
 * else an access list there lets in is its own word.
 */
export function keepsNames({ uid, gid, mode }: Directory, account: number): boolean {
  if (uid !== 0 && uid !== account) return false;
  if ((mode & 0o1000) !== 0 || (mode & 0o022) === 0) return true;
  return (mode & 0o002) === 0 && account !== 0 && uid === account && gid === account;
}

/** And can nobody else add one either, which could be a link? */
export function keepsLinks(stat: Directory, account: number): boolean {
  return keepsNames(stat, account) && !((stat.mode & 0o1000) !== 0 && (stat.mode & 0o022) !== 0);
}
