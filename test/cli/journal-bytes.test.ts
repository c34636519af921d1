import fc from 'fast-check';
import { expect, test } from 'vitest';
import { journalBytesOf } from '../../src/cli/call/journal-bytes.ts';

const ERROR = '\u001b[31mcould not lock x, another instance running?\u001b[0m';
const LIST = [...Buffer.from(ERROR)];
const ENTRY = JSON.stringify({ __CURSOR: 's=1', MESSAGE: LIST, _PID: '7' });
const PLAIN = JSON.stringify({ MESSAGE: 'plain', _PID: '8' });

function converted(...pieces: readonly string[]): string {
  const journal = journalBytesOf(Buffer.from(pieces[0] ?? ''));
  if (journal === null) throw new Error('no journal');
  const text = pieces.map((piece) => journal.feed(Buffer.from(piece)));
  return Buffer.concat([...text, journal.end()]).toString();
}

test('a message that the journal writes as a list of bytes is text again', () => {
  const text = converted(`${PLAIN}\n${ENTRY}\n${PLAIN}\n`);
  expect(text).toContain(ERROR);
  expect(text.split('\n')).toHaveLength(4);
  expect(text.split(PLAIN)).toHaveLength(3);
});

test('lines are counted as they stand, also of the pretty form, whatever the pieces', () => {
  const pretty = `${JSON.stringify({ MESSAGE: LIST }, null, 1)}\n`;
  expect(converted(pretty)).toContain(ERROR);
  const all = `${ENTRY}\n${pretty}${PLAIN}`;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 17, max: all.length }), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), all.length];
      const text = converted(...at.slice(1).map((end, index) => all.slice(at[index], end)));
      expect(text).toBe(converted(all));
      expect(text.split('\n')).toHaveLength(all.split('\n').length);
    }),
  );
});

test.each(['#5 0.1 x', 'Nov 28 10:00:00 host x: {"MESSAGE":[27]}', ''])('%j is no journal as JSON', (first) => {
  expect(journalBytesOf(Buffer.from(first))).toBeNull();
});
