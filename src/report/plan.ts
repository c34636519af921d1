import type { Problem } from '../model/decide.ts';
import type { Checked, PlannedFix } from '../model/say.ts';
import { located } from '../text/located.ts';
import { fixLines } from './fix-text.ts';
import { type Appearance, type Pen, penOf } from './pen.ts';

/** A fix to decide on, with the problems that it is for. */
export interface Proposal {
  readonly check: string;
  readonly problems: readonly Problem[];
  readonly fix: PlannedFix;
}

/** One fix of a report, by its place there. */
export interface Chosen {
  readonly check: string;
  readonly fix: number;
}

export function proposalsOf({ checks }: Checked, order: readonly Chosen[]): readonly Proposal[] {
  return order.flatMap(({ check: id, fix: index }) => {
    const check = checks.find((one) => one.id === id);
    const fix = check?.fixes[index];
    if (check === undefined || fix === undefined) return [];
    return { check: id, fix, problems: fix.for.flatMap((place) => check.problems[place] ?? []) };
  });
}

/** What a person sees before choosing: each proposal numbered, with its problems, steps, consequence and diff. */
export function planText(proposals: readonly Proposal[], look: Appearance): string {
  return planSections(proposals, penOf(look))
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** The same as sections of lines. */
export function planSections(proposals: readonly Proposal[], pen: Pen): readonly (readonly string[])[] {
  return proposals.map(({ check, problems, fix }, index) => [
    pen.paint('bold', pen.line(proposals.length === 1 ? check : `${index + 1}. ${check}`)),
    ...problems.flatMap((problem) => pen.text(located(problem), '  ')),
    ...fixLines(fix, { diffs: true, whole: true }, pen),
  ]);
}
