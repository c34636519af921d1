import type { CheckTreatment } from '../../apply/journal/types.ts';
import type { Planned } from '../../treat/options.ts';

/** What a script does: the first acceptable fix for each problem. */
export function chosenForScript(
  fixes: readonly Planned[],
  risky: boolean,
): { readonly treatments: readonly CheckTreatment[]; readonly left: number } {
  const treatments: CheckTreatment[] = [];
  const treated = new Set<Planned['problems'][number]>();
  let left = 0;
  for (const { check, fix, problems } of fixes) {
    if (fix.risk === 'manual' || problems.every((problem) => treated.has(problem))) continue;
    if (fix.risk === 'risky' && !risky) {
      left++;
      continue;
    }
    for (const problem of problems) treated.add(problem);
    treatments.push({ check, treatment: fix });
  }
  return { treatments, left };
}
