import { misplacedBy } from '../../checks/runtime/state-place.ts';
import type { OwnershipEvidence } from '../../checks/storage/ownership.ts';
import { includesId, ownership } from '../../facts/cache/ownership.ts';
import { type CacheDirectory, cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { rights } from '../../facts/rights/rights.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Allowed, Owner } from '../../model/look.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { isRootsDaemon, mayOwn, type Rights } from '../../rights/rights.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';

const needs = { identity, directory: cacheDirectory, ownership, rights, session, settings, launcher };

/** For whom things are given, and what root may do for it. */
interface Recipient {
  readonly to: Owner;
  readonly groups: readonly number[];
  /** The cache directory itself, which is made when it is missing. */
  readonly cache: string;
  readonly home: string | null;
  /** Null: every id is the recipient's. */
  readonly allowed: Allowed | null;
  /** The variable that puts the cache where the target may not have it; its own check repairs that. */
  readonly misplacedBy: string | null;
  /** May root change owner or mode of a path for it, or make one? */
  rootMay(path: string): boolean;
}

function recipientOf(facts: FactsOf<typeof needs>): Recipient {
  const { uid, gid, groups } = facts.identity.target;
  return {
    to: { uid, gid },
    groups,
    cache: facts.directory.path,
    home: facts.identity.target.home,
    allowed: facts.ownership.allowed,
    misplacedBy: misplacedBy(facts.session, facts.settings, facts.launcher),
    rootMay: (path) => rootMayChange(path, facts.rights, facts.directory),
  };
}

/** A link on the way below the account's places, which it could have laid itself, is never followed. */
function rootMayChange(path: string, rights: Rights, { chain }: CacheDirectory): boolean {
  const below = (place: string): boolean => path === place || path.startsWith(`${place}/`);
  const linked = chain.some((part) => part.link !== null && mayOwn(part.path, rights) && below(part.path));
  return mayOwn(path, rights) && !linked;
}

/** Gives back to the user what root left in the cache; leaves alone what belongs to subordinate ids. */
export const restoreOwnership: Fix<typeof needs, OwnershipEvidence> = {
  needs,
  title: "Give back what does not belong to the cache's user",
  plan(problems, facts) {
    const recipient = recipientOf(facts);
    const safe: { index: number; steps: readonly Step[] }[] = [];
    const others: Treatment[] = [];
    problems.forEach(({ evidence }, index) => {
      if (evidence.kind === 'stray') return;
      const planned = planFor(evidence, recipient);
      if (planned.safe.length > 0) safe.push({ index, steps: planned.safe });
      if (planned.risky.length > 0)
        others.push({ for: [index], risk: 'risky', consequence: planned.consequence, steps: planned.risky });
      if (planned.safe.length === 0 && planned.risky.length === 0)
        others.push(advice([index], adviceFor(evidence, recipient)));
    });
    if (safe.length === 0) return others;
    // One treatment: what is wrong on the way and what is wrong inside only heal together.
    const together: Treatment = {
      for: safe.map(({ index }) => index),
      risk: 'safe',
      steps: inOrder(safe.map(({ steps }) => steps)),
    };
    return [together, ...others];
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

const safely = (...steps: readonly Step[]): OwnershipPlan => ({ ...NOTHING, safe: steps });

function planFor(evidence: OwnershipEvidence, recipient: Recipient): OwnershipPlan {
  const { kind, from, mode, byMode } = evidence;
  if (recipient.misplacedBy !== null) return NOTHING;
  if (kind === 'content') return adopt(evidence, recipient);
  if (from === null || mode === null || !byMode) return NOTHING;
  return kind === 'group' ? ownGroup(evidence, from, mode, recipient) : oneDirectory(evidence, from, mode, recipient);
}

/** What is created in the directory gets the user's own group. */
function ownGroup({ path }: OwnershipEvidence, from: Owner, mode: number, recipient: Recipient): OwnershipPlan {
  const { to, groups, cache, rootMay } = recipient;
  const own = from.uid === to.uid;
  if (path !== cache)
    return own || rootMay(cache)
      ? safely({ do: 'directory', as: own ? 'target' : 'root', path: cache, mode: 0o700, owner: to })
      : NOTHING;
  // Without the bit new files get the user's own group; the group of the directory itself does no harm. Who is not
  // in that group could not set the bit again.
  const as = groups.includes(from.gid) && own ? 'target' : rootMay(path) ? 'root' : null;
  if (as === null) return NOTHING;
  return (mode & 0o2000) !== 0
    ? safely({ do: 'mode', as, path, from: mode, to: mode & ~0o2000 })
    : safely({ do: 'owner', as, path, from, to: { ...from, gid: to.gid } });
}

function oneDirectory(
  { kind, path, needs: need }: OwnershipEvidence,
  from: Owner,
  mode: number,
  { to, cache, rootMay }: Recipient,
): OwnershipPlan {
  if (from.uid === to.uid) {
    const wanted = mode | (need === 'search' ? 0o100 : 0o700);
    return wanted === mode ? NOTHING : safely({ do: 'mode', as: 'target', path, from: mode, to: wanted });
  }
  // Behind a link or on a mount of its own root changes nothing.
  if (kind !== 'state' && rootMay(path)) {
    const steps = ownerSteps(path, from, to, mode);
    return from.uid === 0
      ? safely(...steps)
      : { ...NOTHING, risky: steps, consequence: `${path} is taken from the account with uid ${from.uid}.` };
  }
  return need === 'create' && rootMay(cache)
    ? safely({ do: 'directory', as: 'root', path: cache, mode: 0o700, owner: to })
    : NOTHING;
}

function ownerSteps(path: string, from: Owner, to: Owner, mode: number): readonly Step[] {
  const own: Step = { do: 'owner', as: 'root', path, from, to };
  return (mode & 0o700) === 0o700 ? [own] : [own, { do: 'mode', as: 'root', path, from: mode, to: mode | 0o700 }];
}

function adopt({ path, owners, inherited }: OwnershipEvidence, recipient: Recipient): OwnershipPlan {
  const { to, allowed, cache, rootMay } = recipient;
  if (path !== cache || !rootMay(cache) || allowed === null) return NOTHING;
  const inside = (id: string, ranges: Allowed['uids']): boolean => includesId(ranges, Number(id));
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

function adviceFor(
  { kind, path, needs: need, from, byMode }: OwnershipEvidence,
  { to, cache, home, misplacedBy: variable }: Recipient,
): string {
  if (variable !== null) return `Repair ${variable} first (runtime/session).`;
  if (to.uid !== 0 && isRootsDaemon(path))
    return `${path} is the state of root’s own buildkitd: put this account’s elsewhere (root = "DIRECTORY" in buildkitd.toml).`;
  const at = quoted(path);
  const elsewhere = 'or put the cache elsewhere: root = "DIRECTORY" in buildkitd.toml';
  if (kind === 'content')
    return `Look at them, then give back what root left there, as root: find ${at} -xdev -uid 0 -exec chown -h ${to.uid}:${to.gid} {} +`;
  if (kind === 'group') return `Take the setgid bit away:\nchmod g-s ${at}, ${elsewhere}.`;
  if (!byMode) return `See what forbids it: lsattr -d ${at}; getfacl ${at}`;
  const tilde = cache.indexOf('/~/');
  if (need === 'create' && tilde >= 0)
    return `Nothing makes a home directory of "~" there: name ${quoted(`${home ?? '$HOME'}${cache.slice(tilde + 2)}`)} as the state directory (--root in the unit, or root in buildkitd.toml; %h is the home in a user unit).`;
  if (need === 'create')
    return `Make it as root: install -d -m 0700 -o ${to.uid} -g ${to.gid} ${quoted(cache)}, ${elsewhere}.`;
  if (need === 'search')
    return from?.uid === to.uid
      ? `chmod u+x ${at}`
      : `Let the user through ${path} (as its owner: chmod o+x ${at}), ${elsewhere}.`;
  return `Give it to the user as root: chown ${to.uid}:${to.gid} ${at}, ${elsewhere}.`;
}
