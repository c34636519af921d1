import type { OwnershipEvidence } from '../../checks/storage/ownership.ts';
import type { Problem } from '../../model/decide.ts';
import type { Fix, NoNeeds, Owner, Step, Treatment } from '../../model/plan.ts';
import { isRootsDaemon } from '../../rights/rights.ts';
import { quoted } from '../quoted.ts';

/** Gives back to the user what root left in the cache; leaves alone what belongs to subordinate ids. */
export const restoreOwnership: Fix<NoNeeds, OwnershipEvidence> = {
  needs: {},
  title: "Give back what does not belong to the cache's user",
  plan(problems) {
    const safe: { index: number; steps: readonly Step[] }[] = [];
    const others: Treatment[] = [];
    problems.forEach((problem, index) => {
      const { evidence } = problem;
      if (evidence.kind === 'stray') return;
      const planned = evidence.kind === 'content' ? adopt(evidence) : oneDirectory(evidence);
      if (planned.safe.length > 0) safe.push({ index, steps: planned.safe });
      if (planned.risky.length > 0)
        others.push({ for: [index], risk: 'risky', consequence: planned.consequence, steps: planned.risky });
      if (planned.safe.length === 0 && planned.risky.length === 0)
        others.push({ for: [index], risk: 'manual', steps: [{ do: 'tell', as: 'target', text: advice(problem) }] });
    });
    // One treatment: what is wrong on the way and what is wrong inside only heal together.
    const together: Treatment[] =
      safe.length === 0
        ? []
        : [
            {
              for: safe.map(({ index }) => index),
              risk: 'safe',
              steps: inOrder(safe.map(({ steps }) => steps)),
            },
          ];
    return [...together, ...others];
  },
};

/** A closed directory is given when all that it holds is the account's own: so content comes first, and what lies deepest. */
function inOrder(groups: readonly (readonly Step[])[]): readonly Step[] {
  const rank = (steps: readonly Step[]): number => {
    if (steps.some((step) => step.do === 'adopt')) return 1;
    const given = steps.find((step) => step.do === 'owner');
    return given === undefined ? 0 : 2 + 1 / given.path.split('/').length;
  };
  return groups.toSorted((a, b) => rank(a) - rank(b)).flat();
}

interface OwnershipPlan {
  readonly safe: readonly Step[];
  readonly risky: readonly Step[];
  readonly consequence: string;
}
const NOTHING: OwnershipPlan = { safe: [], risky: [], consequence: '' };

function oneDirectory({
  misplacedBy,
  kind,
  path,
  needs,
  from,
  mode,
  byMode,
  to,
  cache,
  rootMay,
  rootMayMake,
  member,
}: OwnershipEvidence): OwnershipPlan {
  if (from === null || mode === null || !byMode || misplacedBy !== null) return NOTHING;
  if (kind === 'group') {
    if (path !== cache)
      return from.uid === to.uid || rootMayMake
        ? {
            ...NOTHING,
            safe: [
              { do: 'directory', as: from.uid === to.uid ? 'target' : 'root', path: cache, mode: 0o700, owner: to },
            ],
          }
        : NOTHING;
    // Without the bit new files get the user's own group; the group of the directory itself does no harm. Who is not
    // in that group could not set the bit again.
    const as = member && from.uid === to.uid ? 'target' : rootMay ? 'root' : null;
    if (as === null) return NOTHING;
    return (mode & 0o2000) !== 0
      ? { ...NOTHING, safe: [{ do: 'mode', as, path, from: mode, to: mode & ~0o2000 }] }
      : { ...NOTHING, safe: [{ do: 'owner', as, path, from, to: { ...from, gid: to.gid } }] };
  }
  if (from.uid === to.uid) {
    const wanted = mode | (needs === 'search' ? 0o100 : 0o700);
    return wanted === mode
      ? NOTHING
      : { ...NOTHING, safe: [{ do: 'mode', as: 'target', path, from: mode, to: wanted }] };
  }
  if (rootMay) {
    const steps = ownerSteps(path, from, to, mode);
    return from.uid === 0
      ? { ...NOTHING, safe: steps }
      : { ...NOTHING, risky: steps, consequence: `${path} is taken from the account with uid ${from.uid}.` };
  }
  if (needs === 'create' && rootMayMake)
    return { ...NOTHING, safe: [{ do: 'directory', as: 'root', path: cache, mode: 0o700, owner: to }] };
  return NOTHING;
}

