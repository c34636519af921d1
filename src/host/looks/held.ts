import * as fs from 'node:fs';
import { Unseen } from '../../model/unseen.ts';
import { errnoOf } from './errno.ts';
import { type Looker, looker, O_PATH, toStat } from './looker.ts';

const MOST_LINKS = 20;

interface Held {
  readonly handle: number;
  /** A name of the very object, whatever its path leads to by now. */
  readonly at: string;
}

/**
 * Looks of root's where others may have a hand in the path: the object is held by a handle first, and looked at only
 * where its real path is the one that was asked for, or where root's own links lead there. Else another account would
 * choose what root looks at.
 */
export const heldLooker: Looker = {
  ...looker,
  read: (path, limit, owner) => throughHandle(path, true, ({ at }) => looker.read(at, limit, owner)),
  stat: (path) => throughHandle(path, true, ({ at }) => looker.stat(at)),
  lstat: (path) => throughHandle(path, false, ({ handle }) => toStat(fs.fstatSync(handle))),
  readlink: (path) => throughHandle(parentOf(path), true, ({ at }) => looker.readlink(`${at}/${baseOf(path)}`)),
  realpath: (path) => throughHandle(path, true, ({ at }) => fs.readlinkSync(at)),
  list: (path) => throughHandle(path, true, ({ at }) => looker.list(at)),
  statfs: (path) => throughHandle(path, true, ({ at }) => looker.statfs(at)),
  mountOf: (path) => throughHandle(path, true, ({ at }) => looker.mountOf(at)),
  access: (path, mode) => throughHandle(path, true, ({ at }) => looker.access(at, mode)) ?? false,
};

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Null when absent. Throws Unseen where the path leads through a link that others could have put. */
function throughHandle<T>(path: string, follow: boolean, look: (held: Held) => T): T | null {
  const handle = open(path, follow);
  if (handle === null) return null;
  const at = `/proc/self/fd/${handle}`;
  try {
    refuseLed(path, follow, at);
    return look({ handle, at });
  } catch (error) {
    if (error instanceof Unseen && error.why.includes(at))
      throw new Unseen(error.why.replaceAll(at, path), error.command?.replaceAll(at, path), error.tooMuch);
    throw error;
  } finally {
    fs.closeSync(handle);
  }
}

/** The same for a directory, whose name for another process ends in a slash. Throws Unseen when it is absent. */
export async function holding<T>(directory: string, look: (at: string) => Promise<T>): Promise<T> {
  const handle = open(directory, true);
  if (handle === null) throw new Unseen(`${directory} does not exist any more`);
  try {
    refuseLed(directory, true, `/proc/self/fd/${handle}`);
    return await look(`/proc/${process.pid}/fd/${handle}/`);
  } finally {
    fs.closeSync(handle);
  }
}

function refuseLed(path: string, follow: boolean, at: string): void {
  const real = fs.readlinkSync(at);
  if (real !== path && real !== ledByRoot(path, follow))
    throw new Unseen(`${path} leads through a link that another account can change, so root does not look there`);
}

function open(path: string, follow: boolean): number | null {
  try {
    return fs.openSync(path, O_PATH | (follow ? 0 : fs.constants.O_NOFOLLOW));
  } catch (error) {
    const errno = errnoOf(error);
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(errno)) return null;
    throw new Unseen(`${path} cannot be looked at: ${errno}`);
  }
}

/** Where a path leads by links that root alone can put; null where another account has put one, or could have. */
function ledByRoot(path: string, follow: boolean): string | null {
  const parts = path.split('/').reverse();
  let at = '';
  for (let links = 0; parts.length > 0; ) {
    const name = parts.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      continue;
    }
    const here = `${at}/${name}`;
    const isLast = !parts.some((part) => part !== '' && part !== '.');
    const target = isLast && !follow ? null : looker.readlink(here);
    if (target === null) at = here;
    else {
      const directory = looker.stat(at || '/');
      if (directory === null || directory.uid !== 0 || (directory.mode & 0o022) !== 0 || ++links > MOST_LINKS)
        return null;
      parts.push(...target.split('/').reverse());
      if (target.startsWith('/')) at = '';
    }
  }
  return at || '/';
}
