import { serviceStart } from '../../../src/checks/service/start.ts';
import { mendStart } from '../../../src/fixes/service/start.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { directory, hostWith, program, RUNTIME } from '../runtime/alice.ts';

const SYSTEM = '/etc/systemd/system/buildkit.service';
const USER = '/home/alice/.config/systemd/user/buildkit.service';
const KIT = 'ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd';
type Files = NonNullable<VirtualHostOptions['files']>;

/** A unit of alice's own manager. */
const own = (text: string, files: Files = {}): VirtualHostOptions =>
  hostWith({ files: { [USER]: `[Service]\n${text}\n`, ...files } });
/** A system unit that runs as alice. */
const system = (text: string, files: Files = {}): VirtualHostOptions =>
  hostWith({
    files: { [SYSTEM]: `[Service]\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=${RUNTIME}\n${text}\n`, ...files },
  });
/** A system unit of root. */
const rootful = (text: string, files: Files = {}): VirtualHostOptions =>
  hostWith({ files: { [SYSTEM]: `[Service]\n${text}\n`, ...files }, rest: { mode: 'rootful' } });
const MANAGER = '/run/user/1000/systemd/private';
/** A manager runs, and says this of the unit. */
const managed = (path: string, stdout: string, files: Files = {}): VirtualHostOptions => {
  const host = (path === USER ? own : system)(KIT, {
    [path === USER ? MANAGER : '/run/systemd/private']: { kind: 'socket' },
    ...files,
  });
  const question = `${path === USER ? '--user ' : ''}show --property=LoadState,FragmentPath,NeedDaemonReload,ActiveState,SubState,Result,UnitFileState,NRestarts`;
  return { ...host, tools: { ...host.tools, [`systemctl ${question} buildkit.service`]: { stdout } } };
};
const HELP = `   --addr value\n   --config value\n${Array.from({ length: 12 }, (_, at) => `   --flag-${String.fromCharCode(97 + at)} value\n`).join('')}`;
const asked = (host: VirtualHostOptions): VirtualHostOptions => ({
  ...host,
  tools: { ...host.tools, 'buildkitd --help': { stdout: HELP } },
});
const refused = { conditions: ['service.refused'], severity: 'error' } as const;
const fails = { conditions: ['service.start-fails'], severity: 'error' } as const;
const unheard = { conditions: ['service.not-notified'], severity: 'error' } as const;

