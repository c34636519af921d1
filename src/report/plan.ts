import type { Problem } from '../model/decide.ts';
import type { PlannedFix } from '../model/say.ts';
import { located } from '../text/located.ts';
import { fixLines } from './fix-text.ts';
import { penOf } from './pen.ts';

/** A fix to decide on, with the problems that it is for. */
export interface Proposal {
  readonly check: string;
  readonly problems: readonly Problem[];
  readonly fix: PlannedFix;
}

/** What a person sees before choosing: each proposal numbered, with its problems, steps, consequence and diff. */
export function planText(
  proposals: readonly Proposal[],
  look: { readonly columns: number; readonly colour: boolean; readonly unicode: boolean },
): string {
  const pen = penOf(look);
  return proposals
    .map(({ check, problems, fix }, index) =>
      [
        pen.paint('bold', pen.line(`${index + 1}. ${check}`)),
        ...problems.flatMap((problem) => pen.text(located(problem), '  ')),
        ...fixLines(fix, true, pen),
        '',
      ].join('\n'),
    )
    .join('\n');
}
