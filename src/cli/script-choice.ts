import type { CheckTreatment } from '../apply/types.ts';
import type { Report } from '../model.ts';

/** What a script does: the first acceptable fix for each problem, in the order of treatment. */
export function chosenForScript(
  { checks }: Report,
  order: readonly string[],
  risky: boolean,
): { readonly treatments: readonly CheckTreatment[]; readonly left: number } {
  const treatments: CheckTreatment[] = [];
  let left = 0;
  for (const check of checks.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id))) {
    const treated = new Set<number>();
    for (const fix of check.fixes) {
      if (fix.risk === 'manual' || fix.for.every((problem) => treated.has(problem))) continue;
      if (fix.risk === 'risky' && !risky) {
        left++;
        continue;
      }
      for (const problem of fix.for) treated.add(problem);
      treatments.push({ check: check.id, treatment: fix });
    }
  }
  return { treatments, left };
}
