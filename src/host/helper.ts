import { createInterface } from 'node:readline';
import { reasonOf } from '../model/unseen.ts';
import { type Become, become, standApart } from './become.ts';
import { type Call, carryOut } from './verbs.ts';

/*
 * A process that looks on behalf of bk-doctor and can be killed when a look hangs.
 * Its first line names the account to become (null: stay who we are); each further line is a call.
 */
standApart(2);
let first = true;
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (first) {
    first = false;
    const who = JSON.parse(line) as Become | null;
    if (who !== null) become(who);
    return;
  }
  const { id, call, mostMs, pace } = JSON.parse(line) as { id: number; call: Call; mostMs: number; pace: number };
  const say = (answer: object): boolean => process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
  try {
    const answer = carryOut(call, mostMs, pace);
    if (answer instanceof Promise) {
      // From here on it waits for others, and the next look is not behind it.
      say({ begun: true });
      say({ value: await answer });
    } else say({ value: answer });
  } catch (error) {
    say({ unseen: reasonOf(error) });
  }
});
// So that what probes leave while they work is removed.
process.on('SIGTERM', () => process.exit(143));
process.stdin.on('end', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
