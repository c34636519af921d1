import type { LimitsEvidence } from '../../checks/userns/limits.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { sysctlTreatments } from './sysctl-steps.ts';

/** Raises a namespace limit for now and for good. */
export const raiseLimits: Fix<NoNeeds, LimitsEvidence> = {
  needs: {},
  title: 'Raise the namespace limit',
  plan: (problems) =>
    problems.flatMap(({ evidence }, index) =>
      'text' in evidence
        ? [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: evidence.text }] }]
        : sysctlTreatments(index, evidence),
    ),
};
