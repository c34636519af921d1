import { DAEMON, KIT, type Scope, type SystemdWorld } from './systemd.ts';

/** One unit, or what surrounds it, and what becomes of it. */
export interface UnitRow {
  readonly name: string;
  readonly scope?: Scope;
  /** Lines below [Service], and more sections. */
  readonly unit: string;
  /** A system unit of root. */
  readonly rootful?: true;
  readonly inject?: (world: SystemdWorld) => void;
  /** Where it changed more than units. */
  readonly takeBack?: (world: SystemdWorld) => void;
  readonly ready: boolean;
  /** The check that stands first in the reasons. */
  readonly blamed?: string | readonly string[];
  /** The chain of packages does not mind. */
  readonly buildkitdOnly?: true;
  /** Of the daemon. */
  readonly socket?: string;
}

const RUN = '/run/user/4242';
const user = `User=alice\nEnvironment=XDG_RUNTIME_DIR=${RUN}`;
const start = `ExecStart=${KIT} ${DAEMON}`;

export const unitRows: readonly UnitRow[] = [
  { name: 'a system unit of an account', unit: `${user}\nType=notify\nNotifyAccess=all\n${start}`, ready: true },
  { name: 'a unit of the user', scope: 'user', unit: `Type=notify\nNotifyAccess=all\n${start}`, ready: true },
  { name: 'a unit of root', rootful: true, unit: `Type=notify\nExecStart=${DAEMON}`, ready: true },
  {
    name: 'a system unit without a runtime directory',
    unit: `User=alice\n${start}`,
    ready: false,
    blamed: ['runtime/session', 'net/sockets', 'storage/ownership'],
  },
  {
    name: 'an ordinary account without rootlesskit',
    unit: `${user}\nExecStart=${DAEMON}`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'Type=notify that hears rootlesskit alone',
    scope: 'user',
    unit: `Type=notify\nTimeoutStartSec=6\n${start}`,
    ready: false,
    blamed: 'service/start',
  },
  { name: 'a shell that starts it', unit: `${user}\nExecStart=/bin/sh -c "exec rootlesskit ${DAEMON}"`, ready: true },
  {
    name: 'flags in a variable of the unit',
    unit: `${user}\nEnvironment="FLAGS=--oci-worker-snapshotter=overlay2 --debug"\n${start} $FLAGS`,
    ready: false,
    blamed: 'snapshotter/selected',
  },
  {
    name: 'a variable in braces',
    unit: `${user}\n${start} --root \${HOME}/bk --addr unix://\${XDG_RUNTIME_DIR}/buildkit/buildkitd.sock`,
    ready: true,
  },
  {
    name: 'a variable without braces in a word',
    unit: `${user}\n${start} --root $HOME/bk`,
    ready: false,
    blamed: ['storage/ownership', 'runtime/session', 'service/start'],
  },
  {
    name: 'the home directory of a system unit is that of root',
    unit: `${user}\n${start} --root %h/bk`,
    ready: false,
    blamed: ['storage/ownership', 'runtime/session'],
  },
  {
    name: 'a flag that no release has',
    unit: `${user}\n${start} --oci-worker-no-sandbox`,
    ready: false,
    blamed: 'service/start',
  },
  { name: 'USER is taken away', unit: `${user}\nUnsetEnvironment=USER\n${start}`, ready: false },
  {
    name: 'a condition that does not hold',
    unit: `${user}\n${start}\n[Unit]\nConditionPathExists=/nonexistent/bk`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'a command that decides and fails',
    unit: `${user}\nExecCondition=/bin/false\n${start}`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'a file of variables that is missing',
    unit: `${user}\nEnvironmentFile=/nonexistent/bk\n${start}`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'a level of the log that does not exist, in a file of variables',
    unit: `${user}\nEnvironmentFile=/etc/bk.env\n${start}`,
    inject: (world) => world.writeFile('/etc/bk.env', '# of the daemon\nBUILDKITD_LOG_LEVEL="loud"\n'),
    ready: false,
    blamed: 'runtime/session',
    buildkitdOnly: true,
  },
  {
    name: 'a working directory that is missing',
    unit: `${user}\nWorkingDirectory=/nonexistent/bk\n${start}`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'a unit that requires what does not exist',
    unit: `${user}\n${start}\n[Unit]\nRequires=gone.service`,
    ready: false,
    blamed: 'service/start',
  },
  { name: 'two start lines', unit: `${user}\n${start}\n${start} --debug`, ready: false, blamed: 'service/start' },
  {
    name: 'a program elsewhere than the unit says',
    unit: `${user}\nExecStart=/opt/rootlesskit ${DAEMON}`,
    ready: false,
    blamed: 'runtime/binaries',
  },
  {
    name: 'a drop-in for all services',
    unit: `${user}\n${start}`,
    inject: (world) => world.write('system', 'service.d/a.conf', '[Service]\nNoNewPrivileges=yes\n'),
    ready: false,
    blamed: ['idmap/helpers', 'service/unit'],
  },
  {
    name: 'fd:// with a socket unit',
    rootful: true,
    unit: `ExecStart=${DAEMON} --addr fd://`,
    inject: (world) =>
      world.write(
        'system',
        'buildkit.socket',
        '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/buildkit/buildkitd.sock\n',
      ),
    ready: true,
  },
  {
    name: 'fd:// without a socket unit',
    rootful: true,
    unit: `ExecStart=${DAEMON} --addr fd://`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'fd:// through rootlesskit',
    scope: 'user',
    unit: `${start} --addr fd://`,
    inject: (world) => world.write('user', 'buildkit.socket', '[Socket]\nListenStream=%t/buildkit/buildkitd.sock\n'),
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'a runtime directory that systemd makes',
    unit: `User=alice\nRuntimeDirectory=bk\nEnvironment=XDG_RUNTIME_DIR=%t/bk\n${start}`,
    socket: '/run/bk/buildkit/buildkitd.sock',
    ready: true,
  },
  {
    name: 'a start as root',
    unit: `${user}\nExecStart=+${KIT} ${DAEMON}`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'an account that systemd makes up',
    rootful: true,
    unit: `DynamicUser=yes\nExecStart=${DAEMON}`,
    ready: false,
    blamed: 'service/start',
  },
  {
    name: 'a script that starts it',
    unit: `${user}\nExecStart=/usr/local/bin/start-buildkit`,
    inject: (world) => {
      const text = `#!/bin/sh\nset -eu\nexec rootlesskit ${DAEMON} --oci-worker-snapshotter=native "$@"\n`;
      world.writeFile('/usr/local/bin/start-buildkit', text);
      world.script('chmod 755 /usr/local/bin/start-buildkit');
    },
    ready: true,
  },
  {
    name: 'the runtime only in the PATH of the shell',
    scope: 'user',
    unit: start,
    inject: (world) =>
      world.script(
        'mkdir -p /usr/local/lib/own-runc; for at in /usr/sbin/runc /usr/bin/runc; do [ ! -f $at ] || mv $at /usr/local/lib/own-runc/; done',
      ),
    takeBack: (world) => world.script('mv /usr/local/lib/own-runc/runc /usr/sbin/'),
    ready: false,
    blamed: 'runtime/binaries',
  },
];
