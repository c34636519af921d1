import { type SubidKind, subids } from '../../facts/start/subids.ts';
import { type Accounts, accounts } from '../../facts/target/accounts.ts';
import { loginDefs } from '../../facts/target/login-defs.ts';
import type { SubidEntry } from '../../facts/target/subid-file.ts';
import type { Check, Problem } from '../../model/decide.ts';
import type { IdRange } from '../../model/look.ts';
import { FULL, freeRange, overlaps, RESERVED, rangeText } from './allocation.ts';
import { fileOf } from './asked.ts';

const needs = { subids, accounts, login: loginDefs };

export interface OverlapEvidence {
  readonly file: string;
  readonly lines: readonly number[];
  readonly ids: IdRange;
  /** What a person could type, once it is decided who gives way; null: there is no free range. */
  readonly advice: string | null;
}

/** A host with more is told of the first, so that the report stays readable. */
const MOST = 20;
/** LXD and Incus give both of these the same range on purpose. */
const CONTAINER_MANAGERS = new Set(['root', 'lxd', 'incus', 'dockremap', 'containers', 'kubelet']);

export const idmapOverlap: Check<typeof needs, OverlapEvidence> = {
  id: 'idmap/overlap',
  title: 'Subordinate ids of different users are apart',
  why: "Users whose ranges overlap can read and change the files of each other's images; a range over a real account reaches that account.",
  decides: false,
  conditions: ['idmap.subid-overlap'],
  needs,
  examine({ subids, accounts, login }) {
    const problems: Problem<OverlapEvidence>[] = [];
    const unseen = [];
    let more = 0;
    for (const kind of ['uid', 'gid'] as const) {
      const file = subids[kind];
      if (file.state === 'missing') continue;
      if (!file.known) {
        unseen.push({ why: `${file.path} could not be read here`, command: `sudo grep -n '' ${file.path}` });
        continue;
      }
      const entries = file.content.shadow.filter(({ owner, count }) => count > 0 && !owner.startsWith('#'));
      const free = freeRange(
        [...RESERVED, ...entries.map(({ start, count }) => ({ start, count }))],
        kind === 'uid' ? login.uid : login.gid,
        FULL,
        null,
      );
      for (const found of [...betweenUsers(entries, accounts), ...overAccounts(entries, accounts, kind)]) {
        if (problems.length >= MOST) {
          more++;
          continue;
        }
        problems.push({
          condition: 'idmap.subid-overlap',
          severity: 'warning',
          subject: found.subject,
          message: found.message(fileOf(kind)),
          evidence: {
            file: fileOf(kind),
            lines: found.lines,
            ids: found.ids,
            advice: free === null ? null : adviceFor(kind, found.mover, free),
          },
        });
      }
    }
    const last = problems.at(-1);
    if (more > 0 && last !== undefined)
      problems[problems.length - 1] = { ...last, message: `${last.message} ${more} more like these are not listed.` };
    return { problems, unseen };
  },
};

interface Overlap {
  readonly subject: string;
  readonly lines: readonly number[];
  readonly ids: IdRange;
  readonly mover: SubidEntry;
  readonly message: (file: string) => string;
}

/** "1000" and the name of uid 1000 are one owner. */
function whoIs(owner: string, { users }: Accounts): string {
  return /^\d+$/.test(owner) ? (users.find(({ uid }) => uid === Number(owner))?.name ?? owner) : owner;
}

function betweenUsers(entries: readonly SubidEntry[], accounts: Accounts): readonly Overlap[] {
  const names = new Map(accounts.users.map(({ uid, name }) => [String(uid), name]));
  const nameOf = (owner: string): string => names.get(owner) ?? owner;
  const found: Overlap[] = [];
  const sorted = entries.toSorted((a, b) => a.start - b.start || a.line - b.line);
  // The range reaching furthest so far, and the furthest of another owner: enough to see every later overlap once.
  let reach: SubidEntry | null = null;
  let other: SubidEntry | null = null;
  for (const entry of sorted) {
    for (const earlier of [reach, other]) {
      if (earlier === null || nameOf(earlier.owner) === nameOf(entry.owner) || !overlaps(earlier, entry)) continue;
      if (CONTAINER_MANAGERS.has(earlier.owner) && CONTAINER_MANAGERS.has(entry.owner)) continue;
      found.push(pairOf(earlier, entry, nameOf));
      break;
    }
    if (reach === null || endOf(entry) > endOf(reach)) {
      if (reach !== null && nameOf(reach.owner) !== nameOf(entry.owner)) other = reach;
      reach = entry;
    } else if (nameOf(reach.owner) !== nameOf(entry.owner) && (other === null || endOf(entry) > endOf(other)))
      other = entry;
  }
  return found;
}

const endOf = ({ start, count }: SubidEntry): number => start + count;

function pairOf(a: SubidEntry, b: SubidEntry, nameOf: (owner: string) => string): Overlap {
  const start = Math.max(a.start, b.start);
  const ids = { start, count: Math.min(endOf(a), endOf(b)) - start };
  const later = a.line > b.line ? a : b;
  return {
    subject: nameOf(later.owner),
    lines: [a.line, b.line].sort((x, y) => x - y),
    ids,
    mover: later,
    message: (file) =>
      `${nameOf(a.owner)} (line ${a.line}) and ${nameOf(b.owner)} (line ${b.line}) of ${file} share the ids ${rangeText(ids)}.`,
  };
}

function overAccounts(entries: readonly SubidEntry[], accounts: Accounts, kind: SubidKind): readonly Overlap[] {
  const real: readonly { readonly id: number; readonly name: string }[] =
    kind === 'uid'
      ? accounts.users.map(({ uid, name }) => ({ id: uid, name }))
      : accounts.groups.map(({ gid, name }) => ({ id: gid, name }));
  const sorted = real.toSorted((a, b) => a.id - b.id);
  const found: Overlap[] = [];
  for (const entry of entries) {
    if (CONTAINER_MANAGERS.has(entry.owner)) continue;
    const within = between(sorted, entry.start, endOf(entry));
    const [first] = within;
    if (first === undefined) continue;
    const owner = whoIs(entry.owner, accounts);
    const names = within.slice(0, 5).map(({ name, id }) => `${name} (${id})`);
    found.push({
      subject: owner,
      lines: [entry.line],
      ids: { start: entry.start, count: entry.count },
      mover: entry,
      message: (file) =>
        `${owner}'s range ${rangeText(entry)} in line ${entry.line} of ${file} contains ${kind === 'uid' ? 'the accounts' : 'the groups'} ${names.join(', ')}${within.length > 5 ? ` and ${within.length - 5} more` : ''}.`,
    });
  }
  return found;
}

/** Those with from <= id < to, of a sorted list. */
function between<T extends { readonly id: number }>(sorted: readonly T[], from: number, to: number): readonly T[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.id ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < sorted.length && (sorted[end]?.id ?? 0) < to) end++;
  return sorted.slice(low, end);
}

function adviceFor(kind: SubidKind, { owner, start, count }: SubidEntry, free: IdRange): string {
  const [del, add] = kind === 'uid' ? ['--del-subuids', '--add-subuids'] : ['--del-subgids', '--add-subgids'];
  return `Decide who gives way. To move ${owner}, after its containers are stopped and its image stores are emptied, as root: usermod ${del} ${start}-${start + count - 1} ${add} ${rangeText(free)} ${owner}`;
}
