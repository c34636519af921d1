import { expect, test } from 'vitest';
import { flagWithoutValue, refusedFlags } from '../../src/buildkit/config/flag-values.ts';
import { parseBuildkitdArgs } from '../../src/buildkit/flags.ts';
import type { Release } from '../../src/buildkit/version.ts';

const NEW: Release = [0, 32, 2];
const OLD: Release = [0, 11, 6];
const ON = { oci: false, containerd: false };
const refused = (words: string, at: Release, off = ON): readonly string[] =>
  refusedFlags(parseBuildkitdArgs(words.split(' ')).flags, at, off).map(({ flag }) => flag);

/** What the real ones, v0.32.2 and v0.11.6, said to each. */
test.each([
  ['--debug=yes', true, true],
  ['--debug=', false, true],
  ['--debug=T', false, false],
  ['--oci-worker=maybe', true, true],
  ['--oci-worker=AUTO', false, false],
  ['--containerd-worker=maybe', true, true],
  ['--oci-cni-pool-size=x', true, true],
  ['--oci-cni-pool-size=0x2', false, false],
  ['--oci-cni-pool-size=1_0', false, false],
  ['--oci-cni-pool-size=08', true, true],
  ['--oci-cni-pool-size=', true, true],
  ['--oci-worker-gc-keepstorage=1,2', false, true],
  ['--oci-worker-gc-keepstorage=1,2,x', true, true],
  ['--oci-worker-gc-keepstorage=0x10', true, false],
  ['--oci-worker-gc-keepstorage=10GB', true, true],
  ['--oci-worker-gc-keepstorage=', false, true],
  ['--containerd-worker-gc-keepstorage=x', true, true],
  ['--oci-worker-labels=foo', true, true],
  ['--oci-worker-labels=a=b,c', false, false],
  ['--oci-worker-net=bogus', true, true],
  ['--oci-worker-net=none', true, true],
  ['--oci-worker-net=bridge', false, true],
  ['--oci-worker-platform=a/b/c/d/e', true, true],
  ['--oci-worker-platform=linux/amd64,linux/arm64', true, true],
  ['--oci-worker-platform=bogus', true, true],
  ['--oci-worker-selinux=maybe', true, true],
  ['--oci-worker-gc=x', true, true],
])('%s', (words, byNew, byOld) => {
  expect([refused(words, NEW).length > 0, refused(words, OLD).length > 0]).toEqual([byNew, byOld]);
});

test.each(['--log-format=xml', '--log-level=loud', '--cdi-disabled=x', '--oci-max-parallelism=x'])('%s', (words) => {
  expect(refused(words, NEW)).toHaveLength(1);
});

test('a worker that is off is not made, and its network is not looked at', () => {
  expect(refused('--containerd-worker-net=bogus', NEW, { oci: false, containerd: true })).toEqual([]);
  expect(refused('--containerd-worker-labels=bogus', NEW, { oci: false, containerd: true })).toEqual([
    'containerd-worker-labels',
  ]);
});

test('a flag at the end that wants a value', () => {
  const bare = (words: string) => flagWithoutValue(words.split(' '));
  expect(bare('--debug --root')).toBe('root');
  expect(bare('--root /x --debug')).toBeNull();
  expect(bare('--root=')).toBeNull();
  expect(bare('--root /x')).toBeNull();
});
