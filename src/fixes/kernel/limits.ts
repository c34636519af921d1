import type { KernelLimitsEvidence } from '../../checks/kernel/limits.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { sysctlTreatments } from '../userns/sysctl-steps.ts';

/** Raises the key quota; limits of sessions and control groups belong to whoever sets them. */
export const raiseKernelLimits: Fix<NoNeeds, KernelLimitsEvidence> = {
  needs: {},
  title: 'Raise the limit',
  plan: (problems) =>
    problems.flatMap(({ evidence }, index) =>
      'sysctl' in evidence
        ? sysctlTreatments(index, evidence.sysctl)
        : [{ for: [index], risk: 'manual', steps: [{ as: 'root', do: 'tell', text: evidence.text }] }],
    ),
};
