import { serviceState } from '../../../src/checks/service/state.ts';
import { enableUnit } from '../../../src/fixes/service/state.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { directory, hostWith, RUNTIME } from '../runtime/alice.ts';

type Files = NonNullable<VirtualHostOptions['files']>;

const UNIT = '/home/alice/.config/systemd/user/buildkit.service';
const MANAGER: Files = {
  '/run/systemd/system': directory(),
  [`${RUNTIME}/systemd/private`]: { kind: 'socket', uid: 1000, gid: 1000 },
};
const TEXT = `[Service]\nType=notify\nNotifyAccess=all\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n[Install]\nWantedBy=default.target\n`;
const GOOD = {
  LoadState: 'loaded',
  FragmentPath: UNIT,
  NeedDaemonReload: 'no',
  ActiveState: 'active',
  SubState: 'running',
  Result: 'success',
  UnitFileState: 'enabled',
  NRestarts: '0',
};
/** A manager that runs says this of the unit; and the journal has these lines. */
const managed = (says: Partial<typeof GOOD>, journal: readonly string[] = [], text = TEXT): VirtualHostOptions => {
  const host = hostWith({ files: { ...MANAGER, [UNIT]: text } });
  const shown = Object.entries({ ...GOOD, ...says })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
  return {
    ...host,
    tools: {
      ...host.tools,
      systemctl: (args) => (args.includes('show') ? { stdout: shown } : { code: 1, stdout: '' }),
      journalctl: { stdout: journal.map((line) => `${line}\n`).join('') },
    },
  };
};

const START = 'Starting buildkit.service - BuildKit...';
const failed = { ActiveState: 'failed', SubState: 'failed', Result: 'protocol' };

testCheck(
  { check: serviceState, fix: enableUnit },
  {
    healthy: {
      'it runs and is enabled': { host: managed({}) },
      'nothing starts buildkitd, which is a note': { host: hostWith({ files: MANAGER }) },
      'no manager runs': { host: hostWith({ files: { '/run/systemd/system': directory(), [UNIT]: TEXT } }) },
      'a unit that cannot be enabled': {
        host: managed({ UnitFileState: 'static' }, [], TEXT.replace(/\[Install\].*/s, '')),
      },
    },
    ailing: {
      'no unit at all': {
        host: hostWith({ files: MANAGER }),
        conditions: ['service.missing'],
        severity: 'info',
        says: ['o systemd unit starts buildkitd for alice'],
        advice: ['bk-doctor setup'],
      },
      'it failed, and the journal has the reason': {
        host: managed(failed, [
          START,
          'time="2026-11-28T12:00:00Z" level=info msg="auto snapshotter: using overlayfs"',
          'buildkitd: rootless mode requires to be executed as the mapped root in a user namespace; you may use RootlessKit for setting up the namespace',
          "buildkit.service: Failed with result 'protocol'.",
        ]),
        conditions: ['service.failed'],
        severity: 'warning',
        says: ['buildkit.service has failed (protocol)', 'rootless mode requires', 'daemon.needs-root'],
        advice: ['bk-doctor explain'],
      },
      'it failed with words that nobody knows': {
        host: managed(failed, [START, 'kaputt']),
        conditions: ['service.failed'],
        severity: 'warning',
        says: ['its journal says "kaputt"'],
        advice: ['restart buildkit.service'],
      },
      'it is only called failed because it was stopped': {
        host: managed({ ...failed, Result: 'exit-code' }, [
          START,
          'Started buildkit.service.',
          'Stopping buildkit.service...',
        ]),
        conditions: ['service.failed'],
        severity: 'info',
        says: ['since it was stopped'],
        advice: ['restart buildkit.service'],
      },
      'it is started again and again': {
        host: managed({ ActiveState: 'activating', SubState: 'auto-restart', Result: 'exit-code', NRestarts: '7' }, [
          START,
        ]),
        conditions: ['service.restart-loop'],
        severity: 'warning',
        says: ['8 times'],
        advice: ['bk-doctor explain'],
      },
      'it is not enabled': {
        host: managed({ UnitFileState: 'disabled' }),
        conditions: ['service.not-enabled'],
        severity: 'info',
        cure: (options) => ({ ...options, tools: managed({}).tools ?? {} }),
      },
      'it does not run': {
        host: managed({ ActiveState: 'inactive', SubState: 'dead' }),
        conditions: ['service.not-running'],
        severity: 'info',
        advice: ['systemctl --user start buildkit.service'],
      },
    },
    other: {
      'without systemd': { host: hostWith({}), status: 'skip', says: 'systemd' },
    },
  },
);
