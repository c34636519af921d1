import { serviceUnit } from '../../../src/checks/service/unit.ts';
import { loosenUnit } from '../../../src/fixes/service/unit.ts';
import { testCheck } from '../../check-tester.ts';
import type { VirtualHostOptions } from '../../virtual-host.ts';
import { hostWith, program } from '../userns/host.ts';

type Files = NonNullable<VirtualHostOptions['files']>;

const library = (release: number): Files => ({
  [`/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-${release}.so`]: program(),
});
const PLACES: Files = {
  '/home/alice': { kind: 'directory', uid: 1000, gid: 1000 },
  '/run/user/1000': { kind: 'directory', mode: 0o700, uid: 1000, gid: 1000 },
  '/tmp': { kind: 'directory', mode: 0o1777 },
  '/srv': { kind: 'directory' },
  '/boot': { kind: 'directory' },
  '/lib': { link: 'usr/lib' },
  '/bin': { link: 'usr/bin' },
  '/sys/fs/cgroup': { kind: 'directory' },
  '/dev/null': { kind: 'character', mode: 0o666 },
  '/proc/kmsg': { kind: 'file', mode: 0o400 },
  '/run/systemd/notify': { kind: 'socket', mode: 0o777 },
  '/var/lib/buildkit': { kind: 'directory', mode: 0o700 },
};
const UNIT = '/etc/systemd/system/buildkit.service';
const KIT = 'ExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd';

/** What a good service says beside; its own directories of drop-ins, so that it stands after whatever a row says of the same. */
const GOOD =
  '[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=3\n[Service]\nType=notify\nNotifyAccess=all\nSuccessExitStatus=1\nKillMode=mixed\nRestart=always\nRestartSec=2\nDelegate=yes\n[Install]\nWantedBy=';
const goodSystem: Files = { [`${UNIT}.d/good.conf`]: `${GOOD}multi-user.target\n` };
const goodUser: Files = {
  '/home/alice/.config/systemd/user/buildkit.service.d/good.conf': `${GOOD}default.target\n`,
};

/** A system unit with User=. */
const system = (lines: string, release = 252): { host: VirtualHostOptions } => ({
  host: hostWith({
    files: {
      ...PLACES,
      ...library(release),
      ...goodSystem,
      [UNIT]: `[Service]\nType=notify\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n${KIT}\n${lines}\n`,
    },
  }),
});
/** A unit of the user's own manager. */
const user = (lines: string, release = 252): { host: VirtualHostOptions } => ({
  host: hostWith({
    files: {
      ...PLACES,
      ...library(release),
      ...goodUser,
      '/home/alice/.config/systemd/user/buildkit.service': `[Service]\nType=notify\n${KIT}\n${lines}\n`,
    },
  }),
});
/** A system unit that starts buildkitd as root. */
const rootful = (lines: string): { host: VirtualHostOptions } => ({
  host: hostWith({
    files: {
      ...PLACES,
      ...library(252),
      ...goodSystem,
      '/run/runc': { kind: 'directory', mode: 0o700 },
      [UNIT]: `[Service]\nType=notify\nExecStart=/usr/bin/buildkitd\n${lines}\n`,
    },
    rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } },
  }),
});

const BEFORE = 'buildkitd github.com/moby/buildkit v0.11.6 2951a28cd7085eb18979b1f710678623d94ed578\n';

/** Units that start buildkitd, and are no good services: `without` takes a line out of one that is. */
const service = (scope: 'user' | 'system', change: (text: string) => string, files: Files = {}): VirtualHostOptions => {
  const own = scope === 'user';
  const text = `[Service]\n${own ? KIT : 'ExecStart=/usr/bin/buildkitd'}\n${GOOD}${own ? 'default' : 'multi-user'}.target\n`;
  const path = own ? '/home/alice/.config/systemd/user/buildkit.service' : UNIT;
  const rest = own
    ? {}
    : { rest: { mode: 'rootful' as const, env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } } };
  return hostWith({ files: { ...PLACES, ...library(252), ...files, [path]: change(text) }, ...rest });
};
const without = (line: RegExp) => (text: string) => text.replace(line, '');
const put = (line: RegExp, by: string) => (text: string) => text.replace(line, by);
const SOCKET = { '/etc/systemd/system/buildkit.socket': '[Socket]\nListenStream=%t/buildkit/buildkitd.sock\n' };

