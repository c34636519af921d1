import type * as fs from 'node:fs';
import { type Handle, permissionsOf } from './handle.ts';
import { runTool } from './tools.ts';

/** Permission bits that let everybody read a file, or find what a directory holds. Group bits too: a group that lacks one is refused it. */
const READ = 0o044;
const SEARCH = 0o011;

/** Could every account read it, as far as its mode tells? */
export function isOpen(stat: fs.BigIntStats): boolean {
  const wanted = stat.isDirectory() ? READ | SEARCH : READ;
  return (permissionsOf(stat) & wanted) === wanted;
}

/** May every account pass through the directory, as far as its mode tells? */
export function isPassable(stat: fs.BigIntStats): boolean {
  return (permissionsOf(stat) & SEARCH) === SEARCH;
}

/** May the account pass through all of these directories? Its owner can always let itself. */
export function canPass(directories: readonly fs.BigIntStats[], { uid }: { readonly uid: number }): boolean {
  return directories.every((stat) => stat.uid === BigInt(uid) || isPassable(stat));
}

/** Does nobody but its owner have any right to it? An access list cannot say otherwise: the group bits are its mask. */
export function isShut(stat: fs.BigIntStats): boolean {
  return !stat.isSymbolicLink() && (permissionsOf(stat) & 0o077) === 0;
}

/**
 * Which of these have an access list, which may refuse to one account what the mode grants to all: ls shows a "+"
 * (and so does that of busybox for none).
 */
export function withAccessLists(handles: readonly Handle[], transaction: string): ReadonlySet<number> {
  const found = new Set<number>();
  const paths = handles.map((_, index) => `/proc/self/fd/${index + 3}`);
  const ran = runTool('ls', ['-dnL', ...paths], { descriptors: handles.map(({ fd }) => fd), transaction });
  for (const [index] of handles.entries()) {
    const line = ran?.stdout.split('\n').find((each) => each.endsWith(` /proc/self/fd/${index + 3}`));
    if (line === undefined || line[10] === '+') found.add(index);
  }
  return found;
}
