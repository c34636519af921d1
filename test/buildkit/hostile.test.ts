import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/buildkit/config/read.ts';
import { ANY_RELEASE, type Bracket, release } from '../../src/buildkit/version.ts';
import { configBuildkitd } from '../../src/checks/config/buildkitd.ts';
import { configEntitlements } from '../../src/checks/config/entitlements.ts';
import { configRegistries } from '../../src/checks/config/registries.ts';
import { examine } from '../../src/examine/examine.ts';
import { createLook } from '../../src/examine/look.ts';
import { looker } from '../../src/host/looks/looker.ts';
import { expectLinearGrowth } from '../growth.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';
import { rootfulHost, stamped } from './rootful-host.ts';
import { toml } from './toml-text.ts';

const only = (version: string): Bracket => ({ min: release(version), max: release(version), text: version });
const OLD = only('v0.11.6');
const RECENT = only('v0.32.2');
describe('ten thousand lines are read and judged in time that grows with them', () => {
  const rows = (count: number): string =>
    Array.from(
      { length: count / 4 },
      (_, at) =>
        `[registry."r${at}.example.com:5000"]\n  mirrors = ["m${at}.example.com"] # a mirror\n  insecure = false\n`,
    ).join('\n');
  const policies = (count: number): string =>
    '[[worker.oci.gcpolicy]]\nall = true\nkeepDuration = 3600\n\n'.repeat(count / 4);
  const unknown = (count: number): string =>
    Array.from({ length: count }, (_, at) => `key${at} = { a = [1, 2, ${at}] }`).join('\n');
  for (const [name, make] of Object.entries({ registries: rows, rules: policies, 'unknown keys': unknown }))
    test.each([
      ['an old version', OLD],
      ['a new one', RECENT],
      ['every version at once', ANY_RELEASE],
    ])(`${name}, by %s`, { timeout: 120_000 }, (_, by) =>
      expectLinearGrowth(10_000, make, (text) => readConfig(text, by)),
    );
  test('judged', { timeout: 120_000 }, () =>
    expectLinearGrowth(5000, rows, async (text) => {
      const files = { '/home/alice/.config/buildkit/buildkitd.toml': text };
      const look = createLook({ host: new VirtualHost({ files }), request: ASK });
      const [report] = await examine(look, [{ check: configBuildkitd }], { isSelected: () => true });
      expect(report?.status).toBe('pass');
    }),
  );
});

describe('hostile text ends in an answer, in time that grows with it', () => {
  const TEXTS: { readonly [name: string]: readonly [size: number, make: (size: number) => string] } = {
    'lists in lists': [200_000, (size) => `a = ${'['.repeat(size)}`],
    'closed lists in lists': [200_000, (size) => `a = ${'['.repeat(size)}${']'.repeat(size)}`],
    'inline tables in inline tables': [200_000, (size) => `a = ${'{b='.repeat(size)}`],
    'a key of many parts': [50_000, (size) => `${'a.'.repeat(size)}b = 1`],
    'a header of many parts': [50_000, (size) => `[${'a.'.repeat(size)}b]`],
    'a number of many digits': [300_000, (size) => `a = ${'9'.repeat(size)}`],
    'a number of many digits that something wants': [
      300_000,
      (size) => `[worker.oci]\nmax-parallelism = ${'9'.repeat(size)}`,
    ],
    'a string without end': [1_000_000, (size) => `a = "${'x'.repeat(size)}`],
    'quotation marks': [300_000, (size) => '"'.repeat(size)],
    'NUL bytes': [300_000, (size) => '\u0000'.repeat(size)],
    'one long comment': [1_000_000, (size) => `#${'x'.repeat(size)}`],
    'only line ends': [300_000, (size) => '\n'.repeat(size)],
    'only carriage returns': [300_000, (size) => '\r'.repeat(size)],
    'headers without end': [300_000, (size) => '['.repeat(size)],
    'the same header': [100_000, (size) => '[a]\n'.repeat(size)],
    'the same list of tables': [100_000, (size) => '[[a]]\n'.repeat(size)],
    'many keys in one table': [60_000, (size) => Array.from({ length: size }, (_, at) => `a${at}=1`).join('\n')],
    backslashes: [300_000, (size) => `a = "${'\\'.repeat(size)}`],
    commas: [300_000, (size) => `a = [${','.repeat(size)}`],
    dots: [300_000, (size) => '.'.repeat(size)],
    'half characters': [100_000, (size) => `a = "${'\ud800'.repeat(size)}"`],
  };
  for (const [name, [size, make]] of Object.entries(TEXTS))
    test(name, { timeout: 120_000 }, async () => {
      for (const by of [OLD, RECENT]) await expectLinearGrowth(size, make, (text) => readConfig(text, by));
    });
});

