import { describe, expect, test } from 'vitest';
import type { Report, TreatmentResult } from '../../src/model/say.ts';
import { terminal } from '../../src/report/terminal.ts';
import { widthOf } from '../../src/text/wrap.ts';
import { commands, everything, layout } from './everything.ts';

const LAST =
  'NOT READY: 2 checks fail (7 of 8 checks selected). Next: sudo /usr/bin/node /opt/bk-doctor/bin/bk-doctor.js fix --user alice';

describe('terminal report', () => {
  test('findings first, cause first, passes folded, nothing dropped, verdict and command last', () => {
    expect(terminal(everything, layout)).toBe(`bk-doctor 9.8.7: rootless BuildKit for alice (uid 1001)
Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64, x64

✓ cured  runtime/session
  Transaction 20260101T000000-1.1.
! needs root  userns/probe
  This needs root.

✗ FAIL  idmap/ranges
  /etc/subuid:3: alice has no line in /etc/subuid.
  Why it matters: The ids of an image are mapped to the subordinate ids of the
  user; without them no layer can be unpacked.
  Fix, as root:
    1. Add a line to /etc/subuid:
        alice:100000:65536
    2. Then, as alice, run:
        podman system migrate
  More: bk-doctor show idmap/ranges

✗ FAIL  userns/probe
  * rootlesskit could not map ids: \\x1b[31mNo subuid ranges\\x1b[0m found for
    user 1001 ("alice").
  * Warning: user.max_net_namespaces is 0.
  Why it matters: Rootless BuildKit lives in a user namespace of its own.
  Risky fix, as root (takes effect at the next boot):
    Consequence: Any account may then make network namespaces.
    Set user.max_net_namespaces to 1024 at once (it is 0).
  More: bk-doctor show userns/probe

? UNKNOWN  storage/ownership
  Not known: /home/alice/.local/share/buildkit/runc-overlayfs could not be
  entered: permission denied
  To find out:
    sudo ls -ld /home/alice/.local/share/buildkit/runc-overlayfs
  Why it matters: A build needs it.
  More: bk-doctor show storage/ownership

! WARN  snapshotter/selected
  buildkitd would silently use the native snapshotter.
  Why it matters: The native snapshotter copies every layer.
  By hand:
    Move the state directory to a file system that holds overlay mounts.
  More: bk-doctor show snapshotter/selected

✓ 2 checks pass (-v shows them, 1 with notes)
- 1 skipped: lsm/selinux (SELinux is not on here)
- 1 not selected

${LAST}
`);
  });

  test('quiet keeps the findings and the verdict', () => {
    const text = terminal(everything, { ...layout, quiet: true });
    for (const { id, status } of everything.checks)
      expect(text.includes(`  ${id}\n`), id).toBe(status === 'fail' || status === 'warn' || status === 'unknown');
    expect(text).not.toContain('Debian');
    expect(text.trimEnd().split('\n').at(-1)).toBe(LAST);
  });

  test('verbose adds passes with notes, evidence, settings with their source, and the inventory', () => {
    const text = terminal(everything, { ...layout, verbose: true });
    expect(text).toContain('✓ pass  kernel/version  Kernel is new enough (3 ms)\n  Note: Linux 6.1.0-18-amd64\n');
    expect(text).toContain('  Evidence: idmap.subid-missing {"file":"/etc/subuid","user":"alice"}\n');
    expect(text).toContain('  address          tcp://192.0.2.7:1234 (file)\n');
    expect(text).toContain('  rootlesskit      1.1.0\n  buildkitd        not found\n');
    expect(text).toContain('- 1 not selected: net/ports\n');
  });

  test('fixes that say the same stand once, and those of notes only where notes are shown', () => {
    const ranges = everything.checks.find(({ id }) => id === 'idmap/ranges');
    const [problem] = ranges?.problems ?? [];
    if (ranges === undefined || problem === undefined) throw new Error('no such check');
    const tell = (text: string, index: number) =>
      ({ for: [index], risk: 'manual', needs: 'user', steps: [{ as: 'self', do: 'tell', text }], diff: null }) as const;
    const report = {
      ...everything,
      checks: [
        {
          ...ranges,
          problems: [problem, problem, { ...problem, severity: 'info' as const, message: 'By the way.' }],
          fixes: [tell('Do this.', 0), tell('Do this.', 1), tell('Do that.', 2)],
        },
      ],
    };
    const [brief, verbose] = [terminal(report, layout), terminal(report, { ...layout, verbose: true })];
    expect([brief.split('Do this.').length, brief.split('Do that.').length]).toEqual([2, 1]);
    expect(brief).not.toContain('By the way.');
    expect([verbose.split('Do this.').length, verbose.split('Do that.').length]).toEqual([2, 2]);
    expect(verbose).toContain('  * Note: /etc/subuid:3: By the way.\n');
  });

  test('of what was not tried only what the findings do not say already', () => {
    const row = (check: string, result: TreatmentResult, message: string | null = null) => ({
      check,
      result,
      transaction: null,
      message,
      until: null,
      steps: [],
    });
    const treatments = [
      row('userns/probe', 'declined', 'Not wanted.'),
      row('userns/probe', 'declined', 'Not wanted.'),
      row('idmap/ranges', 'manual'),
      row('kernel/version', 'needs-root'),
      row('idmap/ranges', 'failed', 'The disk is full.'),
    ];
    const words = (verbose: boolean) =>
      terminal({ ...everything, treatments }, { ...layout, verbose })
        .split('\n\n')[1]
        ?.split('\n');
    expect(words(false)).toEqual([
      '- declined  userns/probe',
      '  Not wanted.',
      '✗ failed  idmap/ranges',
      '  The disk is full.',
    ]);
    expect(words(true)).toHaveLength(6);
  });

  test('the diff is shown with a plan', () => {
    expect(terminal(everything, { ...layout, diffs: true })).toContain(
      '      --- /etc/subuid\n      +++ /etc/subuid\n      @@ -1 +1,2 @@\n       bob:165536:65536\n      +alice:100000:65536\n',
    );
  });

  test('without UTF-8 everything is ASCII and every status keeps its word', () => {
    const text = terminal(everything, { ...layout, unicode: false, verbose: true });
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    for (const word of ['x FAIL', '! WARN', '? UNKNOWN', '+ pass', '- 1 skipped']) expect(text).toContain(word);
  });

  test('colour only repeats what is said', () => {
    const painted = terminal(everything, { ...layout, colour: true });
    expect(painted).toContain('\u001b[31m✗ FAIL\u001b[0m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(terminal(everything, layout));
  });

  test.each([60, 80, 100])('at %i columns only what is to be copied is longer than the line', (columns) => {
    const long = terminal(everything, { ...layout, columns, diffs: true })
      .split('\n')
      .filter((line) => widthOf(line) > columns && line !== LAST);
    expect(long.filter((line) => line.trim().split(' ').length > 1 && !line.includes('sudo '))).toEqual([]);
  });

  test('text from a host cannot write a line of its own', () => {
    const [first] = everything.checks;
    if (first === undefined) throw new Error('no check');
    const hostile = 'x\n✓ READY\r\u001b]0;title\u0007\u009b31m\u202egnp';
    const text = terminal(
      {
        ...everything,
        target: { ...everything.target, user: hostile },
        host: { ...everything.host, kernel: hostile },
        checks: [
          {
            ...first,
            status: 'fail',
            problems: [
              {
                condition: 'config.unknown-key',
                severity: 'error',
                subject: '',
                message: hostile,
                evidence: { [hostile]: hostile },
              },
            ],
            reason: hostile,
            tell: hostile,
          },
        ],
      },
      { ...layout, verbose: true },
    );
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).not.toMatch(/^✓ READY/m);
  });
});

