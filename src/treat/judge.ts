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

/** What is said of a treatment. */
interface Saying {
  readonly result: TreatmentResult;
  readonly message: string | null;
}

/** A treatment that does not help, or harms: what is taken back, the checks that became worse, and why. */
interface Rejected {
  readonly transaction: string;
  readonly worse: readonly string[];
  readonly why: string;
}

/** A fix is not believed: fresh facts decide, and what did not help, or harmed, is taken back. */
export async function judge<R extends Checked, S>(
  done: CarriedOut,
  planned: Planned,
  before: R,
  options: TreatOptions<R, S>,
  run: Run,
): Promise<Judged<R>> {
  const { check, fix } = planned;
  const told = ({ result, message }: Saying, report: R): Judged<R> => ({
    treatment: {
      check,
      result,
      transaction: done.transaction,
      message: [message, ...done.leftAlone].filter((words) => words !== null).join('; ') || null,
      until: fix.until ?? null,
      steps: fix.steps,
      diff: fix.diff,
    },
    report,
  });
  const report = await options.examine();
  const verdict = verdictOn(done, planned, before, report, options);
  if ('result' in verdict) return told(verdict, report);
  const back = await run.takeBack(verdict.transaction);
  const again = await options.examine();
  if (back.result === 'refused') {
    const message = `${verdict.why}, and the change could not be undone: ${back.reason}`;
    return told({ result: 'failed', message }, again);
  }
  const stillWorse = madeWorse(before, again, options);
  return told(takenBack(verdict, stillWorse), again);
}

/** What the examination after a treatment says about it: all there is to say where it stays, else why it must not. */
function verdictOn(
  done: CarriedOut,
  { check, fix, problems }: Planned,
  before: Checked,
  report: Checked,
  options: Pick<Treating, 'isSelected'>,
): Saying | Rejected {
  if (done.result === 'failed') return { result: 'failed', message: done.message };
  const after = report.checks.find(({ id }) => id === check);
  // What is left as a mere note was made better.
  const left = problems.filter((problem) =>
    after?.problems.some((other) => nameOf(other) === nameOf(problem) && rank(other) >= rank(problem)),
  );
  const worse = madeWorse(before, report, options);
  if (worse.length === 0 && left.length === 0 && after !== undefined && after.status !== 'unknown')
    return { result: done.result === 'already' ? 'already' : 'cured', message: null };
  const { transaction } = done;
  if (transaction === null) return { result: 'already', message: 'there was nothing to change' };
  if (worse.length > 0) return { transaction, worse, why: `it made ${worse.join(' and ')} worse` };
  if (fix.until !== undefined) return { result: 'pending', message: `it takes effect at the next ${fix.until}` };
  if (done.leftAlone.length > 0 && left.length > 0 && left.every((problem) => isLess(problem, after?.problems ?? [])))
    return { result: 'partly-cured', message: 'what bk-doctor leaves alone is still there' };
  const why =
    after?.status === 'unknown' && left.length === 0
      ? `whether it helped could not be verified (${after.reason ?? 'unknown'})`
      : `the problem is still there${nowWords(problems, after?.problems ?? [])}`;
  return { transaction, worse, why };
}

/** What the same problem says by now, where that is something else. */
function nowWords(before: readonly Problem[], after: readonly Problem[]): string {
  const same = after.filter((one) => before.some((problem) => nameOf(problem) === nameOf(one)));
  const other = same.find(({ message }) => before.every((problem) => problem.message !== message));
  return other === undefined ? '' : ` (${other.message.replace(/\.$/, '')})`;
}

/** What stayed worse without the treatment may have another cause. */
function takenBack({ worse, why }: Rejected, stillWorse: readonly string[]): Saying {
  const blamed = worse.filter((id) => stillWorse.includes(id));
  const note = blamed.length === 0 ? '' : ` (${blamed.join(' and ')} stayed so, and may have another cause)`;
  return {
    result: worse.length > 0 ? 'taken-back' : 'still-failing',
    message: `${why}, so the change was undone${note}`,
  };
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
