import { isWithin, overlaps } from '../../checks/idmap/id-ranges.ts';
import type { SubidKind } from '../../facts/start/subids.ts';
import { clauseFor } from '../../knowledge/engines.ts';
import { FULL, LAST_ID } from '../../knowledge/id-ranges.ts';
import type { IdRange } from '../../model/look.ts';
import { directorySlice, freeRange, RESERVED } from './allocation.ts';
import type { Draft } from './ranges-draft.ts';
import type { RepairInput } from './repair-input.ts';

/** The same range in both files where both lack one. */
export function allocate(
  { subids, target, accounts, login, outer }: RepairInput,
  wanting: readonly SubidKind[],
  drafts: { readonly [K in SubidKind]: Draft },
): IdRange | null {
  const slice = directorySlice(target.uid);
  const taken: IdRange[] = [
    ...RESERVED,
    { start: target.uid, count: 1 },
    { start: target.gid, count: 1 },
    ...accounts.users.map(({ uid }) => ({ start: uid, count: 1 })),
    ...accounts.groups.map(({ gid }) => ({ start: gid, count: 1 })),
    ...(slice === null ? [] : [slice]),
  ];
  const everyone = [...taken];
  for (const kind of ['uid', 'gid'] as const) {
    const ranges = [
      ...subids[kind].content.shadow.map(({ start, count }) => ({ start, count })),
      ...drafts[kind].kept.map(({ range }) => range),
    ];
    everyone.push(...ranges);
    if (wanting.includes(kind)) taken.push(...ranges);
  }
  const limits = wanting.includes('uid') ? login.uid : login.gid;
  const count = Math.max(limits.count, FULL);
  const within =
    outer === null ? null : wanting.length === 2 ? intersect(outer.uid, outer.gid) : outer[wanting[0] ?? 'uid'];
  const mate = wanting.length === 1 ? drafts[wanting[0] === 'uid' ? 'gid' : 'uid'].kept[0]?.range : undefined;
  if (mate !== undefined && mate.count >= FULL && !taken.some((range) => overlaps(range, mate))) {
    if (within === null || within.some((piece) => isWithin(mate, piece))) return mate;
  }
  return (
    freeRange(everyone, limits, count, within) ??
    freeRange(everyone, limits, FULL, within) ??
    (within === null ? null : freeRange(everyone, { min: 0, max: LAST_ID }, FULL, within))
  );
}

function intersect(a: readonly IdRange[], b: readonly IdRange[]): readonly IdRange[] {
  return a.flatMap((one) =>
    b.flatMap((other) => {
      const start = Math.max(one.start, other.start);
      const end = Math.min(one.start + one.count, other.start + other.count);
      return end > start ? [{ start, count: end - start }] : [];
    }),
  );
}

export function noRoom({ outer, login, engine }: RepairInput): string {
  if (outer === null)
    return `No 65536 ids in a row are free between ${login.uid.min} and ${login.uid.max}: raise SUB_UID_MAX and SUB_GID_MAX in /etc/login.defs, or take ranges from accounts that no longer need them.`;
  const width = outer.uid.map(({ start, count }) => `${start}-${start + count - 1}`).join(', ');
  return `Only the ids ${width} exist in this container, too few for 65536 more beside its own accounts. Widen its id map: ${clauseFor(engine ?? 'lxc', ['ids', '200000'])}; or run buildkitd on the host or in a virtual machine.`;
}
