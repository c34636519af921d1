import type { HostReader, Step } from '../model.ts';

/** What the steps would do: unified diffs of edits, and one line for each other step. Null when there is nothing to show. Reads only. */
export async function preview(_steps: readonly Step[], _host: HostReader): Promise<{ diff: string | null }> {
  throw new Error('not built yet');
}
