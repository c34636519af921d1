import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Captured, UNTOLD } from '../e2e/capture.ts';
import { conditionsIn } from './reading.ts';

/** Of real faults, met by two releases of buildkitd: see test/e2e/capture.ts. */
const captured = readFileSync(join(import.meta.dirname, 'captured.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Captured);

test('what programs say of a fault is explained by what the checks of that host find first', () => {
  const rows = captured.map(({ row, release, conditions, log }) => {
    const told = conditionsIn(log);
    const first = told[0] !== undefined && conditions.includes(told[0]);
    return { row, release, first, offered: told.some((condition) => conditions.includes(condition)) };
  });
  const untold = rows.filter(({ row, offered }) => !offered && !UNTOLD.has(row));
  expect(untold).toEqual([]);
  const share = (which: 'first' | 'offered'): number => rows.filter((row) => row[which]).length / rows.length;
  expect(share('offered')).toBeGreaterThanOrEqual(0.95);
  // The rest is where one text has several causes, and the likelier one stands first.
  expect(share('first')).toBeGreaterThanOrEqual(0.8);
});
