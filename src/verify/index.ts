import { createLook } from '../examine/look.ts';
import { container } from '../facts/confinement/container.ts';
import type { Opened } from '../host/open.ts';
import { startStandIn } from '../host/stand-in.ts';
import { placesOf, stepsAt } from '../knowledge/remedies/remedy.ts';
import { REMEDIES } from '../knowledge/remedies/table.ts';
import type { Condition } from '../model/decide.ts';
import type { Account } from '../model/look.ts';
import type { CheckReport } from '../model/say.ts';
import { decidesNothing } from '../model/unseen.ts';
import { located } from '../text/located.ts';
import { seconds } from '../text/seconds.ts';
import { trialAnswer } from './answer.ts';
import type { TrialOrder } from './as-target.ts';
import { planTrial, type TrialPlan } from './plan.ts';
import { runTrial, type StageName, type Trial } from './trial.ts';

/** Of the time of the call, for looking for what explains a failure. */
const RESERVE_MS = 8000;
/** What the process that makes the trial may take to say that its time is over. */
const MARGIN_MS = 2000;
/** To stop the daemon and remove what it wrote, when a signal ends us. */
const STOP_MS = 1400;
const MOST_ANSWER = 1024 * 1024;
const WHO = 'the process that makes the trial';

/** A failing check that explains why a trial failed. */
interface Explanation {
  readonly check: string;
  readonly condition: Condition;
  readonly message: string;
  readonly docs: string;
  readonly why: string;
  readonly remedy: readonly string[];
}
/** Makes the trial as the target, with a buildkitd of its own or the `running` one at an address. Programs that are missing fail the first stage by name. */
export async function verify(
  opened: Opened,
  signal: AbortSignal,
  onStage: (name: StageName) => void,
  running: string | null = null,
): Promise<Trial> {
  const planned = await planTrial(createLook({ host: opened.host, request: opened.request }));
  if (planned.missing !== undefined) {
    return failedTrial(`missing: ${planned.missing.join(', ')}`);
  }
  const plan = running === null ? planned.plan : { ...planned.plan, running };
  const { self, target } = opened.host.identity;
  if (self.uid === target.uid) return runTrial(plan, opened.arch, signal, onStage, opened.budget);
  return trialAs(target, plan, opened, signal, onStage);
}

/** The failing checks of a report, as explanations: those alone that no other of them explains, where there are such. */
export async function explanationsOf(checks: readonly CheckReport[], opened: Opened): Promise<readonly Explanation[]> {
  const look = createLook({ host: opened.host, request: opened.request });
  const places = placesOf((await look.get(container).catch(decidesNothing))?.kind ?? null);
  const failing = checks.filter(({ status }) => status === 'fail');
  const causes = failing.filter(({ explainedBy }) => explainedBy === undefined);
  return (causes.length > 0 ? causes : failing).flatMap(({ id, problems, docs }) =>
    problems
      .filter(({ severity }) => severity === 'error')
      .map((problem) => ({
        check: id,
        condition: problem.condition,
        message: located(problem),
        docs,
        why: REMEDIES[problem.condition].why,
        remedy: stepsAt(REMEDIES[problem.condition], places),
      })),
  );
}

function trialAs(
  { name, uid, gid }: Account,
  plan: TrialPlan,
  { arch, budget }: Opened,
  signal: AbortSignal,
  onStage: (name: StageName) => void,
): Promise<Trial> {
  const mostMs = budget.left() - RESERVE_MS;
  if (mostMs <= 0) return Promise.resolve(failedTrial(budget.usedUp));
  const told = new Promise<Trial>((resolve) => {
    const end = (trial: Trial): void => {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
      standIn.kill();
      resolve(trial);
    };
    const standIn = startStandIn('as-target', {
      mostBytes: MOST_ANSWER,
      onAnswer(answer) {
        const said = trialAnswer(answer);
        if (said === null) end(failedTrial(`${WHO} gave an answer that none of bk-doctor gives`));
        else if ('stage' in said) onStage(said.stage);
        else end(said.trial);
      },
      onEnd: (why) => end(failedTrial(`${WHO} ${why}`)),
    });
    // It stops, and tidies up.
    const stop = (): void => {
      standIn.end(STOP_MS).then(() => end(failedTrial('interrupted')));
    };
    const late = setTimeout(() => end(failedTrial(`${WHO} did not end within ${seconds(mostMs)}`)), mostMs);
    signal.addEventListener('abort', stop);
    standIn.tell({
      account: { name, uid, gid },
      plan,
      arch,
      mostMs: mostMs - MARGIN_MS,
      pace: budget.pace,
    } satisfies TrialOrder);
  });
  return budget.spend(told);
}

function failedTrial(message: string): Trial {
  return { ok: false, stages: [{ name: 'start', ok: false, durationMs: 0, message }], snapshotter: null, log: [] };
}
