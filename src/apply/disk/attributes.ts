import * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { type Handle, permissionsOf, statOf } from './handle.ts';
import { Refused } from './refused.ts';
import { runTool } from './tools.ts';
import type { Seen } from './work.ts';

export function seenOf(stat: fs.BigIntStats): Seen {
  return {
    dev: String(stat.dev),
    ino: String(stat.ino),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mode: permissionsOf(stat),
    size: String(stat.size),
    mtimeNs: String(stat.mtimeNs),
    ctimeNs: String(stat.ctimeNs),
  };
}

/** Still the same object, with nothing about it changed? */
export function isUntouched(handle: Handle, seen: Seen): boolean {
  const now = seenOf(statOf(handle));
  return (Object.keys(now) as (keyof Seen)[]).every((key) => now[key] === seen[key]);
}

function hasSelinux(): boolean {
  return fs.existsSync('/sys/fs/selinux/enforce');
}

/**
 * Gives `to` the owner, mode, access list, extended attributes, file capabilities and label of `from`, and with
 * `times` its timestamps. Node has no calls for extended attributes, so cp does it; the owner comes first, because
 * changing it drops capabilities. Throws Refused when anything of it cannot be kept.
 */
export function copyAttributes(
  from: Handle,
  to: Handle,
  { times, path, transaction }: { times: boolean; path: string; transaction: string },
): void {
  const wanted = statOf(from);
  const given = statOf(to);
  if (given.uid !== wanted.uid || given.gid !== wanted.gid) {
    try {
      fs.fchownSync(to.fd, Number(wanted.uid), Number(wanted.gid));
    } catch {
      throw new Refused(`the owner of ${visible(path)} (${wanted.uid}:${wanted.gid}) cannot be kept`, [path]);
    }
  }
  const what = ['mode', 'ownership', 'xattr', ...(times ? ['timestamps'] : []), ...(hasSelinux() ? ['context'] : [])];
  // Named one by one: with "all", cp ignores attributes that it could not copy.
  const ran = runTool(
    'cp',
    ['--attributes-only', `--preserve=${what.join(',')}`, '/proc/self/fd/3', '/proc/self/fd/4'],
    { descriptors: [from.fd, to.fd], transaction },
  );
  if (ran === null || (ran.code !== 0 && /unrecognized option|unknown option|invalid option/.test(ran.stderr)))
    throw new Refused(
      `the attributes of ${visible(path)} cannot be kept: this system has no cp of GNU coreutils (install coreutils)`,
      [path],
    );
  if (ran.code !== 0)
    throw new Refused(
      `the attributes of ${visible(path)} cannot be kept: ${visible(ran.stderr.trim().split('\n')[0] ?? '')}`,
      [path],
    );
  const got = statOf(to);
  const same =
    got.uid === wanted.uid &&
    got.gid === wanted.gid &&
    permissionsOf(got) === permissionsOf(wanted) &&
    (!times || got.mtimeNs === wanted.mtimeNs);
  if (!same) throw new Refused(`the owner, mode or times of ${visible(path)} cannot be kept`, [path]);
}
