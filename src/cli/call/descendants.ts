import { readFileSync } from 'node:fs';
import { childrenOf, endFamily, isAlive, isStep, isStepOfRoots, signal } from '../../host/looks/processes.ts';

/** What a program may take that ends by itself, and then one that was asked to: a probe unmounts and removes what it made. */
const PATIENCE_MS = { end: 400, term: 1000 };

/**
 * Ends every program that we started and that still runs, with what it started. Only where a signal ends us: each leads
 * a session of its own, so that nobody else would end it. Most take a moment and are waited for; then those that wait
 * for nobody are asked, since who waits for them tidies up when they have ended (rootlesskit leaves its directory
 * behind when it is told to end before its child has); then all are killed.
 */
export async function endDescendants(): Promise<void> {
  await endPolitely(() => true);
  killDescendants();
}

/** The same of those that only look, without killing any: what is being changed is taken back meanwhile. */
export async function endLooks(): Promise<void> {
  await endPolitely((pid) => !isStep(pid));
}

async function endPolitely(isMeant: (pid: number) => boolean): Promise<void> {
  const meant = (): readonly number[] => descendantsOf(process.pid).filter(isMeant);
  await until(PATIENCE_MS.end, () => !meant().some(isProgram));
  const asked = new Set<number>();
  await until(PATIENCE_MS.term, () => {
    const alive = meant().filter(isAlive);
    for (const pid of alive) {
      if (asked.has(pid) || childrenOf(pid).some(isAlive)) continue;
      asked.add(pid);
      signal(pid, 'SIGTERM');
    }
    return alive.length === 0;
  });
}

/** At once. What root runs to change something (a package manager) is only asked: it may not be cut short anywhere. */
export function killDescendants(): void {
  const steps = childrenOf(process.pid).filter(isStepOfRoots);
  for (const pid of steps) signal(-pid, 'SIGTERM');
  endFamily({ pids: childrenOf(process.pid).filter((pid) => !steps.includes(pid)), mark: null });
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

/** From the leaves up, so that none is left behind by the end of its parent. */
function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [...descendantsOf(child), child]);
}
