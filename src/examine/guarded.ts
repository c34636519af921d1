import type { Check, Examined, Needs, NotApplicable, Problem } from '../model/decide.ts';
import type { UnseenReason } from '../model/look.ts';
import type { Fix, Step, Treatment } from '../model/plan.ts';
import type { PlannedFix } from '../model/say.ts';

type Facts = { readonly [name: string]: unknown };

/** What a fix planned, or why it did not: for want of facts, or by a fault of bk-doctor itself. */
export interface Plans {
  readonly fixes: readonly PlannedFix[];
  readonly unplanned?: readonly UnseenReason[];
  readonly fault?: string;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What a check says, or that it has a fault. */
export interface Judged {
  readonly result: NotApplicable | Examined;
  readonly fault?: string | undefined;
}

/** A check that fails, or answers nonsense, is unknown, and costs no other its answer. */
export function judge<S>(
  // biome-ignore lint/suspicious/noExplicitAny: any evidence
  { id, examine }: Pick<Check<Needs<S>, any, S>, 'id' | 'examine'>,
  facts: Facts,
): Judged {
  try {
    const result = (examine as (facts: Facts) => NotApplicable | Examined)(facts);
    if (!('notApplicable' in result)) {
      if (!Array.isArray(result.problems) || !Array.isArray(result.unseen))
        throw new TypeError('it answers no problems');
      // Evidence is data, or no report could be written.
      JSON.stringify(result.problems);
    }
    return { result };
  } catch (error) {
    const fault = `bk-doctor's own fault in ${id}: ${wordsOf(error)}`;
    return { result: { problems: [], unseen: [{ why: fault }] }, fault };
  }
}

const STEPS: ReadonlySet<unknown> = new Set<Step['do']>([
  'edit',
  'directory',
  'remove',
  'owner',
  'mode',
  'adopt',
  'sysctl',
  'run',
  'tell',
]);

/** What a fix plans. One that fails, or plans nonsense, plans nothing: its check is told all the same. */
export function plan<S>(
  id: string,
  // biome-ignore lint/suspicious/noExplicitAny: any evidence
  fix: Fix<Needs<S>, any, S>,
  problems: readonly Problem[],
  facts: Facts,
): Plans {
  try {
    const treatments = (fix.plan as (problems: readonly Problem[], facts: Facts) => readonly Treatment[])(
      problems,
      facts,
    );
    for (const treatment of treatments) refuseNonsense(treatment, problems.length);
    JSON.stringify(treatments);
    return {
      fixes: treatments.map((treatment) => ({ ...treatment, needs: needsOf(treatment.steps), diff: null })),
    };
  } catch (error) {
    const fault = `how to repair it is not known, by an internal error of bk-doctor in ${id}: ${wordsOf(error)}`;
    return { fixes: [], fault };
  }
}

function refuseNonsense({ for: indexes, risk, steps }: Treatment, count: number): void {
  const stray = indexes.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (stray !== undefined) throw new Error(`its plan is for problem ${stray} of ${count}`);
  if (!['safe', 'risky', 'manual'].includes(risk)) throw new Error(`its plan has the risk ${String(risk)}`);
  const strange = steps.find((step) => !STEPS.has(step.do));
  if (strange !== undefined) throw new Error(`its plan has the step ${String(strange.do)}`);
}

/** Root is needed when any step that changes something must be root's. */
export function needsOf(steps: readonly Step[]): 'root' | 'user' {
  return steps.some((step) => step.do !== 'tell' && step.as === 'root') ? 'root' : 'user';
}
