import type { Allowed, Fact, IdRange, Look, Mount, Stat, Survey, UnseenReason } from '../../model/look.ts';
import { asAbsent, seen } from '../../model/unseen.ts';
import { type CacheDirectory, cacheDirectory } from '../config/cache-directory.ts';
import { isOwnState, looksOnAs } from '../config/looking-on.ts';
import { processStatus } from '../machine/process-status.ts';
import { namespace } from '../start/namespace.ts';
import { subids } from '../start/subids.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';

/** A directory on the way that keeps buildkitd from working, and what it would have to grant. */
export interface Barrier {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** `search`: enter what is below; `create`: make the next directory in it; `write`: make files in the cache directory itself. */
  readonly needs: 'search' | 'create' | 'write';
  /** False where owner and mode would allow it, and something else forbids it: an attribute, an ACL, a security module. */
  readonly byMode: boolean;
}
export interface Ownership {
  /** Ids as seen from here that belong to the target: its own and its subordinate ones. Null: every id does (real root). */
  readonly allowed: Allowed | null;
  readonly barriers: readonly Barrier[];
  /** Null where the cache directory does not exist, where everything belongs to root, or where it could not be looked through. */
  readonly survey: Survey | null;
  /** Directories below it that could not be entered, so that what they hold is unknown. */
  readonly unentered: readonly string[];
  /** Why the cache was not looked through at all. */
  readonly unseen: UnseenReason | null;
  /** Can the target open the lock that buildkitd left? True where there is none. */
  readonly lockReadable: boolean;
}

const single = (id: number): IdRange => ({ start: id, count: 1 });
export const includesId = (ranges: readonly IdRange[], id: number): boolean =>
  ranges.some(({ start, count }) => id >= start && id < start + count);

/**
 * Ids that belong to the target as seen from here: its own and its subordinate ones. By the map that the trial was given,
 * else by the files. Null: every id does (real root).
 */
export const allowedIds: Fact<Allowed | null> = {
  id: 'allowed-ids',
  async read(look) {
    const [who, by, status] = await Promise.all([
      look.get(identity),
      look.get(launcher),
      look.get(processStatus).catch(asAbsent),
    ]);
    const { uid, gid } = who.target;
    if (by === 'none') {
      if (status?.inUserNamespace !== true) return null;
      const mapped = (map: typeof status.uidMap): IdRange[] => map.map(([start, , count]) => ({ start, count }));
      return { uids: mapped(status.uidMap), gids: mapped(status.gidMap) };
    }
    const answer = await look.get(namespace).catch(asAbsent);
    if (answer?.launch.ok && answer.uidMap.length > 0) {
      const outer = (map: typeof answer.uidMap): IdRange[] => map.map(([, start, count]) => ({ start, count }));
      return { uids: outer(answer.uidMap), gids: outer(answer.gidMap) };
    }
    return byFiles(look, uid, gid);
  },
};

async function byFiles(look: Look, uid: number, gid: number): Promise<Allowed> {
  const own = await look.get(subids).catch(asAbsent);
  return {
    uids: [single(uid), ...(own?.dynamic?.uid.byName ?? own?.uid.content.rootlesskit ?? [])],
    gids: [single(gid), ...(own?.dynamic?.gid.byName ?? own?.gid.content.rootlesskit ?? [])],
  };
}

/**
 * Root looks through a large cache while the trial still runs, by the ranges of the files, which the trial confirms
 * nearly always. Resolves to null where that look does not serve.
 */
async function surveyAhead(look: Look): Promise<{ readonly by: Allowed; readonly survey: Survey } | null> {
  const [directory, { self, target }, launched] = await Promise.all([
    look.get(cacheDirectory),
    look.get(identity),
    look.get(launcher),
  ]);
  if (self.uid !== 0 || launched === 'none' || !directory.exists) return null;
  if ((await looksOnAs(look, directory.path, directory.chain.at(-1)?.stat ?? null)) === 'target') return null;
  const by = await byFiles(look, target.uid, target.gid);
  const survey = await look.host.survey(directory.real ?? directory.path, by, 'self').catch(asAbsent);
  return survey === null ? null : { by, survey };
}

const sameIds = (a: Allowed, b: Allowed): boolean => {
  const words = (ranges: readonly IdRange[]): string =>
    ranges
      .map(({ start, count }) => `${start}+${count}`)
      .sort()
      .join();
  return words(a.uids) === words(b.uids) && words(a.gids) === words(b.gids);
};

/** Do owner and mode grant these permission bits (4 read, 2 write, 1 search) to an account? */
export function modeGrants(
  stat: Pick<Stat, 'uid' | 'gid' | 'mode'>,
  account: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] },
  bits: number,
): boolean {
  const shift = stat.uid === account.uid ? 6 : stat.gid === account.gid || account.groups.includes(stat.gid) ? 3 : 0;
  return ((stat.mode >> shift) & bits) === bits;
}

async function readBarriers(look: Look, directory: CacheDirectory, allowed: Allowed | null): Promise<Barrier[]> {
  const { target } = await look.get(identity);
  // Root of a user namespace overrides the mode of every inode whose owner and group are both mapped there (capabilities(7)).
  const overrides = (stat: Stat): boolean =>
    allowed === null || (includesId(allowed.uids, stat.uid) && includesId(allowed.gids, stat.gid));
  const barriers: Barrier[] = [];
  // Below a directory that ordinary rights do not pass, access(2) only repeats that refusal: there the mode alone tells.
  let passed = true;
  for (const { path, stat, searchable } of directory.chain) {
    if (stat?.kind !== 'directory') continue;
    const isLast = path === directory.nearest && (directory.exists || directory.blockedAt !== path);
    const needs = !isLast ? 'search' : directory.exists ? 'write' : 'create';
    const byMode = !modeGrants(stat, target, needs === 'search' ? 1 : 3);
    const granted = passed ? (isLast ? directory.writable : searchable) : !byMode;
    if (!granted && !(byMode && overrides(stat)))
      barriers.push({ path, uid: stat.uid, gid: stat.gid, mode: stat.mode, needs, byMode });
    passed &&= searchable;
  }
  return barriers;
}

