import { readFileSync } from 'node:fs';
import { openRun, undo } from '../../src/apply/index.ts';
import type { ApplyContext } from '../../src/apply/journal/types.ts';
import type { Step } from '../../src/model/plan.ts';

/** A whole bk-doctor process as far as changing goes: applies treatments, or undoes, and can end itself with SIGKILL. */
interface Orders {
  readonly context: ApplyContext;
  readonly treatments: readonly (readonly Step[])[];
  /** Undo instead of applying. */
  readonly undo: boolean;
  /** Kill this process when progress is reported for the n-th time; null: never. */
  readonly killAt: number | null;
  /** Milliseconds to hold the lock before the first treatment. */
  readonly holdMs: number;
}

const orders = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Orders;
let reported = 0;
const context: ApplyContext = {
  ...orders.context,
  progress: () => {
    if (++reported === orders.killAt) process.kill(process.pid, 'SIGKILL');
  },
};
process.stdout.write('ready\n');
try {
  if (orders.undo) process.stdout.write(`${JSON.stringify(await undo(context, null))}\n`);
  else {
    const run = await openRun(context);
    if (orders.holdMs > 0) await new Promise((passed) => setTimeout(passed, orders.holdMs));
    for (const steps of orders.treatments) {
      const done = await run.carryOut('test/check', { for: [0], risk: 'safe', steps });
      process.stdout.write(`${JSON.stringify(done)}\n`);
    }
    await run.close();
  }
  process.stdout.write(`${JSON.stringify({ reported, peakKiB: process.resourceUsage().maxRSS })}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: (error as Error).name, message: (error as Error).message })}\n`);
}
