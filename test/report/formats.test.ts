import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import type { Report } from '../../src/model/say.ts';
import { chainOf } from '../../src/report/formats/chain.ts';
import { formatNamed } from '../../src/report/formats/table.ts';
import { commands, everything, layout } from './everything.ts';

/** With CI set a missing program fails where it is called, rather than being passed over. */
const has = (program: string): boolean => Boolean(process.env.CI) || existsSync(`/usr/bin/${program}`);
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
const shown = async (format: string, report: Report = everything): Promise<string> =>
  (await formatNamed(format)?.shows.report?.({ report, commands }, layout)) ?? '';
/** Throws where it is not well-formed. */
function xmllint(text: string): void {
  if (CAN_PARSE) execFileSync('xmllint', ['--noout', '-'], { input: text, stdio: 'pipe' });
}

describe('junit', () => {
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
