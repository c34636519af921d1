import { bool, listOf, number, oneOf, orNull, record, text } from '../host/shape.ts';
import type { Stage, StageName, Trial } from './trial.ts';

const STAGES: readonly StageName[] = ['start', 'connect', 'build', 'clean-up'];

const stageName = oneOf(...STAGES);
const trialShape = record({
  ok: bool,
  stages: listOf(record({ name: stageName, ok: bool, durationMs: number, message: orNull(text(8192)) }), STAGES.length),
  snapshotter: orNull(text(200)),
  log: listOf(text(4096), 100),
});

/** A line of the process that makes the trial, rebuilt from what may be in it; null where it is none. */
export function trialAnswer(line: unknown): { readonly stage: StageName } | { readonly trial: Trial } | null {
  if (record({ stage: stageName })(line)) return line as { stage: StageName };
  if (!record({ trial: trialShape })(line)) return null;
  const { stages, snapshotter, log } = (line as { readonly trial: Trial }).trial;
  return {
    trial: {
      ok: STAGES.every((name) => stages.some((stage) => stage.name === name && stage.ok)),
      stages: stages.map(({ name, ok, durationMs, message }): Stage => ({ name, ok, durationMs, message })),
      snapshotter,
      log: [...log],
    },
  };
}
