import type { Problem } from '../model/decide.ts';
import type { Checked, CheckReport } from '../model/say.ts';

export type FailOn = 'error' | 'warning';

/** For check, verify and fix (after fixing), in every format. Deselected checks are skips and do not count. */
export function exitCode({ checks }: Checked, failOn: FailOn): 0 | 1 | 3 {
  if (checks.some(({ fault }) => fault !== undefined)) return 3;
  const fails = (check: CheckReport): boolean => check.status === 'fail' && counts(check, 'error');
  // A check that could not see everything may still have a warning.
  const warns = (check: CheckReport): boolean =>
    (check.status === 'warn' || check.problems.some(({ severity }) => severity === 'warning')) &&
    counts(check, 'warning');
  const remains = checks.some((check) => fails(check) || (failOn === 'warning' && warns(check)));
  if (remains) return 1;
  return checks.some(({ status, decides, knownUnknown }) => status === 'unknown' && decides && !knownUnknown) ? 3 : 0;
}

/** Is there a problem of that severity which nobody excused? */
function counts({ problems, excused }: CheckReport, severity: Problem['severity']): boolean {
  if (excused === undefined) return true;
  const not = new Set(excused.map(({ problem }) => problem));
  return problems.some((problem, index) => problem.severity === severity && !not.has(index));
}

/** For undo: done, something refused, or nothing there to undo. */
export function undoExitCode(
  transactions: readonly { readonly result: 'undone' | 'refused' | 'planned' }[],
): 0 | 1 | 2 {
  if (transactions.length === 0) return 2;
  return transactions.some(({ result }) => result === 'refused') ? 1 : 0;
}
