import type { Catalog } from '../model/catalog.ts';
import type { Problem } from '../model/decide.ts';
import type { Checked, PlannedFix, TreatmentReport } from '../model/say.ts';
import type { Planned, Treating, TreatOptions } from './options.ts';

/** What may be treated, in the order in which it can work; what is safe comes first. */
export function fixesOf(
  report: Checked,
  { catalog, isSelected, notes = false }: Pick<Treating, 'catalog' | 'isSelected' | 'notes'>,
): readonly Planned[] {
  const order = treatmentOrder(catalog);
  const noted = new Set(notes ? catalog.filter((entry) => entry.treatsNotes).map((entry) => entry.check.id) : []);
  return report.checks
    .filter(({ id }) => isSelected(id))
    .toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
    .flatMap((check) =>
      check.fixes
        .toSorted((a, b) => Number(a.risk === 'risky') - Number(b.risk === 'risky'))
        .map((fix) => ({
          check: check.id,
          title: check.title,
          fix,
          problems: fix.for.flatMap((index) => check.problems[index] ?? []),
        }))
        // A note needs no treatment, unless somebody wants it.
        .filter(({ check: id, problems }) => noted.has(id) || problems.some(({ severity }) => severity !== 'info')),
    );
}

export function whyNot(fix: PlannedFix, { context }: Pick<TreatOptions, 'context'>): 'manual' | 'needs-root' | null {
  if (fix.risk === 'manual' || fix.steps.every((step) => step.do === 'tell')) return 'manual';
  return fix.needs === 'root' && context.identity.self.uid !== 0 ? 'needs-root' : null;
}

/** Catalog order, except that what must come first does. A circle is broken where it closes. */
export function treatmentOrder(catalog: Catalog<never>): readonly string[] {
  const order: string[] = [];
  const visit = (id: string, trail: readonly string[]): void => {
    if (order.includes(id) || trail.includes(id)) return;
    const entry = catalog.find(({ check }) => check.id === id);
    for (const before of entry?.after ?? []) visit(before, [...trail, id]);
    if (entry !== undefined) order.push(id);
  };
  for (const { check } of catalog) visit(check.id, []);
  return order;
}

/**
 * The same treatment in the latest report, where an earlier one may have changed what it starts from. `gone`: its
 * problems are no more. `different`: it is another plan by now, which whoever consented has not seen.
 */
export function findAgain(wanted: Planned, report: Checked, options: Treating): Planned | 'gone' | 'different' {
  const key = keyOf(wanted.check, wanted.fix, wanted.problems);
  const fixes = fixesOf(report, options).filter(({ check }) => check === wanted.check);
  const same = fixes.find(({ check, fix, problems }) => keyOf(check, fix, problems) === key);
  if (same !== undefined) return same;
  const names = new Set(wanted.problems.map(nameOf));
  return fixes.some(({ problems }) => problems.some((problem) => names.has(nameOf(problem)))) ? 'different' : 'gone';
}

export const rank = ({ severity }: Problem): number => ['info', 'warning', 'error'].indexOf(severity);

export const nameOf = ({ condition, subject }: Problem): string => JSON.stringify([condition, subject]);

/** What makes a treatment the same one: its problems and its steps, whatever the files they start from look like. */
export function keyOf(check: string, fix: PlannedFix, problems: readonly Problem[]): string {
  const steps = fix.steps.map((step) => ('expects' in step ? { ...step, expects: null } : step));
  return JSON.stringify([check, fix.risk, problems.map(nameOf), steps]);
}

/** What the last examination still offers and nobody tried, and why not. */
export function untried(
  report: Checked,
  options: Treating,
  tried: readonly TreatmentReport[],
): readonly TreatmentReport[] {
  return fixesOf(report, options)
    .filter(({ check, fix, problems }) => {
      const key = keyOf(check, fix, problems);
      return !tried.some((one) => one.check === check && keyOf(check, { ...fix, steps: one.steps }, problems) === key);
    })
    .map(({ check, fix }) => {
      const result = whyNot(fix, options) ?? 'declined';
      const weakens = result === 'declined' && fix.risk === 'risky' && options.automatic?.risky === false;
      return {
        check,
        result,
        transaction: null,
        message: weakens ? 'it weakens or destroys something: --risky takes it' : null,
        until: fix.until ?? null,
        steps: fix.steps,
        diff: null,
      };
    });
}
