import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { type SubidFile, type SubidKind, type Subids, subids } from '../../facts/start/subids.ts';
import { type Accounts, accounts } from '../../facts/target/accounts.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { loginDefs } from '../../facts/target/login-defs.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { IdRange, UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { contains, ENOUGH, FULL, LAST_ID, overlaps, rangeText } from './allocation.ts';
import { type Asked, askedOf, fileOf, isDelegated } from './asked.ts';
import { type RangesRepair, repairRanges } from './ranges-repair.ts';

export type { FileRepair } from './ranges-repair.ts';

const needs = {
  launcher,
  identity,
  subids,
  accounts,
  login: loginDefs,
  place: sysctlPlace,
  status: optional(processStatus),
  namespace: optional(namespace),
};

export interface RangesEvidence {
  readonly user: string;
  readonly kinds: readonly SubidKind[];
  /** Of the ranges concerned. */
  readonly ranges: readonly IdRange[];
  /** Ids that could be mapped beside the user's own; null: none of them can. */
  readonly total: number | null;
  readonly repair: RangesRepair;
}
interface RangeFinding {
  readonly condition: Condition;
  readonly severity: Severity;
  readonly kind: SubidKind;
  readonly message: string;
  readonly ranges: readonly IdRange[];
  readonly total?: number;
}

/** Lines of a map: one for the user itself (Linux 4.15; it was 5 before). */
const MOST_RANGES = 339;
/** A map is written at once, and the kernel refuses a page or more (user_namespaces(7)). */
const PAGE = 4096;
const WORD: { readonly [K in SubidKind]: string } = { uid: 'user', gid: 'group' };

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
    const { launcher, identity, subids, accounts, login, place } = facts;
    if (launcher === 'none') return { notApplicable: 'buildkitd is started as root here, so nobody maps ids for it' };
    const { target, self } = identity;
    const launched = facts.namespace.value?.launch.ok === true;
    const status = facts.status.value;
    const outer =
      status?.inUserNamespace === true ? { uid: insideOf(status.uidMap), gid: insideOf(status.gidMap) } : null;
    const name = target.name ?? `uid ${target.uid}`;
    const asked = askedOf(subids);
    const findings: RangeFinding[] = [];
    const unseen: UnseenReason[] = [];

    if (launched && facts.namespace.value !== undefined) {
      for (const kind of ['uid', 'gid'] as const) {
        const map = facts.namespace.value[`${kind}Map`];
        findings.push(...judgeTotal(kind, name, map.reduce((sum, [, , count]) => sum + count, 0) - 1, []));
      }
    } else if (target.name !== null) {
      for (const kind of ['uid', 'gid'] as const) {
        const { found, unknown } = judge(kind, asked[kind], facts.subids, {
          name,
          own: kind === 'uid' ? target.uid : target.gid,
          owners: [target.name, String(target.uid)].filter((owner) => owner !== null),
          outer: outer?.[kind] ?? null,
        });
        findings.push(...found);
        if (unknown !== null) unseen.push(unknown);
      }
    }

    const local = accounts.users.find(({ uid }) => uid === target.uid);
    const problems: Problem<RangesEvidence>[] = [];
    let made: RangesRepair | null = null;
    const repair = (): RangesRepair => {
      made ??= repairRanges({
        subids,
        target,
        accounts,
        login,
        outer,
        system: place.system,
        // Where getsubids is used, it finds the new range and the files are not read.
        readsFiles: subids.dynamic === null && !launched,
      });
      return made;
    };
    if (!launched && target.name === null) {
      problems.push({
        condition: 'idmap.user-lookup-failed',
        severity: 'error',
        subject: name,
        message: unknownUserMessage(target.uid, accounts),
        evidence: {
          user: name,
          kinds: ['uid', 'gid'],
          ranges: [],
          total: null,
          repair: { how: 'manual', text: unknownUserWords(target.uid, accounts, place.container) },
        },
      });
    } else if (!launched && self.uid === target.uid && local !== undefined && local.gid !== target.gid) {
      problems.push({
        condition: 'idmap.user-lookup-failed',
        severity: 'error',
        subject: name,
        message: `This session's group is ${target.gid}, but ${name}'s own group in /etc/passwd is ${local.gid}: newuidmap refuses to serve it.`,
        evidence: {
          user: name,
          kinds: ['uid', 'gid'],
          ranges: [],
          total: null,
          repair: {
            how: 'manual',
            text: `Start buildkitd in a session of ${name} whose group is ${local.gid}: leave the shell that newgrp or sg opened, or log in again.`,
          },
        },
      });
    }
    for (const group of grouped(findings)) {
      const [first] = group;
      if (first === undefined) continue;
      problems.push({
        condition: first.condition,
        severity: first.severity,
        subject: name,
        message: group.map(({ message }) => message).join(' '),
        evidence: {
          user: name,
          kinds: group.map(({ kind }) => kind),
          ranges: group.flatMap(({ ranges }) => ranges).slice(0, 20),
          total: first.total ?? null,
          repair: repair(),
        },
      });
    }
    return { problems, unseen: launched ? [] : unseen };
  },
};