describe('the last line', () => {
  const lastLine = (report: Partial<Report>, more: Partial<typeof commands> = {}): string | undefined =>
    terminal({ ...everything, ...report }, { ...layout, commands: { ...commands, ...more } })
      .trimEnd()
      .split('\n')
      .at(-1);
  const byStatus = (...ids: readonly string[]): Report['checks'] =>
    everything.checks.filter(({ id }) => ids.includes(id));
  const verdict = (level: Report['verdict']['level'], ...reasons: readonly string[]): Report['verdict'] => ({
    ...everything.verdict,
    ready: level === 'unknown' ? null : level !== 'not-ready',
    level,
    partial: false,
    reasons,
  });

  test('ready: how to start, or how to prove it', () => {
    const ready = { verdict: verdict('ready'), checks: byStatus('kernel/version'), treatments: [] };
    expect(lastLine(ready)).toBe('READY, snapshotter overlayfs. Next: rootlesskit buildkitd');
    expect(lastLine(ready, { verify: 'bk-doctor verify' })).toBe(
      'READY, snapshotter overlayfs. Next: bk-doctor verify',
    );
    expect(lastLine(ready, { isRoot: true })).toBe(
      'READY, snapshotter overlayfs. Next: as alice: rootlesskit buildkitd',
    );
    const target = { ...everything.target, running: true };
    expect(lastLine({ ...ready, target })).toBe('READY, snapshotter overlayfs.');
    const unit = { ...everything.target, unit: '/usr/lib/systemd/user/buildkit.service' };
    expect(lastLine({ ...ready, target: unit })).toContain('Next: systemctl --user start buildkit.service');
    const asked = { ...everything.target, config: '/tmp/a b.toml', sources: { config: 'option' } } as const;
    expect(lastLine({ ...ready, target: asked })).toContain("Next: rootlesskit buildkitd --config '/tmp/a b.toml'");
  });

  test('not proved is said', () => {
    const unproved = { ...verdict('ready'), proved: false, snapshotter: null };
    expect(lastLine({ verdict: unproved, checks: [] })).toContain('READY (judged from files, not proved). Next:');
  });

  test('degraded by something that only a person can change points at its page', () => {
    expect(
      lastLine({ verdict: verdict('degraded', 'snapshotter/selected'), checks: byStatus('snapshotter/selected') }),
    ).toBe('READY, but 1 check warns, snapshotter overlayfs. Next: bk-doctor show snapshotter/selected');
  });

  test('unknown: the command that would tell', () => {
    const unknown = { verdict: verdict('unknown', 'storage/ownership'), checks: byStatus('storage/ownership') };
    expect(lastLine(unknown)).toBe(
      'UNKNOWN: 1 check that decides could not be made. Next: sudo ls -ld /home/alice/.local/share/buildkit/runc-overlayfs',
    );
    const checks = unknown.checks.map((check) => ({ ...check, tell: null }));
    expect(lastLine({ ...unknown, checks })).toContain(`Next: ${commands.checkAsRoot}`);
    expect(lastLine({ ...unknown, checks }, { isRoot: true })).toContain('Next: bk-doctor show storage/ownership');
  });

  test('not ready: root types the short command, and risky fixes alone are named so', () => {
    expect(lastLine({}, { isRoot: true })).toContain('Next: bk-doctor fix');
    expect(lastLine({ verdict: verdict('not-ready', 'userns/probe'), checks: byStatus('userns/probe') })).toContain(
      `Next: ${commands.fixAsRoot} --risky`,
    );
  });

  test('where only a person can help, the cause is shown and not what follows from it', () => {
    const checks = byStatus('userns/probe', 'idmap/ranges').map((check) => ({ ...check, fixes: [] }));
    const reasons = verdict('not-ready', 'idmap/ranges', 'userns/probe');
    for (const order of [checks, checks.toReversed()])
      expect(lastLine({ verdict: reasons, checks: order })).toContain('Next: bk-doctor show idmap/ranges');
  });

  test('not ready for want of buildkitd alone says so', () => {
    const [check] = byStatus('idmap/ranges');
    if (check === undefined) throw new Error('no check');
    const problem = {
      condition: 'binary.buildkitd-missing',
      severity: 'error',
      subject: '',
      message: 'm',
      evidence: {},
    } as const;
    expect(
      lastLine({
        verdict: verdict('not-ready', 'runtime/binaries'),
        checks: [{ ...check, id: 'runtime/binaries', problems: [problem], fixes: [] }],
      }),
    ).toBe('NOT READY: buildkitd is not installed, and that is all it lacks. Next: bk-doctor show runtime/binaries');
  });

  test('what waits for a reboot says so before the next check', () => {
    const pending = {
      check: 'idmap/ranges',
      result: 'pending',
      transaction: 't',
      message: null,
      until: 'reboot',
      steps: [],
    } as const;
    expect(
      lastLine({
        verdict: verdict('not-ready', 'idmap/ranges'),
        checks: byStatus('idmap/ranges'),
        treatments: [pending],
      }),
    ).toBe('NOT READY: 1 check fails. Next: reboot, then: bk-doctor check');
  });

  test('a recording is about another host', () => {
    expect(lastLine({}, { elsewhere: true })).toContain('Next, on that host: ');
  });
});
