import type { ProbeEvidence } from '../../checks/userns/probe.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';

/** What a probe finds is mended where it is explained; here stands how to see it. */
export const showProbe: Fix<NoNeeds, ProbeEvidence> = {
  needs: {},
  title: 'See what refuses the namespaces',
  unexplained: true,
  plan: (problems) =>
    problems.map(({ evidence }, index) => ({
      for: [index],
      risk: 'manual',
      steps: [{ as: 'target', do: 'tell', text: evidence.text }],
    })),
};
