import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from './progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const file = (relativeModuleId: string, tests = 0) => ({
  relativeModuleId,
  children: { allTests: () => Array.from({ length: tests }) },
});
const result = (module: string, state: 'passed' | 'failed') => ({
  module: file(module),
  result: () => (state === 'passed' ? { state, errors: undefined } : { state, errors: [] }),
});

test('says while it runs how many files and tests are done, and how far the long ones are', () => {
  const said: string[] = [];
  const progress = new Progress((line) => said.push(line));
  progress.onTestRunStart([1, 2, 3]);
  progress.onTestModuleCollected(file('test/quick.test.ts', 1));
  progress.onTestModuleCollected(file('test/long.test.ts', 70));
  progress.onTestCaseResult(result('test/quick.test.ts', 'passed'));
  progress.onTestModuleEnd(file('test/quick.test.ts'));
  progress.onTestCaseResult(result('test/long.test.ts', 'passed'));
  progress.onTestCaseResult(result('test/long.test.ts', 'failed'));
  vi.advanceTimersByTime(5000);
  expect(said).toEqual([
    expect.stringMatching(/^\[ {2}\d s\] 1 of 3 files, 3 tests, 1 failed; now test\/long.test.ts 2 of 70$/),
  ]);
  progress.onTestRunEnd();
  vi.advanceTimersByTime(60_000);
  expect(said).toHaveLength(1);
});
