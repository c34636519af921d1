import { describe, expect, test } from 'vitest';
import type { CheckReport, Report, TreatmentResult } from '../../src/model/say.ts';
import { proposalsOf } from '../../src/report/plan.ts';
import { terminal } from '../../src/report/terminal.ts';
import { widthOf } from '../../src/text/wrap.ts';
import { commands, everything, layout } from './everything.ts';

const NEXT = 'Next: sudo /usr/bin/node /opt/bk-doctor/bin/bk-doctor.js fix --user alice';
const LAST = `${everything.verdict.summary.replace(' (7 of', '\n  (7 of')}
${NEXT}
No root? A script for an administrator: bk-doctor fix --script >fix.sh
`;

const proposals = proposalsOf(everything, [{ check: 'idmap/ranges', fix: 0 }]);

describe('terminal report', () => {
  test('findings first, cause first, passes folded, nothing dropped, verdict and command last', () => {
    expect(terminal(everything, layout)).toBe(`bk-doctor 9.8.7: rootless BuildKit for alice (uid 1001)
Debian GNU/Linux 12 (bookworm), Linux 6.1.0-18-amd64, x64

✓ cured  runtime/session  (1.1)
! needs root  userns/probe
  This needs root.

To undo: bk-doctor undo 1

✗ FAIL  idmap/ranges
  /etc/subuid:3: alice has no line in /etc/subuid.
  Why it matters: The ids of an image are mapped to the subordinate ids of the
  user; without them no layer can be unpacked.
  Fix, as root:
    1. Add a line to /etc/subuid:
        alice:100000:65536
    2. Then, as alice, run:
        podman system migrate

✗ FAIL  userns/probe
  * rootlesskit could not map ids: \\x1b[31mNo subuid ranges\\x1b[0m found for
    user 1001 ("alice").
  * Warning: user.max_net_namespaces is 0.
  Why it matters: Rootless BuildKit lives in a user namespace of its own.
  Risky fix, as root (takes effect at the next boot):
    Consequence: Any account may then make network namespaces.
    Set user.max_net_namespaces to 1024 at once (it is 0).

? UNKNOWN  storage/ownership
  Not known: /home/alice/.local/share/buildkit/runc-overlayfs could not be
  entered: permission denied
  To find out:
    sudo ls -ld /home/alice/.local/share/buildkit/runc-overlayfs
  Why it matters: A build needs it.

! WARN  snapshotter/selected
  buildkitd would silently use the native snapshotter.
  Why it matters: The native snapshotter copies every layer.
  By hand:
    Move the state directory to a file system that holds overlay mounts.

✓ 2 checks pass (1 with notes), 1 does not apply, 1 not selected (-v lists all)

${LAST}`);
  });

  test('quiet keeps the findings and the verdict', () => {
    const text = terminal(everything, { ...layout, quiet: true });
    for (const { id, status } of everything.checks)
      expect(text.includes(`  ${id}\n`), id).toBe(status === 'fail' || status === 'warn' || status === 'unknown');
    expect(text).not.toContain('Debian');
    expect(text.endsWith(`\n\n${LAST}`)).toBe(true);
  });

  test('verbose adds passes with notes, evidence, settings with their source, and the inventory', () => {
    const text = terminal(everything, { ...layout, verbose: true });
    expect(text).toContain('✓ pass  kernel/version  Kernel is new enough (3 ms)\n  Note: Linux 6.1.0-18-amd64\n');
    expect(text).toContain('  Evidence: idmap.subid-missing {"file":"/etc/subuid","user":"alice"}\n');
    expect(text).toContain('  address          tcp://192.0.2.7:1234 (file)\n');
    expect(text).toContain('  rootlesskit      1.1.0\n  buildkitd        not found\n');
    expect(text).toContain('  - lsm/selinux: SELinux is not on here\n  - net/ports: not selected\n');
    expect(text).toContain('  More: bk-doctor show idmap/ranges\n');
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
    const brief = terminal(report, layout);
    // Without its last lines, where the next step says it again; the brief one says it there alone.
    const verbose = terminal(report, { ...layout, verbose: true }).split('\nNext: ')[0] ?? '';
    expect([brief.split('Do this.').length, brief.split('Do that.').length]).toEqual([2, 1]);
    expect(brief).not.toContain('By the way.');
    expect([verbose.split('Do this.').length, verbose.split('Do that.').length]).toEqual([2, 2]);
    expect(verbose).toContain('  * Note: /etc/subuid:3: By the way.\n');
  });

  test('of what was not tried only what the findings do not say already', () => {
    const row = (check: string, result: TreatmentResult, message: string | null = null) => ({
      diff: null,
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
    const text = terminal(everything, { ...layout, proposals });
    expect(text.split('idmap/ranges\n')).toHaveLength(2);
    expect(text).toContain(
      '      --- /etc/subuid\n      +++ /etc/subuid\n      @@ -1 +1,2 @@\n       bob:165536:65536\n      +alice:100000:65536\n',
    );
  });

  test('without UTF-8 everything is ASCII and every status keeps its word', () => {
    const text = terminal(everything, { ...layout, unicode: false, verbose: true });
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    for (const word of ['x FAIL', '! WARN', '? UNKNOWN', '+ pass', '- lsm/selinux']) expect(text).toContain(word);
  });

  test('colour only repeats what is said', () => {
    const painted = terminal(everything, { ...layout, colour: true });
    expect(painted).toContain('\u001b[31m✗ FAIL\u001b[0m');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(terminal(everything, layout));
  });

  test.each([60, 80, 100])('at %i columns only what is to be copied is longer than the line', (columns) => {
    const long = terminal(everything, { ...layout, columns, proposals })
      .split('\n')
      .filter((line) => widthOf(line) > columns && line !== NEXT);
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

describe('the last lines', () => {
  const lastLines = (report: Partial<Report>, more: Partial<typeof commands> = {}): string =>
    terminal({ ...everything, ...report }, { ...layout, quiet: true, commands: { ...commands, ...more } })
      .trimEnd()
      .split('\n\n')
      .at(-1) ?? '';
  const byStatus = (...ids: readonly string[]): Report['checks'] =>
    everything.checks.filter(({ id }) => ids.includes(id));
  const verdict = (level: Report['verdict']['level'], ...reasons: readonly string[]): Report['verdict'] => ({
    ...everything.verdict,
    ready: level === 'unknown' ? null : level !== 'not-ready',
    level,
    partial: false,
    reasons,
    summary: 'SO',
  });

  test('ready: how to start, or how to prove it', () => {
    const ready = { verdict: verdict('ready'), checks: byStatus('kernel/version'), treatments: [] };
    expect(lastLines(ready)).toBe('SO\nNext: rootlesskit buildkitd');
    expect(lastLines(ready, { verify: 'bk-doctor verify' })).toBe('SO\nNext: bk-doctor verify');
    expect(lastLines(ready, { isRoot: true })).toBe('SO\nNext: as alice: rootlesskit buildkitd');
    const target = { ...everything.target, running: true };
    expect(lastLines({ ...ready, target })).toBe('SO');
    const unit = { ...everything.target, unit: '/usr/lib/systemd/user/buildkit.service' };
    expect(lastLines({ ...ready, target: unit })).toContain('Next: systemctl --user start buildkit.service');
    const [one] = ready.checks;
    const problems = [
      { condition: 'service.missing', severity: 'info', subject: 'alice', message: 'No unit.', evidence: null },
    ] as const;
    const checks = one === undefined ? [] : [{ ...one, id: 'service/state', problems }];
    expect(lastLines({ ...ready, checks }, { verify: 'bk-doctor verify' })).toBe('SO\nNext: bk-doctor setup');
    expect(lastLines({ ...ready, checks, target })).toBe('SO');
    expect(lastLines({ ...ready, checks }, { setup: null })).toBe('SO\nNext: rootlesskit buildkitd');
    const asked = { ...everything.target, config: '/tmp/a b.toml', sources: { config: 'option' } } as const;
    expect(lastLines({ ...ready, target: asked })).toContain("Next: rootlesskit buildkitd --config '/tmp/a b.toml'");
  });

  test('unknown: the command that would tell', () => {
    const unknown = { verdict: verdict('unknown', 'storage/ownership'), checks: byStatus('storage/ownership') };
    expect(lastLines(unknown)).toBe('SO\nNext: sudo ls -ld /home/alice/.local/share/buildkit/runc-overlayfs');
    const checks = unknown.checks.map((check) => ({ ...check, tell: null }));
    expect(lastLines({ ...unknown, checks })).toContain(`Next: ${commands.checkAsRoot}`);
    expect(lastLines({ ...unknown, checks }, { isRoot: true })).toContain('Next: bk-doctor show storage/ownership');
  });

  test('not ready: root types the short command, and risky fixes alone are named so', () => {
    expect(lastLines({}, { isRoot: true })).toContain('Next: bk-doctor fix');
    expect(lastLines({ verdict: verdict('not-ready', 'userns/probe'), checks: byStatus('userns/probe') })).toContain(
      `Next: ${commands.fixAsRoot} --risky`,
    );
  });

  test('where only a person can help, the next step is the command of the cause, else what stands under By hand', () => {
    const [check] = byStatus('idmap/ranges');
    if (check === undefined) throw new Error('no check');
    const byHand = (text: string): string =>
      lastLines({
        verdict: verdict('not-ready', 'idmap/ranges', 'userns/probe'),
        checks: [
          ...byStatus('userns/probe').map((other) => ({ ...other, fixes: [] })),
          {
            ...check,
            fixes: [{ for: [0], risk: 'manual', needs: 'root', diff: null, steps: [{ as: 'root', do: 'tell', text }] }],
          },
        ],
      });
    expect(byHand('As root, run:\nusermod --add-subuids 1-65536 alice\nusermod --add-subgids 1-65536 alice')).toBe(
      'SO\nNext: As root, run:\n  usermod --add-subuids 1-65536 alice\n  usermod --add-subgids 1-65536 alice\nthen: bk-doctor check',
    );
    expect(byHand('Ask whoever manages the accounts.')).toBe(
      'SO\nNext: Ask whoever manages the accounts.\nthen: bk-doctor check',
    );
    expect(byHand(`Ask ${'x '.repeat(100)}.`)).toBe('SO\nNext: do what stands under By hand, then: bk-doctor check');
    const none = byStatus('idmap/ranges').map((one) => ({ ...one, fixes: [] }));
    expect(lastLines({ verdict: verdict('not-ready', 'idmap/ranges'), checks: none })).toBe(
      'SO\nNext: bk-doctor show idmap/ranges',
    );
  });

  test('what waits for a reboot says so before the next check', () => {
    const pending = {
      check: 'idmap/ranges',
      result: 'pending',
      transaction: null,
      message: null,
      until: 'reboot',
      steps: [],
      diff: null,
    } as const;
    expect(
      lastLines({
        verdict: verdict('not-ready', 'idmap/ranges'),
        checks: byStatus('idmap/ranges'),
        treatments: [pending],
      }),
    ).toBe('SO\nNext: reboot, then: bk-doctor check');
  });

  test('a recording is about another host', () => {
    expect(lastLines({}, { elsewhere: true })).toContain('Next, on that host: ');
  });
});

describe('what follows from a cause', () => {
  const shown = (...checks: readonly (readonly [id: string, part: Partial<CheckReport>])[]): string =>
    terminal(
      {
        ...everything,
        treatments: [],
        checks: checks.flatMap(([id, part]) =>
          everything.checks.slice(2, 3).map((check) => ({ ...check, fixes: [], id, ...part })),
        ),
      },
      { ...layout, quiet: true },
    );
  const unknown = { status: 'unknown', problems: [], reason: 'no namespace' } as const;

  test('is folded under it, with its words, however long the chain', () => {
    const text = shown(
      ['snapshotter/overlayfs', { ...unknown, explainedBy: ['userns/probe'] }],
      ['userns/probe', { explainedBy: ['idmap/ranges'] }],
      ['snapshotter/selected', { ...unknown, explainedBy: ['snapshotter/overlayfs', 'userns/probe'] }],
      ['idmap/ranges', {}],
    );
    expect(text.match(/^[✗?!] .*$/gm)).toEqual(['✗ FAIL  idmap/ranges']);
    expect(text).toContain('  It also explains userns/probe: rootlesskit could not map ids:');
    expect(text).toContain('  2 checks wait for it: snapshotter/overlayfs, snapshotter/selected\n');
  });

  test('is folded under the one that blames the same line of a file', () => {
    const at = { path: '/etc/buildkit/buildkitd.toml', line: 7, column: 1 };
    const problem = {
      condition: 'snapshotter.name-mismatch',
      severity: 'error',
      subject: 's',
      evidence: null,
      at,
    } as const;
    const text = shown(
      [
        'idmap/helpers',
        { problems: [{ ...problem, condition: 'idmap.newuidmap-missing', message: 'No.', at: { ...at, path: '/x' } }] },
      ],
      [
        'config/buildkitd',
        { problems: [{ ...problem, condition: 'config.invalid-value', message: 'It is no name.' }] },
      ],
      [
        'snapshotter/selected',
        {
          explainedBy: ['idmap/helpers', 'config/buildkitd'],
          problems: [{ ...problem, message: 'It does not start.' }],
        },
      ],
    );
    const [, helpers = '', config = ''] = text.split(/^✗ FAIL {2}/m);
    expect(helpers).not.toContain('It also explains');
    expect(config).toContain('It also explains snapshotter/selected');
  });

  test('stands for itself where something is to be done for it, or nothing explains it', () => {
    const fix = { for: [0], risk: 'safe', needs: 'root', steps: [], diff: null } as const;
    const text = shown(
      ['idmap/ranges', {}],
      ['net/sockets', { explainedBy: ['idmap/ranges'], fixes: [fix] }],
      ['net/ports', {}],
    );
    expect(text.match(/^✗ .*$/gm)).toHaveLength(3);
  });

  test('a circle of explanations loses nobody', () => {
    const text = shown(['a/a', { explainedBy: ['b/b'] }], ['b/b', { explainedBy: ['a/a'] }]);
    expect(text.match(/^✗ .*$/gm)?.length).toBeGreaterThan(0);
    for (const id of ['a/a', 'b/b']) expect(text).toContain(id);
  });

  test('unknowns with one reason are one entry', () => {
    const text = shown(['a/a', unknown], ['b/b', unknown], ['c/c', { ...unknown, reason: 'another' }]);
    expect(text.match(/^\? .*$/gm)).toEqual(['? UNKNOWN  a/a, b/b', '? UNKNOWN  c/c']);
  });
});

describe('one finding that would not fit on a terminal of 24 lines', () => {
  const [long] = everything.checks.filter(({ id }) => id === 'idmap/ranges');
  if (long === undefined) throw new Error('no check');
  const advice = ['Start it in another way.', 'Or in a third one.'].map(
    (text) => ({ as: 'self', do: 'tell', text }) as const,
  );
  const manual = { for: [0], risk: 'manual', needs: 'user', diff: null, steps: advice } as const;
  const message = 'alice has no line in /etc/subuid, as these words of rootlesskit tell. '.repeat(6).trim();
  const tall: CheckReport = {
    ...long,
    problems: long.problems.map((problem) => ({ ...problem, message })),
    fixes: [...long.fixes, manual],
  };
  const shown = (checks: readonly CheckReport[], verbose = false): string =>
    terminal(
      { ...everything, treatments: [], verdict: { ...everything.verdict, reasons: [] }, checks },
      { ...layout, verbose },
    );

  test('says what is wrong, each change in a line and the first way by hand; the rest with -v', () => {
    const text = shown([tall]);
    expect(text).toContain('    1. add alice:100000:65536 to /etc/subuid\n    2. Then, as alice, run:\n        ');
    expect(text).toContain('    1. Start it in another way.\n    (1 more with -v)\n');
    expect(text).not.toMatch(/Why it matters|third one/);
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(24);
    const whole = shown([tall], true);
    for (const part of ['Why it matters', 'Or in a third one.', '        alice:100000:65536'])
      expect(whole).toContain(part);
  });
  test('is told whole where it fits, or is one of several', () => {
    expect(shown([{ ...tall, problems: long.problems }])).toContain('Why it matters');
    expect(shown([tall, { ...tall, id: 'idmap/helpers' }])).toContain('Or in a third one.');
  });
});
