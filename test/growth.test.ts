import { expect, test } from 'vitest';
import { expectLinearGrowth } from './growth.ts';

const numbers = (size: number): readonly number[] => Array.from({ length: size }, (_, index) => index);

test('work that grows with its input passes, work that grows with its square does not', async () => {
  await expectLinearGrowth(400_000, numbers, (list) => new Set(list).size);
  const quadratic = (list: readonly number[]) => list.filter((item) => list.indexOf(-item - 1) >= 0);
  await expect(expectLinearGrowth(8_000, numbers, quadratic)).rejects.toThrow('four times the work');
});
