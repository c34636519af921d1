import { serviceSetupCheck } from '../../../src/checks/service/setup.ts';
import { setUpService } from '../../../src/fixes/service/setup.ts';
import type { SetupWish } from '../../../src/model/look.ts';
import { carryOut } from '../../carry-out.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { directory, hostWith, RUNTIME } from '../runtime/alice.ts';

type Files = NonNullable<VirtualHostOptions['files']>;

const PLAIN: SetupWish = { name: 'buildkit', system: false, socket: false, net: 'host', clients: false, remove: false };
const wish = (more: Partial<SetupWish> = {}) => ({ request: { setup: { ...PLAIN, ...more } } });
const DIRECTORY = '/home/alice/.config/systemd/user';
const UNIT = `${DIRECTORY}/buildkit.service`;
const MANAGER: Files = {
  '/run/systemd/system': directory(),
  [`${RUNTIME}/systemd/private`]: { kind: 'socket', uid: 1000, gid: 1000 },
};
const TEXT = `[Unit]
Description=BuildKit (rootless)
Documentation=https://github.com/moby/buildkit
StartLimitIntervalSec=60
StartLimitBurst=3

[Service]
Type=notify
NotifyAccess=all
ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd
SuccessExitStatus=1
KillMode=mixed
Restart=always
RestartSec=2
Delegate=yes
TasksMax=infinity
LimitNOFILE=infinity

[Install]
WantedBy=default.target
`;
const shown = (active: string, file: string): string =>
  `Id=buildkit.service\nLoadState=loaded\nActiveState=${active}\nUnitFileState=${file}\n\nId=buildkit.socket\nLoadState=not-found\n`;
/** A manager that runs, and says this. */
const managed = (says: string, files: Files = {}): VirtualHostOptions => {
  const host = hostWith({ files: { ...MANAGER, ...files } });
  return { ...host, tools: { ...host.tools, systemctl: { stdout: says }, 'systemd-analyze': { stdout: '' } } };
};
const up = managed(shown('active', 'enabled'), { [UNIT]: TEXT });
/** After the steps the manager says that it runs. */
const cure = (options: VirtualHostOptions, steps: Parameters<typeof carryOut>[1]): VirtualHostOptions => ({
  ...carryOut(options, steps),
  tools: up.tools ?? {},
});

testCheck(
  { check: serviceSetupCheck, fix: setUpService },
  {
    healthy: {
      'it is there and runs': { host: up, ...wish() },
      'it is gone': { host: managed(''), ...wish({ remove: true }) },
    },
    ailing: {
      'nothing is there yet': {
        host: managed(''),
        ...wish(),
        conditions: ['service.missing'],
        severity: 'error',
        says: ['uildkit.service is not there yet'],
        cure,
      },
      'it is there and does not run': {
        host: managed(shown('inactive', 'disabled'), { [UNIT]: TEXT }),
        ...wish(),
        conditions: ['service.missing'],
        severity: 'error',
        says: ['not enabled and running'],
        cure,
      },
      'another text stands there': {
        host: managed(shown('active', 'enabled'), { [UNIT]: TEXT.replace('KillMode=mixed\n', '') }),
        ...wish(),
        conditions: ['service.missing'],
        severity: 'error',
        says: ['setup would write "KillMode=mixed" in it'],
        cure,
      },
      'it is to go': {
        host: up,
        ...wish({ remove: true }),
        conditions: ['service.present'],
        severity: 'error',
        says: [DIRECTORY],
        cure: true,
      },
      'another unit starts buildkitd': {
        host: managed('', {
          '/etc/systemd/system/own.service': `[Service]\nUser=alice\n${TEXT.slice(TEXT.indexOf('ExecStart'), TEXT.indexOf('Success'))}`,
        }),
        ...wish(),
        conditions: ['service.missing'],
        severity: 'error',
        says: ['/etc/systemd/system/own.service starts buildkitd for this account already'],
        advice: ['setup --name buildkit-2'],
      },
      'a manager that does not run, and nobody who may start it': {
        host: hostWith({ files: { '/run/systemd/system': directory() } }),
        ...wish(),
        conditions: ['service.missing'],
        severity: 'error',
        says: ['systemd of alice does not run'],
        advice: ['loginctl enable-linger alice'],
      },
      'no systemd': {
        host: hostWith({}),
        ...wish({ net: 'slirp4netns' }),
        conditions: ['service.missing'],
        severity: 'error',
        says: ['systemd is not the init'],
        advice: ['/usr/bin/rootlesskit --net=slirp4netns --copy-up=/etc --disable-host-loopback /usr/bin/buildkitd'],
      },
      'a key that systemd passes over': {
        host: {
          ...up,
          tools: {
            ...up.tools,
            'systemd-analyze': { stderr: `${UNIT}:9: Unknown key name 'Tpye' in section 'Service', ignoring.\n` },
          },
        },
        ...wish(),
        conditions: ['service.refused'],
        severity: 'warning',
        says: ['Unknown key name'],
        advice: ['systemd-analyze --user verify buildkit.service'],
      },
    },
    other: {
      'nobody asked': { host: up, status: 'skip', says: 'nobody asked' },
    },
  },
);
