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

/** A finding with what follows from it, which needs no entry of its own. */
export interface Folded {
  readonly check: CheckReport;
  /** Checks that could not be made for the same reason: they share its entry. */
  readonly alike: readonly CheckReport[];
  /** Failing checks that this one explains, where nothing else is to be done for them. */
  readonly explains: readonly CheckReport[];
  /** Checks that cannot be made before this one passes. */
  readonly awaited: readonly CheckReport[];
}

/** Findings, each cause once: what a cause explains is folded under it, and unknowns with one reason are one entry. */
export function folded(findings: readonly CheckReport[]): readonly Folded[] {
  const byId = new Map(findings.map((check) => [check.id, check]));
  const causeOf = (check: CheckReport, trail: readonly string[] = []): CheckReport => {
    const ownWork = check.fixes.some(({ risk }) => risk !== 'manual');
    const causes = ownWork ? [] : (check.explainedBy ?? []).flatMap((id) => byId.get(id) ?? []);
    const cause = causes.find((other) => sayTheSame(check, other)) ?? causes[0];
    if (cause === undefined) return check;
    // Whoever comes first in a circle stands for it.
    if (trail.includes(cause.id)) return findings.find(({ id }) => id === check.id || trail.includes(id)) ?? check;
    return causeOf(cause, [...trail, check.id]);
  };
  const standIn = (check: CheckReport): CheckReport => {
    const cause = causeOf(check);
    if (cause !== check || check.status !== 'unknown' || check.problems.length > 0) return cause;
    const same = ({ status, reason, tell, problems }: CheckReport): boolean =>
      status === 'unknown' && problems.length === 0 && reason === check.reason && tell === check.tell;
    return findings.find((other) => same(other) && causeOf(other) === other) ?? check;
  };
  const under = new Map(findings.map((check) => [check, standIn(check)]));
  return findings
    .filter((check) => under.get(check) === check)
    .map((check) => {
      const others = findings.filter((other) => other !== check && under.get(other) === check);
      const follows = others.filter(({ explainedBy }) => explainedBy !== undefined);
      return {
        check,
        alike: others.filter((other) => !follows.includes(other)),
        explains: follows.filter(({ status }) => status !== 'unknown'),
        awaited: follows.filter(({ status }) => status === 'unknown'),
      };
    });
}

/** Do two checks blame the same line of a file, or the same thing? */
function sayTheSame(one: CheckReport, other: CheckReport): boolean {
  const named = ({ problems }: CheckReport): readonly string[] =>
    problems.flatMap(({ condition, at }) => [condition, ...(at === undefined ? [] : [`${at.path}:${at.line}`])]);
  const seen = new Set(named(one));
  return named(other).some((name) => seen.has(name));
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
