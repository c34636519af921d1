import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends every program that we started and that still runs, with what it started. Only where a signal ends us: each
 * leads a session of its own, so that nobody else would end it.
 */
export function endDescendants(): void {
  for (const pid of descendantsOf(process.pid)) {
    for (const whom of [-pid, pid]) {
      try {
        process.kill(whom, 'SIGKILL');
      } catch {
        // Gone, no leader of a group, or another account's by now.
      }
    }
  }
}

/** From the leaves up, so that none is left behind by the end of its parent. */
function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [...descendantsOf(child), child]);
}

/** Every thread has its own children. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
