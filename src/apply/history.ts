import type { History } from './types.ts';

/** The runs in a journal, oldest first; empty when there is none. Reads only. */
export async function history(_state: string): Promise<History> {
  throw new Error('not built yet');
}
