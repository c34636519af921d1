import { LEAST, type LimitsEvidence, outsideOf, type UsedUpEvidence } from '../../checks/userns/limits.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { sysctlFiles } from '../../facts/machine/sysctl.ts';
import { namespaceLimits } from '../../facts/start/namespace-limits.ts';
import type { Engine } from '../../knowledge/engines.ts';
import type { Fix } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { setSysctl } from '../sysctl/set.ts';

const needs = { limits: optional(namespaceLimits), files: optional(sysctlFiles), place: sysctlPlace };

/** What RootlessKit's documentation and Docker's set (rootlesscontaine.rs). */
const USUAL = 28633;

/** Raises a namespace limit for now and for good. */
export const raiseLimits: Fix<typeof needs, LimitsEvidence> = {
  needs,
  title: 'Raise the namespace limit',
  plan(problems, { limits, files, place }) {
    const usual = usualLimit(limits.value?.threadsMax ?? null);
    return problems.flatMap(({ condition, evidence }, index) => {
      if ('refused' in evidence) return [advice([index], usedUpWords(evidence, place.container))];
      const { key, running } = evidence;
      // One that is high enough now is kept.
      const wanted = condition === 'sysctl.not-persistent' ? Math.max(Number(running), usual) : usual;
      return setSysctl(index, { key, running, wanted: String(wanted) }, files.value ?? null, place);
    });
  },
};

/** The kernel's own default is half of its threads. */
function usualLimit(threadsMax: number | null): number {
  return Math.max(LEAST, Math.min(USUAL, Math.floor((threadsMax ?? 2 * USUAL) / 2)));
}

function usedUpWords({ refused }: UsedUpEvidence, container: Engine | null): string {
  const outside = outsideOf(container);
  return `Count what is in use with "lsns -t ${refused === 'launch' ? 'user' : 'pid'}" (as root), and end what is not needed; inside a container or user namespace, look at user.max_*_namespaces of ${outside}, and raise it there.`;
}
