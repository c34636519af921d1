import { type Become, become, standApart } from '../host/become.ts';
import { Budget } from '../host/budget.ts';
import type { TrialPlan } from './plan.ts';
import { runTrial } from './trial.ts';

/** The one line that it is told. */
export interface TrialOrder {
  readonly account: Become;
  readonly plan: TrialPlan;
  readonly arch: string;
  readonly mostMs: number;
  readonly pace: number;
}

/*
 * A trial made by a process that has become the target: root asks for another user's set-up.
 * One line in: the account, the plan, the architecture. Lines out: the stage that begins, at last the trial.
 * The end of standard input, or a signal, interrupts it.
 */
standApart(2);
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => abort.abort());

let text = '';
let begun = false;
process.stdin.setEncoding('utf8');
process.stdin.on('data', async (chunk: string) => {
  text += chunk;
  if (begun || !text.includes('\n')) return;
  begun = true;
  const { account, plan, arch, mostMs, pace } = JSON.parse(text) as TrialOrder;
  become(account);
  const tell = (stage: string): boolean => process.stdout.write(`${JSON.stringify({ stage })}\n`);
  const budget = new Budget(mostMs, pace);
  const trial = await budget.spend(runTrial(plan, arch, abort.signal, tell, budget));
  process.stdout.write(`${JSON.stringify({ trial })}\n`, () => process.exit(0));
});
process.stdin.on('end', () => abort.abort());
