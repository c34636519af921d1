import { readRuns } from './store.ts';
import type { History } from './types.ts';

/** The runs in a journal, oldest first; empty when there is none. `uid` is who we are. Reads only. */
export async function history(state: string, uid: number): Promise<History> {
  return {
    schema: 1,
    runs: readRuns(state, uid)
      .filter(({ transactions, damaged }) => transactions.length > 0 || damaged !== null)
      .map(({ id, at, user, target, damaged, transactions }) => ({
        id,
        at,
        user,
        ...(at === '' ? {} : { target: target.name ?? String(target.uid) }),
        ...(damaged === null ? {} : { damaged }),
        transactions: transactions.map(({ id: transaction, check, state: now, steps }) => ({
          id: transaction,
          check,
          state: now,
          steps,
        })),
      })),
  };
}
