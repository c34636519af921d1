import { type StateEntry, stateEntries } from '../../facts/cache/databases.ts';
import { filesystem } from '../../facts/cache/filesystem.ts';
import { firstWrite, OF_THE_FILE_SYSTEM } from '../../facts/cache/first-write.ts';
import {
  type Barrier,
  foreignBelow,
  inheritsForeignGroup,
  ownership,
  surveyCommand,
} from '../../facts/cache/ownership.ts';
import { selectedSnapshotter } from '../../facts/cache/snapshotters.ts';
import { type CacheDirectory, cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import type { ForeignEntry, Owner, Stat, Survey, UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { octal } from '../../text/octal.ts';
import { type Findings, findings } from '../findings.ts';
import { misplacedBy } from '../runtime/state-place.ts';
import { contentWords, type Harm, harmOf, harmOfState, SEVERITY, type UsedCache, worstOf } from './foreign-entries.ts';

export interface OwnershipEvidence {
  /**
   * `barrier`: a directory on the way forbids; `group`: new files get a foreign group; `content`: foreign entries in the
   * cache; `stray`: foreign entries that buildkitd does not use; `state`: something that it uses, where no survey goes.
   */
  readonly kind: 'barrier' | 'group' | 'content' | 'stray' | 'state';
  /** The directory concerned; for content, the tree without links. */
  readonly path: string;
  readonly needs: Barrier['needs'] | null;
  /** Of `path`, as far as they matter. */
  readonly from: Owner | null;
  readonly mode: number | null;
  readonly byMode: boolean;
  /** Who is to use it. */
  readonly account: string;
  readonly foreign: number;
  /** Counts by "uid:gid". */
  readonly owners: { readonly [owner: string]: number };
  readonly first: readonly string[];
  /** The foreign group that new files get from the cache directory; null where none is handed on. */
  readonly inherited: number | null;
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
  written: optional(firstWrite),
  version: optional(buildkitdVersion),
};

export const storageOwnership: Check<typeof needs, OwnershipEvidence> = {
  id: 'storage/ownership',
  title: 'Cache directory belongs to its user',
  why: 'buildkitd can neither open nor remove what belongs to an account outside its user namespace, so that it does not start, or builds and pruning fail.',
  decides: true,
  conditions: ['storage.permission'],
  needs,
  examine(facts) {
    const found = findings<OwnershipEvidence>();
    const { directory, ownership: owners } = facts;
    // What is no directory, or can be written by nobody, is told by storage/filesystem.
    if (isDirectory(directory)) {
      for (const barrier of owners.barriers) judgeBarrier(facts, barrier, found);
      judgeGroup(facts, found);
      if (owners.survey !== null && directory.exists) judgeContent(facts, owners.survey, found);
    }
    if (found.problems.length === 0) judgeState(facts, found);
    return { problems: found.problems, unseen: unseenOf(facts, found.problems.length === 0) };
  },
};

type Facts = FactsOf<typeof needs>;
type Found = Findings<OwnershipEvidence>;

function isDirectory({ chain }: CacheDirectory): boolean {
  const last = chain.at(-1);
  return last === undefined || last.stat === null ? last?.link == null : last.stat.kind === 'directory';
}

const accountOf = ({ identity: { target } }: Facts): string => target.name ?? `uid ${target.uid}`;

function seen(
  facts: Facts,
  kind: OwnershipEvidence['kind'],
  path: string,
  more: Partial<Omit<OwnershipEvidence, 'kind' | 'path' | 'account'>>,
): OwnershipEvidence {
  return {
    kind,
    path,
    needs: null,
    from: null,
    mode: null,
    byMode: true,
    account: accountOf(facts),
    foreign: 0,
    owners: {},
    first: [],
    inherited: null,
    ...more,
  };
}

function judgeBarrier(facts: Facts, barrier: Barrier, { add }: Found): void {
  const { path, needs: need, uid, gid, mode, byMode } = barrier;
  if (facts.disk.readOnly && need !== 'search') return;
  // What the file system itself refuses is told by storage/filesystem.
  if (!byMode && OF_THE_FILE_SYSTEM.has(facts.written.value?.error ?? '')) return;
  add(
    'storage.permission',
    'error',
    path,
    barrierWords(barrier, accountOf(facts), facts.directory.path),
    seen(facts, 'barrier', path, { needs: need, from: { uid, gid }, mode, byMode }),
  );
}

/** The nearest directory, where what is created in it gets a group that buildkitd's namespace does not have. */
function foreignGroup({ directory, disk, ownership: owners }: Facts): Stat | null {
  const stat = directory.chain.find(({ path }) => path === directory.nearest)?.stat;
  return stat != null && inheritsForeignGroup(directory, disk.mount, owners.allowed) ? stat : null;
}

const isNative = ({ selected }: Facts): boolean => selected.value?.selected === 'native';

function judgeGroup(facts: Facts, { add }: Found): void {
  const stat = foreignGroup(facts);
  if (stat === null) return;
  const { nearest } = facts.directory;
  const { uid, gid, mode } = stat;
  const native = isNative(facts);
  const then = native ? 'overlayfs cannot be used because of it' : 'snapshots with a parent cannot be made';
  add(
    'storage.permission',
    native ? 'warning' : 'error',
    nearest,
    `What is created in ${nearest} gets its group ${gid} (mode ${octal(mode)}), which does not exist in the user namespace of buildkitd: ${then}.`,
    seen(facts, 'group', nearest, { from: { uid, gid }, mode }),
  );
}

/** The cache without links, which is what is surveyed. */
const treeOf = ({ directory }: Facts): string => directory.real ?? directory.path;

/** What buildkitd uses and may not, by owner and mode. */
function closedState({ state }: Facts): readonly StateEntry[] {
  return (state.value ?? []).filter(({ obstacle }) => obstacle === 'owner');
}

function judgeContent(facts: Facts, survey: Survey, { add }: Found): void {
  const tree = treeOf(facts);
  const { count, first, owners } = foreignBelow(survey, tree);
  if (count === 0) return;
  const cache = usedCache(facts);
  const judge = (entry: ForeignEntry): Harm => harmOf(entry, cache);
  const inherited = foreignGroup(facts)?.gid ?? null;
  // With the native snapshotter an inherited group does no harm.
  const harmless =
    isNative(facts) && inherited !== null && Object.keys(owners).every((owner) => owner.endsWith(`:${inherited}`));
  const closed = closedState(facts).map((entry) => harmOfState(entry, cache.version));
  const worst = harmless ? 'none' : worstOf([...first.map(judge), ...closed], count > first.length);
  add(
    'storage.permission',
    SEVERITY[worst],
    tree,
    contentWords({ tree, count, first, owners }, worst, judge),
    seen(facts, worst === 'none' ? 'stray' : 'content', tree, {
      foreign: count,
      owners,
      first: first.map(({ path }) => path),
      inherited,
    }),
  );
}

function usedCache(facts: Facts): UsedCache {
  const { selected, ownership: owners, version, state } = facts;
  return {
    tree: treeOf(facts),
    worker: selected.value?.selected == null ? null : `runc-${selected.value.selected}`,
    allowed: owners.allowed,
    lockReadable: owners.lockReadable,
    version: version.value ?? null,
    used: state.value === undefined ? null : new Map(state.value.map((entry) => [entry.path, entry])),
  };
}

/** Behind a link or on a mount of its own, where no survey goes. */
function judgeState(facts: Facts, { add }: Found): void {
  const account = accountOf(facts);
  for (const { path, stat } of closedState(facts)) {
    if (stat === null) continue;
    const { uid, gid, mode } = stat;
    add(
      'storage.permission',
      'error',
      path,
      `${path}, which buildkitd uses, belongs to ${uid}:${gid} with mode ${octal(mode)}: ${account} cannot use it.`,
      seen(facts, 'state', path, { needs: 'write', from: { uid, gid }, mode }),
    );
  }
}

function unseenOf(facts: Facts, nothingFound: boolean): readonly UnseenReason[] {
  const { identity: who, directory, ownership: owners, selected, session: place, settings: options, launcher } = facts;
  const tree = treeOf(facts);
  const unseen: UnseenReason[] = owners.unseen === null ? [] : [owners.unseen];
  const unentered = owners.unentered.filter((path) => !isUnused(path, tree, selected.value?.selected ?? null));
  if (unentered.length > 0 && misplacedBy(place, options, launcher) === null)
    unseen.push({
      why: `${unentered[0]} cannot be entered from here, so that the owners of what it holds are unknown`,
      command: surveyCommand(tree),
    });
  if (directory.blockedAt !== null && nothingFound && who.self.uid !== 0)
    unseen.push({
      why: `${directory.blockedAt} cannot be searched from here, so that what is below was not seen`,
      command: `sudo ls -ld ${directory.path}`,
    });
  return unseen;
}

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
