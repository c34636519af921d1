import type { CheckReport, Report } from '../model/say.ts';
import { type Comparable, keyOf } from './report-shape.ts';

const SEVERITY = { info: 0, warning: 1, error: 2 } as const;

/** The report in which what an earlier one had, no less severe, says that it is known. */
export function sinceBaseline(report: Report, baseline: Comparable): Report {
  const before = new Map(baseline.problems.map((problem) => [keyOf(problem), SEVERITY[problem.severity]]));
  const known = (check: CheckReport): CheckReport => {
    const excused = check.problems.flatMap((problem, index) => {
      const was = before.get(keyOf({ check: check.id, condition: problem.condition, subject: problem.subject }));
      if (was === undefined || was < SEVERITY[problem.severity]) return [];
      return [{ problem: index, by: 'baseline', reason: null, until: null } as const];
    });
    const all = [...(check.excused ?? []), ...excused];
    const unknown = check.status === 'unknown' && baseline.unknown.includes(check.id);
    return all.length === 0 && !unknown
      ? check
      : { ...check, excused: all, ...(unknown ? { knownUnknown: true } : {}) };
  };
  return {
    ...report,
    baseline: { startedAt: baseline.startedAt, version: baseline.version, level: baseline.level },
    checks: report.checks.map(known),
  };
}
