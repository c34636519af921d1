import { NoSuchTransaction } from './disk/refused.ts';
import { clearLeftLocks } from './disk/subid-lock.ts';
import { takeLock } from './journal/lock.ts';
import { openState } from './journal/state-directory.ts';
import { type RecordedRun, readRuns } from './journal/store.ts';
import type { ApplyContext, UndoneTransaction, UndoReport } from './journal/types.ts';
import { doneOf } from './room.ts';
import { takeBackRecorded } from './run.ts';
import { touchedBy } from './touches.ts';

const WAIT_MS = 3000;

/** Takes back a run or a transaction (null: the last run that changed something), newest treatment first. Throws NoSuchTransaction and Busy. */
export async function undo(context: ApplyContext, id: string | null): Promise<UndoReport> {
  const { uid } = context.identity.self;
  const runs = readRuns(context.state, uid);
  const chosen = choose(runs, id);
  if (chosen.length === 0) return { schema: 1, transactions: [] };
  const state = openState(context.state, uid);
  try {
    const lock = await takeLock(state, context.waitMs ?? WAIT_MS);
    try {
      const transactions: UndoneTransaction[] = [];
      // Chosen anew: another run may have ended while we waited for the lock.
      const now = readRuns(context.state, uid);
      await clearLeftLocks(marksOf(now), uid);
      for (const transaction of choose(now, id)) transactions.push(await takeBackRecorded(context, state, transaction));
      return { schema: 1, transactions };
    } finally {
      lock.release();
    }
  } finally {
    state.close();
  }
}

/** What `undo` would take back, newest first. Reads only; whether it can be done shows when it is. Throws NoSuchTransaction. */
export async function wouldUndo(
  { state, identity }: Pick<ApplyContext, 'state' | 'identity'>,
  id: string | null,
): Promise<UndoReport> {
  const runs = readRuns(state, identity.self.uid);
  const all = runs.flatMap(({ transactions }) => transactions);
  return {
    schema: 1,
    transactions: choose(runs, id).map((chosen) => {
      const found = all.find((one) => one.id === chosen);
      return {
        id: chosen,
        check: found?.check ?? 'unknown',
        result: 'planned',
        reason: null,
        paths: [...new Set(found?.deeds.flatMap((deed) => touchedBy(doneOf(found, deed)) ?? []) ?? [])],
      };
    }),
  };
}

function marksOf(runs: readonly RecordedRun[]): ReadonlySet<string> {
  return new Set(runs.flatMap(({ transactions }) => transactions.map(({ mark }) => mark)));
}

/** What is still in force of that run or transaction, newest first. */
function choose(runs: readonly RecordedRun[], id: string | null): readonly string[] {
  const inForce = ({ id: run, transactions, damaged }: RecordedRun): readonly string[] => {
    // Nobody knows what it did: asking for it says so.
    if (damaged !== null && transactions.length === 0) return [run];
    return transactions.filter(({ state }) => state !== 'taken-back').map((transaction) => transaction.id);
  };
  if (id === null) {
    const last = runs.findLast((run) => inForce(run).length > 0);
    return last === undefined ? [] : inForce(last).toReversed();
  }
  const run = runs.find((candidate) => candidate.id === id);
  if (run !== undefined) return inForce(run).toReversed();
  const all = runs.flatMap(({ transactions }) => transactions);
  const one = all.find((transaction) => transaction.id === id);
  if (one === undefined)
    throw new NoSuchTransaction(id, [...runs.map((known) => known.id), ...all.map((known) => known.id)]);
  return one.state === 'taken-back' ? [] : [one.id];
}
