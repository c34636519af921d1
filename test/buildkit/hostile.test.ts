import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/buildkit/config.ts';
import { ANY_RELEASE, type Bracket, release } from '../../src/buildkit/version.ts';
import { configBuildkitd } from '../../src/checks/config/buildkitd.ts';
import { configEntitlements } from '../../src/checks/config/entitlements.ts';
import { configRegistries } from '../../src/checks/config/registries.ts';
import { createLook, examine } from '../../src/diagnose.ts';
import { looker } from '../../src/host/looker.ts';
import { ASK, VirtualHost } from '../virtual-host.ts';
import { rootfulHost } from './rootful-host.ts';
import { toml } from './toml-text.ts';

const only = (version: string): Bracket => ({ min: release(version), max: release(version), text: version });
const OLD = only('v0.11.6');
const RECENT = only('v0.32.2');
/** The best of three, as other work on the machine only ever adds. */
const timed = (work: () => void): number => Math.min(once(work), once(work), once(work));
const once = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

describe('ten thousand lines', () => {
  const rows = Array.from({ length: 2500 }, (_, index) => [
    `[registry."r${index}.example.com:5000"]`,
    `  mirrors = ["m${index}.example.com"] # a mirror`,
    '  insecure = false',
    '',
  ]).flat();
  const policies = Array.from({ length: 2500 }, () => [
    '[[worker.oci.gcpolicy]]',
    'all = true',
    'keepDuration = 3600',
    '',
  ]).flat();
  const unknown = Array.from({ length: 10_000 }, (_, index) => `key${index} = { a = [1, 2, ${index}] }`);
  for (const [name, lines] of [
    ['registries', rows],
    ['rules', policies],
    ['unknown keys', unknown],
  ] as const) {
    test(`${name} are read in under a second, by every version at once too`, () => {
      const text = lines.join('\n');
      expect(text.split('\n').length).toBeGreaterThanOrEqual(9999);
      for (const by of [OLD, RECENT]) expect(timed(() => readConfig(text, by))).toBeLessThan(1000);
      expect(once(() => readConfig(text, ANY_RELEASE))).toBeLessThan(10_000);
    });
  }
  test('and judged in under a second', async () => {
    const look = createLook(
      new VirtualHost({ files: { '/home/alice/.config/buildkit/buildkitd.toml': rows.join('\n') } }),
      ASK,
    );
    const start = performance.now();
    const [report] = await examine(look, [{ check: configBuildkitd }], { isSelected: () => true });
    expect(report?.status).toBe('pass');
    expect(performance.now() - start).toBeLessThan(6000);
  });
});

describe('hostile text ends in an answer, quickly', () => {
  const deep = 200_000;
  const TEXTS: { [name: string]: string } = {
    'lists in lists': `a = ${'['.repeat(deep)}`,
    'closed lists in lists': `a = ${'['.repeat(deep)}${']'.repeat(deep)}`,
    'inline tables in inline tables': `a = ${'{b='.repeat(deep)}`,
    'a key of many parts': `${'a.'.repeat(50_000)}b = 1`,
    'a header of many parts': `[${'a.'.repeat(50_000)}b]`,
    'a number of many digits': `a = ${'9'.repeat(1_000_000)}`,
    'a number of many digits that something wants': `[worker.oci]\nmax-parallelism = ${'9'.repeat(1_000_000)}`,
    'a string without end': `a = "${'x'.repeat(3_000_000)}`,
    'quotation marks': '"'.repeat(1_000_000),
    'NUL bytes': '\u0000'.repeat(1_000_000),
    'one long comment': `#${'x'.repeat(3_000_000)}`,
    'only line ends': '\n'.repeat(1_000_000),
    'only carriage returns': '\r'.repeat(1_000_000),
    'headers without end': '['.repeat(1_000_000),
    'the same header': '[a]\n'.repeat(100_000),
    'the same list of tables': '[[a]]\n'.repeat(100_000),
    'many keys in one table': Array.from({ length: 60_000 }, (_, index) => `a${index}=1`).join('\n'),
    backslashes: `a = "${'\\'.repeat(1_000_000)}`,
    commas: `a = [${','.repeat(1_000_000)}`,
    dots: '.'.repeat(1_000_000),
    'half characters': `a = "${'\ud800'.repeat(100_000)}"`,
  };
  for (const [name, text] of Object.entries(TEXTS))
    test(name, () => {
      for (const by of [OLD, RECENT]) expect(once(() => readConfig(text, by))).toBeLessThan(8000);
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
            ? (looker[verb] as (...args: unknown[]) => unknown)(path, ...rest.slice(1))
            : before(path, ...rest),
      });
    }
    return virtual;
  }
  const target = join(directory, 'buildkit', 'buildkitd.toml');
  const judge = async (): Promise<{ status: string | undefined; message: string | undefined; ms: number }> => {
    const start = performance.now();
    const [report] = await examine(createLook(host(), ASK), [{ check: configBuildkitd }], { isSelected: () => true });
    return { status: report?.status, message: report?.problems[0]?.message, ms: performance.now() - start };
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
    const { status, message, ms } = await judge();
    expect({ status, message }).toMatchObject({ status: 'fail', message: expect.stringContaining('without end') });
    expect(ms).toBeLessThan(2000);
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

test('never throws, and always places what it finds inside the text', () => {
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

describe('ten thousand mistakes take no more than ten thousand lines', () => {
  const times = (count: number, item: (index: number) => string): string =>
    Array.from({ length: count }, (_, at) => item(at)).join('');
  for (const [name, version, text] of [
    ['rules with an old key', 'v0.32.2', times(5000, () => '[[worker.oci.gcpolicy]]\nkeepBytes = 5000000\n')],
    ['registries named by URL', 'v0.32.2', times(5000, (at) => `[registry."https://r${at}"]\nmirrors = ["m${at}"]\n`)],
    ['keys that stand twice', 'v0.32.2', times(10_000, () => 'debug = true\n')],
    ['unknown tables in an invented one', 'v0.32.2', times(5000, (at) => `[gc.x${at}]\nkeepstorage = 1\n`)],
    ['lists of tables', 'v0.11.6', times(10_000, (at) => `[[a.b${at}]]\n`)],
  ] as const)
    test(name, async () => {
      const look = createLook(rootfulHost(text, version), ASK);
      const start = performance.now();
      const checks = [{ check: configBuildkitd }, { check: configRegistries }];
      const reports = await examine(look, checks, { isSelected: () => true });
      expect(reports.some(({ problems }) => problems.length >= 1)).toBe(true);
      // Quadratic work took ten to thirty seconds here; the rest is room for a busy machine.
      expect(performance.now() - start).toBeLessThan(5000);
    });
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

test('ten thousand mistakes of a kind that can be mended are judged in seconds', async () => {
  const list = (item: (index: number) => string): string =>
    Array.from({ length: 10_000 }, (_, at) => item(at)).join('');
  const text = `insecure-entitlements = [\n${list(() => '"network.hosts",\n')}]\n[registry.x]\nmirrors = [\n${list((at) => `"https://m${at}",\n`)}]\n`;
  const look = createLook(rootfulHost(text, 'v0.32.2'), ASK);
  const start = performance.now();
  const checks = [{ check: configEntitlements }, { check: configRegistries }];
  const reports = await examine(look, checks, { isSelected: () => true });
  expect(reports.every(({ status }) => status === 'warn')).toBe(true);
  expect(performance.now() - start).toBeLessThan(10_000);
});
