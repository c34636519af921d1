import type { CheckTreatment } from '../apply/types.ts';
import { catalog } from '../catalog.ts';
import type { CheckReport, Report } from '../model.ts';

/** What a script does: the first acceptable fix for each problem, in the order in which checks must be treated. */
export function chosenForScript(
  { checks }: Report,
  risky: boolean,
): { readonly treatments: readonly CheckTreatment[]; readonly left: number } {
  const treatments: CheckTreatment[] = [];
  let left = 0;
  for (const check of inOrder(checks)) {
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

/** As reported, but each check after those that the catalog wants treated first. */
function inOrder(checks: readonly CheckReport[]): readonly CheckReport[] {
  const first = new Map(catalog.map(({ check, after }) => [check.id, after ?? []]));
  const placed: CheckReport[] = [];
  const place = (check: CheckReport, trail: readonly string[]): void => {
    if (placed.includes(check) || trail.includes(check.id)) return;
    for (const id of first.get(check.id) ?? []) {
      const before = checks.find((other) => other.id === id);
      if (before !== undefined) place(before, [...trail, check.id]);
    }
    placed.push(check);
  };
  for (const check of checks) place(check, []);
  return placed;
}
