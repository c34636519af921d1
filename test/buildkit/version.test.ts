import { expect, test } from 'vitest';
import {
  bracketFromHelp,
  compareReleases,
  lastBefore,
  parseRelease,
  release,
  releaseRangeText,
} from '../../src/buildkit/version.ts';
import { createLook } from '../../src/examine/look.ts';
import { buildkitdVersion } from '../../src/facts/programs/buildkitd-version.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';
import { installed } from './installed.ts';

test('versions as buildkitd prints them', () => {
  const table: { [text: string]: ReturnType<typeof parseRelease> } = {
    ' v0.32.2 991535e0973488b6a429096d21fa13f81f2d89d8': [0, 32, 2],
    ' 0.12.4 x': [0, 12, 4],
    ' v0.13.0-rc1': [0, 13, 0],
    ' 0.17.1+ds1-1': [0, 17, 1],
    ' 0.0.0+unknown': null,
    ' v0.0.0+unknown': null,
    ' devel': null,
    '': null,
  };
  for (const [text, wanted] of Object.entries(table)) expect(parseRelease(text), text).toEqual(wanted);
});

test('words for stretches of versions', () => {
  expect(releaseRangeText(null, release('v0.28.0'))).toBe('versions up to v0.27.1');
  expect(releaseRangeText(release('v0.28.0'), null)).toBe('versions from v0.28.0 on');
  expect(releaseRangeText(release('v0.12.0'), release('v0.13.0'))).toBe('versions v0.12.0 to v0.12.5');
  expect(lastBefore(release('v0.8.2'))).toEqual([0, 8, 1]);
});

const help = (...flags: readonly string[]): string =>
  ['GLOBAL OPTIONS:', ...flags.map((flag) => `   --${flag} value  text`)].join('\n');
const BASE = [
  'oci-worker',
  'oci-worker-no-process-sandbox',
  'allow-insecure-entitlement',
  'oci-worker-net',
  'oci-worker-binary',
  'oci-worker-proxy-snapshotter-path',
  'oci-worker-apparmor-profile',
  'containerd-worker-rootless',
  'oci-worker-selinux',
  'oci-cni-pool-size',
];

test('flags bracket a version', () => {
  expect(bracketFromHelp(help(...BASE))).toEqual({ min: [0, 11, 0], max: [0, 11, 6] });
  expect(bracketFromHelp(help(...BASE, 'trace'))).toEqual({ min: [0, 12, 0], max: [0, 12, 5] });
  expect(bracketFromHelp(help(...BASE, 'trace', 'otel-socket-path', 'cdi-disabled'))).toEqual({
    min: [0, 20, 0],
    max: [0, 23, 2],
  });
  expect(
    bracketFromHelp(
      help(...BASE, 'otel-socket-path', 'cdi-disabled', 'oci-max-parallelism', 'log-level', 'proxy-network'),
    ),
  ).toEqual({ min: [0, 31, 0], max: null });
  expect(bracketFromHelp('usage: something else')).toBeNull();
});

const ask = (tools: { [line: string]: { stdout?: string; stderr?: string; code?: number } }) =>
  createLook({ host: new VirtualHost({ files: { '/usr/bin/buildkitd': { mode: 0o755 } }, tools }), request: ASK }).get(
    buildkitdVersion,
  );

test('the fact: exact, bracketed, by its complaint, or absent', async () => {
  expect(
    await ask({ 'buildkitd --version': { stdout: 'buildkitd github.com/moby/buildkit v0.20.1 abc' } }),
  ).toMatchObject({ min: [0, 20, 1], max: [0, 20, 1] });
  expect(
    await ask({
      'buildkitd --version': { stdout: 'buildkitd github.com/moby/buildkit 0.0.0+unknown' },
      'buildkitd --help': { stdout: help(...BASE) },
    }),
  ).toMatchObject({ min: [0, 11, 0], max: [0, 11, 6] });
  // Both answers are a complaint where the default file is broken.
  const complaint = (stderr: string) => ask({ buildkitd: { code: 1, stderr } });
  expect(await complaint('(1, 1): unexpected token\nfailed to parse config\n')).toMatchObject({ max: [0, 27, 1] });
  expect(await complaint('toml: array is incomplete\nfailed to parse config\n')).toMatchObject({
    min: [0, 28, 0],
    max: null,
  });
  expect(await complaint('killed\n')).toMatchObject({ min: null, max: null });
  expect(await createLook({ host: new VirtualHost({}), request: ASK }).get(buildkitdVersion)).toEqual({
    min: null,
    max: null,
    text: null,
  });
});

const insideItsBracket = (): void => {
  for (const { help, releases } of programs) {
    const bracket = bracketFromHelp(help);
    if (bracket === null || releases.min === null) throw new Error('its flags tell nothing');
    if (bracket.min !== null) expect(compareReleases(bracket.min, releases.min)).toBeLessThanOrEqual(0);
    if (bracket.max !== null && releases.max !== null)
      expect(compareReleases(bracket.max, releases.max)).toBeGreaterThanOrEqual(0);
  }
};
const programs = installed();
if (programs.length > 0) test('the real buildkitd lies inside the bracket of its own flags', insideItsBracket);
