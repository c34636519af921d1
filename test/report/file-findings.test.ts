import { expect, test } from 'vitest';
import { findingsText } from '../../src/report/file-findings.ts';
import { everything, layout } from './everything.ts';

const [check] = everything.checks.filter(({ status }) => status === 'fail');

function quotedOf(text: string, line: number, column: number): readonly string[] {
  if (check === undefined) throw new Error('no check');
  const problems = check.problems.slice(0, 1).map((problem) => ({ ...problem, at: { path: 'a', line, column } }));
  const file = { file: 'a', kind: 'k', skipped: null, checks: [{ ...check, problems, fixes: [] }], text };
  return findingsText([file], layout)
    .split('\n')
    .filter((each) => each.startsWith('    |'));
}

test.each([
  ['at its start', 'abc', 1, ['    | abc', '    | ^']],
  ['within', 'a: [b]', 5, ['    | a: [b]', '    |     ^']],
  ['behind the end, where something is missing', '[a', 3, ['    | [a', '    |   ^']],
  ['past a tab, which is shown as two spaces', '\tb', 2, ['    |   b', '    |   ^']],
  ['past wide signs and marks', '漢e\u0301 = x', 4, ['    | 漢e\u0301 = x', '    |    ^']],
  ['past what a terminal would obey', '\u001bb', 2, ['    | \\x1bb', '    |     ^']],
  ['past the end: no sign', 'ab', 9, ['    | ab']],
  ['behind a secret: no sign', 'https://u:hunter22@h x', 20, ['    | https://***:***@h x']],
])('a sign stands below the column %s', (_where, line, column, expected) => {
  expect(quotedOf(`first\n${line}\nlast`, 2, column)).toEqual(expected);
});
