import { describe, expect, test } from 'vitest';
import { sinceBaseline } from '../../src/compare/baseline.ts';
import { difference, isWorse } from '../../src/compare/diff.ts';
import { createMerger } from '../../src/compare/merge.ts';
import { type Comparable, comparable } from '../../src/compare/report-shape.ts';
import { readWaivers, waived } from '../../src/compare/waivers.ts';
import type { Report } from '../../src/model/say.ts';
import { differenceText, mergedText } from '../../src/report/comparison.ts';
import { exitCode } from '../../src/report/exit-code.ts';
import { json } from '../../src/report/formats/json-text.ts';
import { terminal } from '../../src/report/terminal.ts';
import { everything, layout } from '../report/everything.ts';
import { validatorOf } from '../schemas.ts';

const read = (report: Report): Comparable => {
  const found = comparable(JSON.parse(json(report)));
  if (typeof found === 'string') throw new Error(found);
  return found;
};
/** The same host where some checks found nothing. */
const without = (...ids: readonly string[]): Report => ({
  ...everything,
  checks: everything.checks.map((check) =>
    ids.includes(check.id) ? { ...check, status: 'pass', reason: null, problems: [], fixes: [] } : check,
  ),
});

describe('a report that is compared', () => {
  test.each([
    ['nothing', null, 'it is no report of bk-doctor'],
    ['a list', [], 'it is no report of bk-doctor'],
    ['another schema', { schema: 2 }, 'it has the schema 2, not 1'],
    ['another document', { schema: 1, runs: [] }, 'it is no report of check or fix'],
    [
      'checks that are none',
      { schema: 1, verdict: { level: 'ready' }, checks: [{}] },
      'it has a check without an id or a status',
    ],
  ])('is not %s', (_name, value, reason) => {
    expect(comparable(value)).toBe(reason);
  });
  test('may be of an earlier release, without what came later', () => {
    const { summary: _summary, ...verdict } = everything.verdict;
    const { counts: _counts, changed: _changed, ...old } = { ...everything, verdict };
    expect(comparable(old)).toMatchObject({
      level: 'not-ready',
      summary: 'NOT-READY idmap/ranges userns/probe',
      host: null,
    });
  });
});

describe('diff', () => {
  test('what is new, gone, and moved', () => {
    const before = without('idmap/ranges');
    const after: Report = {
      ...without('snapshotter/selected'),
      host: { ...everything.host, kernel: '6.12.1', software: { ...everything.host.software, runc: '1.3.0' } },
    };
    const found = difference(read(before), read(after));
    const valid = validatorOf('diff');
    valid(JSON.parse(JSON.stringify(found)));
    expect(valid.errors ?? []).toEqual([]);
    expect(found.appeared.map(({ check }) => check)).toEqual(['idmap/ranges']);
    expect(found.gone.map(({ check }) => check)).toEqual(['snapshotter/selected']);
    expect(found.facts).toEqual([
      { name: 'kernel', old: '6.1.0-18-amd64', new: '6.12.1' },
      { name: 'runc version', old: null, new: '1.3.0' },
    ]);
    const text = differenceText(found, layout);
    expect(text).toContain(
      'New problems\n  idmap/ranges: error: alice has no line in /etc/subuid. (idmap.subid-missing)\n',
    );
    expect(text).toContain('  kernel: 6.1.0-18-amd64 is now 6.12.1\n');
    expect([isWorse(found, 'error'), isWorse(difference(read(after), read(before)), 'error')]).toEqual([true, false]);
    expect(isWorse(difference(read(after), read(before)), 'warning')).toBe(true);
  });
  test('the same report is no different', () => {
    const found = difference(read(everything), read(everything));
    expect(isWorse(found, 'warning')).toBe(false);
    expect(differenceText(found, layout)).toMatch(/\n\nNothing is different\.\n$/);
  });
  test('a check that cannot be made any more is worse; a problem that became an error, too', () => {
    const told = without('storage/ownership');
    expect(isWorse(difference(read(told), read(everything)), 'error')).toBe(true);
    const milder: Report = {
      ...everything,
      checks: everything.checks.map((check) => ({
        ...check,
        problems: check.problems.map((problem) => ({ ...problem, severity: 'warning' as const })),
      })),
    };
    expect(isWorse(difference(read(milder), read(everything)), 'error')).toBe(true);
    expect(isWorse(difference(read(everything), read(milder)), 'error')).toBe(false);
  });
});

describe('a baseline', () => {
  test('only what is new counts for the exit code; the verdict stays', () => {
    const [known, fresh] = [everything, without('idmap/ranges')].map((old) => sinceBaseline(everything, read(old)));
    if (known === undefined || fresh === undefined) throw new Error('no report');
    expect([exitCode(everything, 'error'), exitCode(known, 'error'), exitCode(fresh, 'error')]).toEqual([1, 0, 1]);
    expect(exitCode(known, 'warning')).toBe(0);
    expect(known.verdict).toBe(everything.verdict);
    const text = terminal(known, layout);
    expect(text).toContain('alice has no line in /etc/subuid. (known: the baseline has it)');
    expect(text).toContain('Against a baseline that is of today (bk-doctor 9.8.7): ');
    const valid = validatorOf('report');
    valid(JSON.parse(json(known)));
    expect(valid.errors ?? []).toEqual([]);
  });
  test('a problem that was milder then is not known', () => {
    const old = read(everything);
    const milder = { ...old, problems: old.problems.map((problem) => ({ ...problem, severity: 'info' as const })) };
    expect(exitCode(sinceBaseline(everything, milder), 'error')).toBe(1);
  });
});

