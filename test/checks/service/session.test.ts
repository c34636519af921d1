import { serviceSession } from '../../../src/checks/service/session.ts';
import { keepSession } from '../../../src/fixes/service/session.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { directory, hostWith, RUNTIME } from '../runtime/alice.ts';

type Files = NonNullable<VirtualHostOptions['files']>;

const SYSTEMD: Files = { '/run/systemd/system': directory(), '/usr/bin/loginctl': { mode: 0o755 } };
const LINGERS: Files = { '/var/lib/systemd/linger/alice': '' };
const KIT = 'ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd\n';
const user = (files: Files = {}): VirtualHostOptions =>
  hostWith({
    files: { ...SYSTEMD, '/home/alice/.config/systemd/user/buildkit.service': `[Service]\n${KIT}`, ...files },
  });
const system = (lines: string, files: Files = {}): VirtualHostOptions =>
  hostWith({
    files: { ...SYSTEMD, '/etc/systemd/system/buildkit.service': `[Service]\nUser=alice\n${KIT}${lines}`, ...files },
  });
const LOGIN = `Environment=XDG_RUNTIME_DIR=${RUNTIME}\n`;

testCheck(
  { check: serviceSession, fix: keepSession },
  {
    healthy: {
      'an account that lingers': { host: user(LINGERS) },
      'a system unit with a directory of its own': {
        host: system('RuntimeDirectory=buildkit-alice\nEnvironment=XDG_RUNTIME_DIR=/run/buildkit-alice\n'),
      },
      'a system unit that brings the manager of the user': {
        host: system(`${LOGIN}[Unit]\nRequires=user@1000.service\nAfter=user@1000.service\n`),
      },
      'a system unit that opens a session': { host: system(`${LOGIN}PAMName=login\n`) },
      'a system unit of an account that lingers': { host: system(LOGIN, LINGERS) },
    },
    ailing: {
      'a user unit without lingering': {
        host: user(),
        conditions: ['systemd.user-session'],
        severity: 'info',
        says: ['lingering is not enabled'],
        cure: true,
      },
      'a system unit that needs a login': {
        host: system(LOGIN),
        conditions: ['systemd.user-session'],
        severity: 'warning',
        says: ['/etc/systemd/system/buildkit.service:4:', 'a logout takes it away'],
        cure: true,
      },
    },
    other: {
      'no unit': { host: hostWith({ files: SYSTEMD }), status: 'skip', says: 'no systemd unit' },
      'no systemd': { host: hostWith({}), status: 'skip', says: 'systemd' },
    },
  },
);
