import { expect } from 'vitest';

const FACTOR = 4;
/** Four times the input may take ten times the work: linear takes four, n·log n a little more, quadratic sixteen; the rest is the collector's. */
const LIMIT = 10;
/** What takes less cannot be compared. */
const LEAST_MS = 2;
/** As many only where noise, or a fault, makes them necessary. */
const ROUNDS = 12;

/** Processor time of this process: what others do on the machine does not count. */
async function cost(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * Fails where the work grows faster than its input. No clock decides: the same work on a quarter of the input is the measure,
 * and the best of several rounds counts, since noise only ever adds.
 */
export async function expectLinearGrowth<T>(whole: number, make: (size: number) => T, work: (input: T) => unknown) {
  const [small, large] = [make(Math.ceil(whole / FACTOR)), make(whole)];
  await work(small);
  let [less, more] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const ratio = (): number => more / Math.max(less, LEAST_MS);
  for (let round = 0; round < ROUNDS; round++) {
    less = Math.min(less, await cost(() => work(small)));
    more = Math.min(more, await cost(() => work(large)));
    if (ratio() <= LIMIT) break;
  }
  expect(ratio(), `${more} ms for four times the work of ${less} ms`).toBeLessThanOrEqual(LIMIT);
}
