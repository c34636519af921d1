import { createInterface } from 'node:readline';
import { reasonOf } from '../facts/unseen.ts';
import { type Become, become } from './become.ts';
import { type Call, carryOut } from './verbs.ts';

/*
 * A process that looks on behalf of bk-doctor and can be killed when a look hangs.
 * Its first line names the account to become (null: stay who we are); each further line is a call.
 */
let first = true;
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (first) {
    first = false;
    const who = JSON.parse(line) as Become | null;
    if (who !== null) become(who);
    return;
  }
  const { id, call } = JSON.parse(line) as { id: number; call: Call };
  let answer: object;
  try {
    answer = { id, value: await carryOut(call) };
  } catch (error) {
    answer = { id, unseen: reasonOf(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
// So that what probes leave while they work is removed.
process.on('SIGTERM', () => process.exit(143));
process.stdin.on('end', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
