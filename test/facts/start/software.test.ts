import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outside, utf8Length } from '../../../src/facts/net/sockets.ts';
import { booleanOf } from '../../../src/facts/programs/docker-client.ts';
import { cniPlugins } from '../../../src/facts/start/net-driver.ts';
import { parsePastaDate, releaseIn } from '../../../src/facts/start/software.ts';
import { parseGroup, parsePasswd } from '../../../src/facts/target/accounts.ts';

test.each([
  ['1.1.5+ds1', [1, 1, 5]],
  ['v0.32.2', [0, 32, 2]],
  ['1.0.0~rc93+ds1', [1, 0, 0]],
  ['1.20', [1, 20, 0]],
  ['2.39.5', [2, 39, 5]],
  ['0.0.0+unknown', null],
  ['unknown', null],
  ['', null],
])('a release in %j', (text, release) => {
  expect(releaseIn(text)).toEqual(release);
});

test('pasta counts in days', () => {
  expect(parsePastaDate('pasta 2023_06_25.32660ce')).toBe(20230625);
  expect(parsePastaDate('0.0~git20230309.7c7625d-1')).toBe(20230309);
  expect(parsePastaDate('unknown version')).toBeNull();
});

test('releases are numbers or nothing', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const release = releaseIn(text);
      expect(release === null || release.every(Number.isSafeInteger)).toBe(true);
    }),
  );
});

test('bytes as the kernel counts them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text));
    }),
  );
});

test('an id inside a namespace and outside of it', () => {
  const map = [
    [0, 1000, 1],
    [1, 100000, 65536],
  ] as const;
  expect([0, 1, 100, 65536, 65537].map((id) => outside(map, id))).toEqual([1000, 100000, 100099, 165535, null]);
});

test('plugins of a CNI configuration, of a list, and of what is neither', () => {
  expect(cniPlugins('{"type":"bridge","ipam":{"type":"host-local"}}')).toEqual(['bridge', 'host-local']);
  expect(cniPlugins('{"plugins":[{"type":"bridge"},{"type":"firewall"},{"type":"bridge"}]}')).toEqual([
    'bridge',
    'firewall',
  ]);
  for (const text of ['', '{', '[]', 'null', '{"name":"x"}', '{"plugins":[{}]}']) expect(cniPlugins(text)).toBeNull();
});

test('booleans as Go reads them', () => {
  expect(['1', 'true', 'T', '0', 'False', 'yes', '', undefined].map((text) => booleanOf(text))).toEqual([
    true,
    true,
    true,
    false,
    false,
    'invalid',
    null,
    null,
  ]);
});

test('accounts and groups; lines of another shape are dropped', () => {
  expect(parsePasswd('root:x:0:0::/root:/bin/sh\n+nis\nbad:x:y:0\n')).toEqual([{ name: 'root', uid: 0, gid: 0 }]);
  expect(parseGroup('users:x:100:alice, bob\n\nempty:x:7:\n')).toEqual([
    { name: 'users', gid: 100, members: ['alice', 'bob'] },
    { name: 'empty', gid: 7, members: [] },
  ]);
});
