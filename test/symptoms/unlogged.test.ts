import { expect, test } from 'vitest';
import { CONDITIONS, type Condition } from '../../src/knowledge/conditions.ts';
import { SYMPTOMS } from '../../src/knowledge/symptoms/table.ts';
import { UNLOGGED } from '../../src/knowledge/symptoms/unlogged.ts';

test('every condition has a text by which it is met, or a reason why there is none', () => {
  const met = new Set<Condition>(
    SYMPTOMS.flatMap(({ means }) => means.map((meaning) => (typeof meaning === 'string' ? meaning : meaning[0]))),
  );
  const told = [...met, ...UNLOGGED.flatMap(({ conditions }) => conditions)];
  expect(told.toSorted()).toEqual(Object.keys(CONDITIONS).toSorted());
});
