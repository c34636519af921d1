import { type Bracket, surelySince } from '../../buildkit/version.ts';
import { type StateEntry, stateEntries } from '../../facts/cache/databases.ts';
import { filesystem } from '../../facts/cache/filesystem.ts';
import {
  type Barrier,
  foreignBelow,
  includesId,
  inheritsForeignGroup,
  ownership,
  surveyCommand,
} from '../../facts/cache/ownership.ts';
import { selectedSnapshotter } from '../../facts/cache/snapshotters.ts';
import { type CacheDirectory, cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { rights } from '../../facts/rights/rights.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { placeInCache } from '../../knowledge/cache-layout.ts';
import type { Check, Problem, Severity } from '../../model/decide.ts';
import type { Allowed, ForeignEntry, UnseenReason } from '../../model/look.ts';
import type { Owner } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { mayOwn, type Rights } from '../../rights/rights.ts';
import { octal } from '../../text/octal.ts';
import { misplacedBy } from '../runtime/state-place.ts';

export interface OwnershipEvidence {
  /** `barrier`: a directory on the way forbids; `group`: new files get a foreign group; `content`: foreign entries in the cache; `stray`: foreign entries that buildkitd does not use. */
  readonly kind: 'barrier' | 'group' | 'content' | 'stray';
  /** The directory concerned; for content, the tree without links. */
  readonly path: string;
  readonly needs: Barrier['needs'] | null;
  readonly from: Owner | null;
  readonly mode: number | null;
  readonly byMode: boolean;
  /** The target, to whom things are given. */
  readonly to: Owner;
  readonly account: string;
  readonly allowed: Allowed | null;
  readonly foreign: number;
  /** Counts by "uid:gid". */
  readonly owners: { readonly [owner: string]: number };
  readonly first: readonly string[];
  /** Is the target in the group of `path`? */
  readonly member: boolean;
  /** The foreign group that new files get from the cache directory; null where none is handed on. */
  readonly inherited: number | null;
  /** What may be made by root when the directory is missing: the cache directory itself. */
  readonly cache: string;
  /** May root change owner or mode of `path` for this target? */
  readonly rootMay: boolean;
  /** May root make the cache directory? */
  readonly rootMayMake: boolean;
  /** The variable that puts the cache where the target may not have it; its own check repairs that. */
  readonly misplacedBy: string | null;
}

const needs = {
  identity,
  session,
  launcher,
  settings,
  directory: cacheDirectory,
  disk: filesystem,
  ownership,
  selected: optional(selectedSnapshotter),
  state: optional(stateEntries),
  version: optional(buildkitdVersion),
  rights,
};

/** A link on the way below the account's places, which it could have laid itself, is never followed. */
function rootMayChange(path: string, rights: Rights, { chain }: CacheDirectory): boolean {
  const below = (place: string): boolean => path === place || path.startsWith(`${place}/`);
  const linked = chain.some((part) => part.link !== null && mayOwn(part.path, rights) && below(part.path));
  return mayOwn(path, rights) && !linked;
}

/** Databases that buildkitd opens at its start, and from which release on it replaces one that it cannot open. */
const REPLACED_SINCE: { readonly [name: string]: readonly [number, number, number] } = {
  'cache.db': [0, 14, 0],
  'history.db': [0, 27, 0],
};

export const storageOwnership: Check<typeof needs, OwnershipEvidence> = {
  id: 'storage/ownership',
  title: 'Cache directory belongs to its user',
  why: 'buildkitd can neither open nor remove what belongs to an account outside its user namespace, so that it does not start, or builds and pruning fail.',
  decides: true,
  conditions: ['storage.permission'],
  needs,
  examine({
    identity: who,
    session: place,
    launcher: by,
    settings: options,
    directory,
    disk,
    ownership: found,
    selected,
    state,
    version,
    rights: places,
  }) {
    const { uid, gid, name } = who.target;
    const account = name ?? `uid ${uid}`;
    const problems: Problem<OwnershipEvidence>[] = [];
    const base: OwnershipEvidence = {
      kind: 'barrier',
      path: directory.path,
      needs: null,
      from: null,
      mode: null,
      byMode: true,
      to: { uid, gid },
      account,
      allowed: found.allowed,
      foreign: 0,
      owners: {},
      first: [],
      member: false,
      inherited: null,
      cache: directory.path,
      rootMay: false,
      rootMayMake: rootMayChange(directory.path, places, directory),
      misplacedBy: misplacedBy(place, options, by),
    };
    const report = (
      subject: string,
      severity: Severity,
      message: string,
      evidence: Partial<OwnershipEvidence>,
    ): void => {
      problems.push({
        condition: 'storage.permission',
        severity,
        subject,
        message,
        evidence: { ...base, path: subject, rootMay: rootMayChange(subject, places, directory), ...evidence },
      });
    };

    const last = directory.chain.at(-1);
    // What is no directory, or can be written by nobody, is told by storage/filesystem.
    const isDirectory = last === undefined || last.stat === null ? last?.link == null : last.stat.kind === 'directory';
    for (const barrier of isDirectory ? found.barriers : []) {
      if (disk.readOnly && barrier.needs !== 'search') continue;
      report(barrier.path, 'error', barrierWords(barrier, account, directory.path), {
        kind: 'barrier',
        needs: barrier.needs,
        from: { uid: barrier.uid, gid: barrier.gid },
        mode: barrier.mode,
        byMode: barrier.byMode,
      });
    }

    const tree = directory.real ?? directory.path;
    const at = directory.chain.find(({ path }) => path === directory.nearest)?.stat;
    const foreignGroup = inheritsForeignGroup(directory, disk.mount, found.allowed);
    const native = selected.value?.selected === 'native';
    if (foreignGroup && at != null && isDirectory) {
      report(
        directory.nearest,
        native ? 'warning' : 'error',
        `What is created in ${directory.nearest} gets its group ${at.gid} (mode ${octal(at.mode)}), which does not exist in the user namespace of buildkitd: ${
          native ? 'overlayfs cannot be used because of it' : 'snapshots with a parent cannot be made'
        }.`,
        {
          kind: 'group',
          from: { uid: at.uid, gid: at.gid },
          mode: at.mode,
          member: who.target.groups.includes(at.gid),
        },
      );
    }

    const used = state.value === undefined ? null : new Map(state.value.map((entry) => [entry.path, entry]));
    const closed = (state.value ?? []).filter(({ obstacle }) => obstacle === 'owner');
    const foreign = found.survey === null ? null : foreignBelow(found.survey, tree);
    if (foreign !== null && isDirectory && directory.exists) {
      const { count, first, owners } = foreign;
      if (count > 0) {
        const worker = selected.value?.selected == null ? null : `runc-${selected.value.selected}`;
        const judge = (entry: ForeignEntry): Harm =>
          harmOf(entry, tree, worker, found.allowed, found.lockReadable, version.value ?? null, used);
        // With the native snapshotter an inherited group does no harm.
        const inherited = native && foreignGroup && Object.keys(owners).every((owner) => owner.endsWith(`:${at?.gid}`));
        const worst = inherited
          ? 'none'
          : worstOf(
              [...first.map(judge), ...closed.map((entry) => harmOfState(entry, version.value ?? null))],
              count > first.length,
            );
        report(tree, SEVERITY[worst], contentWords(tree, count, first, owners, worst, judge), {
          kind: worst === 'none' ? 'stray' : 'content',
          foreign: count,
          owners,
          first: first.map(({ path }) => path),
          inherited: foreignGroup ? (at?.gid ?? null) : null,
          rootMay: tree === directory.path && base.rootMayMake,
        });
      }
    }
    // Behind a link or on a mount of its own, where no survey goes.
    if (problems.length === 0)
      for (const { path, stat } of closed) {
        if (stat === null) continue;
        const { uid: owner, gid: group, mode } = stat;
        report(
          path,
          'error',
          `${path}, which buildkitd uses, belongs to ${owner}:${group} with mode ${octal(mode)}: ${account} cannot use it.`,
          { needs: 'write', from: { uid: owner, gid: group }, mode, rootMay: false },
        );
      }
    const unseen: UnseenReason[] = found.unseen === null ? [] : [found.unseen];
    const unentered = found.unentered.filter((path) => !isUnused(path, tree, selected.value?.selected ?? null));
    if (unentered.length > 0 && base.misplacedBy === null)
      unseen.push({
        why: `${unentered[0]} cannot be entered from here, so that the owners of what it holds are unknown`,
        command: surveyCommand(tree),
      });
    if (directory.blockedAt !== null && problems.length === 0 && who.self.uid !== 0)
      unseen.push({
        why: `${directory.blockedAt} cannot be searched from here, so that what is below was not seen`,
        command: `sudo ls -ld ${directory.path}`,
      });
    return { problems, unseen };
  },
};

/** Does it lie in a part of the cache that buildkitd will not open? */
function isUnused(path: string, tree: string, selected: string | null): boolean {
  const top = path.slice(tree.length + 1).split('/')[0] ?? '';
  if (top === '') return false;
  return selected !== null && (top.startsWith('runc-') ? top !== `runc-${selected}` : !top.startsWith('containerd-'));
}

function barrierWords({ path, uid, gid, mode, needs: need, byMode }: Barrier, account: string, cache: string): string {
  const state = `${path} belongs to ${uid}:${gid} with mode ${octal(mode)}`;
  const reason = byMode
    ? state
    : `${state}, which would allow it; an attribute (lsattr), an ACL or a security module forbids it`;
  switch (need) {
    case 'search':
      return `${account} cannot get through ${path} to the cache directory ${cache}: ${reason}.`;
    case 'create':
      return `${account} cannot create the cache directory ${cache}: ${reason}.`;
    case 'write':
      return `${account} cannot write in the cache directory: ${reason}.`;
  }
}

/** `resets`: buildkitd starts and forgets what the file held. `limits`: a build that comes upon these files fails. */
type Harm = 'breaks' | 'limits' | 'resets' | 'perhaps' | 'none';
const SEVERITY: { readonly [H in Harm]: Severity } = {
  breaks: 'error',
  limits: 'warning',
  resets: 'warning',
  perhaps: 'warning',
  none: 'info',
};

function worstOf(harms: readonly Harm[], more: boolean): Harm {
  const worst = (['breaks', 'limits', 'resets'] as const).find((harm) => harms.includes(harm)) ?? 'none';
  // Only the first entries are named; the rest may be in use.
  return worst === 'none' && more ? 'perhaps' : worst;
}

/** What a foreign entry does to buildkitd: it opens its databases and its worker's directory, and never looks at the rest. */
function harmOf(
  { path, uid }: ForeignEntry,
  tree: string,
  worker: string | null,
  allowed: Allowed | null,
  lockReadable: boolean,
  version: Bracket | null,
  used: ReadonlyMap<string, StateEntry> | null,
): Harm {
  const [top = '', ...rest] = path.slice(tree.length + 1).split('/');
  if (placeInCache(path.slice(tree.length + 1)) === null) return 'none';
  const isWorker = /^(runc|containerd)-/.test(top);
  if (isWorker && top.startsWith('runc-') && worker !== null && top !== worker) return 'none';
  // With only a foreign group the user still may do everything, except to change the owner of image files.
  if (uid !== null && allowed !== null && includesId(allowed.uids, uid))
    return isWorker && rest[0] === 'snapshots' && rest.length > 3 ? 'limits' : 'none';
  if (top === 'buildkitd.lock') return lockReadable ? 'none' : 'breaks';
  const state = used?.get(path);
  if (state !== undefined) return state.obstacle === 'owner' ? harmOfState(state, version) : 'none';
  if (isWorker) {
    // What buildkitd opens at every start was looked at by itself; the rest matters to builds that come upon it.
    return used === null ? 'breaks' : 'limits';
  }
  return rest.length === 0 ? harmOfDatabase(top, version) : 'none';
}

function harmOfDatabase(name: string, version: Bracket | null): Harm {
  const since = REPLACED_SINCE[name];
  if (since === undefined) return 'none';
  return version !== null && surelySince(version, since) ? 'resets' : 'breaks';
}

/** An empty database is not replaced: BuildKit takes it for one that it only may not open. */
function harmOfState({ path, use, stat }: StateEntry, version: Bracket | null): Harm {
  if (use !== 'cache-database' && use !== 'history-database') return 'breaks';
  return stat?.size === 0 ? 'breaks' : harmOfDatabase(path.slice(path.lastIndexOf('/') + 1), version);
}

function contentWords(
  tree: string,
  count: number,
  first: readonly ForeignEntry[],
  owners: { readonly [owner: string]: number },
  worst: Harm,
  judge: (entry: ForeignEntry) => Harm,
): string {
  const who = Object.keys(owners).sort().slice(0, 3).join(', ');
  const example = (first.find((entry) => judge(entry) === worst) ?? first[0])?.path ?? tree;
  const strange = first.filter(({ path }) => path !== example && placeInCache(path.slice(tree.length + 1)) === null);
  const things = count === 1 ? `${example} belongs` : `${count} entries below ${tree}, such as ${example}, belong`;
  const then =
    worst === 'breaks'
      ? `buildkitd and the steps of a build cannot change ${count === 1 ? 'it' : 'them'}`
      : worst === 'limits'
        ? 'a build that changes such a file, or needs it again, fails'
        : worst === 'perhaps'
          ? 'buildkitd does not use the first of them'
          : worst === 'resets'
            ? 'buildkitd sets such a database aside and forgets what it knew'
            : `buildkitd does not use ${count === 1 ? 'it, and cannot free its space' : 'them, and cannot free their space'}`;
  const left =
    strange.length === 0
      ? ''
      : ` Nothing of buildkitd’s: ${strange
          .slice(0, 3)
          .map(({ path }) => path)
          .join(', ')}${strange.length > 3 ? ` and ${strange.length - 3} more` : ''}.`;
  return `${things} to ${who}, neither to the user nor to its subordinate ids: ${then}.${left}`;
}