const MANNERS: readonly (readonly [
  name: string,
  host: VirtualHostOptions,
  condition: string | readonly string[],
  severity: 'warning' | 'info',
  says: string,
])[] = [
  ['no Type=', service('user', without(/Type=notify\n/)), 'service.hides-failure', 'warning', 'Type=simple'],
  [
    'Type=exec of root',
    service('system', put(/Type=notify/, 'Type=exec')),
    'service.hides-failure',
    'warning',
    'Type=exec',
  ],
  [
    'a stop that fails',
    service('user', without(/SuccessExitStatus=1\n/)),
    'service.stop-fails',
    'warning',
    'every stop',
  ],
  [
    'another exit status',
    service('system', put(/Status=1/, 'Status=143')),
    'service.stop-fails',
    'warning',
    'every stop',
  ],
  ['KillMode=process', service('system', put(/mixed/, 'process')), 'service.stop-fails', 'warning', 'behind'],
  ['no KillMode=', service('user', without(/KillMode=mixed\n/)), 'service.stop-fails', 'info', '255'],
  ['never restarted', service('user', without(/Restart=always\n/)), 'service.restart', 'info', 'killed'],
  ['restarted for ever', service('user', without(/StartLimit.*\n/g)), 'service.restart', 'info', 'RestartSec=2'],
  ['no start limit', service('user', put(/IntervalSec=60/, 'IntervalSec=0')), 'service.restart', 'info', 'limit'],
  [
    'few processes',
    service('user', put(/Restart=/, 'TasksMax=100\nRestart=')),
    'service.limits',
    'warning',
    'TasksMax=100',
  ],
  [
    'few files',
    service('system', put(/Restart=/, 'LimitNOFILE=512:1024\nRestart=')),
    'service.limits',
    'warning',
    '512',
  ],
  ['no Delegate=', service('user', without(/Delegate=yes\n/)), 'service.limits', 'info', 'Delegate=yes'],
  [
    'a PATH without sbin',
    service('user', put(/Restart=/, 'Environment=PATH=/home/alice/bin:/usr/bin\nRestart=')),
    'service.path',
    'info',
    '/usr/sbin',
  ],
  ['no [Install]', service('user', without(/WantedBy=.*\n/)), 'service.not-enabled', 'info', '[Install]'],
  [
    'a target of the system',
    service('user', put(/default.target/, 'multi-user.target')),
    'service.not-enabled',
    'warning',
    'multi-user.target',
  ],
  ['a socket for everybody', service('system', (text) => text, SOCKET), 'service.socket-mode', 'warning', '0666'],
];

type Row = { host: VirtualHostOptions };
const error = (row: Row, condition: string, says: readonly string[]) => ({
  ...row,
  conditions: [condition],
  severity: 'error' as const,
  says,
  cure: true as const,
});
const warning = (row: Row, condition: string, says: readonly string[]) => ({
  ...error(row, condition, says),
  severity: 'warning' as const,
});

