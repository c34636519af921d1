import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Budget, budgetFor } from '../../src/host/budget.ts';
import { runProgram } from '../../src/host/looks/run-tool.ts';
import { waitFor } from '../../src/host/looks/waiting.ts';
import { slowness } from '../../src/host/pace.ts';
import { VirtualHost } from '../virtual-host.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** When it was late, for an activity that ends at some time. */
async function lateAfter(waiting: Parameters<typeof waitFor>[0], activeUntilMs: number): Promise<number | null> {
  let late: number | null = null;
  const began = performance.now();
  const now = (): number => performance.now() - began;
  waitFor(
    waiting,
    () => String(Math.min(now(), activeUntilMs)),
    (ms) => {
      late = ms;
    },
  );
  await vi.advanceTimersByTimeAsync(1_000_000);
  return late;
}

test.each([
  ['what does nothing is given up at the limit', { timeoutMs: 4000, untilMs: 16_000 }, 0, 4000],
  ['what gets on is waited for', { timeoutMs: 4000, untilMs: 16_000 }, 7500, 9000],
  ['nothing is waited for without end', { timeoutMs: 4000, untilMs: 16_000 }, 1e9, 16_000],
  [
    'where there is no more time than the limit, activity does not count',
    { timeoutMs: 4000, untilMs: 4000 },
    1e9,
    4000,
  ],
  ['nor where nothing is said of it', { timeoutMs: 4000 }, 1e9, 4000],
  ['a limit beyond the end is the end', { timeoutMs: 4000, untilMs: 1000 }, 0, 1000],
] as const)('%s', async (_name, waiting, activeUntilMs, wanted) => {
  expect(await lateAfter(waiting, activeUntilMs)).toBe(wanted);
});

test('an end that came is never late', async () => {
  const late = vi.fn();
  waitFor({ timeoutMs: 100, untilMs: 400 }, () => '', late)();
  await vi.advanceTimersByTimeAsync(1000);
  expect(late).not.toHaveBeenCalled();
});

test('a program that works is not ended while it works; one that sleeps is', async () => {
  vi.useRealTimers();
  const waiting = { env: {}, timeoutMs: 400, untilMs: 60_000 };
  const busy = 'const until = Date.now() + 1500; while (Date.now() < until); console.log("done")';
  expect(await runProgram(process.execPath, ['-e', busy], waiting)).toMatchObject({
    stdout: 'done\n',
    timedOut: false,
  });
  expect(await runProgram('/bin/sleep', ['50'], waiting)).toMatchObject({ code: null, timedOut: true });
});

test('limits are as many times longer as our own start was slow, never shorter, and never without end', () => {
  expect(slowness(0)).toBeGreaterThanOrEqual(1);
  expect(slowness(1800)).toBeGreaterThanOrEqual(15);
  expect(slowness(1e9)).toBe(30);
  const { identity } = new VirtualHost({});
  const [usual, slow] = [budgetFor(identity), budgetFor(identity, 3)];
  expect([slow.wholeMs, slow.pace]).toEqual([usual.wholeMs * 3, 3]);
  expect(new Budget(90_000).usedUp).toContain('the 90 seconds that');
});
