import * as fs from 'node:fs';
import { partsOf } from '../../rights/rights.ts';
import { keepsLinks, keepsNames } from '../../rights/trust.ts';
import { isVisible, visible } from '../../text/visible.ts';
import { findChild, type Handle, openRootDirectory, permissionsOf, statOf } from './handle.ts';
import { Refused } from './refused.ts';

const MOST_LINKS = 40;

/** A directory reached from / component by component, each held by its own handle while the next was opened. */
export interface Walked {
  readonly directory: Handle;
  /** The components that do not exist, in order; empty when the whole path was reached. */
  readonly missing: readonly string[];
  /** Nobody but root and we can change which objects the path leads through. */
  readonly trusted: boolean;
  /** And nobody but root, or a group that root chose, can put anything there at all, not even beside it in a sticky directory. */
  readonly exclusive: boolean;
  /** Every directory on the way, as it was when it was opened; the one reached is the last. */
  readonly way: readonly fs.BigIntStats[];
}

const inode = (stat: fs.BigIntStats): { readonly uid: number; readonly gid: number; readonly mode: number } => ({
  uid: Number(stat.uid),
  gid: Number(stat.gid),
  mode: permissionsOf(stat),
});

interface Part {
  readonly handle: Handle;
  readonly name: string;
  readonly stat: fs.BigIntStats;
  readonly trusted: boolean;
  readonly exclusive: boolean;
}

/** PATH_MAX: no system call takes a longer one. */
const LONGEST = 4095;

/** The names in a path where something may be changed. Who reads a plan must see what its paths are, so none may hold what cannot be seen. */
export function componentsOf(path: string): readonly string[] {
  if (path.length > LONGEST)
    throw new Refused(`a path of ${path.length} characters is too long, so nothing is changed there`);
  if (!isVisible(path))
    throw new Refused(`${visible(path)} has a name with characters that cannot be seen, so nothing is changed there`, [
      path,
    ]);
  const parts = partsOf(path);
  if (parts === null)
    throw new Refused(`${visible(path)} is not a plain absolute path, so nothing is changed there`, [path]);
  return parts;
}

/** Opens a directory from / on, as the account `uid`, stopping at the first component that does not exist. */
export function walk(path: string, uid: number): Walked {
  const waiting = [...componentsOf(path)];
  const stack: Part[] = [];
  const push = (handle: Handle, name: string): void => {
    const above = stack.at(-1);
    const stat = statOf(handle);
    stack.push({
      handle,
      name,
      stat,
      trusted: (above?.trusted ?? true) && keepsNames(inode(stat), uid),
      exclusive: (above?.exclusive ?? true) && keepsNames(inode(stat), 0) && (permissionsOf(stat) & 0o002) === 0,
    });
  };
  let links = 0;
  try {
    push(openRootDirectory(), '');
    for (;;) {
      const here = stack.at(-1);
      const name = waiting.shift();
      if (here === undefined) throw new Refused(`${visible(path)} leads out of the file system`, [path]);
      if (name === undefined) return finish(stack, []);
      if (name === '..') {
        if (stack.length > 1) stack.pop()?.handle.close();
        continue;
      }
      const at = `${stack.map((part) => part.name).join('/')}/${name}`;
      const child = findChild(here.handle, name);
      if (child === null) return finish(stack, [name, ...waiting]);
      const stat = statOf(child);
      if (stat.isDirectory()) {
        push(child, name);
        continue;
      }
      child.close();
      if (!stat.isSymbolicLink()) throw new Refused(`${visible(at)} is not a directory`, [at]);
      if (!here.trusted || !keepsLinks(inode(statOf(here.handle)), uid))
        throw new Refused(
          `${visible(at)} is a symbolic link in a directory that another account can write, so it is not followed`,
          [at],
        );
      if (++links > MOST_LINKS) throw new Refused(`${visible(path)} goes through too many symbolic links`, [path]);
      const goal = goalOf(here.handle, name, at);
      waiting.unshift(...goal.split('/').filter((part) => part !== '' && part !== '.'));
      if (goal.startsWith('/')) for (const { handle } of stack.splice(1)) handle.close();
    }
  } catch (error) {
    for (const { handle } of stack) handle.close();
    throw error;
  }
}

function goalOf(directory: Handle, name: string, at: string): string {
  try {
    return fs.readlinkSync(`${directory.path}/${name}`);
  } catch {
    throw new Refused(`${visible(at)} was replaced while it was looked at`, [at]);
  }
}

function finish(stack: readonly Part[], missing: readonly string[]): Walked {
  for (const { handle } of stack.slice(0, -1)) handle.close();
  const last = stack.at(-1);
  if (last === undefined) throw new Error('an empty walk');
  const way = stack.map(({ stat }) => stat);
  return { directory: last.handle, missing, trusted: last.trusted, exclusive: last.exclusive, way };
}

/** The directory that holds the path's last component; it must exist. */
export function walkToParent(path: string, uid: number): Walked & { readonly name: string } {
  const name = componentsOf(path).at(-1);
  if (name === undefined) throw new Refused('the root directory itself is never changed', ['/']);
  const parent = path.slice(0, path.replace(/(?<!\/)\/+$/, '').lastIndexOf('/')) || '/';
  const walked = walk(parent, uid);
  if (walked.missing.length > 0) {
    walked.directory.close();
    throw new Refused(`the directory ${visible(parent)} does not exist`, [parent]);
  }
  return { ...walked, name };
}
