import { describe, expect, test } from 'vitest';
import { readConfig, valueAt } from '../../src/buildkit/config/read.ts';
import { releasesOf } from '../../src/buildkit/config/releases.ts';
import { goFloatText, parseDuration, parseSize } from '../../src/buildkit/sizes.ts';
import { ANY_RELEASE, type Bracket, release, releaseText } from '../../src/buildkit/version.ts';

const between = (min: string, max: string): Bracket => ({
  min: release(min),
  max: release(max),
  text: '0.0.0+unknown',
});
const only = (version: string): Bracket => between(version, version);
const brief = (text: string, by: Bracket) =>
  readConfig(text, by).problems.map(({ kind, key, line, fatal, versions }) => ({ kind, key, line, fatal, versions }));

describe('a version that is not known', () => {
  const around = between('v0.26.0', 'v0.32.2');
  test('what every version refuses is fatal', () => {
    expect(brief('[worker.oci]\nenabled = "x"\n', around)).toEqual([
      { kind: 'wrong-type', key: 'worker.oci.enabled', line: 2, fatal: true, versions: null },
    ]);
    expect(readConfig('a = [\n', around)).toMatchObject({ fatal: true, document: null, syntax: { line: 1 } });
  });
  test('what some refuse is not, and names them', () => {
    expect(brief('worker.oci = {\ngc = true\n}\n', around)).toEqual([
      { kind: 'syntax', key: 'worker.oci', line: 1, fatal: false, versions: 'versions from v0.28.0 on' },
    ]);
    expect(brief('[registry."[::1]:5000"]\nhttp = true\n', around)).toEqual([
      { kind: 'syntax', key: 'registry', line: 1, fatal: false, versions: 'versions up to v0.27.1' },
    ]);
    const reading = readConfig('worker.oci = {\ngc = true\n}\n', around);
    expect(reading).toMatchObject({ fatal: false, syntax: null });
    expect(valueAt(reading.document, ['worker', 'oci', 'gc'])).toBe(true);
  });
  test('refused for one reason by some and another by the rest is fatal all the same', () => {
    const reading = readConfig('[registry."[::1]:5000"]\nhttp = true\n[worker.oci]\nmax-parallelism = 04\n', around);
    expect(reading.fatal).toBe(true);
    expect(reading.problems.every(({ fatal }) => !fatal)).toBe(true);
  });
});

test('the releases judged are the ends of stretches that read alike', () => {
  expect(releasesOf(only('v0.20.1')).map(releaseText)).toEqual(['v0.20.1']);
  expect(releasesOf(between('v0.27.1', 'v0.29.0')).map(releaseText)).toEqual(['v0.27.1', 'v0.28.0']);
  expect(releasesOf(ANY_RELEASE).map(releaseText)[0]).toBe('v0.12.0');
  expect(releasesOf({ min: [0, 40, 0], max: null, text: 'x' }).map(releaseText)).toEqual(['v0.40.0']);
});

test('the document has BuildKit’s names, and only what that version reads', () => {
  const text = '[Worker.OCI]\nSnapshotter = "native"\nunknown = 1\n[LOG]\nformat = "json"\n';
  const recent = readConfig(text, only('v0.32.2'));
  expect(recent.document).toEqual({ worker: { oci: { snapshotter: 'native' } }, log: { format: 'json' } });
  expect(recent.values.map(({ path, written }) => [path.join('.'), written.join('.')])).toEqual([
    ['worker.oci.snapshotter', 'Worker.OCI.Snapshotter'],
    ['log.format', 'LOG.format'],
  ]);
  expect(readConfig(text, only('v0.11.6')).document).toEqual({});
  const old = readConfig('[WORKER.oci]\nSNAPSHOTTER = "native"\n', only('v0.27.1'));
  expect(old.document).toEqual({ worker: { oci: { snapshotter: 'native' } } });
});