describe('files that are no files', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bkd-hostile-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  /** A virtual machine whose configuration directory is a real one. */
  function host(): VirtualHost {
    const virtual = new VirtualHost({
      env: { USER: 'alice', HOME: directory, PATH: '/bin', XDG_CONFIG_HOME: directory },
    });
    for (const verb of ['read', 'stat', 'lstat', 'readlink', 'realpath'] as const) {
      const before = virtual[verb].bind(virtual) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(virtual, {
        [verb]: async (path: string, ...rest: unknown[]) =>
          path.startsWith(directory)
            ? (looker[verb] as (...args: unknown[]) => unknown)(path, ...rest.slice(1, 2))
            : before(path, ...rest),
      });
    }
    return virtual;
  }
  const target = join(directory, 'buildkit', 'buildkitd.toml');
  const judge = async (): Promise<{ status: string | undefined; message: string | undefined }> => {
    const [report] = await examine(createLook({ host: host(), request: ASK }), [{ check: configBuildkitd }], {
      isSelected: () => true,
    });
    return { status: report?.status, message: report?.problems[0]?.message };
  };
  const put = (command: () => void): void => {
    rmSync(join(directory, 'buildkit'), { recursive: true, force: true });
    execFileSync('mkdir', [join(directory, 'buildkit')]);
    command();
  };

  test('a pipe', async () => {
    put(() => execFileSync('mkfifo', [target]));
    expect(await judge()).toMatchObject({ status: 'fail', message: expect.stringContaining('pipe') });
  });
  test('a link to /dev/zero', async () => {
    put(() => symlinkSync('/dev/zero', target));
    expect(await judge()).toMatchObject({ status: 'fail', message: expect.stringContaining('without end') });
  });
  test('a directory', async () => {
    put(() => execFileSync('mkdir', [target]));
    expect(await judge()).toMatchObject({ status: 'fail', message: expect.stringContaining('directory') });
  });
  test('a link to itself', async () => {
    put(() => symlinkSync(target, target));
    expect(await judge()).toMatchObject({ status: 'fail', message: expect.stringContaining('circle') });
  });
  test('bytes that are no UTF-8 in a string', async () => {
    put(() => writeFileSync(target, Buffer.from('root = "/caf\xe9"\n', 'latin1')));
    expect(await judge()).toMatchObject({
      status: expect.stringMatching(/fail|warn/),
      message: expect.stringContaining('UTF-8'),
    });
  });
});

test('never throws, and always places what it finds inside the text', { timeout: 120_000 }, () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(...'[]{}"\'=.,#\n\r\\ abx01-_\u0000\ufeff'), maxLength: 60 }),
    toml.map((made) => made.text),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(OLD, RECENT, ANY_RELEASE), (source, by) => {
      const reading = readConfig(source, by);
      const lines = source.split('\n').length;
      for (const { line, column } of reading.problems) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
      }
      expect(reading.syntax === null).toBe(reading.document !== null);
      expect(JSON.stringify(reading.document)).toBeTypeOf('string');
    }),
    { numRuns: 1500 },
  );
});

test('numbers and nesting beyond all use are read like short ones where nothing wants them', () => {
  for (const value of [
    '9'.repeat(500),
    `1.${'1'.repeat(500)}`,
    `0x${'f'.repeat(500)}`,
    '['.repeat(300) + ']'.repeat(300),
  ])
    expect(readConfig(`x = ${value}\n`, RECENT).fatal).toBe(false);
  expect(readConfig(`x = ${'9'.repeat(500)}\n`, OLD).fatal).toBe(true);
  expect(readConfig(`[history]\nmaxEntries = ${'9'.repeat(500)}\n`, RECENT).fatal).toBe(true);
});

describe('thousands of mistakes take no more than thousands of lines', () => {
  const times =
    (item: (index: number) => string) =>
    (count: number): string =>
      Array.from({ length: count }, (_, at) => item(at)).join('');
  for (const [name, version, size, make] of [
    ['rules with an old key', 'v0.32.2', 1600, times(() => '[[worker.oci.gcpolicy]]\nkeepBytes = 5000000\n')],
    ['registries named by URL', 'v0.32.2', 1600, times((at) => `[registry."https://r${at}"]\nmirrors = ["m${at}"]\n`)],
    ['keys that stand twice', 'v0.32.2', 4900, times(() => 'debug = true\n')],
    ['unknown tables in an invented one', 'v0.32.2', 2400, times((at) => `[gc.x${at}]\nkeepstorage = 1\n`)],
    ['lists of tables', 'v0.11.6', 2400, times((at) => `[[a.b${at}]]\n`)],
  ] as const)
    test(name, { timeout: 120_000 }, () =>
      expectLinearGrowth(size, make, async (text) => {
        const look = createLook({ host: rootfulHost(text, stamped(version)), request: ASK });
        const checks = [{ check: configBuildkitd }, { check: configRegistries }];
        const reports = await examine(look, checks, { isSelected: () => true });
        expect(reports.some(({ problems }) => problems.length >= 1)).toBe(true);
      }),
    );
});

test('a table may stand again in the next element of a list of tables, and only there', () => {
  const text = (rows: string): string => rows.replaceAll('|', '\n');
  for (const [rows, stops] of [
    ['[[a]]|[a.b]|[[a]]|[a.b]|', false],
    ['[[a]]|[a.b]|[a.b]|', true],
    ['[[a]]|[a.b.c]|[[a.b2]]|[a.b.c]|', true],
    ['[[x]]|[[a]]|[a.b.c]|[[a]]|[a.b.c]|[a.b.c]|', true],
  ] as const)
    expect([rows, readConfig(text(rows), OLD).fatal]).toEqual([rows, stops]);
});

test('mistakes of a kind that can be mended are judged in time that grows with them', {
  timeout: 120_000,
}, async () => {
  const list = (count: number, item: (index: number) => string): string =>
    Array.from({ length: count }, (_, at) => item(at)).join('');
  const make = (count: number): string =>
    `insecure-entitlements = [\n${list(count, () => '"network.hosts",\n')}]\n[registry.x]\nmirrors = [\n${list(count, (at) => `"https://m${at}",\n`)}]\n`;
  await expectLinearGrowth(2400, make, async (text) => {
    const look = createLook({ host: rootfulHost(text, stamped('v0.32.2')), request: ASK });
    const checks = [{ check: configEntitlements }, { check: configRegistries }];
    const reports = await examine(look, checks, { isSelected: () => true });
    expect(reports.every(({ status }) => status === 'warn')).toBe(true);
  });
});
