import { type Bracket, surelySince } from '../../buildkit/version.ts';
import type { StateEntry } from '../../facts/cache/databases.ts';
import { includesId } from '../../facts/cache/ownership.ts';
import { placeInCache } from '../../knowledge/cache-layout.ts';
import type { Severity } from '../../model/decide.ts';
import type { Allowed, ForeignEntry } from '../../model/look.ts';

/** Databases that buildkitd opens at its start, and from which release on it replaces one that it cannot open. */
const REPLACED_SINCE: { readonly [name: string]: readonly [number, number, number] } = {
  'cache.db': [0, 14, 0],
  'history.db': [0, 27, 0],
};

/** `resets`: buildkitd starts and forgets what the file held. `limits`: a build that comes upon these files fails. */
export type Harm = 'breaks' | 'limits' | 'resets' | 'perhaps' | 'none';
export const SEVERITY: { readonly [H in Harm]: Severity } = {
  breaks: 'error',
  limits: 'warning',
  resets: 'warning',
  perhaps: 'warning',
  none: 'info',
};

export function worstOf(harms: readonly Harm[], more: boolean): Harm {
  const worst = (['breaks', 'limits', 'resets'] as const).find((harm) => harms.includes(harm)) ?? 'none';
  // Only the first entries are named; the rest may be in use.
  return worst === 'none' && more ? 'perhaps' : worst;
}

/** What of a cache this buildkitd uses; null where that is not known. */
export interface UsedCache {
  readonly tree: string;
  /** The directory of the worker that it will have. */
  readonly worker: string | null;
  readonly allowed: Allowed | null;
  readonly lockReadable: boolean;
  readonly version: Bracket | null;
  readonly used: ReadonlyMap<string, StateEntry> | null;
}

/** What a foreign entry does to buildkitd: it opens its databases and its worker's directory, and never looks at the rest. */
export function harmOf(
  { path, uid }: ForeignEntry,
  { tree, worker, allowed, lockReadable, version, used }: UsedCache,
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
export function harmOfState({ path, use, stat }: StateEntry, version: Bracket | null): Harm {
  if (use !== 'cache-database' && use !== 'history-database') return 'breaks';
  return stat?.size === 0 ? 'breaks' : harmOfDatabase(path.slice(path.lastIndexOf('/') + 1), version);
}

interface ForeignEntries {
  readonly tree: string;
  readonly count: number;
  readonly first: readonly ForeignEntry[];
  readonly owners: { readonly [owner: string]: number };
}

export function contentWords(
  { tree, count, first, owners }: ForeignEntries,
  worst: Harm,
  judge: (entry: ForeignEntry) => Harm,
): string {
  const who = Object.keys(owners).sort().slice(0, 3).join(', ');
  const example = (first.find((entry) => judge(entry) === worst) ?? first[0])?.path ?? tree;
  const strange = first.filter(({ path }) => path !== example && placeInCache(path.slice(tree.length + 1)) === null);
  const things = count === 1 ? `${example} belongs` : `${count} entries below ${tree}, such as ${example}, belong`;
  const then = consequence(worst, count === 1);
  const left =
    strange.length === 0
      ? ''
      : ` Nothing of buildkitd’s: ${strange
          .slice(0, 3)
          .map(({ path }) => path)
          .join(', ')}${strange.length > 3 ? ` and ${strange.length - 3} more` : ''}.`;
  return `${things} to ${who}, neither to the user nor to its subordinate ids: ${then}.${left}`;
}

function consequence(worst: Harm, single: boolean): string {
  switch (worst) {
    case 'breaks':
      return `buildkitd and the steps of a build cannot change ${single ? 'it' : 'them'}`;
    case 'limits':
      return 'a build that changes such a file, or needs it again, fails';
    case 'perhaps':
      return 'buildkitd does not use the first of them, and the others were not examined';
    case 'resets':
      return 'buildkitd starts, but moves the database away and loses its cache index';
    case 'none':
      return `buildkitd does not use ${single ? 'it, and cannot free its space' : 'them, and cannot free their space'}`;
  }
}
