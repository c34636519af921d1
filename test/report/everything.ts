import type { CheckReport, Report } from '../../src/model/say.ts';
import type { Commands } from '../../src/report/summary.ts';
import type { ReportLayout } from '../../src/report/terminal.ts';

function check(id: string, part: Partial<CheckReport>): CheckReport {
  return {
    id,
    title: 'It is as it should be',
    why: 'A build needs it.',
    decides: true,
    status: 'pass',
    reason: null,
    tell: null,
    problems: [],
    fixes: [],
    docs: `docs/checks/${id}.md`,
    durationMs: 3.4,
    ...part,
  };
}

/** One report with every status, severity, risk and kind of step in it. */
export const everything: Report = {
  schema: 1,
  tool: { name: 'bk-doctor', version: '9.8.7' },
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 143,
  target: {
    mode: 'rootless',
    launcher: 'rootlesskit',
    user: 'alice',
    uid: 1001,
    config: '/home/alice/.config/buildkit/buildkitd.toml',
    root: '/home/alice/.local/share/buildkit',
    addresses: ['unix:///run/user/1001/buildkit/buildkitd.sock', 'tcp://192.0.2.7:1234'],
    sources: { config: 'default', root: 'default', addresses: 'file' },
    unit: null,
    running: false,
    environment: {
      HOME: { value: '/home/alice', source: 'passwd' },
      PATH: { value: '/home/alice/bin:/usr/bin', source: 'process' },
    },
  },
  host: {
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
    kernel: '6.1.0-18-amd64',
    arch: 'x64',
    container: null,
    virtualization: 'kvm',
    cpus: 2,
    memoryBytes: 4 * 1024 ** 3,
    software: { rootlesskit: '1.1.0', buildkitd: null },
  },
  verdict: {
    ready: false,
    level: 'not-ready',
    proved: true,
    partial: true,
    snapshotter: 'overlayfs',
    processSandbox: true,
    reasons: ['idmap/ranges', 'userns/probe'],
    summary: 'NOT READY: alice has no line in /etc/subuid (idmap/ranges); 1 more check fails (7 of 8 checks selected)',
  },
  checks: [
    check('kernel/version', {
      title: 'Kernel is new enough',
      decides: false,
      problems: [
        {
          condition: 'kernel.too-old',
          severity: 'info',
          subject: '6.1.0-18-amd64',
          message: 'Linux 6.1.0-18-amd64',
          evidence: { release: '6.1.0-18-amd64' },
        },
      ],
    }),
    check('userns/limits', { title: 'Namespaces are not limited' }),
    check('userns/probe', {
      title: 'Namespaces can be made',
      why: 'Rootless BuildKit lives in a user namespace of its own.',
      status: 'fail',
      problems: [
        {
          condition: 'idmap.subid-missing',
          severity: 'error',
          subject: 'alice',
          message: 'rootlesskit could not map ids: \u001b[31mNo subuid ranges\u001b[0m found for user 1001 ("alice").',
          evidence: { stage: 'map' },
        },
        {
          condition: 'userns.max-other-zero',
          severity: 'warning',
          subject: 'user.max_net_namespaces',
          message: 'user.max_net_namespaces is 0.',
          evidence: { key: 'user.max_net_namespaces', value: 0 },
        },
      ],
      fixes: [
        {
          for: [1],
          risk: 'risky',
          needs: 'root',
          consequence: 'Any account may then make network namespaces.',
          until: 'reboot',
          steps: [{ as: 'root', do: 'sysctl', key: 'user.max_net_namespaces', from: '0', to: '1024' }],
          diff: null,
        },
      ],
    }),
    check('idmap/ranges', {
      title: 'User has subordinate ids',
      why: 'The ids of an image are mapped to the subordinate ids of the user; without them no layer can be unpacked.',
      status: 'fail',
      problems: [
        {
          condition: 'idmap.subid-missing',
          severity: 'error',
          subject: 'alice',
          message: 'alice has no line in /etc/subuid.',
          at: { path: '/etc/subuid', line: 3, column: 1, endLine: 3, endColumn: 7 },
          evidence: { file: '/etc/subuid', user: 'alice' },
        },
      ],
      fixes: [
        {
          for: [0],
          risk: 'safe',
          needs: 'root',
          steps: [
            {
              as: 'root',
              do: 'edit',
              path: '/etc/subuid',
              expects: 'a'.repeat(64),
              edit: { edit: 'append', line: 'alice:100000:65536' },
              mode: 0o644,
              owner: { uid: 0, gid: 0 },
            },
            { as: 'root', do: 'tell', text: 'Then, as alice, run:\npodman system migrate' },
          ],
          diff: '--- /etc/subuid\n+++ /etc/subuid\n@@ -1 +1,2 @@\n bob:165536:65536\n+alice:100000:65536\n',
        },
      ],
    }),
    check('lsm/selinux', { status: 'skip', reason: 'SELinux is not on here' }),
    check('snapshotter/selected', {
      title: 'The snapshotter is the fast one',
      why: 'The native snapshotter copies every layer.',
      status: 'warn',
      problems: [
        {
          condition: 'snapshotter.native-fallback',
          severity: 'warning',
          subject: 'native',
          message: 'buildkitd would silently use the native snapshotter.',
          evidence: {},
        },
      ],
      fixes: [
        {
          for: [0],
          risk: 'manual',
          needs: 'user',
          steps: [
            { as: 'self', do: 'tell', text: 'Move the state directory to a file system that holds overlay mounts.' },
          ],
          diff: null,
        },
      ],
    }),
    check('storage/ownership', {
      status: 'unknown',
      reason: '/home/alice/.local/share/buildkit/runc-overlayfs could not be entered: permission denied',
      tell: 'sudo ls -ld /home/alice/.local/share/buildkit/runc-overlayfs',
    }),
    check('net/ports', { status: 'skip', reason: 'not selected' }),
  ],
  counts: { pass: 2, warn: 1, fail: 2, skip: 2, unknown: 1 },
  changed: true,
  treatments: [
    {
      check: 'runtime/session',
      result: 'cured',
      transaction: '1.1',
      message: null,
      until: null,
      steps: [],
      diff: null,
    },
    {
      check: 'userns/probe',
      result: 'needs-root',
      transaction: null,
      message: 'This needs root.',
      until: null,
      steps: [],
      diff: null,
    },
  ],
};

export const commands: Commands = {
  check: 'bk-doctor check',
  fix: 'bk-doctor fix',
  checkAsRoot: 'sudo /usr/bin/node /opt/bk-doctor/bin/bk-doctor.js check --user alice',
  script: 'bk-doctor fix --script',
  undo: 'bk-doctor undo',
  fixAsRoot: 'sudo /usr/bin/node /opt/bk-doctor/bin/bk-doctor.js fix --user alice',
  show: 'bk-doctor show',
  verify: null,
  setup: 'bk-doctor setup',
  isRoot: false,
  elsewhere: false,
};

export const layout: ReportLayout = {
  columns: 80,
  colour: false,
  unicode: true,
  verbose: false,
  quiet: false,
  lead: null,
  commands,
};
