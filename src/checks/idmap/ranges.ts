import { processStatus } from '../../facts/machine/process-status.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { type SubidKind, subids } from '../../facts/start/subids.ts';
import { type Accounts, accounts } from '../../facts/target/accounts.ts';
import { identity } from '../../facts/target/identity.ts';
import { identityByUid } from '../../facts/target/identity-by-uid.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import type { IdRange } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';
import { askedOf } from './asked.ts';
import { judgeRanges, judgeTotal, type RangeFinding } from './user-ranges.ts';

const needs = {
  launcher,
  identity: identityByUid,
  asked: identity,
  subids,
  accounts,
  status: optional(processStatus),
  namespace: optional(namespace),
};
type Facts = FactsOf<typeof needs>;
type Found = Findings<RangesEvidence>;

export interface RangesEvidence {
  readonly user: string;
  readonly kinds: readonly SubidKind[];
  /** Of the ranges concerned. */
  readonly ranges: readonly IdRange[];
  /** Ids that could be mapped beside the user's own; null: none of them can. */
  readonly total: number | null;
}

export const idmapRanges: Check<typeof needs, RangesEvidence> = {
  id: 'idmap/ranges',
  title: 'User has subordinate ids',
  why: 'Files of an image belong to many users; in a rootless build each of them is one of the subordinate ids of the user who builds. Without enough of them the build cannot start or a file cannot be given to its owner.',
  decides: true,
  conditions: [
    'idmap.subid-missing',
    'idmap.subid-too-few',
    'idmap.subid-overlap',
    'idmap.subid-invalid',
    'idmap.nested-userns',
    'idmap.user-lookup-failed',
  ],
  needs,
  examine(facts) {
    if (facts.launcher === 'none')
      return { notApplicable: 'buildkitd is started as root here, so nobody maps ids for it' };
    const { target } = facts.identity;
    const name = target.name ?? `uid ${target.uid}`;
    const found = findings<RangesEvidence>();
    const launched = facts.namespace.value?.launch.ok === true;
    if (!launched) judgeAccount(found, facts, name);
    const ranges = launched ? mappedFindings(facts, name) : askedFindings(found, facts, name);
    for (const group of grouped(ranges)) addGroup(found, group, name, otherName(facts));
    return { problems: found.problems, unseen: found.unseen };
  },
};

/** Somebody was asked about by another name than the first one of the uid. */
function otherName({ identity: { target }, asked }: Facts): string | null {
  const { name } = asked.target;
  if (name === null || name === target.name) return null;
  return `${name} has uid ${target.uid}, and the first account of that uid in /etc/passwd is ${target.name}: rootlesskit and newuidmap take that name.`;
}

/** Does newuidmap know the account, and serve this session of it? */
function judgeAccount(found: Found, { identity: { target, self }, accounts }: Facts, name: string): void {
  const evidence: RangesEvidence = { user: name, kinds: ['uid', 'gid'], ranges: [], total: null };
  const local = accounts.users.find(({ uid }) => uid === target.uid);
  if (target.name === null)
    found.add('idmap.user-lookup-failed', 'error', name, unknownUserMessage(target.uid, accounts), evidence);
  else if (self.uid === target.uid && local !== undefined && local.gid !== target.gid)
    found.add(
      'idmap.user-lookup-failed',
      'error',
      name,
      `This session's group is ${target.gid}, but ${name}'s own group in /etc/passwd is ${local.gid}: newuidmap refuses to serve it.`,
      evidence,
    );
}

function unknownUserMessage(uid: number, { users, readable }: Accounts): string {
  const hidden = users.find((user) => user.uid === uid)?.name;
  if (hidden !== undefined)
    return `uid ${uid} is ${hidden} in /etc/passwd, but the passwd line of /etc/nsswitch.conf looks elsewhere, and there it is unknown: newuidmap maps nothing for an unknown user.`;
  return readable
    ? `uid ${uid} has no entry in /etc/passwd or a directory service, and newuidmap maps nothing for an unknown user.`
    : `uid ${uid} may not read /etc/passwd, so rootlesskit cannot find out whose subordinate ids it may use (usual is mode 0644).`;
}

/** What the launched chain really mapped. */
function mappedFindings({ namespace }: Facts, name: string): readonly RangeFinding[] {
  return (['uid', 'gid'] as const).flatMap((kind) => {
    const map = namespace.value?.[`${kind}Map`] ?? [];
    return judgeTotal(kind, name, map.reduce((sum, [, , count]) => sum + count, 0) - 1, []);
  });
}

/** What rootlesskit will ask newuidmap and newgidmap for, by the files and services. */
function askedFindings(found: Found, { identity: { target }, subids, status }: Facts, name: string): RangeFinding[] {
  if (target.name === null) return [];
  const asked = askedOf(subids);
  const owners = [target.name, String(target.uid)];
  const outer = outerIds(status.value);
  return (['uid', 'gid'] as const).flatMap((kind) => {
    const own = kind === 'uid' ? target.uid : target.gid;
    const judged = judgeRanges({ kind, name, own, owners, outer: outer?.[kind] ?? null, subids }, asked[kind]);
    if (!('why' in judged)) return judged;
    found.unseen.push(judged);
    return [];
  });
}

type IdMapLines = readonly (readonly [first: number, outside: number, count: number])[];

/** The ids that exist in the user namespace around this process; null: all do. */
export function outerIds(
  status: { readonly inUserNamespace: boolean; readonly uidMap: IdMapLines; readonly gidMap: IdMapLines } | undefined,
): { readonly [K in SubidKind]: readonly IdRange[] } | null {
  if (status?.inUserNamespace !== true) return null;
  const insideOf = (map: IdMapLines): readonly IdRange[] => map.map(([start, , count]) => ({ start, count }));
  return { uid: insideOf(status.uidMap), gid: insideOf(status.gidMap) };
}

/** One finding for both files where both say the same. */
function grouped(findings: readonly RangeFinding[]): readonly (readonly RangeFinding[])[] {
  const groups = new Map<string, RangeFinding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.condition}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const rank = (group: readonly RangeFinding[]): number => (group[0]?.severity === 'error' ? 0 : 1);
  return [...groups.values()].sort((a, b) => rank(a) - rank(b));
}

/** A problem has one place; what stands elsewhere says where. */
function addGroup(found: Found, group: readonly RangeFinding[], name: string, also: string | null): void {
  const [first, ...others] = group;
  if (first === undefined) return;
  const words = others.map(({ message, at }) =>
    at === null ? message : `In line ${at.line} of ${at.path}: ${message}`,
  );
  found.add(
    first.condition,
    first.severity,
    name,
    [first.message, ...words, ...(also === null ? [] : [also])].join(' '),
    {
      user: name,
      kinds: group.map(({ kind }) => kind),
      ranges: group.flatMap(({ ranges }) => ranges).slice(0, 20),
      total: first.total ?? null,
    },
    first.at,
  );
}
