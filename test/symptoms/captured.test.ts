import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Captured, UNTOLD } from '../e2e/capture.ts';
import { judgement } from './reading.ts';

/** What was read from one captured log, beside what the checks of its host found. */
interface Row {
  readonly row: string;
  readonly answer: string | null;
  /** The line that proves the answer, without what is particular to one host: numbers and paths. */
  readonly words: string | null;
  readonly isFirst: boolean;
  readonly isOffered: boolean;
}

function rowOf({ row, conditions, log }: Captured): Row {
  const { causes } = judgement(log);
  const [top] = causes;
  return {
    row,
    answer: top?.condition ?? null,
    words: top === undefined ? null : top.excerpt.replace(/(?:\/[\w.@-]*)+/g, '/').replace(/\d+/g, '0'),
    isFirst: top !== undefined && conditions.includes(top.condition),
    isOffered: causes.some(({ condition }) => conditions.includes(condition)),
  };
}

/** Of real faults, met by two releases of buildkitd: see test/e2e/capture.ts. */
const rows = readFileSync(join(import.meta.dirname, 'captured.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => rowOf(JSON.parse(line) as Captured));

const share = (is: (row: Row) => boolean): number => rows.filter(is).length / rows.length;

test('what programs say of a fault offers what the checks of that host find first', () => {
  expect(rows.filter(({ row, isOffered }) => !isOffered && !UNTOLD.has(row))).toEqual([]);
  expect(share(({ isOffered }) => isOffered)).toBeGreaterThanOrEqual(0.98);
});

test('it is the first answer', () => {
  expect(share(({ isFirst }) => isFirst)).toBeGreaterThanOrEqual(0.95);
});

function isSaidOfAnother({ answer, words, isOffered }: Row): boolean {
  return isOffered && rows.some((other) => other.isFirst && other.answer === answer && other.words === words);
}

/** Here the likelier cause, which stands first, is in no row, or has further words there: --root, XFS, the limit of user namespaces. */
const LIKELIER_ELSEWHERE: ReadonlySet<string> = new Set([
  'user.max_mnt_namespaces is 0',
  'overlayfs by name without d_type',
]);

test('where it is not, the very same words are said of another fault, for which the first answer is right', () => {
  const rest = rows.filter((row) => !row.isFirst && !isSaidOfAnother(row) && !UNTOLD.has(row.row));
  expect(new Set(rest.map(({ row }) => row))).toEqual(LIKELIER_ELSEWHERE);
});
