import { availableParallelism, loadavg } from 'node:os';

/** Milliseconds in which bk-doctor starts where nothing keeps a processor of this decade from it. */
const ORDINARY_START_MS = 120;
/** However slow a machine is, nothing is waited for without end. */
const MOST = 30;

/**
 * How many times slower than an ordinary machine this one is now, at least 1: by what our own start took (an emulated
 * processor, a quota, a cold disk), and by how many programs share each processor.
 */
export function slowness(startMs: number): number {
  const [load = 0] = loadavg();
  return Math.min(MOST, Math.max(1, startMs / ORDINARY_START_MS, load / availableParallelism()));
}
