import { readdirSync, readFileSync } from 'node:fs';

/** What a program may take that ends by itself, and then one that was asked to: a probe unmounts and removes what it made. */
const PATIENCE_MS = { end: 400, term: 1000 };

/**
 * Ends every program that we started and that still runs, with what it started. Only where a signal ends us: each leads
 * a session of its own, so that nobody else would end it. Most take a moment and are waited for; then those that wait
 * for nobody are asked, since who waits for them tidies up when they have ended (rootlesskit leaves its directory
 * behind when it is told to end before its child has); then all are killed.
 */
export async function endDescendants(): Promise<void> {
  await until(PATIENCE_MS.end, () => !descendantsOf(process.pid).some(isProgram));
  const asked = new Set<number>();
  await until(PATIENCE_MS.term, () => {
    const alive = descendantsOf(process.pid).filter(isAlive);
    for (const pid of alive) {
      if (asked.has(pid) || childrenOf(pid).some(isAlive)) continue;
      asked.add(pid);
      send([pid], 'SIGTERM');
    }
    return alive.length === 0;
  });
  for (const pid of descendantsOf(process.pid)) send([-pid, pid], 'SIGKILL');
}

async function until(patience: number, isDone: () => boolean): Promise<void> {
  for (const end = Date.now() + patience; Date.now() < end && !isDone(); )
    await new Promise((later) => setTimeout(later, 10));
}

/** Not one of the processes of our own that look or act for us until they are told to end. */
function isProgram(pid: number): boolean {
  try {
    return isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] !== process.execPath;
  } catch {
    return false;
  }
}

function send(whom: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of whom) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone, no leader of a group, or another account's by now.
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