test('names that JavaScript knows are names like others', () => {
  const text = '[registry.__proto__]\nhttp = true\n[worker.oci.labels]\nconstructor = "a"\n__proto__ = "b"\n';
  const { document, problems } = readConfig(text, only('v0.32.2'));
  expect(problems).toEqual([]);
  expect(valueAt(document, ['registry', '__proto__', 'http'])).toBe(true);
  expect(valueAt(document, ['registry', 'toString'])).toBeUndefined();
  expect(JSON.stringify(valueAt(document, ['worker', 'oci', 'labels']))).toBe('{"constructor":"a","__proto__":"b"}');
});

// The expectations below are what BuildKit's own functions return.
test('sizes', () => {
  const table: { [text: string]: ReturnType<typeof parseSize> } = {
    '': 'unset',
    '""': 'unset',
    '0': { bytes: 0 },
    '1024': { bytes: 1024 },
    '10GB': { bytes: 10 * 1024 ** 3 },
    '10 GiB': { bytes: 10 * 1024 ** 3 },
    '1.5k': { bytes: 1536 },
    '512mb': { bytes: 512 * 1024 ** 2 },
    '7b': { bytes: 7 },
    '10.9': { bytes: 10 },
    '1_000': { bytes: 1000 },
    '1e3': { bytes: 1000 },
    '10%': { percent: 10 },
    '-5%': { percent: -5 },
    '10.5%': null,
    '10 %': null,
    '-1': null,
    '10XB': null,
    '10GBs': null,
    '10bb': null,
    GB: null,
    ten: null,
    '0x10': null,
    '1__0': null,
    '10  GB': null,
  };
  for (const [text, wanted] of Object.entries(table)) expect(parseSize(text), text).toEqual(wanted);
});
test('durations, in seconds', () => {
  const table: { [text: string]: number | null } = {
    '': 0,
    '0': 0,
    '48h': 172_800,
    '1h30m': 5400,
    '1.5h': 5400,
    '-20s': -20,
    '90m': 5400,
    '100ms': 0.1,
    '3600': 3600,
    '+60': 60,
    '2d': null,
    '1w': null,
    '48 h': null,
    h: null,
    '60s30': null,
    '604_800': null,
    '9999999999h': null,
  };
  for (const [text, wanted] of Object.entries(table)) expect(parseDuration(text), text).toBe(wanted);
});
test('floats, as Go prints them', () => {
  const table: [number, string][] = [
    [10.5, '10.5'],
    [1e6, '1e+06'],
    [1_234_567, '1.234567e+06'],
    [123_456, '123456'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [0, '0'],
  ];
  for (const [value, text] of table) expect(goFloatText(value)).toBe(text);
});

describe('what was meant', () => {
  for (const [text, version, to] of [
    ['[worker.oci]\nkeepStorage = "1GB"\n', 'v0.32.2', 'worker.oci.reservedSpace'],
    ['[worker.oci]\nkeepStorage = "1GB"\n', 'v0.16.0', 'worker.oci.gckeepstorage'],
    ['[[worker.oci.gcpolicy]]\nkeep-bytes = 5000000\n', 'v0.32.2', 'worker.oci.gcpolicy.0.reservedSpace'],
    ['[log]\nlogLevel = "debug"\n', 'v0.32.2', 'log.level'],
    ['[otel]\nsocket = "/x"\n', 'v0.32.2', 'otel.socketPath'],
    ['[frontend."gateway.v0"]\nallowedRepos = ["a/b"]\n', 'v0.32.2', 'frontend.gateway.v0.allowedRepositories'],
    ['[worker.oci]\nuser = "1000"\n', 'v0.32.2', null],
    ['[registry."docker.io".tls]\nca = "/x"\n', 'v0.32.2', null],
    ['[registry.mirrors."docker.io"]\nendpoint = ["x"]\n', 'v0.32.2', null],
    ['[registry.docker.io]\nhttp = true\n', 'v0.32.2', 'registry.docker.io'],
  ] as const)
    test(`${JSON.stringify(text)} for ${version}`, () => {
      const { problems } = readConfig(text, only(version));
      expect(problems[0]?.to?.join('.') ?? null).toBe(to);
      expect(problems.slice(1).every((problem) => problem.to === null)).toBe(true);
    });
});
