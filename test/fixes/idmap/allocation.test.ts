import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { overlaps } from '../../../src/checks/idmap/id-ranges.ts';
import { freeRange } from '../../../src/fixes/idmap/allocation.ts';
import { LAST_ID } from '../../../src/knowledge/id-ranges.ts';

const range = fc.record({ start: fc.nat(3000), count: fc.nat(400) });

test('a free range touches nothing that is taken, stays within its bounds, and is the lowest there is', () => {
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 12 }),
      fc.nat(500),
      fc.integer({ min: 1, max: 300 }),
      fc.option(fc.array(range, { maxLength: 4 }), { nil: null }),
      (taken, min, count, within) => {
        const max = 3500;
        const free = (start: number): boolean => {
          const own = { start, count };
          const inside =
            within === null ||
            within.some((piece) => start >= piece.start && start + count <= piece.start + piece.count);
          return (
            inside &&
            start >= min &&
            start + count - 1 <= max &&
            !taken.some((one) => one.count > 0 && overlaps(one, own))
          );
        };
        let lowest: number | null = null;
        for (let start = 0; start <= max && lowest === null; start++) if (free(start)) lowest = start;
        const found = freeRange(taken, { min, max }, count, within);
        expect(found).toEqual(lowest === null ? null : { start: lowest, count });
      },
    ),
  );
});

test('no id beyond the last', () => {
  expect(freeRange([], { min: LAST_ID - 10, max: 2 ** 33 }, 11, null)).toEqual({ start: LAST_ID - 10, count: 11 });
  expect(freeRange([], { min: LAST_ID - 10, max: 2 ** 33 }, 12, null)).toBeNull();
});
