import * as fs from 'node:fs';
import { matching, orAbsent, orNull, record, text, whole } from '../../host/shape.ts';
import type { Owner } from '../../model/look.ts';
import { seenOf } from '../disk/attributes.ts';
import { bornOf, isThatObject, type ObjectIdentity } from '../disk/object-identity.ts';
import { Refused } from '../disk/refused.ts';
import { seal, unseal } from '../disk/sealed-line.ts';

/** One inode whose owner is changed, as it was before. `path` is relative to the tree, one character per byte. */
export interface Logged extends ObjectIdentity {
  readonly path: string;
  readonly kind: string;
  readonly from: Owner;
  readonly to: Owner;
  readonly mode: number;
  readonly size: string;
  readonly mtimeNs: string;
}

/** `born`: do objects there keep their time of birth? */
export function logged(path: string, stat: fs.BigIntStats, to: Owner, born: boolean): Logged {
  const { dev, ino, uid, gid, mode, size, mtimeNs } = seenOf(stat);
  return {
    path,
    dev,
    ino,
    born: born ? bornOf(stat) : null,
    kind: kindOf(stat),
    from: { uid, gid },
    to,
    mode,
    size,
    mtimeNs,
  };
}

/** Is it still the same, except perhaps for its owner, or for its inode when it was `replaced`? What a directory holds is not part of it. */
export function isSameObject(entry: Logged, stat: fs.BigIntStats, replaced: boolean): boolean {
  const now = seenOf(stat);
  if (!isThatObject(stat, entry) && !replaced) return false;
  if (kindOf(stat) !== entry.kind || now.mode !== entry.mode) return false;
  return entry.kind === 'directory' || (now.size === entry.size && now.mtimeNs === entry.mtimeNs);
}

function kindOf(stat: fs.BigIntStats): string {
  return stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'symlink' : 'other';
}

/** Appends durably. Whatever was written of an unfinished line before is overwritten. */
export function appendToLog(fd: number, entries: readonly Logged[], end: number): number {
  const lines = Buffer.from(entries.map((entry) => seal(entry).line).join(''), 'utf8');
  for (let at = 0; at < lines.length; ) at += fs.writeSync(fd, lines, at, lines.length - at, end + at);
  fs.fdatasyncSync(fd);
  return end + lines.length;
}

const ids = record({ uid: whole, gid: whole });
const isLogged = record({
  // Of plain names: it leads nowhere but into the tree.
  path: (value) =>
    typeof value === 'string' &&
    !value.includes('\0') &&
    (value === '' || value.split('/').every((part) => !['', '.', '..'].includes(part))),
  dev: matching(/^\d+$/),
  ino: matching(/^\d+$/),
  born: orAbsent(orNull(matching(/^\d+$/))),
  kind: text(20),
  from: ids,
  to: ids,
  mode: whole,
  size: matching(/^\d+$/),
  mtimeNs: matching(/^-?\d+$/),
});
/** Longer than any entry: a path has at most 4096 bytes, each of them at most six characters here. */
const LONGEST_LINE = 64 * 1024;

/**
 * Calls back with each whole line, holding one piece of the log at a time; `boot` is that in which its devices were
 * numbered. Returns where the last whole line ends. Throws Refused when it is damaged.
 */
export function readLog(fd: number, boot: string | undefined, each: (entry: Logged) => void): number {
  const piece = Buffer.allocUnsafe(64 * 1024);
  let rest = Buffer.alloc(0);
  let at = 0;
  let torn: number | null = null;
  for (;;) {
    const got = fs.readSync(fd, piece, 0, piece.length, at);
    if (got === 0) return torn ?? at - rest.length;
    at += got;
    rest = Buffer.concat([rest, piece.subarray(0, got)]);
    let from = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
      const line = rest.subarray(from, end);
      const entry = unseal(line.toString('utf8'))?.value;
      // Loss of power can leave a piece that was never written, at the end, of what was not yet done.
      const isTorn = line.includes(0);
      if (isTorn) torn ??= at - rest.length + from;
      else if (!isLogged(entry) || torn !== null) throw damaged();
      else each({ ...(entry as Logged), ...(boot === undefined ? {} : { boot }) });
      from = end + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > LONGEST_LINE) throw damaged();
  }
}

function damaged(): Refused {
  return new Refused('the list of what was adopted, in the journal, is damaged, so nothing of it is given back');
}
