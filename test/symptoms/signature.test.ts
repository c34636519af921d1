import { expect, test } from 'vitest';
import { FAILURES } from '../../src/knowledge/symptoms/failures.ts';
import { SIGNS } from '../../src/knowledge/symptoms/signs.ts';
import { SYMPTOMS } from '../../src/knowledge/symptoms/table.ts';
import { canonicalText } from '../../src/symptoms/canonical.ts';
import { knowledgeOf } from '../../src/symptoms/knowledge.ts';
import { compiled, expanded, placeOf } from '../../src/symptoms/signature.ts';

test('alternatives are written out, also within each other', () => {
  expect(expanded('{a|b{c|d}}e{f|}')).toEqual(['aef', 'ae', 'bcef', 'bce', 'bdef', 'bde']);
  expect(expanded('options {type:bind}')).toEqual(['options {type:bind}']);
});

test('a gap of one word has no blank in it, any other gap ends with its message', () => {
  const word = compiled('open #: denied');
  expect(placeOf(word, 'open /a/b: denied')).toEqual({ from: 0, to: 17 });
  expect(placeOf(word, 'open /a b: denied')).toBeNull();
  const any = compiled('mount*not permitted');
  expect(placeOf(any, 'mount /a on /b: not permitted')).not.toBeNull();
  expect(placeOf(any, `mount ${'x'.repeat(2100)} not permitted`)).toBeNull();
});

test('signatures are written as lines are read: lower case, plain quotes, single blanks', () => {
  const wrong = [...SYMPTOMS, ...FAILURES, ...SIGNS]
    .flatMap(({ says }) => says)
    .filter((signature) => canonicalText(signature) !== signature.trim());
  expect(wrong).toEqual([]);
});

test('every signature is found by a word that stands in it', () => {
  for (const { signature } of knowledgeOf().signatures)
    expect(signature.parts.some(({ text }) => text.includes(signature.anchor))).toBe(true);
});
