import type { VersionEvidence } from '../../checks/kernel/version.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';

/** Says how to get another kernel; none is installed from here. */
export const changeKernel: Fix<NoNeeds, VersionEvidence> = {
  needs: {},
  title: 'Get a newer kernel',
  plan: (problems) =>
    problems.flatMap(({ evidence }, index) =>
      evidence.text === null
        ? []
        : [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: evidence.text }] }],
    ),
};
