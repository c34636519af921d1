import { expect, test } from 'vitest';
import { matchesGlob } from '../../src/text/glob.ts';

test.each([
  ['*', 'a.env', true],
  ['*.env', 'a.env', true],
  ['*.env', '.env', false],
  ['.*', '.env', true],
  ['a?.env', 'ab.env', true],
  ['a?.env', 'a.env', false],
  ['[0-9]*', '7x', true],
  ['[!0-9]*', '7x', false],
  ['[]x]', ']', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['a*b*c', 'axxbyyc', true],
  ['a*b*c', 'axxbyy', false],
  ['[x', '[x', true],
  ['', '', true],
])('%j %j', (pattern, name, expected) => expect(matchesGlob(pattern, name)).toBe(expected));

test('a pattern of stars alone takes no time', () => {
  expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(255))).toBe(false);
});
