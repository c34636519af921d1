import type { ApplyContext, Run } from './types.ts';

/** Takes the lock and opens the journal. Throws Busy, or Refused when there is no safe place for the journal. */
export async function openRun(_context: ApplyContext): Promise<Run> {
  throw new Error('not built yet');
}