// Every row was seen with a real systemd 252 and buildkitd v0.32.2, where it does not name another release of systemd.
testCheck(
  { check: serviceUnit, fix: loosenUnit },
  {
    healthy: {
      'a unit without a sandbox': system(''),
      'out of the sandbox by a sign': {
        host: hostWith({
          files: {
            ...PLACES,
            ...goodSystem,
            [UNIT]: '[Service]\nUser=alice\nProtectHome=yes\nExecStart=+/usr/bin/rootlesskit /usr/bin/buildkitd\n',
          },
        }),
      },
      'nothing but processes, for a buildkitd that measures no RUN step': (() => {
        const { host } = system('ProcSubset=pid');
        return { host: { ...host, tools: { ...host.tools, 'buildkitd --version': { code: 0, stdout: BEFORE } } } };
      })(),
      'a unit of the user without a sandbox': user(''),
      'what only covers other places': system(
        'ProtectSystem=full\nReadOnlyPaths=/usr /boot\nPrivateTmp=yes\nUMask=0077',
      ),
      'namespaces that nothing minds': system(
        'PrivateMounts=yes\nPrivateIPC=yes\nMountFlags=slave\nProtectProc=invisible',
      ),
      'strict, with all that is written to given back': system(
        'ProtectSystem=strict\nReadWritePaths=/home /run/user /tmp',
      ),
      'strict leaves homes alone, and a /tmp of its own is writable': system('ProtectSystem=strict\nPrivateTmp=yes'),
      'an empty home in which everybody may write': system('TemporaryFileSystem=/home:mode=1777'),
      'a home bound to itself': system('BindPaths=/home:/home'),
      'the home bound into an empty one': system('ProtectHome=tmpfs\nBindPaths=/home/alice /run/user/1000'),
      'programs that may be executed by exception': system('NoExecPaths=/\nExecPaths=/usr /lib /bin'),
      'a home without programs': system('NoExecPaths=/home'),
      'a path that may be missing': system('ReadOnlyPaths=-/nowhere'),
      'devices that everybody has': system('DevicePolicy=closed'),
      'strict, with /dev/null allowed': system('DevicePolicy=strict\nDeviceAllow=/dev/null rw'),
      'the capabilities that the helpers use': system(
        'CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_ADMIN CAP_DAC_OVERRIDE',
      ),
      'control groups that are read-only, which rootless builds do not write to': system('ProtectControlGroups=yes'),
      'secure bits that do not concern root': system('SecureBits=keep-caps'),
      'the group of the account': system('Group=alice'),
      'a key that this release of systemd passes over': system('ProtectTomorrow=yes\nX-Note=mine', 257),
      'a security module that the kernel does not have': system('AppArmorProfile=nosuch\nSELinuxContext=nosuch'),
      'an option that was taken back': system(
        'ProtectHome=yes\nProtectHome=no\nInaccessiblePaths=/home\nInaccessiblePaths=',
      ),
      'mounts that the manager of a user leaves out': user(
        'ProtectHome=yes\nProtectSystem=strict\nReadOnlyPaths=/home\nInaccessiblePaths=/nowhere\nPrivateTmp=yes\nProcSubset=pid\nDevicePolicy=strict',
      ),
      'a whole bounding set in a unit of a user': user('CapabilityBoundingSet=~\nAmbientCapabilities=\nGroup=alice'),
      'root without new privileges, without other places': rootful(
        'NoNewPrivileges=yes\nProtectHome=yes\nProtectSystem=full\nPrivateTmp=yes\nPrivateIPC=yes\nReadOnlyPaths=/usr',
      ),
      'root with what is written to given back': rootful(
        'ProtectSystem=strict\nReadWritePaths=/var/lib/buildkit /run /tmp\nTemporaryFileSystem=/var/lib',
      ),
      'directories that systemd makes are writable': rootful('StateDirectory=buildkit\nReadOnlyPaths=/var/lib'),
      'root without what builds do not use': rootful(
        'CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_TIME CAP_NET_ADMIN CAP_SYS_PTRACE\nProtectKernelModules=yes\nProtectKernelLogs=yes\nProtectClock=yes\nProtectKernelTunables=yes',
      ),
      'filters that let builds through': rootful(
        'SystemCallFilter=~@clock @module @reboot @swap @raw-io @obsolete @cpu-emulation @debug bpf\nSystemCallArchitectures=native\nRestrictNamespaces=~user net\nLockPersonality=yes\nMemoryDenyWriteExecute=yes\nRestrictRealtime=yes',
      ),
      'a list that has every call': rootful('SystemCallFilter=@system-service @mount sethostname seccomp'),
      'refusals that are got along with': rootful(
        'SystemCallFilter=~clone3:ENOSYS openat2:ENOSYS copy_file_range:EPERM setrlimit:EPERM',
      ),
      'umask of root': rootful('UMask=0177'),
      'its own account in a unit of a user, by a newer systemd': user('User=alice', 257),
      'filters without no_new_privs, by a newer systemd': system('RestrictRealtime=yes\nSystemCallFilter=~@clock', 255),
    },
    ailing: {
      'a hidden home': error(system('ProtectHome=yes'), 'service.confined', [
        `${UNIT}:6: ProtectHome=yes hides from buildkitd the state directory /home/alice/.local/share/buildkit`,
        '/run/user/1000',
      ]),
      'a read-only home': error(system('ProtectHome=read-only'), 'storage.read-only', [
        'makes read-only the state directory',
      ]),
      "an empty home that is root's": {
        ...system('ProtectHome=tmpfs'),
        conditions: ['storage.read-only', 'service.confined'],
        severity: 'error',
        says: ['keeps from every client outside of the unit the socket /run/user/1000/buildkit/buildkitd.sock'],
        cure: true,
      },
      'strict without a writable /tmp': error(system('ProtectSystem=strict'), 'storage.read-only', [
        '/tmp for temporary files',
      ]),
      'an exception for a directory that is not there yet': error(
        system('ProtectHome=read-only\nReadWritePaths=-/home/alice/.local/share/buildkit /run/user/1000'),
        'storage.read-only',
        ['makes read-only the state directory'],
      ),
      'one path of a list': error(system('ReadOnlyPaths=/boot /home'), 'storage.read-only', [
        'ReadOnlyPaths=/boot /home makes read-only the state directory',
      ]),
      'no home at all': error(system('TemporaryFileSystem=/home'), 'service.confined', [
        'puts a directory that this account may not write to in the place of the state directory',
      ]),
      'another home': error(system('BindPaths=/srv:/home'), 'service.confined', ['may not write to']),
      'a helper that is hidden': error(system('InaccessiblePaths=/usr/bin/newuidmap'), 'service.confined', [
        '/usr/bin/newuidmap, which maps ids',
      ]),
      'programs that may not be executed': error(system('NoExecPaths=/usr'), 'service.confined', [
        'forbids to execute the program /usr/bin/buildkitd, the program /usr/bin/rootlesskit',
        'the OCI runtime /usr/bin/runc',
      ]),
      'subordinate ids that are hidden': error(system('InaccessiblePaths=/etc/subuid'), 'service.confined', [
        '/etc/subuid, by which ids are mapped',
      ]),
      'a /proc to which no map can be written': error(system('ReadOnlyPaths=/proc'), 'service.confined', [
        '/proc, where newuidmap writes',
      ]),
      'a path that is missing': error(system('InaccessiblePaths=/nowhere'), 'service.start-fails', [
        'InaccessiblePaths=/nowhere wants /nowhere, which does not exist',
      ]),
      'a root without the program': error(system('RootDirectory=/srv'), 'service.start-fails', [
        'wants /srv/usr/bin/rootlesskit',
      ]),
      'a user namespace': error(system('PrivateUsers=yes'), 'idmap.nested-userns', [
        'PrivateUsers=yes puts rootlesskit into a user namespace',
      ]),
      'a part of /proc that is covered, by a newer systemd': {
        ...system('ProtectKernelLogs=yes\nReadOnlyPaths=/proc/self', 257),
        conditions: ['proc.masked', 'proc.masked'],
        severity: 'error',
        says: ['ReadOnlyPaths=/proc/self covers a part of /proc', 'ProtectKernelLogs=yes covers a part of /proc'],
        cure: true,
      },
      'no Unix sockets': {
        ...system('RestrictAddressFamilies=AF_INET', 257),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        says: ['lets no Unix socket be made'],
        cure: true,
      },
      'not even /dev/null': error(system('DevicePolicy=strict'), 'service.start-fails', [
        'keeps /dev/null from the unit',
      ]),
      'no capability for the helpers': error(system('CapabilityBoundingSet='), 'idmap.newuidmap-not-setuid', [
        'takes CAP_SETUID, CAP_SETGID, CAP_SYS_ADMIN, CAP_DAC_OVERRIDE away',
      ]),
      'one capability fewer': error(system('CapabilityBoundingSet=~CAP_DAC_OVERRIDE'), 'idmap.newuidmap-not-setuid', [
        'takes CAP_DAC_OVERRIDE away',
      ]),
      'root without privilege': error(system('SecureBits=noroot noroot-locked'), 'idmap.newuidmap-not-setuid', [
        'takes the privilege of root from newuidmap',
      ]),
      'a group of somebody else': error(system('Group=root'), 'idmap.user-lookup-failed', [
        'owned by a different user',
      ]),
      'nothing but processes': error(system('ProcSubset=pid'), 'service.confined', ['/proc/stat']),
      'files that cannot be opened again': error(system('UMask=0177'), 'storage.permission', [
        "the owner's own rights",
      ]),
      'no network': warning(system('PrivateNetwork=yes'), 'net.registry-unreachable', [
        'PrivateNetwork=yes leaves the unit without a network',
      ]),
      'a user namespace by any option, by a newer systemd': error(
        user('ProtectSystem=full\nPrivateTmp=yes', 254),
        'idmap.nested-userns',
        ['PrivateTmp=yes, ProtectSystem=full put rootlesskit into a user namespace'],
      ),
      'a mount that the manager of a user insists on': error(user('TemporaryFileSystem=/srv'), 'service.start-fails', [
        "A user's systemd cannot make the mount namespace",
      ]),
      'capabilities, which the manager of a user may not change': error(
        user('CapabilityBoundingSet=CAP_SETUID CAP_SETGID'),
        'service.start-fails',
        ['may not change capabilities'],
      ),
      'secure bits in a unit of a user': error(user('SecureBits=keep-caps'), 'service.start-fails', [
        'may not set secure bits',
      ]),
      'another account in a unit of a user': error(user('User=alice'), 'service.start-fails', [
        'may not change accounts',
      ]),
      'filters of a newer systemd that refuse what is needed': error(
        system('SystemCallFilter=@system-service', 255),
        'seccomp.blocked',
        [
          'SystemCallFilter=@system-service ends every process that calls mount, pivot_root, umount2, seccomp, sethostname',
        ],
      ),
      'an account of its own instead of root': {
        ...rootful('DynamicUser=yes\nStateDirectory=buildkit\nRuntimeDirectory=buildkit runc'),
        conditions: ['daemon.needs-root'],
        severity: 'error',
        says: ["an account of the unit's own instead of root"],
        cure: true,
      },
      'a read-only state of root': error(rootful('ProtectSystem=strict'), 'storage.read-only', [
        'the state directory /var/lib/buildkit',
        '/tmp',
        'the socket /run/buildkit/buildkitd.sock',
        '/run/runc',
      ]),
      'strict, without the directory of runc': error(
        rootful('ProtectSystem=strict\nStateDirectory=buildkit\nRuntimeDirectory=buildkit\nPrivateTmp=yes'),
        'storage.read-only',
        ['makes read-only the runtime directory /run/runc'],
      ),
      'read-only control groups': error(
        rootful('ProtectControlGroups=yes\nReadWritePaths=/sys/fs/cgroup'),
        'cgroup.read-only',
        ['/sys/fs/cgroup, the control groups'],
      ),
      'a /run of its own': {
        ...rootful('TemporaryFileSystem=/run'),
        conditions: ['service.confined', 'service.confined'],
        severity: 'error',
        says: ['the socket /run/buildkit/buildkitd.sock', 'by which Type=notify learns'],
        cure: true,
      },
      'devices of its own take CAP_MKNOD along': error(rootful('PrivateDevices=yes'), 'service.confined', [
        'PrivateDevices=yes takes CAP_MKNOD away',
      ]),
      'a capability of RUN steps': error(rootful('CapabilityBoundingSet=~CAP_NET_RAW'), 'service.confined', [
        'takes CAP_NET_RAW away',
      ]),
      'root in a user namespace': error(rootful('PrivateUsers=yes'), 'idmap.nested-userns', ['no right to the mounts']),
      'a filter that ends what mounts': error(rootful('SystemCallFilter=~@mount'), 'seccomp.blocked', [
        'ends every process that calls mount, pivot_root, umount2',
      ]),
      'a filter that refuses': error(
        rootful('SystemCallFilter=~@keyring\nSystemCallErrorNumber=EPERM'),
        'seccomp.blocked',
        ['refuses keyctl'],
      ),
      'a call that is refused with the wrong error': error(
        rootful('SystemCallFilter=~clone3:EPERM'),
        'seccomp.blocked',
        ['refuses clone3'],
      ),
      'a call that is refused without an error': error(rootful('SystemCallFilter=~@resources'), 'seccomp.blocked', [
        'ends every process that calls setrlimit',
      ]),
      'namespaces of RUN steps': error(rootful('RestrictNamespaces=user mnt'), 'seccomp.blocked', [
        'the kinds pid, ipc, uts',
      ]),
      'a namespace of control groups, with cgroup v2': error(rootful('RestrictNamespaces=~cgroup'), 'seccomp.blocked', [
        'the kinds cgroup, which every RUN step needs',
      ]),
      'a host name that cannot be set': error(rootful('ProtectHostname=yes'), 'seccomp.blocked', [
        'ProtectHostname=yes refuses sethostname',
      ]),
      'setuid files, which images have': warning(rootful('RestrictSUIDSGID=yes'), 'service.confined', [
        'lets no file become setuid',
      ]),
      'no address family that reaches a registry': warning(
        rootful('RestrictAddressFamilies=AF_UNIX AF_NETLINK'),
        'net.registry-unreachable',
        ['RestrictAddressFamilies=AF_UNIX AF_NETLINK'],
      ),
      'a drop-in that comes after what is dropped in': {
        host: hostWith({
          files: {
            ...PLACES,
            ...goodSystem,
            [UNIT]: `[Service]\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n${KIT}\n`,
            [`${UNIT}.d/zz.conf`]: '[Service]\nPrivateUsers=yes\n',
          },
        }),
        conditions: ['idmap.nested-userns'],
        severity: 'error',
        says: [`${UNIT}.d/zz.conf:2:`],
        advice: ['change the line there instead'],
      },
      ...Object.fromEntries(
        MANNERS.map(([name, host, condition, severity, says]) => [
          name,
          { host, conditions: [condition].flat(), severity, says: [says], cure: true as const },
        ]),
      ),
    },
    other: {
      'no unit': { host: hostWith({ files: PLACES }), status: 'skip', says: 'no systemd unit' },
      'a file system of its own': { ...system('RootImage=/srv/image.raw'), status: 'unknown', says: 'RootImage' },
      'a group of calls of which nothing is known': {
        ...rootful('SystemCallFilter=~@sandbox-of-tomorrow'),
        status: 'unknown',
        says: 'SystemCallFilter',
      },
      'a key of a release of systemd that is newer than what is known': {
        host: hostWith({
          files: {
            ...PLACES,
            ...library(261),
            [UNIT]: `[Service]\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n${KIT}\nProtectTomorrow=yes\n`,
          },
        }),
        status: 'unknown',
        says: 'ProtectTomorrow=yes',
      },
      'a profile, where the kernel has AppArmor': {
        host: hostWith({
          files: {
            ...PLACES,
            '/sys/kernel/security/lsm': 'capability,apparmor\n',
            [UNIT]: `[Service]\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n${KIT}\nAppArmorProfile=buildkit\n`,
          },
        }),
        status: 'unknown',
        says: 'AppArmorProfile=buildkit',
      },
      'a release of systemd that cannot be told': {
        host: hostWith({ files: { ...PLACES, [UNIT]: `[Service]\nUser=alice\n${KIT}\nRestrictRealtime=yes\n` } }),
        status: 'unknown',
        says: 'release of systemd',
      },
    },
  },
);
