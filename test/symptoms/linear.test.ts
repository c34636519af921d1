import { expect, test } from 'vitest';
import { expectLinearGrowth } from '../growth.ts';
import { reading } from './reading.ts';

/** Words of signatures again and again: as one line, as many lines, and as lines that seem broken. */
const PUMPS: readonly (readonly [name: string, text: string])[] = [
  ['beginnings of words on one line', 'no space left on devic'],
  ['whole words on one line', 'no space left on device '],
  ['first parts without their last', 'mount overlay '],
  ['lines that are found', 'write /x: no space left on device\n'],
  ['lines that are found and do not fit', 'clone: no space left on device\n'],
  ['lines that end in the middle', `${'x '.repeat(30)}no space left\n`],
  ['escapes', '\u001b[31m'],
  ['quotes', '\\\\\\"'],
  ['entities', '&quot;'],
];

test.each(PUMPS)('%s take time that grows with their length alone', async (_name, text) => {
  await expectLinearGrowth(
    2_000_000,
    (size) => Buffer.from(text.repeat(Math.ceil(size / text.length))),
    (bytes) => expect(reading(bytes).lines).toBeGreaterThanOrEqual(0),
  );
});
