import { describe, expect, test } from 'vitest';
import { summaryOf } from '../../src/examine/summary.ts';
import type { CheckReport, Verdict } from '../../src/model/say.ts';
import { everything } from '../report/everything.ts';

type Part = Partial<CheckReport>;
const checkOf = (id: string, part: Part): CheckReport => {
  const [check] = everything.checks;
  if (check === undefined) throw new Error('no check');
  return { ...check, id, problems: [], fixes: [], reason: null, ...part };
};
const problem = (message: string, part: object = {}): CheckReport['problems'] => [
  { condition: 'idmap.subid-missing', severity: 'error', subject: '', message, evidence: {}, ...part },
];
const summary = (level: Verdict['level'], checks: readonly CheckReport[], more: Partial<Verdict> = {}): string =>
  summaryOf(
    {
      ready: level === 'unknown' ? null : level !== 'not-ready',
      level,
      proved: true,
      partial: false,
      snapshotter: null,
      processSandbox: true,
      reasons: checks.filter(({ status }) => status !== 'pass').map(({ id }) => id),
      ...more,
    },
    checks,
  );

describe('the verdict in a sentence', () => {
  test('names the first reason, and counts those that nothing else explains', () => {
    expect(
      summary('not-ready', [
        checkOf('idmap/ranges', { status: 'fail', problems: problem('ux1 has no range in /etc/subuid. And more.') }),
        checkOf('userns/probe', { status: 'fail', explainedBy: ['idmap/ranges'], problems: problem('refused') }),
        checkOf('net/ports', { status: 'fail', problems: problem('taken') }),
      ]),
    ).toBe('NOT READY: ux1 has no range in /etc/subuid (idmap/ranges); 1 more check fails');
  });

  test('says where in a file, unless the message does', () => {
    const at = { path: '/home/u/.config/buildkit/buildkitd.toml', line: 7, column: 1 };
    const words = (message: string) =>
      summary('not-ready', [checkOf('config/buildkitd', { status: 'fail', problems: problem(message, { at }) })]);
    expect(words('"]" is missing.')).toBe('NOT READY: buildkitd.toml line 7: "]" is missing (config/buildkitd)');
    expect(words('buildkitd.toml is empty')).toBe('NOT READY: buildkitd.toml is empty (config/buildkitd)');
  });

  test('is never long, whatever a host says', () => {
    const checks = [checkOf('a/a', { status: 'fail', problems: problem('word '.repeat(500)) })];
    expect(summary('not-ready', checks)).toMatch(/^NOT READY: word .{0,110} … \(a\/a\)$/);
    expect(
      summary('not-ready', [checkOf('a/a', { status: 'fail', problems: problem('x'.repeat(5000)) })]).length,
    ).toBeLessThan(140);
  });

  test('ready, with what warns', () => {
    expect(summary('ready', [], { snapshotter: 'overlayfs' })).toBe('READY, snapshotter overlayfs');
    expect(summary('ready', [], { proved: false })).toBe('READY (judged from files, not proved)');
    const warns = checkOf('snapshotter/selected', {
      status: 'warn',
      problems: problem('buildkitd falls back to native.', { severity: 'warning' }),
    });
    expect(summary('degraded', [warns], { snapshotter: 'native' })).toBe(
      'READY, snapshotter native, but buildkitd falls back to native (snapshotter/selected)',
    );
  });

  test('unknown, with why', () => {
    const unknown = (id: string, reason: string) => checkOf(id, { status: 'unknown', reason });
    expect(summary('unknown', [unknown('a/a', 'x could not be read: refused'), unknown('b/b', 'no answer')])).toBe(
      'UNKNOWN: x could not be read: refused (a/a); 1 more required check could not be made',
    );
  });

  test('for want of buildkitd alone', () => {
    const missing = (evidence: object) =>
      checkOf('runtime/binaries', {
        status: 'fail',
        problems: problem('m', { condition: 'binary.buildkitd-missing', evidence }),
      });
    expect(summary('not-ready', [missing({})])).toBe('NOT READY: buildkitd is not installed, and that is all it lacks');
    expect(summary('not-ready', [missing({ path: '/usr/bin/buildkitd' })])).toBe(
      'NOT READY: buildkitd cannot be run, and nothing else is wrong',
    );
  });

  test('a selection is said', () => {
    const left = checkOf('b/b', { status: 'skip', reason: 'not selected' });
    expect(summary('ready', [checkOf('a/a', { status: 'pass' }), left], { partial: true })).toBe(
      'READY (1 of 2 checks selected)',
    );
  });
});
