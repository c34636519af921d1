import { type Become, become } from '../host/become.ts';
import type { TrialPlan } from './plan.ts';
import { runTrial } from './trial.ts';

/*
 * A trial made by a process that has become the target: root asks for another user's set-up.
 * One line in: the account, the plan, the architecture. Lines out: the stage that begins, at last the trial.
 * The end of standard input, or a signal, interrupts it.
 */
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => abort.abort());

let text = '';
let begun = false;
process.stdin.setEncoding('utf8');
process.stdin.on('data', async (chunk: string) => {
  text += chunk;
  if (begun || !text.includes('\n')) return;
  begun = true;
  const { account, plan, arch } = JSON.parse(text) as { account: Become; plan: TrialPlan; arch: string };
  become(account);
  const trial = await runTrial(plan, arch, abort.signal, (stage) =>
    process.stdout.write(`${JSON.stringify({ stage })}\n`),
  );
  process.stdout.write(`${JSON.stringify({ trial })}\n`, () => process.exit(0));
});
process.stdin.on('end', () => abort.abort());
