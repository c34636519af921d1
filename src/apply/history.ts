import { readRuns } from './store.ts';
import type { History } from './types.ts';

/** The runs in a journal, oldest first; empty when there is none. `uid` is who we are. Reads only. */
export async function history(state: string, uid: number): Promise<History> {
  return {
    schema: 1,
    runs: readRuns(state, uid)
      .filter(({ transactions }) => transactions.length > 0)
      .map(({ id, at, user, transactions }) => ({
        id,
        at,
        user,
        transactions: transactions.map(({ id: transaction, check, state: now, steps }) => ({
          id: transaction,
          check,
          state: now,
          steps,
        })),
      })),
  };
}
