import type { OverlapEvidence } from '../../checks/idmap/overlap.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';

/** Says how one of the users could be moved; files already belong to the ids, so a person decides. */
export const partRanges: Fix<NoNeeds, OverlapEvidence> = {
  needs: {},
  title: 'Move one of the overlapping ranges',
  plan: (problems) =>
    problems.flatMap(({ evidence }, index) =>
      evidence.advice === null
        ? []
        : [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: evidence.advice }] }],
    ),
};
