import { spawn } from 'node:child_process';
import type { Json } from '../model.ts';
import { builtProgram } from '../package-directory.ts';
import type { Job, JobAnswer } from './as-user.ts';
import type { Doer } from './kinds.ts';
import { Refused } from './refused.ts';
import { MARK, SYSTEM_PATH } from './tools.ts';
import type { ApplyContext } from './types.ts';
import type { Acted, Backup, Standing } from './work.ts';

const TIME_LIMIT_MS = 360_000;
const MOST_OUTPUT = 4 * 1024 * 1024;

/** Does deeds in a process that becomes the target; started anew for each, so that it can be given that deed's backup alone. */
export function createTargetDoer({ identity, userEntry }: ApplyContext): Doer {
  const ask = (
    verb: Job['verb'],
    deed: Job['deed'],
    prepared: Json,
    work: Job['work'],
    backup: Backup,
  ): Promise<Json> =>
    askChild(userEntry ?? builtProgram('as-user'), { account: identity.target, verb, deed, prepared, work }, backup);
  return {
    prepare: (deed, work, backup) => ask('prepare', deed, null, work, backup),
    act: async (deed, prepared, work, backup) => (await ask('act', deed, prepared, work, backup)) as unknown as Acted,
    standing: async (deed, prepared, work, backup) => (await ask('standing', deed, prepared, work, backup)) as Standing,
    takeBack: async (deed, prepared, work, backup) => {
      await ask('takeBack', deed, prepared, work, backup);
    },
  };
}

function askChild(entry: string, job: Job, backup: Backup): Promise<Json> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry], {
      // A session of its own, none of our terminal, descriptors or environment.
      detached: true,
      cwd: '/',
      env: { PATH: SYSTEM_PATH, LC_ALL: 'C', [MARK]: job.work.transaction },
      stdio: ['pipe', 'pipe', 'ignore', backup],
    });
    let output = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT_MS);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > MOST_OUTPUT) child.kill('SIGKILL');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new Refused(`the process that acts as the target could not be started: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const answer = answerIn(output);
      if (answer === null)
        reject(
          new Refused(`the process that acts as the target ended without an answer (${signal ?? `exit ${code}`})`),
        );
      else if ('value' in answer) resolve(answer.value);
      else if ('refused' in answer) reject(new Refused(answer.refused, answer.paths));
      else reject(new Refused(`the process that acts as the target failed: ${answer.fault}`));
    });
    child.stdin?.on('error', () => {});
    // Left open: its end tells the child that we are gone.
    child.stdin?.write(`${JSON.stringify(job)}\n`);
  });
}

function answerIn(output: string): JobAnswer | null {
  try {
    return JSON.parse(output) as JobAnswer;
  } catch {
    return null;
  }
}
