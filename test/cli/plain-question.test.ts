import { expect, test } from 'vitest';
import { numbersOf } from '../../src/cli/call/plain-question.ts';

test.each([
  ['2', [1]],
  ['1,3', [0, 2]],
  ['3 1, 1', [0, 2]],
  ['2-4', [1, 2, 3]],
  ['', null],
  ['0', null],
  ['5', null],
  ['3-2', null],
  ['1,x', null],
  ['-1', null],
])('“%s” of four', (text, numbers) => {
  expect(numbersOf(text, 4)).toEqual(numbers);
});
