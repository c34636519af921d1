import { expect, test } from 'vitest';
import { withoutOwnLimits } from '../../src/host/own-limits.ts';

const LINES: { readonly [name: string]: string } = {
  'Max cpu time': 'unlimited            unlimited            seconds',
  'Max file size': 'unlimited            unlimited            bytes',
  'Max stack size': '8388608              unlimited            bytes',
  'Max processes': '96365                96365                processes',
  'Max open files': '1024                 524288               files',
};
const limits = (differ: typeof LINES = {}): string =>
  Object.entries({ ...LINES, ...differ })
    .map(([name, values]) => `${name.padEnd(26)}${values}\n`)
    .join('');
const ALL = 'CapEff:\t000001ffffffffff\n';
const NO_RESOURCE = 'CapEff:\t000001fffeffffff\n';

test('nothing is put before a program where root has what everybody has', () => {
  expect(withoutOwnLimits(limits(), ALL)).toEqual({ before: [] });
});

test.each([
  ['Max file size', '4096 unlimited bytes', '--fsize=unlimited:unlimited'],
  ['Max processes', '3 3 processes', '--nproc=65536:65536'],
  ['Max open files', '30 4096 files', '--nofile=1024:'],
  ['Max stack size', '65536 unlimited bytes', '--stack=8388608:'],
])('%s: %s', (name, values, word) => {
  const found = withoutOwnLimits(limits({ [name]: values }), ALL);
  expect(found).toEqual({ before: [expect.stringMatching(/\/prlimit$/), word] });
});

test('without the right to raise a limit, only as far as the hard one', () => {
  expect(withoutOwnLimits(limits({ 'Max open files': '30 512 files' }), NO_RESOURCE)).toEqual({
    before: [expect.stringMatching(/\/prlimit$/), '--nofile=512:512'],
  });
  expect(withoutOwnLimits(limits({ 'Max processes': '3 3 processes' }), NO_RESOURCE)).toEqual({
    why: expect.stringContaining('max processes'),
  });
});