function ownerSteps(path: string, from: Owner, to: Owner, mode: number): readonly Step[] {
  const own: Step = { do: 'owner', as: 'root', path, from, to };
  return (mode & 0o700) === 0o700 ? [own] : [own, { do: 'mode', as: 'root', path, from: mode, to: mode | 0o700 }];
}

function adopt({ misplacedBy, path, allowed, owners, to, rootMay, inherited }: OwnershipEvidence): OwnershipPlan {
  if (!rootMay || allowed === null || misplacedBy !== null) return NOTHING;
  const inside = (id: string, ranges: typeof allowed.uids): boolean =>
    ranges.some(({ start, count }) => Number(id) >= start && Number(id) < start + count);
  // Left by root: what is foreign about it is 0. Ids that are hidden from here are root's to judge when it acts.
  const byRoot = (id: string): boolean => id === '0' || id === '?';
  const strangers = Object.keys(owners).filter((owner) => {
    const [uid = '?', gid = '?'] = owner.split(':');
    const own = inside(uid, allowed.uids);
    // The user's own files, made in a directory that hands on its group.
    if (own && gid === String(inherited)) return false;
    return !((own || byRoot(uid)) && (inside(gid, allowed.gids) || byRoot(gid)));
  });
  const step = (only: readonly number[] | null): Step => ({ do: 'adopt', as: 'root', tree: path, allowed, only, to });
  // An id counts as user and as group: the inherited group may not also be the user of something else.
  const shared = inherited !== null && !strangers.some((owner) => owner.startsWith(`${inherited}:`));
  return {
    safe: strangers.length < Object.keys(owners).length ? [step(shared ? [0, inherited] : [0])] : [],
    risky: strangers.length > 0 ? [step(null)] : [],
    consequence: `Files of ${strangers.slice(0, 3).join(', ')} (uid:gid) below ${path} are given to uid ${to.uid}.`,
  };
}

function advice({ evidence }: Problem<OwnershipEvidence>): string {
  const { kind, path, needs, from, to, cache, byMode, misplacedBy } = evidence;
  if (misplacedBy !== null) return `Repair ${misplacedBy} first (runtime/session).`;
  if (to.uid !== 0 && isRootsDaemon(path))
    return `${path} is the state of root’s own buildkitd: put this account’s elsewhere (root = "DIRECTORY" in buildkitd.toml).`;
  const at = quoted(path);
  const elsewhere = 'or put the cache elsewhere: root = "DIRECTORY" in buildkitd.toml';
  if (kind === 'content')
    return `Look at them, then give back what root left there, as root: find ${at} -xdev -uid 0 -exec chown -h ${to.uid}:${to.gid} {} +`;
  if (kind === 'group') return `Take the setgid bit away: chmod g-s ${at}, ${elsewhere}.`;
  if (!byMode) return `See what forbids it: lsattr -d ${at}; getfacl ${at}`;
  if (needs === 'create')
    return `Make it as root: install -d -m 0700 -o ${to.uid} -g ${to.gid} ${quoted(cache)}, ${elsewhere}.`;
  if (needs === 'search')
    return from?.uid === to.uid
      ? `chmod u+x ${at}`
      : `Let the user through ${path} (as its owner: chmod o+x ${at}), ${elsewhere}.`;
  return `Give it to the user as root: chown ${to.uid}:${to.gid} ${at}, ${elsewhere}.`;
}
