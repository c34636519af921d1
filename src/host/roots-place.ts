import * as fs from 'node:fs';
import type { Account } from '../model/look.ts';
import { onlyRootWrites } from '../rights/trust.ts';
import { isBelow } from './hanging.ts';
import { type Call, carryOut } from './verbs.ts';

const READ = 4;
const WRITE = 2;
const SEARCH = 1;
const MOST_LINKS = 20;
/** Of a process, but the same for all that come from one. */
const INHERITED = /^\/proc\/self\/(mountinfo|uid_map|gid_map|limits|cgroup|(attr|net|ns)\/)/;

/**
 * What only root can change, root looks at itself: the target's process could be made to tell anything, and what it told
 * of /etc would lead root's hand. It is asked for what the target could change anyway, and whether the target may look
 * where permission bits alone do not give it the right.
 */
export async function rootsAnswer(
  call: Call,
  target: Account,
  hanging: readonly string[],
  ask: () => Promise<unknown>,
): Promise<unknown> {
  const path = pathOf(call);
  if (path === null) return ask();
  if (INHERITED.test(path)) return carryOut(call);
  const place = placeOf(path, call.verb !== 'lstat' && call.verb !== 'readlink', target, hanging);
  if (place === null) return ask();
  const { searchable, stat } = place;
  const needed = stat === null ? 0 : rightOf(call);
  // Anybody may have written what others can write.
  if (stat !== null && needed === READ && call.verb !== 'access' && !onlyRootWrites(stat)) return ask();
  if (searchable && (stat === null || hasRight(stat, needed, target))) return carryOut(call);
  const answer = await ask();
  return call.verb === 'access' ? answer : carryOut(call);
}

/** Null where a call is no look at one path. */
function pathOf(call: Call): string | null {
  switch (call.verb) {
    case 'run':
    case 'survey':
      return null;
    case 'probe':
      return call.args[0] === 'program' ? (call.args[1] as { readonly path: string }).path : null;
    default:
      return String(call.args[0]);
  }
}

function rightOf(call: Call): number {
  switch (call.verb) {
    case 'read':
    case 'list':
    case 'probe':
      return READ;
    case 'access':
      return { r: READ, w: WRITE, x: SEARCH, wx: WRITE | SEARCH }[call.args[1] as 'r' | 'w' | 'x' | 'wx'];
    default:
      return 0;
  }
}

function hasRight({ uid, gid, mode }: fs.Stats, right: number, account: Account): boolean {
  const bits = uid === account.uid ? mode >> 6 : [account.gid, ...account.groups].includes(gid) ? mode >> 3 : mode;
  return (bits & right) === right;
}

interface RootsPlace {
  /** May the target enter every directory that leads there? */
  readonly searchable: boolean;
  /** Null: it is not there. */
  readonly stat: fs.Stats | null;
}

/** Where a path leads through directories that only root can change; null where others can lead it elsewhere, or a look may hang. */
function placeOf(path: string, follow: boolean, target: Account, hanging: readonly string[]): RootsPlace | null {
  let at = '';
  let parts = path.split('/');
  let searchable = true;
  let links = 0;
  let stat: fs.Stats | undefined = look('/');
  while (parts.length > 0) {
    const [name = '', ...rest] = parts;
    parts = rest;
    if (name === '' || name === '.') continue;
    if (stat === undefined || !stat.isDirectory()) return { searchable, stat: null };
    if (name === '..') {
      at = at.slice(0, at.lastIndexOf('/'));
      stat = look(at || '/');
      continue;
    }
    if (!onlyRootWrites(stat)) return null;
    searchable &&= hasRight(stat, SEARCH, target);
    const here = `${at}/${name}`;
    if (/^\/proc\/(\d+|(thread-)?self)$/.test(here) || hanging.some((point) => isBelow(here, point))) return null;
    const found = look(here);
    if (found?.isSymbolicLink() && (follow || parts.some((part) => part !== ''))) {
      const to = readLink(here);
      if (to === null || ++links > MOST_LINKS) return null;
      parts = [...to.split('/'), ...parts];
      if (to.startsWith('/')) {
        at = '';
        stat = look('/');
      }
      continue;
    }
    at = here;
    stat = found;
  }
  return { searchable, stat: stat ?? null };
}

function look(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | null {
  try {
    return fs.readlinkSync(path);
  } catch {
    return null;
  }
}
