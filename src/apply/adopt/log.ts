import * as fs from 'node:fs';
import type { Owner } from '../../model.ts';
import { seenOf } from '../attributes.ts';

/** One inode whose owner is changed, as it was before. `path` is relative to the tree, one character per byte. */
export interface Logged {
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
  readonly kind: string;
  readonly from: Owner;
  readonly to: Owner;
  readonly mode: number;
  readonly size: string;
  readonly mtimeNs: string;
}

export function logged(path: string, stat: fs.BigIntStats, to: Owner): Logged {
  const { dev, ino, uid, gid, mode, size, mtimeNs } = seenOf(stat);
  return { path, dev, ino, kind: kindOf(stat), from: { uid, gid }, to, mode, size, mtimeNs };
}

/** Is it still the same, except perhaps for its owner, or for its inode when it was `replaced`? What a directory holds is not part of it. */
export function isSameObject(entry: Logged, stat: fs.BigIntStats, replaced: boolean): boolean {
  const now = seenOf(stat);
  if (
    now.dev !== entry.dev ||
    (now.ino !== entry.ino && !replaced) ||
    kindOf(stat) !== entry.kind ||
    now.mode !== entry.mode
  )
    return false;
  return entry.kind === 'directory' || (now.size === entry.size && now.mtimeNs === entry.mtimeNs);
}

function kindOf(stat: fs.BigIntStats): string {
  return stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'symlink' : 'other';
}

/** Appends durably. Whatever was written of an unfinished line before is overwritten. */
export function appendToLog(fd: number, entries: readonly Logged[], end: number): number {
  const text = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), 'utf8');
  for (let at = 0; at < text.length; ) at += fs.writeSync(fd, text, at, text.length - at, end + at);
  fs.fdatasyncSync(fd);
  return end + text.length;
}

/** Calls back with each whole line, holding one piece of the log at a time. Returns where the last whole line ends. */
export function readLog(fd: number, each: (entry: Logged) => void): number {
  const piece = Buffer.allocUnsafe(64 * 1024);
  let rest = Buffer.alloc(0);
  let at = 0;
  for (;;) {
    const got = fs.readSync(fd, piece, 0, piece.length, at);
    if (got === 0) return at - rest.length;
    at += got;
    rest = Buffer.concat([rest, piece.subarray(0, got)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      each(JSON.parse(rest.subarray(0, end).toString('utf8')) as Logged);
      rest = rest.subarray(end + 1);
    }
  }
}
