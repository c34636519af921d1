import { rangeText } from '../../checks/idmap/id-ranges.ts';
import type { OverlapEvidence } from '../../checks/idmap/overlap.ts';
import { type SubidKind, subids } from '../../facts/start/subids.ts';
import { loginDefs } from '../../facts/target/login-defs.ts';
import type { SubidEntry } from '../../facts/target/subid-file.ts';
import { FULL } from '../../knowledge/id-ranges.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { IdRange } from '../../model/look.ts';
import type { Fix } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { freeRange, RESERVED } from './allocation.ts';

const needs = { subids, login: loginDefs };

/** Says how one of the users could be moved; files already belong to the ids, so a person decides. */
export const partRanges: Fix<typeof needs, OverlapEvidence> = {
  needs,
  title: 'Move one of the overlapping ranges',
  plan(problems, facts) {
    const free = { uid: freeIn('uid', facts), gid: freeIn('gid', facts) };
    return problems.flatMap(({ at }, index) => {
      const kind = at?.path === facts.subids.uid.path ? 'uid' : 'gid';
      const mover = facts.subids[kind].content.shadow.find(({ line }) => line === at?.line);
      const range = free[kind];
      return mover === undefined || range === null ? [] : [advice([index], moveWords(kind, mover, range))];
    });
  },
};

function freeIn(kind: SubidKind, { subids, login }: FactsOf<typeof needs>): IdRange | null {
  const taken = subids[kind].content.shadow.filter(({ owner }) => !owner.startsWith('#'));
  return freeRange([...RESERVED, ...taken], login[kind], FULL, null);
}

function moveWords(kind: SubidKind, { owner, start, count }: SubidEntry, free: IdRange): string {
  const [del, add] = kind === 'uid' ? ['--del-subuids', '--add-subuids'] : ['--del-subgids', '--add-subgids'];
  return `Decide who gives way. To move ${owner}, after its containers are stopped and its image stores are emptied, as root:\nusermod ${del} ${rangeText({ start, count })} ${add} ${rangeText(free)} ${owner}`;
}
