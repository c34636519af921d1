import type { CheckReport, Report } from '../model.ts';

/** What a report says of its checks, told apart for reading: nothing is in two groups, nothing is left out. */
export interface Findings {
  /** Failing, warning and unknown checks: the verdict's reasons first, in their order; then fail, unknown, warn. */
  readonly findings: readonly CheckReport[];
  readonly passes: readonly CheckReport[];
  /** Does not apply to this host. */
  readonly skips: readonly CheckReport[];
  readonly deselected: readonly CheckReport[];
}

const RANK = { fail: 0, unknown: 1, warn: 2, pass: 3, skip: 4 } as const;

export function findingsOf({ checks, verdict }: Report): Findings {
  const place = (check: CheckReport): number => {
    const reason = verdict.reasons.indexOf(check.id);
    return reason === -1 ? verdict.reasons.length + RANK[check.status] : reason;
  };
  return {
    findings: checks
      .filter(({ status }) => status === 'fail' || status === 'warn' || status === 'unknown')
      .toSorted((a, b) => place(a) - place(b)),
    passes: checks.filter(({ status }) => status === 'pass'),
    skips: checks.filter(({ status, reason }) => status === 'skip' && reason !== 'not selected'),
    deselected: checks.filter(({ status, reason }) => status === 'skip' && reason === 'not selected'),
  };
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
