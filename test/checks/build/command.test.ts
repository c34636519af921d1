import { expect, test } from 'vitest';
import { commandRows } from '../../builds/command-rows.ts';
import { judged, short } from '../../builds/judged.ts';

test.each(commandRows)('$name', (row) => {
  expect(judged(row).map(short).toSorted()).toEqual(row.finds.toSorted());
});
