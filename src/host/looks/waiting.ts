export interface Waiting {
  /** Milliseconds without any progress. */
  readonly timeoutMs: number;
  /** Milliseconds in all; the same when not given: progress then does not count. */
  readonly untilMs?: number;
}

/**
 * Calls `late` where nothing moved for so long, or at the end of all patience. `activity` is compared with what it was a
 * quarter of that time before. Answers what ends the waiting.
 */
export function waitFor(
  { timeoutMs, untilMs = timeoutMs }: Waiting,
  activity: () => string,
  late: (afterMs: number) => void,
): () => void {
  const began = performance.now();
  const period = Math.min(timeoutMs, untilMs) / 4;
  let before: string | null = null;
  const step = (): void => {
    const took = performance.now() - began;
    const now = took < untilMs ? activity() : before;
    if (before === now && (before !== null || took >= untilMs)) {
      late(took);
      return;
    }
    before = now;
    timer = setTimeout(step, Math.max(1, Math.min(period, untilMs - took)));
  };
  let timer =
    untilMs <= timeoutMs ? setTimeout(() => late(performance.now() - began), untilMs) : setTimeout(step, period * 3);
  return () => clearTimeout(timer);
}