testCheck(
  { check: serviceStart, fix: mendStart },
  {
    healthy: {
      'a unit that the manager has read': {
        host: managed(USER, `LoadState=loaded\nFragmentPath=${USER}\nNeedDaemonReload=no\n`),
      },
      'the manager calls its file by another of its names': {
        host: managed(USER, 'LoadState=loaded\nFragmentPath=/home/alice/kept.service\nNeedDaemonReload=no\n', {
          [USER]: { link: '/home/alice/kept.service' },
          '/home/alice/kept.service': `[Service]\n${KIT}\n`,
        }),
      },
      'a manager that does not answer': {
        host: { ...own(KIT, { [MANAGER]: { kind: 'socket' } }), tools: {} },
      },
      'a plain unit': { host: own(KIT) },
      'notified by all': { host: own(`Type=notify\nNotifyAccess=all\n${KIT}`) },
      'notified without rootlesskit': { host: rootful('Type=notify\nExecStart=/usr/bin/buildkitd') },
      'a line that a later one replaces': { host: own(`ExecStart=/usr/bin/buildkitd\nExecStart=\n${KIT}`) },
      'conditions that hold': {
        host: own(
          `${KIT}\n[Unit]\nConditionPathExists=/home/alice\nConditionPathExists=!/nowhere\nConditionUser=!root\nAssertFileIsExecutable=/usr/bin/buildkitd`,
        ),
      },
      'one of several conditions holds': {
        host: own(`${KIT}\n[Unit]\nConditionPathExists=|/nowhere\nConditionPathIsDirectory=|/home/alice`),
      },
      'commands before that succeed': {
        host: own(
          `ExecStartPre=/bin/mkdir -p %t/x\nExecStartPre=/usr/bin/test -d %h\nExecStartPre=-/bin/false\nExecStartPre=-/nowhere\n${KIT}`,
          { '/bin/mkdir': program(), '/usr/bin/test': program(), '/bin/false': program() },
        ),
      },
      'a shell that prepares': {
        host: own(`ExecStartPre=/bin/sh -ec 'mkdir -p $XDG_RUNTIME_DIR/x; test -d %h && exit 0'\n${KIT}`, {
          '/bin/sh': program(),
        }),
      },
      'a directory that systemd makes': {
        host: system(`WorkingDirectory=/run/bk\nRuntimeDirectory=bk\n${KIT}`),
      },
      'a wildcard that names a file of variables': {
        host: own(`EnvironmentFile=/etc/bk.d/*.env\n${KIT} $FLAGS`, { '/etc/bk.d/a.env': 'FLAGS=--debug\n' }),
      },
      'a wildcard that may name nothing': { host: own(`EnvironmentFile=-/etc/bk.d/*.env\n${KIT}`) },
      'a file of variables that may be missing': { host: own(`EnvironmentFile=-/nowhere\n${KIT}`) },
      'a socket that systemd passes': {
        host: rootful('ExecStart=/usr/bin/buildkitd --addr fd://', {
          '/etc/systemd/system/buildkit.socket': '[Socket]\nListenStream=/run/buildkit/buildkitd.sock\n',
        }),
      },
      'a requirement that there is': {
        host: own(`${KIT}\n[Unit]\nRequires=dbus.socket x@1.service -.slice`, {
          '/usr/lib/systemd/user/dbus.socket': '',
          '/usr/lib/systemd/user/x@.service': '',
        }),
      },
      'the namespaces of a containerd that runs': {
        host: own('ExecStart="/usr/bin/containerd-rootless-setuptool.sh" nsenter -- buildkitd --oci-worker=true', {
          '/usr/bin/containerd-rootless-setuptool.sh': program(),
          [`${RUNTIME}/containerd-rootless/child_pid`]: '42',
        }),
      },
      'values that some release takes': {
        host: own(`${KIT} --debug= --oci-worker-gc-keepstorage 1,2,3 --oci-worker=AUTO --oci-worker-labels a=b`),
      },
      'a newer flag that this one has': { host: asked(own(`${KIT} --flag-c x`)) },
    },
    ailing: {
      'a masked unit': {
        host: own('', {
          [USER]: { link: '/dev/null' },
          '/dev/null': { kind: 'character' },
          '/usr/lib/systemd/user/buildkit.service': `[Service]\n${KIT}\n`,
        }),
        ...refused,
        says: [`${USER}:1:`, 'masked'],
        advice: ['systemctl --user unmask buildkit.service'],
      },
      'two start lines': {
        host: own(KIT, { [`${USER}.d/a.conf`]: `[Service]\n${KIT} --debug\n` }),
        ...refused,
        says: [`${USER}.d/a.conf:2:`, 'more than one ExecStart='],
        advice: ['systemd-analyze --user verify buildkit.service'],
      },
      'a condition that does not hold': {
        host: system(`${KIT}\n[Unit]\nConditionPathExists=/nowhere`),
        ...refused,
        says: [`${SYSTEM}:6:`, 'ConditionPathExists=/nowhere does not hold'],
        advice: ['sudo systemctl edit --full buildkit.service'],
      },
      'none of several conditions holds': {
        host: own(`${KIT}\n[Unit]\nConditionPathExists=|/nowhere\nConditionUser=|root`),
        ...refused,
        advice: ['Make ConditionPathExists=|/nowhere true'],
      },
      'an assertion that does not hold': {
        host: own(`${KIT}\n[Unit]\nAssertDirectoryNotEmpty=/home/alice/images`),
        ...refused,
        advice: ['AssertDirectoryNotEmpty='],
      },
      'a command that decides and fails': {
        host: system(`ExecCondition=/bin/false\n${KIT}`, { '/bin/false': program() }),
        ...fails,
        says: ['ExecCondition=/bin/false does not succeed'],
        advice: ['systemctl edit'],
      },
      'a preparing command that may not make its directory': {
        host: own(`ExecStartPre=/bin/mkdir -p /srv/x\n${KIT}`, { '/bin/mkdir': program(), '/srv': directory() }),
        ...fails,
        says: ['ExecStartPre=/bin/mkdir -p /srv/x fails'],
        advice: ['put "-" before its path'],
      },
      'a preparing command that does not exist': {
        host: own(`ExecStartPre=/opt/prepare\n${KIT}`),
        ...fails,
        says: ['because /opt/prepare does not exist'],
        advice: ['ExecStartPre=/opt/prepare'],
      },
      'a requirement that does not exist': {
        host: own(`${KIT}\n[Unit]\nRequires=gone.service`),
        ...refused,
        says: ['requires gone.service'],
        advice: ['out of Requires='],
      },
      'a file of variables that is missing': {
        host: own(`EnvironmentFile=/nowhere\n${KIT}`),
        ...fails,
        says: [`${USER}:2:`, 'takes variables from /nowhere'],
        advice: ['EnvironmentFile=-/nowhere'],
      },
      'a working directory that is missing': {
        host: own(`WorkingDirectory=%h/nowhere\n${KIT}`),
        ...fails,
        says: ['/home/alice/nowhere'],
        advice: ['take WorkingDirectory= out'],
      },
      'a start as root': {
        host: system('ExecStart=+/usr/bin/rootlesskit /usr/bin/buildkitd'),
        ...fails,
        says: ['as root and not as alice'],
        advice: ['Take "+" or "!" away'],
      },
      'a shell that fails': {
        host: own(`ExecStartPre=/bin/sh -c 'exit 1'\n${KIT}`, { '/bin/sh': program() }),
        ...fails,
        advice: ['ExecStartPre=/bin/sh -c exit 1'],
      },
      'a group that is missing': {
        host: {
          ...system(`Group=buildkit\n${KIT}`),
          tools: { ...hostWith().tools, 'getent group buildkit': { code: 2 } },
        },
        ...fails,
        says: ['The group buildkit of buildkit.service does not exist'],
        advice: ['groupadd --system buildkit'],
      },
      'only rootlesskit may notify': {
        host: own(`Type=notify\n${KIT}`),
        ...unheard,
        says: [`${USER}:2:`, 'NotifyAccess=main'],
        cure: true,
      },
      'a drop-in that forbids to notify': {
        host: own(`Type=notify\nNotifyAccess=all\n${KIT}`, { [`${USER}.d/a.conf`]: '[Service]\nNotifyAccess=exec\n' }),
        ...unheard,
        says: [`${USER}.d/a.conf:2:`],
        cure: true,
      },
      'a start that takes the socket away by which systemd hears': {
        host: own(`Type=notify\nNotifyAccess=all\n${KIT.replace('=', '=/usr/bin/env -u NOTIFY_SOCKET ')}`, {
          '/usr/bin/env': program(),
        }),
        ...unheard,
        cure: true,
      },
      'a unit that takes it away': {
        host: own(`Type=notify\nNotifyAccess=all\nUnsetEnvironment=NOTIFY_SOCKET\n${KIT}`),
        ...unheard,
        cure: true,
      },
      'a type that buildkitd is not': { host: own(`Type=forking\n${KIT}`), ...unheard, cure: true },
      'a watchdog': {
        host: own(`Type=notify\nNotifyAccess=all\nWatchdogSec=20\n${KIT}`),
        ...unheard,
        severity: 'warning',
        cure: true,
      },
      'a socket through rootlesskit': {
        host: own(`${KIT} --addr fd://`, { '/home/alice/.config/systemd/user/buildkit.socket': '[Socket]\n' }),
        conditions: ['service.socket-activation'],
        severity: 'error',
        says: ['rootlesskit passes no socket'],
        cure: true,
      },
      'no socket unit': {
        host: rootful('ExecStart=/usr/bin/buildkitd --addr fd://'),
        conditions: ['service.socket-activation'],
        severity: 'error',
        says: ['fd:// wants buildkit.socket'],
        advice: ['enable --now buildkit.socket'],
      },
      'a value that no release takes, from a file of variables': {
        host: own(`EnvironmentFile=/etc/bk.env\n${KIT} $FLAGS`, {
          '/etc/bk.env': 'FLAGS="--oci-worker-gc-keepstorage abc"\n',
        }),
        conditions: ['config.invalid-value'],
        severity: 'error',
        says: ['buildkitd ends by its flag --oci-worker-gc-keepstorage=abc: it is no number of megabytes'],
        advice: ['Mend --oci-worker-gc-keepstorage=abc in ExecStart='],
      },
      'files of variables by a wildcard, of which one says what no release takes': {
        host: own(`EnvironmentFile=/etc/bk.d/*.env\n${KIT} $FLAGS`, {
          '/etc/bk.d/a.env': 'FLAGS=--debug\n',
          '/etc/bk.d/b.env': 'FLAGS=--debug=maybe\n',
          '/etc/bk.d/c.conf': 'FLAGS=--rootless=maybe\n',
        }),
        conditions: ['config.invalid-value'],
        severity: 'error',
        says: ['its flag --debug=maybe'],
        advice: ['Mend --debug=maybe'],
      },
      'files of variables by a wildcard that names none': {
        host: own(`EnvironmentFile=/etc/bk.d/[0-9]*.env\n${KIT}`, { '/etc/bk.d/a.env': '' }),
        ...fails,
        says: ['/etc/bk.d/[0-9]*.env'],
        advice: ['EnvironmentFile=-'],
      },
      'a flag without its value': {
        host: own(`${KIT} --debug --root`),
        conditions: ['config.invalid-value'],
        severity: 'error',
        says: ['its flag --root: it wants a value'],
        advice: ['Mend --root in ExecStart='],
      },
      'a flag that does not exist': {
        host: asked(own(`${KIT} --oci-worker-no-sandbox`)),
        conditions: ['service.unknown-flag'],
        severity: 'error',
        says: ['no flag --oci-worker-no-sandbox'],
        advice: ['Take --oci-worker-no-sandbox out'],
      },
      'an ordinary account without rootlesskit': {
        host: own('ExecStart=/usr/bin/buildkitd'),
        conditions: ['daemon.needs-root'],
        severity: 'error',
        says: [`${USER}:2:`],
        advice: ['ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd'],
      },
      'an account that systemd makes up': {
        host: rootful('DynamicUser=yes\nExecStart=/usr/bin/buildkitd'),
        conditions: ['daemon.needs-root'],
        severity: 'error',
        says: [`${SYSTEM}:2:`, 'With DynamicUser=yes'],
        cure: true,
      },
      'the namespaces of a containerd that does not run': {
        host: own('ExecStart=/usr/bin/containerd-rootless-setuptool.sh nsenter -- buildkitd', {
          '/usr/bin/containerd-rootless-setuptool.sh': program(),
        }),
        ...fails,
        says: [`${RUNTIME}/containerd-rootless/child_pid is missing`],
        advice: ['systemctl --user start containerd.service'],
      },
    },
    other: {
      'no unit': { host: hostWith(), status: 'skip', says: 'no systemd unit' },
      'a unit that was changed and not read again': {
        host: managed(USER, `LoadState=loaded\nFragmentPath=${USER}\nNeedDaemonReload=yes\n`),
        status: 'unknown',
        says: 'buildkit.service was changed on disk',
      },
      'a unit of the system that was changed and not read again': {
        host: managed(SYSTEM, `LoadState=loaded\nFragmentPath=${SYSTEM}\nNeedDaemonReload=yes\n`),
        status: 'unknown',
        says: 'would still start it as it was before',
      },
      'a unit that the manager does not know': {
        host: managed(USER, 'LoadState=not-found\nFragmentPath=\nNeedDaemonReload=no\n'),
        status: 'unknown',
        says: 'does not know buildkit.service',
      },
      'a unit that the manager has from elsewhere': {
        host: managed(USER, 'LoadState=loaded\nFragmentPath=/run/user/1000/systemd/user/buildkit.service\n'),
        status: 'unknown',
        says: 'has buildkit.service from /run/user/1000/systemd/user/buildkit.service',
      },
      'a condition that nobody looked at': {
        host: own(`${KIT}\n[Unit]\nConditionMemory=>1G`),
        status: 'unknown',
        says: 'ConditionMemory=>1G',
      },
      'a preparing script': {
        host: own(`ExecStartPre=/opt/prepare\n${KIT}`, { '/opt/prepare': program() }),
        status: 'unknown',
        says: 'ExecStartPre=/opt/prepare',
      },
      'a program that starts it with other limits': {
        host: own(KIT.replace('=', '=/usr/bin/prlimit --nofile=24 ')),
        status: 'unknown',
        says: 'starts buildkitd by prlimit, and what that starts cannot be told from its text',
      },
      'a shell that changes to a directory that is not there': {
        host: own("ExecStart=/bin/sh -c 'cd /nowhere; exec /usr/bin/rootlesskit /usr/bin/buildkitd'", {
          '/bin/sh': program(),
        }),
        status: 'unknown',
        says: 'changes to /nowhere, which cannot be entered',
      },
      'a shell with an umask of its own': {
        host: own("ExecStart=/bin/sh -c 'umask 0777; exec /usr/bin/rootlesskit /usr/bin/buildkitd'"),
        status: 'unknown',
        says: 'starts a shell script',
      },
      'a wrapper that decides for itself': {
        host: own('ExecStart=/opt/start', {
          '/opt/start': { text: '#!/bin/sh\nif true; then exec rootlesskit buildkitd; fi\n', mode: 0o755 },
        }),
        status: 'unknown',
        says: 'cannot be told from its text',
      },
      'words that are not shown': {
        host: own(`${KIT} $WORDS\nEnvironment="WORDS=***"`),
        status: 'unknown',
        says: 'the words of WORDS',
      },
    },
  },
);
