import * as fs from 'node:fs';
import { type CachePlace, placeInCache, type Seal } from '../../knowledge/cache-layout.ts';
import { readAccounts } from '../disk/accounts.ts';
import { findChild, type Handle, statOf } from '../disk/handle.ts';
import { isOpen, isPassable, isShut, withAccessLists } from '../disk/reading-rights.ts';
import type { StepOf, Work } from '../disk/work.ts';
import { isAllowed } from './foreign.ts';
import { isProved } from './proof.ts';
import { legible } from './tree.ts';

/** One directory that is being visited. */
interface Frame {
  readonly stat: fs.BigIntStats;
  readonly place: CachePlace | null;
  /** Could the target come to what it holds already? */
  readonly passable: boolean;
  /** It is root's alone, and shows that buildkitd made it: so was all that it holds. */
  readonly sealed: boolean;
  /** Something below is left alone that only the closed directories above it keep from the target. */
  holds: boolean;
}

/** `ifUnlisted`: may be given, unless it has an access list. */
export type Verdict =
  | { readonly give: true; readonly ifUnlisted: boolean }
  | { readonly give: false; readonly why: string };

export const UNREAD = 'could not be read by this account, and nothing shows that buildkitd made it';
const UNKNOWN = 'lies where buildkitd puts nothing';
const CLOSED = 'is closed to this account, and holds what is left alone';
const GIVEN: Verdict = { give: true, ifUnlisted: false };
const kept = (why: string): Verdict => ({ give: false, why });

/**
 * What may be given of a tree without giving away what the target could not read. Entries come in the order of
 * `visitTree`; each is judged by the handle that is changed afterwards.
 */
export interface Vouching {
  enter(directory: Handle, path: string): void;
  /** Of a directory: after all that it holds. */
  judge(handle: Handle, path: string, stat: fs.BigIntStats): Verdict;
  /** It is left alone; a closed directory above it that alone keeps it from the target then stays closed. */
  leftAlone(stat: fs.BigIntStats | null): void;
  /** After a directory was judged. */
  leave(): void;
}

/** `reached`: could the target come to the tree itself? */
export function createVouching(step: StepOf<'adopt'>, work: Work, reached: boolean): Vouching {
  const stack: Frame[] = [];
  const accounts = readAccounts(work.transaction);
  const whole = step.only === null;
  const isOwn = ({ uid }: fs.BigIntStats): boolean => isAllowed(step.allowed, 'uid', Number(uid));
  const isNobodys = ({ uid, gid }: fs.BigIntStats): boolean =>
    (isAllowed(step.allowed, 'uid', Number(uid)) || !accounts.isSomebodys(Number(uid), 'uid')) &&
    (isAllowed(step.allowed, 'gid', Number(gid)) || !accounts.isSomebodys(Number(gid), 'gid'));
  const isUnlisted = (handle: Handle): boolean => withAccessLists([handle], work.transaction).size === 0;

  const keepsItself = (stat: fs.BigIntStats): boolean => isShut(stat) && !isOwn(stat);

  const judgeDirectory = (own: Frame, stat: fs.BigIntStats): Verdict => {
    if (own.holds && !(own.passable && isOpen(stat))) return kept(CLOSED);
    // What it holds was judged before, and needs no closed directory any more.
    return own.sealed || whole || own.place?.is === 'directory' || own.place?.is === 'layer' ? GIVEN : kept(UNKNOWN);
  };
  const judgeOther = (above: Frame | undefined, handle: Handle, path: string, stat: fs.BigIntStats): Verdict => {
    if (above?.sealed === true) return GIVEN;
    const place = placeInCache(legible(path));
    const fits = place?.is === 'layer' || (place !== null && place.is !== 'directory' && stat.isFile());
    if (!whole && !fits) return kept(UNKNOWN);
    if (isProved(handle, place) || (whole && isNobodys(stat)) || stat.isCharacterDevice()) return GIVEN;
    if (above?.passable !== true) return kept(UNREAD);
    if (!stat.isFile()) return GIVEN;
    return isOpen(stat) ? { give: true, ifUnlisted: true } : kept(UNREAD);
  };

  return {
    enter(directory, path) {
      const above = stack.at(-1);
      const stat = statOf(directory);
      const place = placeInCache(legible(path));
      const sealed = above?.sealed === true || isSealed(directory, place, stat);
      const through = (above?.passable ?? reached) && !sealed;
      // In an image only the first directory of root's is asked for a list: there may be a great many.
      const isInner = above?.place?.is === 'layer' && above.stat.uid === stat.uid;
      const passable = through && (isOwn(stat) || (isPassable(stat) && (isInner || isUnlisted(directory))));
      stack.push({ stat, place, sealed, passable, holds: false });
    },
    judge(handle, path, stat) {
      // Its owner could have read it, and taken its group's rights away.
      if (isOwn(stat)) return GIVEN;
      const here = stack.at(-1);
      return stat.isDirectory() && here !== undefined
        ? judgeDirectory(here, stat)
        : judgeOther(here, handle, path, stat);
    },
    leftAlone(stat) {
      const above = stat?.isDirectory() ? stack.at(-2) : stack.at(-1);
      if (above !== undefined && (stat === null || !keepsItself(stat))) above.holds = true;
    },
    leave() {
      const left = stack.pop();
      const above = stack.at(-1);
      if (left?.holds === true && above !== undefined && !keepsItself(left.stat)) above.holds = true;
    },
  };
}

/** Nobody but root can put anything there, and what is there shows that buildkitd made the directory. */
function isSealed(directory: Handle, place: CachePlace | null, stat: fs.BigIntStats): boolean {
  if (place?.is !== 'directory' || place.seal === null || stat.uid !== 0n || !isShut(stat)) return false;
  const names = fs.readdirSync(directory.path);
  return names.length > 0 && names.every(place.seal.names) && hasProof(directory, place.seal, names);
}

function hasProof(directory: Handle, { proof }: Seal, names: readonly string[]): boolean {
  if (proof === 'blobs') return names.every((name) => within(directory, name, (_, stat) => stat.isFile()));
  if (proof === 'snapshot')
    return (
      within(directory, 'fs', (_, stat) => stat.isDirectory()) &&
      (!names.includes('work') || within(directory, 'work', (work, stat) => stat.isDirectory() && isWork(work)))
    );
  const place: CachePlace = { is: 'database', buckets: proof.buckets };
  return within(directory, proof.name, (file, stat) => stat.uid === 0n && stat.size > 0n && isProved(file, place));
}

/** overlayfs makes these two names in its work directory, and nothing else is ever put there. */
const isWork = (work: Handle): boolean => fs.readdirSync(work.path).every((name) => ['work', 'index'].includes(name));

function within(directory: Handle, name: string, is: (handle: Handle, stat: fs.BigIntStats) => boolean): boolean {
  const handle = findChild(directory, name);
  if (handle === null) return false;
  try {
    return is(handle, statOf(handle));
  } finally {
    handle.close();
  }
}
