import type { ApplyContext, UndoReport } from './types.ts';

/** Takes back a run or a transaction (null: the last run that changed something), newest treatment first. Throws NoSuchTransaction and Busy. */
export async function undo(_context: ApplyContext, _id: string | null): Promise<UndoReport> {
  throw new Error('not built yet');
}
