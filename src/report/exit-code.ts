import type { Checked } from '../model/say.ts';

export type FailOn = 'error' | 'warning';

/** For check, verify and fix (after fixing), in every format. Deselected checks are skips and do not count. */
export function exitCode({ checks }: Checked, failOn: FailOn): 0 | 1 | 3 {
  if (checks.some(({ fault }) => fault !== undefined)) return 3;
  // A check that could not see everything may still have a warning.
  const warns = ({ status, problems }: Checked['checks'][number]): boolean =>
    status === 'warn' || problems.some(({ severity }) => severity === 'warning');
  const remains = checks.some((check) => check.status === 'fail' || (failOn === 'warning' && warns(check)));
  if (remains) return 1;
  return checks.some(({ status, decides }) => status === 'unknown' && decides) ? 3 : 0;
}

/** For undo: done, something refused, or nothing there to undo. */
export function undoExitCode(
  transactions: readonly { readonly result: 'undone' | 'refused' | 'planned' }[],
): 0 | 1 | 2 {
  if (transactions.length === 0) return 2;
  return transactions.some(({ result }) => result === 'refused') ? 1 : 0;
}
