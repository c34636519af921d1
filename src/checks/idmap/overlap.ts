import { type SubidKind, type Subids, subids } from '../../facts/start/subids.ts';
import { type Accounts, accounts } from '../../facts/target/accounts.ts';
import type { SubidEntry } from '../../facts/target/subid-file.ts';
import type { Check, Position } from '../../model/decide.ts';
import type { IdRange } from '../../model/look.ts';
import { type Findings, findings } from '../findings.ts';
import { fileOf } from './asked.ts';
import { overlaps, rangeText } from './id-ranges.ts';

const needs = { subids, accounts };

export interface OverlapEvidence {
  readonly ids: IdRange;
  /** The other line with these ids; null: they are those of accounts. */
  readonly other: { readonly owner: string; readonly line: number } | null;
}

/** A host with more is told of the first, so that the report stays readable. */
const MOST = 20;
/** LXD and Incus give both of these the same range on purpose. */
const CONTAINER_MANAGERS = new Set(['root', 'lxd', 'incus', 'dockremap', 'containers', 'kubelet']);

export const idmapOverlap: Check<typeof needs, OverlapEvidence> = {
  id: 'idmap/overlap',
  title: 'Subordinate id ranges of different users do not overlap',
  why: "Users whose ranges overlap can read and change the files of each other's images; a range over a real account reaches that account.",
  decides: false,
  conditions: ['idmap.subid-overlap'],
  needs,
  examine({ subids, accounts }) {
    const found = findings<OverlapEvidence>();
    const overlapping = (['uid', 'gid'] as const).flatMap((kind) => overlapsOf(found, kind, subids, accounts));
    const more = overlapping.length - MOST;
    for (const [index, { subject, message, at, ids, other }] of overlapping.slice(0, MOST).entries())
      found.add(
        'idmap.subid-overlap',
        'warning',
        subject,
        more > 0 && index === MOST - 1 ? `${message} ${more} more like these are not listed.` : message,
        { ids, other },
        at,
      );
    return { problems: found.problems, unseen: found.unseen };
  },
};

interface Overlap extends OverlapEvidence {
  readonly subject: string;
  readonly message: string;
  /** Of the line that would have to give way. */
  readonly at: Position;
}

function overlapsOf(
  { unseen }: Pick<Findings<OverlapEvidence>, 'unseen'>,
  kind: SubidKind,
  subids: Subids,
  accounts: Accounts,
): readonly Overlap[] {
  const file = subids[kind];
  if (file.state === 'missing') return [];
  if (!file.known) {
    unseen.push({ why: `${file.path} could not be read here`, command: `sudo grep -n '' ${file.path}` });
    return [];
  }
  const entries = file.content.shadow.filter(({ owner, count }) => count > 0 && !owner.startsWith('#'));
  return [...betweenUsers(entries, accounts, kind), ...overAccounts(entries, accounts, kind)];
}

const placeOf = (kind: SubidKind, { line }: SubidEntry): Position => ({ path: fileOf(kind), line, column: 1 });

/** "1000" and the name of uid 1000 are one owner. */
function whoIs(owner: string, { users }: Accounts): string {
  return /^\d+$/.test(owner) ? (users.find(({ uid }) => uid === Number(owner))?.name ?? owner) : owner;
}

function betweenUsers(entries: readonly SubidEntry[], accounts: Accounts, kind: SubidKind): readonly Overlap[] {
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
      found.push(pairOf(kind, earlier, entry, nameOf));
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

function pairOf(kind: SubidKind, a: SubidEntry, b: SubidEntry, nameOf: (owner: string) => string): Overlap {
  const start = Math.max(a.start, b.start);
  const ids = { start, count: Math.min(endOf(a), endOf(b)) - start };
  const [first, later] = a.line > b.line ? [b, a] : [a, b];
  const other = { owner: nameOf(first.owner), line: first.line };
  return {
    subject: nameOf(later.owner),
    message: `${nameOf(later.owner)} shares the ids ${rangeText(ids)} with ${other.owner} (line ${other.line}).`,
    at: placeOf(kind, later),
    ids,
    other,
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
      message: `${owner}'s range ${rangeText(entry)} contains ${kind === 'uid' ? 'the accounts' : 'the groups'} ${names.join(', ')}${within.length > 5 ? ` and ${within.length - 5} more` : ''}.`,
      at: placeOf(kind, entry),
      ids: { start: entry.start, count: entry.count },
      other: null,
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
