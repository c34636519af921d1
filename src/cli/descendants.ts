import { readdirSync, readFileSync } from 'node:fs';

/** What asked-for ending may take: a probe unmounts and removes what it made. */
const PATIENCE_MS = 1000;

/**
 * Ends every program that we started and that still runs, with what it started: asks first, then kills. Only where a
 * signal ends us: each leads a session of its own, so that nobody else would end it.
 */
export async function endDescendants(): Promise<void> {
  const all = descendantsOf(process.pid);
  send(all, 'SIGTERM');
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until && all.some(isAlive); )
    await new Promise((later) => setTimeout(later, 10));
  send([...all.filter(isAlive), ...descendantsOf(process.pid)], 'SIGKILL');
}

function send(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    for (const whom of [-pid, pid]) {
      try {
        process.kill(whom, signal);
      } catch {
        // Gone, no leader of a group, or another account's by now.
      }
    }
  }
}

/** One that ended and waits to be noticed by its parent is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
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