/** overlayfs keeps its work directory closed to everybody; nothing but overlayfs makes anything in it. */
const isOverlayWork = (path: string): boolean => /\/snapshots\/snapshots\/[^/]+\/work\/work$/.test(path);

export const ownership: Fact<Ownership> = {
  id: 'ownership',
  async read(look) {
    const ahead = seen(surveyAhead(look));
    // Awaited below, or not at all.
    ahead.catch(() => {});
    const [directory, allowed, by] = await Promise.all([
      look.get(cacheDirectory),
      look.get(allowedIds),
      look.get(launcher),
    ]);
    const barriers = await readBarriers(look, directory, allowed);
    const tree = directory.real ?? directory.path;
    const lock = `${tree}/buildkitd.lock`;
    const none: Ownership = { allowed, barriers, survey: null, unentered: [], unseen: null, lockReadable: true };
    const isDirectory = directory.chain.at(-1)?.stat?.kind === 'directory';
    // Inside a user namespace foreign owners all look like the overflow id, which image files may have too.
    if (!directory.exists || !isDirectory || allowed === null || by === 'none') return none;
    const inside = (await seen(look.get(namespace))).value?.survey ?? null;
    const looked = async (): Promise<Ownership> => {
      const early = inside === null ? ((await ahead).value ?? null) : null;
      const survey =
        inside ??
        (early !== null && sameIds(early.by, allowed) ? early.survey : null) ??
        (await look.host.survey(
          tree,
          allowed,
          await looksOnAs(look, directory.path, directory.chain.at(-1)?.stat ?? null),
        ));
      const named = survey.first.some(({ path }) => path === lock);
      return {
        ...none,
        survey: await withHiddenIds(look, await told(look, directory.path, survey)),
        unentered: survey.unentered.filter((path) => !isOverlayWork(path)),
        lockReadable: !named || (await look.host.access(lock, 'r', 'target')),
      };
    };
    const { value, unseen } = await seen(looked());
    if (unseen === undefined) return value;
    const why = `the owners below ${tree} could not be looked at: ${unseen.why}`;
    return { ...none, unseen: { ...unseen, why, command: surveyCommand(tree) } };
  },
};

/** What an administrator types to see what root left in a cache. */
export const surveyCommand = (tree: string): string => `sudo find '${tree.replaceAll("'", "'\\''")}' -xdev -uid 0`;

/** Where the target chose what root looks through, what is closed to the target is counted and not named. */
async function told(look: Look, path: string, survey: Survey): Promise<Survey> {
  const { self, target } = look.host.identity;
  if (self.uid !== 0 || target.uid === 0 || (await isOwnState(look, path))) return survey;
  const visible = await Promise.all(survey.first.map((entry) => look.host.lstat(entry.path, 'target').catch(asAbsent)));
  return { ...survey, first: survey.first.filter((_, index) => visible[index] !== null) };
}

/** Foreign ids are hidden inside the namespace; from outside the first entries often can be seen. */
async function withHiddenIds(look: Look, survey: Survey): Promise<Survey> {
  const first = await Promise.all(
    survey.first.map(async (entry) => {
      if (entry.uid !== null && entry.gid !== null) return entry;
      const stat = await look.host.lstat(entry.path, 'target').catch(asAbsent);
      return stat === null ? entry : { ...entry, uid: stat.uid, gid: stat.gid };
    }),
  );
  if (first.length < survey.foreign) return { ...survey, first };
  const owners: { [owner: string]: number } = {};
  for (const { uid, gid } of first) {
    const owner = `${uid ?? '?'}:${gid ?? '?'}`;
    owners[owner] = (owners[owner] ?? 0) + 1;
  }
  return { ...survey, first, owners };
}

/** What belongs to nobody allowed, without the tree itself and without what bk-doctor's own trials make in it meanwhile. */
export function foreignBelow(
  survey: Survey,
  tree: string,
): Pick<Survey, 'first' | 'owners'> & { readonly count: number } {
  const isOurs = (path: string): boolean => path === tree || path.startsWith(`${tree}/.bk-doctor-`);
  const owners = { ...survey.owners };
  let count = survey.foreign;
  for (const { path, uid, gid } of survey.first) {
    if (!isOurs(path)) continue;
    count--;
    for (const owner of [`${uid ?? '?'}:${gid ?? '?'}`, '?:?']) {
      const left = owners[owner];
      if (left === undefined) continue;
      if (left > 1) owners[owner] = left - 1;
      else delete owners[owner];
      break;
    }
  }
  return { count, owners, first: survey.first.filter(({ path }) => !isOurs(path)) };
}

/** Does what is created in the cache directory get a group that buildkitd's namespace does not have? By a setgid bit, or by BSD group semantics of the mount. */
export function inheritsForeignGroup(directory: CacheDirectory, mount: Mount | null, allowed: Allowed | null): boolean {
  const stat = directory.chain.find(({ path }) => path === directory.nearest)?.stat;
  if (stat == null || allowed === null || includesId(allowed.gids, stat.gid)) return false;
  return (
    (stat.mode & 0o2000) !== 0 ||
    (mount?.superOptions.some((option) => option === 'grpid' || option === 'bsdgroups') ?? false)
  );
}
