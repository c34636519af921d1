import { expect, test } from 'vitest';
import { placesOf, sentencesOf, stepsAt } from '../../src/knowledge/remedies/remedy.ts';

const remedy = { why: 'x', steps: { host: ['h'], docker: ['d'], kubernetes: ['k'] } };

test.each([
  [null, ['h']],
  ['kubernetes', ['k']],
  ['docker', ['d']],
  ['containerd', ['d']],
  ['lxc', ['h']],
] as const)('inside of %s one is told what holds there', (engine, steps) => {
  expect(stepsAt(remedy, placesOf(engine))).toEqual(steps);
});

test('a command stands on a line of its own, below what it is for', () => {
  expect(sentencesOf(['Install it:', '$ apt install x', '$ x --check', 'Then log in anew.'])).toEqual([
    'Install it:\napt install x\nx --check',
    'Then log in anew.',
  ]);
});
