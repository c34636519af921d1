import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from './refused.ts';
import { MARK } from './tools.ts';

const PATIENCE_MS = { end: 3000, term: 2000, kill: 2000 };

/** Waits for what a killed run left running for a transaction, and ends it when it does not end by itself. Throws Refused when it cannot be ended. */
export async function endLeftovers(mark: string): Promise<void> {
  if (await areGone(mark, PATIENCE_MS.end)) return;
  for (const [signal, patience] of [
    ['SIGTERM', PATIENCE_MS.term],
    ['SIGKILL', PATIENCE_MS.kill],
  ] as const) {
    for (const pid of carriersOf(mark)) {
      try {
        process.kill(pid, signal);
      } catch {
        // Ended meanwhile, or not ours: then the next look tells.
      }
    }
    if (await areGone(mark, patience)) return;
  }
  throw new Refused(
    `process ${carriersOf(mark).join(', ')}, started for this treatment, still runs and cannot be ended`,
  );
}

async function areGone(mark: string, patience: number): Promise<boolean> {
  for (const until = Date.now() + patience; ; await sleep(50)) {
    if (carriersOf(mark).length === 0) return true;
    if (Date.now() >= until) return false;
  }
}

/** Processes with the mark in their environment, other than this one. */
function carriersOf(mark: string): readonly number[] {
  const wanted = `${MARK}=${mark}`;
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(wanted);
      } catch {
        return false;
      }
    });
}