describe('waivers', () => {
  const known = {
    checks: new Set(everything.checks.map(({ id }) => id)),
    conditions: new Set(['idmap.subid-missing']),
  };
  const parse = (text: string) => readWaivers(text, '2026-11-28', known);
  const waiver = (lines: string): string => `[[waiver]]\nreason = "we know"\nuntil = 2027-01-31\n${lines}\n`;

  test('what is waived stays in the report, says why, and does not count', () => {
    const all = ['idmap/ranges', 'userns/probe', 'storage/ownership'].map((id) => waiver(`check = "${id}"`)).join('');
    const report = waived(everything, parse(all));
    // What could not be told cannot be waived.
    expect(exitCode(report, 'error')).toBe(3);
    expect(report.checks.map(({ status }) => status)).toEqual(everything.checks.map(({ status }) => status));
    expect(terminal(report, layout)).toMatch(/\(waived until\s+2027-01-31: we know\)/);
    expect(exitCode(waived(everything, parse(waiver('check = "idmap/ranges"'))), 'error')).toBe(1);
  });
  test('a subject narrows it', () => {
    const of = (subject: string) =>
      waived(everything, parse(waiver(`condition = "idmap.subid-missing"\nsubject = "${subject}"`))).checks.filter(
        ({ excused }) => excused !== undefined,
      ).length;
    expect([of('alice'), of('bob')]).toEqual([2, 0]);
  });
  test.each([
    ['broken TOML', '[[waiver]\n', 'line 1: '],
    ['another key', 'x = 1\n', '“x” is no key of a waivers file'],
    ['a table of another name', '[[waivers]]\n', '“waivers” is no key'],
    ['a misspelt key', waiver('chek = "idmap/ranges"'), 'line 1: “chek” is no key of a waiver'],
    ['nothing named', waiver(''), 'line 1: a waiver names a check or a condition'],
    ['an unknown check', `\n\n${waiver('check = "a/b"')}`, 'line 3: there is no check “a/b”'],
    ['an unknown condition', waiver('condition = "a.b"'), 'line 1: there is no condition “a.b”'],
    ['no reason', '[[waiver]]\ncheck = "idmap/ranges"\nuntil = "2027-01-01"\n', 'line 1: a waiver needs a reason'],
    ['no end', '[[waiver]]\ncheck = "idmap/ranges"\nreason = "x"\n', 'line 1: until must be a day'],
    [
      'no such day',
      waiver('check = "idmap/ranges"').replace('2027-01-31', '"2027-02-30"'),
      'line 1: until must be a day',
    ],
    [
      'an end that is past',
      waiver('check = "idmap/ranges"').replace('2027-01-31', '2026-11-27'),
      'line 1: the waiver of idmap/ranges expired on 2026-11-27',
    ],
  ])('refuses %s', (_name, text, words) => {
    expect(() => parse(text)).toThrow(words);
  });
});

describe('merge', () => {
  const many = (number: number) => {
    const merger = createMerger();
    for (let index = 0; index < number; index++)
      merger.add(`host${index}`, {
        ...read(index % 10 === 0 ? everything : without('idmap/ranges', 'userns/probe', 'storage/ownership')),
        level: index % 10 === 0 ? 'not-ready' : 'ready',
      });
    return merger;
  };
  test('which conditions are on how many hosts, and who differs from the rest', () => {
    const merger = many(20);
    const odd = read(everything);
    merger.add('odd', { ...odd, facts: { ...odd.facts, kernel: '5.10.0' } });
    merger.refuse('x.json', 'it is no JSON');
    const merged = merger.result();
    const valid = validatorOf('merge');
    valid(JSON.parse(JSON.stringify(merged)));
    expect(valid.errors ?? []).toEqual([]);
    expect(merged.levels).toEqual({ ready: 18, degraded: 0, 'not-ready': 3, unknown: 0 });
    expect(merged.conditions[0]).toEqual({
      condition: 'idmap.subid-missing',
      severity: 'error',
      hosts: 3,
      examples: ['host0', 'host10', 'odd'],
    });
    expect(merged.differences).toEqual([
      {
        fact: 'kernel',
        usual: '6.1.0-18-amd64',
        usualHosts: 20,
        others: [{ value: '5.10.0', hosts: 1, examples: ['odd'] }],
      },
    ]);
    const text = mergedText(merged, { verbose: false }, layout);
    expect(text).toContain('21 hosts: 3 not-ready, 18 ready\n');
    expect(text).toContain('  kernel: 6.1.0-18-amd64 on 20 hosts\n    5.10.0 on 1 host: odd\n');
    expect(text).toContain('Not read\n  x.json: it is no JSON\n');
  });
  test('of ten thousand hosts only lines are kept', () => {
    const merged = many(10_000).result();
    expect(merged.hosts).toHaveLength(10_000);
    expect(JSON.stringify(merged).length).toBeLessThan(4_000_000);
    expect(mergedText(merged, { verbose: false }, layout).split('\n').length).toBeLessThan(800);
  });
});
