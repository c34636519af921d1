import type { Allowed, Fact, IdRange, Look, Mount, Stat } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';
import { ancestry, normalise } from '../config/cache-directory.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';
import { madeDirectories } from '../target/made-directories.ts';
import { namespace } from './namespace.ts';

/**
 * Ids over which buildkitd has root's rights: those mapped into the namespace that rootlesskit makes. The kernel lets it
 * pass any permission bit of a file whose owner and group are both among them. Empty where it runs without rootlesskit:
 * access(2) then already answers for all its rights.
 */
export const mappedIds: Fact<Allowed> = {
  id: 'mapped-ids',
  async read(look) {
    if ((await look.get(launcher)) === 'none') return { uids: [], gids: [] };
    const { target } = await look.get(identity);
    const answer = await look.get(namespace).catch(asAbsent);
    const ranges = (map: readonly (readonly [number, number, number])[] | undefined): IdRange[] =>
      (map ?? []).map(([, start, count]) => ({ start, count }));
    return {
      uids: [{ start: target.uid, count: 1 }, ...ranges(answer?.uidMap)],
      gids: [{ start: target.gid, count: 1 }, ...ranges(answer?.gidMap)],
    };
  },
};

const within = (ranges: readonly IdRange[], id: number): boolean =>
  ranges.some(({ start, count }) => id >= start && id < start + count);

export const isMapped = ({ uids, gids }: Allowed, { uid, gid }: Stat): boolean =>
  within(uids, uid) && within(gids, gid);

/** A directory that exists on the way to a path. */
export interface Passed {
  readonly path: string;
  readonly stat: Stat;
}
export interface Obstacle {
  readonly path: string;
  readonly why: 'not-searchable' | 'not-a-directory' | 'dangling-link';
  /** Null where even that cannot be seen. */
  readonly stat: Stat | null;
}
/** How far buildkitd gets towards a path, and how far a client of the same account gets. */
export interface Reach {
  /** Absolute, without doubled slashes. */
  readonly path: string;
  /** What stands at the path itself, links not followed; null when nothing does, or it cannot be seen. */
  readonly stat: Stat | null;
  /** The directories that exist, from / on; the path itself when it is one. */
  readonly passed: readonly Passed[];
  /** Where buildkitd is stopped; null when it gets there, or as far as it has to make directories itself. */
  readonly obstacle: Obstacle | null;
  /** May buildkitd make entries in the last directory passed? */
  readonly writable: boolean;
  /** May a process of the account itself, outside of any namespace? */
  readonly accountWritable: boolean;
  /** The last directory passed lies on a read-only mount. */
  readonly readOnly: boolean;
  /** The first directory that a process of the account itself may not search; buildkitd in its namespace may still. */
  readonly clientStop: Passed | null;
}

const isReadOnly = (mount: Mount | null): boolean =>
  mount !== null && (mount.options.includes('ro') || mount.superOptions.includes('ro'));

/** Walks from / to `path` as the target would. */
export async function reach(look: Look, path: string): Promise<Reach> {
  const { host } = look;
  const [mapped, made] = await Promise.all([look.get(mappedIds), look.get(madeDirectories)]);
  const target = normalise(path);
  /** The last directory passed is yet to be made by systemd. */
  let toBeMade = false;
  const passed: Passed[] = [];
  let obstacle: Obstacle | null = null;
  let clientStop: Passed | null = null;
  let last: Stat | null = null;
  const steps = ancestry(target);
  for (const [index, step] of steps.entries()) {
    const above = passed.at(-1);
    if (above !== undefined) {
      const searchable = toBeMade || (await host.access(above.path, 'x', 'target'));
      if (!searchable) clientStop ??= above;
      if (!searchable && !isMapped(mapped, above.stat)) {
        obstacle = { ...above, why: 'not-searchable' };
        break;
      }
    }
    const found = await lookAt(look, step, 'lstat', above);
    toBeMade = found === null && made.has(step);
    const own = found ?? made.get(step) ?? null;
    const stat = own?.kind === 'symlink' ? await lookAt(look, step, 'stat', above) : own;
    if (index === steps.length - 1) last = own;
    if (own === null) break;
    if (stat?.kind === 'directory') {
      passed.push({ path: step, stat });
      continue;
    }
    if (index === steps.length - 1) break;
    obstacle = { path: step, why: stat === null ? 'dangling-link' : 'not-a-directory', stat: own };
    break;
  }
  const end = passed.at(-1) ?? { path: '/', stat: null };
  const lastMade = passed.at(-1)?.stat === made.get(end.path) ? made.get(end.path) : undefined;
  const [access, mount] = await Promise.all([
    lastMade === undefined
      ? host.access(end.path, 'wx', 'target')
      : lastMade.uid === host.identity.target.uid && (lastMade.mode & 0o300) === 0o300,
    host.mountOf(end.path, 'target').catch(asAbsent),
  ]);
  const readOnly = isReadOnly(mount);
  return {
    path: target,
    stat: last,
    passed,
    obstacle,
    accountWritable: access,
    writable: access || (!readOnly && end.stat !== null && isMapped(mapped, end.stat)),
    readOnly,
    clientStop,
  };
}

/**
 * As the target, else as ourselves in a directory of the target's own: buildkitd may pass where its account may not.
 * Null when absent or not to be seen.
 */
async function lookAt({ host }: Look, path: string, how: 'stat' | 'lstat', above?: Passed): Promise<Stat | null> {
  const isOwn = above?.stat.uid === host.identity.target.uid;
  for (const as of isOwn ? (['target', 'self'] as const) : (['target'] as const)) {
    const { value, unseen } = await unlessRefused(host[how](path, as));
    if (unseen === undefined) return value;
  }
  return null;
}

/** The directory that holds the path, when everything on the way to it exists. */
export function holderOf({ path, passed }: Reach): Passed | null {
  const parent = path.slice(0, path.lastIndexOf('/')) || '/';
  return passed.find((directory) => directory.path === parent) ?? null;
}
