import { Budget } from '../host/budget.ts';
import { listOf, oneOf, orAbsent, record, type Shape, text } from '../host/shape.ts';
import { startStandIn } from '../host/stand-in.ts';
import type { Json } from '../model/look.ts';
import { seconds } from '../text/seconds.ts';
import type { Job } from './as-user.ts';
import { Refused } from './disk/refused.ts';
import { MARK, SYSTEM_PATH } from './disk/tools.ts';
import type { Acted, Backup, Standing } from './disk/work.ts';
import type { ApplyContext } from './journal/types.ts';
import type { Doer } from './kinds.ts';

/** A step that runs no program is done in a moment. */
const STEP_MS = 10_000;
const RUN_MS = 310_000;
/** What one may still take when a signal ends us. */
const STOP_MS = 700;
const MOST_ANSWER = 256 * 1024;
const WHO = 'the process that acts as the target';

const sentence = text(4096);
/** What each verb answers; what was prepared goes into root's journal. */
const VALUES: { readonly [verb in Job['verb']]: Shape } = {
  prepare: (value) => value === 'already' || record({})(value),
  act: record({ leftAlone: listOf(sentence, 100), digest: orAbsent(text(64)) }),
  standing: oneOf('before', 'after'),
  takeBack: (value) => value === null,
};

/** Does deeds in a process that becomes the target; started anew for each, so that it can be given that deed's backup alone. */
export function createTargetDoer(context: ApplyContext): Doer {
  const account = context.identity.target;
  const ask = (
    verb: Job['verb'],
    deed: Job['deed'],
    prepared: Json,
    work: Job['work'],
    backup: Backup,
  ): Promise<Json> => askChild(context, { account, verb, deed, prepared, work }, backup);
  return {
    prepare: (deed, work, backup) => ask('prepare', deed, null, work, backup),
    act: async (deed, prepared, work, backup) => (await ask('act', deed, prepared, work, backup)) as unknown as Acted,
    standing: async (deed, prepared, work, backup) => (await ask('standing', deed, prepared, work, backup)) as Standing,
    takeBack: async (deed, prepared, work, backup) => {
      await ask('takeBack', deed, prepared, work, backup);
    },
  };
}

function askChild(context: ApplyContext, job: Job, backup: Backup): Promise<Json> {
  const { userEntry, signal, budget = new Budget(RUN_MS) } = context;
  const left = budget.left();
  if (left === 0) return Promise.reject(new Refused(budget.usedUp));
  const limitMs = Math.min((job.deed.do === 'run' ? RUN_MS : STEP_MS) * budget.pace, left);
  const asked = new Promise<Json>((resolve, reject) => {
    let stopping: NodeJS.Timeout | undefined;
    const settle = (outcome: Json | Refused): void => {
      clearTimeout(late);
      clearTimeout(stopping);
      signal?.removeEventListener('abort', stop);
      standIn.kill();
      if (outcome instanceof Refused) reject(outcome);
      else resolve(outcome);
    };
    const standIn = startStandIn('as-user', {
      ...(userEntry === undefined ? {} : { start: [process.execPath, userEntry] }),
      env: { PATH: SYSTEM_PATH, LC_ALL: 'C', [MARK]: job.work.transaction },
      descriptor: backup,
      mostBytes: MOST_ANSWER,
      onAnswer: (answer) => settle(outcomeOf(job.verb, answer)),
      onEnd: (why) => settle(new Refused(`${WHO} ${why}`)),
    });
    const late = setTimeout(() => settle(new Refused(`${WHO} did not answer within ${seconds(limitMs)}`)), limitMs);
    const stop = (): void => {
      stopping = setTimeout(() => settle(new Refused('it was stopped')), STOP_MS);
    };
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop);
    // Its standard input is left open: the end of that tells it that we are gone.
    standIn.tell(job);
  });
  return budget.spend(asked);
}

/** What it answered, if that is an answer. */
function outcomeOf(verb: Job['verb'], answer: unknown): Json | Refused {
  if (record({ refused: sentence, paths: listOf(text(8192), 1000) })(answer)) {
    const { refused, paths } = answer as { readonly refused: string; readonly paths: readonly string[] };
    return new Refused(refused, paths);
  }
  if (record({ fault: text(8192) })(answer))
    return new Refused(`${WHO} failed: ${(answer as { readonly fault: string }).fault}`);
  if (record({ value: VALUES[verb] })(answer)) return (answer as { readonly value: Json }).value;
  return new Refused(`${WHO} gave an answer that none of bk-doctor gives`);
}
