import type { CheckReport, PlannedFix, Report } from '../model/say.ts';
import { stepText } from '../text/steps.ts';

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

/** So many findings of one check are shown to a person; JSON has them all. */
const MOST_SHOWN = 50;

/** The first of them, and a sentence on those that are left out; null where none is. */
export function firstOf<T>(items: readonly T[]): { readonly first: readonly T[]; readonly rest: string | null } {
  const left = items.length - MOST_SHOWN;
  return left <= 0
    ? { first: items, rest: null }
    : { first: items.slice(0, MOST_SHOWN), rest: `And ${left} more, which --json shows.` };
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The fixes to show: those that say the same stand once, those of notes alone only where notes are shown. */
export function fixesToShow({ fixes, problems }: CheckReport, notes: boolean): readonly PlannedFix[] {
  const shown = new Map<string, PlannedFix>();
  for (const fix of fixes) {
    if (!notes && fix.for.length > 0 && fix.for.every((index) => problems[index]?.severity === 'info')) continue;
    const words = JSON.stringify([fix.risk, fix.needs, fix.until, fix.consequence, fix.steps.map(stepText)]);
    if (!shown.has(words)) shown.set(words, fix);
  }
  return [...shown.values()];
}