function insideOf(map: readonly (readonly [number, number, number])[]): readonly IdRange[] {
  return map.map(([start, , count]) => ({ start, count }));
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

function judgeTotal(kind: SubidKind, name: string, total: number, ranges: readonly IdRange[]): readonly RangeFinding[] {
  if (total >= FULL) return [];
  const enough = total >= ENOUGH;
  return [
    {
      condition: 'idmap.subid-too-few',
      severity: enough ? 'warning' : 'error',
      kind,
      total,
      ranges,
      message: enough
        ? `${name} has ${total} subordinate ${WORD[kind]} ids: ids above ${total} in an image cannot be given away (65536 are usual).`
        : `${name} has ${total} subordinate ${WORD[kind]} ids: a build that gives a file to nobody (65534) needs at least 65534.`,
    },
  ];
}

interface OwnerName {
  readonly name: string;
  readonly own: number;
  readonly owners: readonly string[];
  readonly outer: readonly IdRange[] | null;
}

function judge(
  kind: SubidKind,
  asked: Asked,
  subids: Subids,
  { name, own, owners, outer }: OwnerName,
): { readonly found: readonly RangeFinding[]; readonly unknown: UnseenReason | null } {
  const file = subids[kind];
  const path = fileOf(kind);
  const finding = (condition: Condition, message: string, ranges: readonly IdRange[] = []): RangeFinding => ({
    condition,
    severity: 'error',
    kind,
    message,
    ranges,
  });
  const only = (...found: readonly RangeFinding[]) => ({ found, unknown: null });
  const hidden = file.content.ownLines.find(
    ({ line }) => !file.content.shadow.some((entry) => entry.line === line && owners.includes(entry.owner)),
  );
  const hiddenWords = (at: { readonly line: number; readonly text: string }): string =>
    `newuidmap and newgidmap pass over line ${at.line} of ${path}: ${shown(at.text)}.`;

  if (file.state === 'link')
    return only(
      finding('idmap.subid-invalid', `${path} is a symbolic link: newuidmap and newgidmap do not follow it.`),
    );
  if (file.state === 'other') return only(finding('idmap.subid-invalid', `${path} is not a regular file.`));
  if ('failure' in asked) {
    switch (asked.failure) {
      case 'missing':
        return only(finding('idmap.subid-missing', `${path} does not exist.`));
      case 'not-a-file':
        return only(finding('idmap.subid-invalid', `${path} is not a regular file.`));
      case 'unreadable':
        return only(
          finding(
            'idmap.subid-invalid',
            `${name} may not read ${path}, and rootlesskit reads it as that user (usual is mode 0644).`,
          ),
        );
      case 'unknown':
        return { found: [], unknown: { why: `${path} could not be read here`, command: `sudo grep -n '' ${path}` } };
      case 'malformed':
        return only(
          finding(
            'idmap.subid-invalid',
            `rootlesskit gives up at line ${asked.at.line} of ${path}: ${asked.at.why}: ${shown(asked.at.text)}.`,
          ),
        );
      case 'none':
        return only(
          hidden === undefined
            ? finding('idmap.subid-missing', missingWords(name, path, subids.source))
            : finding('idmap.subid-invalid', hiddenWords(hidden)),
        );
    }
  }
  const { ranges } = asked;
  if (file.state === 'missing')
    return only(
      finding(
        'idmap.subid-missing',
        `${path} does not exist, and newuidmap and newgidmap want it even where the ids come from elsewhere.`,
      ),
    );
  const found: RangeFinding[] = [];
  const beyond = ranges.filter(({ start, count }) => start < 0 || start + count > LAST_ID + 1);
  if (beyond.length > 0)
    found.push(
      finding(
        'idmap.subid-invalid',
        `${name}'s range ${listed(beyond)} in ${path} goes beyond the largest id, ${LAST_ID}.`,
        beyond,
      ),
    );
  const empty = ranges.filter(({ count }) => count <= 0);
  if (empty.length > 0)
    found.push(
      finding('idmap.subid-invalid', `A line of ${name} in ${path} has no ids (count ${empty[0]?.count}).`, empty),
    );
  const sane = ranges.filter((range) => !beyond.includes(range) && !empty.includes(range));
  if (subids.source === 'files' && file.known) {
    const refused = sane.filter((range) => !isDelegated(file.content.shadow, owners, range));
    if (refused.length > 0)
      found.push(
        finding(
          'idmap.subid-invalid',
          hidden === undefined
            ? `new${kind}map reads ${path} otherwise than rootlesskit and will not give ${name} the range ${listed(refused)}.`
            : hiddenWords(hidden),
          refused,
        ),
      );
  }
  if (sane.length > MOST_RANGES)
    found.push(
      finding('idmap.subid-invalid', `${name} has ${sane.length} ranges in ${path}; the kernel takes ${MOST_RANGES}.`),
    );
  else if (mapText(own, sane).length >= PAGE)
    found.push(
      finding(
        'idmap.subid-invalid',
        `${name}'s ${sane.length} ranges in ${path} make a map of ${mapText(own, sane).length} bytes; the kernel takes less than ${PAGE}.`,
      ),
    );
  const around = sane.filter((range) => contains(range, own));
  if (around.length > 0)
    found.push(
      finding(
        'idmap.subid-overlap',
        `${name}'s range ${listed(around)} in ${path} contains ${name}'s own ${WORD[kind]} id ${own}, which would then be mapped twice.`,
        around,
      ),
    );
  const twice = sane.filter((range, index) => sane.some((other, at) => at < index && overlaps(other, range)));
  if (twice.length > 0)
    found.push(finding('idmap.subid-overlap', overlapWords(name, path, sane, twice, asked.from, file, owners), twice));
  const outside =
    outer === null
      ? []
      : sane.filter(
          (range) =>
            !outer.some(
              (piece) => range.start >= piece.start && range.start + range.count <= piece.start + piece.count,
            ),
        );
  if (outside.length > 0)
    found.push(
      finding(
        'idmap.nested-userns',
        `${name}'s range ${listed(outside)} in ${path} does not exist in this container or user namespace, whose ${WORD[kind]} ids are ${listed(outer ?? [])}.`,
        outside,
      ),
    );
  if (found.length === 0)
    found.push(
      ...judgeTotal(
        kind,
        name,
        sane.reduce((sum, { count }) => sum + count, 0),
        sane,
      ),
    );
  return only(...found);
}

function overlapWords(
  name: string,
  path: string,
  ranges: readonly IdRange[],
  twice: readonly IdRange[],
  from: 'getsubids' | 'file',
  file: SubidFile,
  owners: readonly string[],
): string {
  const lines = file.content.shadow.filter(({ owner }) => owners.includes(owner));
  const same = twice.filter(
    (range) => ranges.filter(({ start, count }) => start === range.start && count === range.count).length > 1,
  );
  if (same.length === twice.length && from === 'getsubids' && lines.length < ranges.length)
    return `${path} names ${name} by number, and this rootlesskit (before 1.1.1) then takes the range ${listed(same.slice(0, 1))} twice.`;
  return same.length === twice.length
    ? `${name} has the range ${listed(same.slice(0, 1))} more than once in ${path}: the kernel refuses to map an id twice.`
    : `${name}'s ranges in ${path} overlap (${listed(ranges)}): the kernel refuses to map an id twice.`;
}

/** What newuidmap writes: its own id, then one range after the other. */
function mapText(own: number, ranges: readonly IdRange[]): string {
  let inside = 1;
  const lines = ranges.map(({ start, count }) => {
    inside += count;
    return `${inside - count} ${start} ${count}\n`;
  });
  return `0 ${own} 1\n${lines.join('')}`;
}

const missingWords = (name: string, path: string, source: string): string =>
  source === 'files'
    ? `${name} has no range in ${path}.`
    : `${name} has no range in "${source}", which nsswitch.conf names instead of ${path}.`;

const listed = (ranges: readonly IdRange[]): string =>
  `${ranges.slice(0, 4).map(rangeText).join(', ')}${ranges.length > 4 ? ' …' : ''}`;

const shown = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

function unknownUserMessage(uid: number, { users, readable }: Accounts): string {
  const hidden = users.find((user) => user.uid === uid)?.name;
  if (hidden !== undefined)
    return `uid ${uid} is ${hidden} in /etc/passwd, but the passwd line of /etc/nsswitch.conf looks elsewhere, and there it is unknown: newuidmap maps nothing for an unknown user.`;
  return readable
    ? `uid ${uid} has no entry in /etc/passwd or a directory service, and newuidmap maps nothing for an unknown user.`
    : `uid ${uid} may not read /etc/passwd, so rootlesskit cannot find out whose subordinate ids it may use (usual is mode 0644).`;
}

function unknownUserWords(uid: number, { users, readable }: Accounts, container: string | null): string {
  if (users.some((user) => user.uid === uid))
    return 'As root, put files back into the passwd line of /etc/nsswitch.conf.';
  if (!readable) return 'As root: chmod 644 /etc/passwd';
  return container === null
    ? `Create the account (as root: useradd --uid ${uid} NAME) or repair the directory service that should know it.`
    : `Give the image an account for it (RUN echo "user:x:${uid}:${uid}::/home/user:/bin/sh" >>/etc/passwd, with lines in /etc/subuid and /etc/subgid), or run the container as an account that it has (docker run --user 1000, securityContext.runAsUser: 1000 for moby/buildkit:rootless).`;
}
