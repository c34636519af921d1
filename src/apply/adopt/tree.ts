import * as fs from 'node:fs';
import { findChild, type Handle, mountIdOf, openChild } from '../disk/handle.ts';
import { Refused } from '../disk/refused.ts';

/** Each level holds two descriptors. */
const MOST_LEVELS = 400;

/** A name as the file system has it: one character per byte. */
export type ByteName = string;
/** One entry, in the directory that holds it. `path` is relative to the tree; the tree itself is "". */
export interface TreeEntry {
  readonly directory: Handle;
  readonly name: ByteName;
  readonly path: string;
  readonly stat: fs.Stats;
  /** The very directory that was visited, of one; whoever keeps it closes it. */
  readonly visited: { keep(): Handle } | null;
}
export type Visit = (entry: TreeEntry) => Promise<void> | void;
/** Before what the directory holds is visited. */
export type Enter = (directory: Handle, path: string) => void;

export const bytes = (text: ByteName): Buffer => Buffer.from(text, 'latin1');
export const legible = (text: ByteName): string => bytes(text).toString('utf8');

/**
 * Every entry below a tree, what a directory holds before the directory. Follows no link, enters no other mount
 * (`entered` says which were passed by), and holds only the names it is at.
 */
export async function visitTree(
  tree: Handle,
  visit: Visit,
  passedBy: (path: string, why: string) => void,
  enter: Enter = () => {},
): Promise<void> {
  const mount = mountIdOf(tree);
  const visitDirectory = async (directory: Handle, path: string, level: number): Promise<void> => {
    enter(directory, path);
    if (level > MOST_LEVELS) return passedBy(path, `is nested more than ${MOST_LEVELS} directories deep`);
    const open = fs.opendirSync(directory.path, { encoding: 'latin1', bufferSize: 256 });
    try {
      for (let found = open.readSync(); found !== null; found = open.readSync()) {
        const name = found.name;
        const below = path === '' ? name : `${path}/${name}`;
        const stat = statChild(directory, name);
        if (stat === null) continue;
        if (!stat.isDirectory()) {
          await visit({ directory, name, path: below, stat, visited: null });
          continue;
        }
        const inner = findChild(directory, bytes(name));
        if (inner === null) continue;
        let kept = false;
        const keep = (): Handle => {
          kept = true;
          return inner;
        };
        try {
          if (!fs.fstatSync(inner.fd).isDirectory()) continue;
          if (mountIdOf(inner) !== mount) {
            passedBy(below, 'is another mount');
            continue;
          }
          await visitDirectory(inner, below, level + 1);
          // What it is now: its owner may have changed while we were inside.
          await visit({ directory, name, path: below, stat: fs.fstatSync(inner.fd), visited: { keep } });
        } finally {
          if (!kept) inner.close();
        }
      }
    } finally {
      open.closeSync();
    }
  };
  await visitDirectory(tree, '', 0);
}

function statChild(directory: Handle, name: ByteName): fs.Stats | null {
  return fs.lstatSync(bytes(`${directory.path}/${name}`), { throwIfNoEntry: false }) ?? null;
}

/** Opens an entry again by its path below the tree, component by component, following no link; null when it is gone. */
export function openBelow(tree: Handle, path: string): Handle | null {
  const parts = path.split('/');
  let at = tree;
  for (const [index, part] of parts.entries()) {
    const next = openIfThere(at, part);
    if (at !== tree) at.close();
    if (next === null) return null;
    if (index < parts.length - 1 && !fs.fstatSync(next.fd).isDirectory()) {
      next.close();
      return null;
    }
    at = next;
  }
  return at;
}

function openIfThere(directory: Handle, name: ByteName): Handle | null {
  try {
    return openChild(directory, bytes(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

export function refuseOtherMount(handle: Handle, tree: Handle, path: string): void {
  if (mountIdOf(handle) !== mountIdOf(tree)) throw new Refused(`${legible(path)} is on another mount`, [legible(path)]);
}
