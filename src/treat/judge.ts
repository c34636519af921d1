import type { CarriedOut, Run } from '../apply/journal/types.ts';
import type { Problem } from '../model/decide.ts';
import type { Json } from '../model/look.ts';
import type { Checked, Status, TreatmentReport, TreatmentResult } from '../model/say.ts';
import type { Planned, Treating, TreatOptions } from './options.ts';
import { nameOf, rank } from './order.ts';

interface Judged<R> {
  readonly treatment: TreatmentReport;
  readonly report: R;
}

/** A fix is not believed: fresh facts decide, and what did not help, or harmed, is taken back. */
export async function judge<R extends Checked, S>(
  done: CarriedOut,
  { check, fix, problems }: Planned,
  before: R,
  options: TreatOptions<R, S>,
  run: Run,
): Promise<Judged<R>> {
  const told = (result: TreatmentResult, message: string | null, report: R): Judged<R> => ({
    treatment: {
      check,
      result,
      transaction: done.transaction,
      message: [message, ...done.leftAlone].filter((words) => words !== null).join('; ') || null,
      until: fix.until ?? null,
      steps: fix.steps,
    },
    report,
  });
  const report = await options.examine();
  if (done.result === 'failed') return told('failed', done.message, report);
  const after = report.checks.find(({ id }) => id === check);
  // What is left as a mere note was made better.
  const left = problems.filter((problem) =>
    after?.problems.some((other) => nameOf(other) === nameOf(problem) && rank(other) >= rank(problem)),
  );
  const worse = madeWorse(before, report, options);
  if (worse.length === 0 && left.length === 0 && after !== undefined && after.status !== 'unknown')
    return told(done.result === 'already' ? 'already' : 'cured', null, report);
  if (done.transaction === null) return told('already', 'there was nothing to change', report);
  if (worse.length === 0 && fix.until !== undefined)
    return told('pending', `it takes effect at the next ${fix.until}`, report);
  if (
    worse.length === 0 &&
    done.leftAlone.length > 0 &&
    left.every((problem) => isLess(problem, after?.problems ?? []))
  )
    return told('partly-cured', 'what bk-doctor leaves alone is still there', report);
  const why =
    worse.length > 0
      ? `it made ${worse.join(' and ')} worse`
      : after?.status === 'unknown' && left.length === 0
        ? `whether it helped cannot be told (${after.reason ?? 'unknown'})`
        : 'the problem is still there';
  const back = await run.takeBack(done.transaction);
  const again = await options.examine();
  if (back.result === 'refused') return told('failed', `${why}, and it could not be taken back: ${back.reason}`, again);
  const blamed = worse.filter((id) => madeWorse(before, again, options).includes(id));
  const note = blamed.length === 0 ? '' : ` (${blamed.join(' and ')} stayed so, and may have another cause)`;
  return told(worse.length > 0 ? 'taken-back' : 'still-failing', `${why}, so it was taken back${note}`, again);
}

/** Is there less of it, where it is counted how much there is? */
function isLess(before: Problem, after: readonly Problem[]): boolean {
  const [was, is] = [before, after.find((other) => nameOf(other) === nameOf(before))].map(countIn);
  return typeof was === 'number' && typeof is === 'number' && is < was;
}

function countIn(problem: Problem | undefined): Json {
  const { evidence = null } = problem ?? {};
  return typeof evidence === 'object' && evidence !== null && 'foreign' in evidence ? (evidence.foreign ?? null) : null;
}

/** Only what was seen to be better before can have been made worse: what a cure brings to light is progress. */
const RANK: { readonly [status in Status]: number | null } = { pass: 0, warn: 1, fail: 2, skip: null, unknown: null };

export function madeWorse(
  before: Checked,
  after: Checked,
  { isSelected }: Pick<Treating, 'isSelected'>,
): readonly string[] {
  return after.checks
    .filter(({ id, status }) => {
      const was = RANK[before.checks.find((check) => check.id === id)?.status ?? 'skip'];
      const is = RANK[status];
      return isSelected(id) && was !== null && is !== null && is > was;
    })
    .map(({ id }) => id);
}
