import { visible } from '../../text/visible.ts';
import { Refused } from './refused.ts';

const WORDS: { readonly [code: string]: (path: string) => string } = {
  ENOSPC: (path) => `the file system of ${path} is full (no space or no inodes left)`,
  EDQUOT: (path) => `the disk quota for ${path} is used up`,
  EROFS: (path) => `${path} is on a read-only file system`,
  EACCES: (path) => `${path}: permission denied`,
  EPERM: (path) => `${path} may not be changed (an immutable attribute, a missing capability or a foreign owner)`,
  EBUSY: (path) => `${path} is in use as a mount point: change it where it is mounted from`,
  ENOENT: (path) => `${path} is no longer there`,
  ENOTDIR: (path) => `${path} leads through something that is not a directory`,
  ELOOP: (path) => `${path} is a symbolic link, which is not followed`,
  EEXIST: (path) => `${path} exists already`,
  ENOTEMPTY: (path) => `the directory ${path} is not empty`,
  EIO: (path) => `${path} could not be read or written (input/output error)`,
  EFBIG: (path) => `${path} would become larger than is allowed here (a file size limit)`,
  EMFILE: () => 'this process may not open more files',
  ENFILE: () => 'this machine may not open more files',
  ENAMETOOLONG: (path) => `the name ${path} is too long`,
};

/** One sentence for what the system answered. */
export function sentenceOf(error: unknown, path: string): string {
  if (error instanceof Refused) return error.message;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined) return words(visible(path));
  return `${visible(path)}: ${visible(error instanceof Error ? error.message : String(error))}`;
}

/** Runs it; every failure becomes a Refused with one sentence. */
export async function orRefuse<T>(path: string, task: () => T | Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(sentenceOf(error, path), [path]);
  }
}

/** The same for what is done at once. */
export function orRefuseNow<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(sentenceOf(error, path), [path]);
  }
}

/** What the system did not let us do, as a Refused; anything else is a fault of ours, and thrown on. */
export function refusalOf(error: unknown, path: string): Refused {
  if (error instanceof Refused) return error;
  if (error instanceof Error && 'syscall' in error) return new Refused(sentenceOf(error, path), [path]);
  throw error;
}
