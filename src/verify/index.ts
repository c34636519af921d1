import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createLook } from '../diagnose.ts';
import type { Opened } from '../host/open.ts';
import type { Account, CheckReport } from '../model.ts';
import { builtProgram } from '../package-directory.ts';
import { planTrial, type TrialPlan } from './plan.ts';
import { runTrial, type StageName, type Trial } from './trial.ts';

/** A failing check that explains why a trial failed. */
interface Explanation {
  readonly check: string;
  readonly condition: string;
  readonly message: string;
  readonly docs: string;
}
/** Makes the trial as the target. Programs that are missing fail the first stage by name. */
export async function verify(opened: Opened, signal: AbortSignal, onStage: (name: StageName) => void): Promise<Trial> {
  const planned = await planTrial(createLook(opened.host, opened.request));
  if (planned.missing !== undefined) {
    return {
      ok: false,
      stages: [{ name: 'start', ok: false, durationMs: 0, message: `missing: ${planned.missing.join(', ')}` }],
      snapshotter: null,
      log: [],
    };
  }
  const { self, target } = opened.host.identity;
  if (self.uid === target.uid) return runTrial(planned.plan, opened.arch, signal, onStage);
  return trialAs(target, planned.plan, opened.arch, signal, onStage);
}

/** The failing checks of a report, as explanations. */
export function explanationsOf(checks: readonly CheckReport[]): readonly Explanation[] {
  return checks
    .filter(({ status }) => status === 'fail')
    .flatMap(({ id, problems, docs }) =>
      problems
        .filter(({ severity }) => severity === 'error')
        .map(({ condition, message }) => ({ check: id, condition, message, docs })),
    );
}

function trialAs(
  { name, uid, gid }: Account,
  plan: TrialPlan,
  arch: string,
  signal: AbortSignal,
  onStage: (name: StageName) => void,
): Promise<Trial> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [builtProgram('as-target')], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      env: {},
      cwd: '/',
    });
    let trial: Trial | null = null;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { stage?: StageName; trial?: Trial };
      if (said.stage !== undefined) onStage(said.stage);
      if (said.trial !== undefined) trial = said.trial;
    });
    signal.addEventListener('abort', () => child.stdin.end());
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify({ account: { name, uid, gid }, plan, arch })}\n`);
    child.on('error', reject);
    child.on('close', () =>
      trial === null ? reject(new Error('the process that makes the trial ended without an answer')) : resolve(trial),
    );
  });
}
