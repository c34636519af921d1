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

/** A system unit with User=. */
const system = (lines: string, release = 252): { host: VirtualHostOptions } => ({
  host: hostWith({
    files: {
      ...PLACES,
      ...library(release),
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
      '/run/runc': { kind: 'directory', mode: 0o700 },
      [UNIT]: `[Service]\nType=notify\nExecStart=/usr/bin/buildkitd\n${lines}\n`,
    },
    rest: { mode: 'rootful', env: { PATH: '/usr/bin', HOME: '/root', USER: 'root' } },
  }),
});

const BEFORE = 'buildkitd github.com/moby/buildkit v0.11.6 2951a28cd7085eb18979b1f710678623d94ed578\n';

type Row = { host: VirtualHostOptions };
const error = (row: Row, condition: string, says: readonly string[], advice: string) => ({
  ...row,
  conditions: [condition],
  severity: 'error' as const,
  says,
  advice: [advice],
});
const warning = (row: Row, condition: string, says: readonly string[], advice: string) => ({
  ...error(row, condition, says, advice),
  severity: 'warning' as const,
});

// Every row was seen with a real systemd 252 and buildkitd v0.32.2, where it does not name another release of systemd.
testCheck(
  { check: serviceUnit, fix: loosenUnit },
  {
    healthy: {
      'a unit without a sandbox': system(''),
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
      'a hidden home': error(
        system('ProtectHome=yes'),
        'service.confined',
        [
          `${UNIT}:6: ProtectHome=yes hides from buildkitd the state directory /home/alice/.local/share/buildkit`,
          '/run/user/1000',
        ],
        'systemctl edit buildkit.service',
      ),
      'a read-only home': error(
        system('ProtectHome=read-only'),
        'storage.read-only',
        ['makes read-only the state directory'],
        '[Service]\nProtectHome=no',
      ),
      "an empty home that is root's": {
        ...system('ProtectHome=tmpfs'),
        conditions: ['storage.read-only', 'service.confined'],
        severity: 'error',
        says: ['keeps from every client outside of the unit the socket /run/user/1000/buildkit/buildkitd.sock'],
        advice: ['ProtectHome=no', 'ProtectHome=no'],
      },
      'strict without a writable /tmp': error(
        system('ProtectSystem=strict'),
        'storage.read-only',
        ['/tmp for temporary files'],
        'ProtectSystem=full',
      ),
      'an exception for a directory that is not there yet': error(
        system('ProtectHome=read-only\nReadWritePaths=-/home/alice/.local/share/buildkit /run/user/1000'),
        'storage.read-only',
        ['makes read-only the state directory'],
        'ProtectHome=no',
      ),
      'one path of a list': error(
        system('ReadOnlyPaths=/boot /home'),
        'storage.read-only',
        ['ReadOnlyPaths=/boot /home makes read-only the state directory'],
        '[Service]\nReadOnlyPaths=\nReadOnlyPaths=/boot',
      ),
      'no home at all': error(
        system('TemporaryFileSystem=/home'),
        'service.confined',
        ['puts a directory that this account may not write to in the place of the state directory'],
        'TemporaryFileSystem=',
      ),
      'another home': error(system('BindPaths=/srv:/home'), 'service.confined', ['may not write to'], 'BindPaths='),
      'a helper that is hidden': error(
        system('InaccessiblePaths=/usr/bin/newuidmap'),
        'service.confined',
        ['/usr/bin/newuidmap, which maps ids'],
        'InaccessiblePaths=',
      ),
      'programs that may not be executed': error(
        system('NoExecPaths=/usr'),
        'service.confined',
        [
          'forbids to execute the program /usr/bin/buildkitd, the program /usr/bin/rootlesskit',
          'the OCI runtime /usr/bin/runc',
        ],
        'NoExecPaths=',
      ),
      'subordinate ids that are hidden': error(
        system('InaccessiblePaths=/etc/subuid'),
        'service.confined',
        ['/etc/subuid, by which ids are mapped'],
        'InaccessiblePaths=',
      ),
      'a /proc to which no map can be written': error(
        system('ReadOnlyPaths=/proc'),
        'service.confined',
        ['/proc, where newuidmap writes'],
        'ReadOnlyPaths=',
      ),
      'a path that is missing': error(
        system('InaccessiblePaths=/nowhere'),
        'service.start-fails',
        ['InaccessiblePaths=/nowhere wants /nowhere, which does not exist'],
        'InaccessiblePaths=',
      ),
      'a root without the program': error(
        system('RootDirectory=/srv'),
        'service.start-fails',
        ['wants /srv/usr/bin/rootlesskit'],
        'RootDirectory=',
      ),
      'a user namespace': error(
        system('PrivateUsers=yes'),
        'idmap.nested-userns',
        ['PrivateUsers=yes puts rootlesskit into a user namespace'],
        'PrivateUsers=no',
      ),
      'a part of /proc that is covered, by a newer systemd': {
        ...system('ProtectKernelLogs=yes\nReadOnlyPaths=/proc/self', 257),
        conditions: ['proc.masked', 'proc.masked'],
        severity: 'error',
        says: ['ReadOnlyPaths=/proc/self covers a part of /proc', 'ProtectKernelLogs=yes covers a part of /proc'],
        advice: ['ReadOnlyPaths=', 'ProtectKernelLogs=no'],
      },
      'no Unix sockets': {
        ...system('RestrictAddressFamilies=AF_INET', 257),
        conditions: ['seccomp.blocked'],
        severity: 'error',
        says: ['lets no Unix socket be made'],
        advice: ['RestrictAddressFamilies=AF_UNIX'],
      },
      'not even /dev/null': error(
        system('DevicePolicy=strict'),
        'service.start-fails',
        ['keeps /dev/null from the unit'],
        'DevicePolicy=closed',
      ),
      'no capability for the helpers': error(
        system('CapabilityBoundingSet='),
        'idmap.newuidmap-not-setuid',
        ['takes CAP_SETUID, CAP_SETGID, CAP_SYS_ADMIN, CAP_DAC_OVERRIDE away'],
        'CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_ADMIN CAP_DAC_OVERRIDE',
      ),
      'one capability fewer': error(
        system('CapabilityBoundingSet=~CAP_DAC_OVERRIDE'),
        'idmap.newuidmap-not-setuid',
        ['takes CAP_DAC_OVERRIDE away'],
        'CapabilityBoundingSet=CAP_DAC_OVERRIDE',
      ),
      'root without privilege': error(
        system('SecureBits=noroot noroot-locked'),
        'idmap.newuidmap-not-setuid',
        ['takes the privilege of root from newuidmap'],
        'SecureBits=',
      ),
      'a group of somebody else': error(
        system('Group=root'),
        'idmap.user-lookup-failed',
        ['owned by a different user'],
        'Group=',
      ),
      'nothing but processes': error(system('ProcSubset=pid'), 'service.confined', ['/proc/stat'], 'ProcSubset=all'),
      'files that cannot be opened again': error(
        system('UMask=0177'),
        'storage.permission',
        ["the owner's own rights"],
        'UMask=0022',
      ),
      'no network': warning(
        system('PrivateNetwork=yes'),
        'net.registry-unreachable',
        ['PrivateNetwork=yes leaves the unit without a network'],
        'PrivateNetwork=no',
      ),
      'a user namespace by any option, by a newer systemd': error(
        user('ProtectSystem=full\nPrivateTmp=yes', 254),
        'idmap.nested-userns',
        ['PrivateTmp=yes, ProtectSystem=full put rootlesskit into a user namespace'],
        '[Service]\nPrivateTmp=no\nProtectSystem=no',
      ),
      'a mount that the manager of a user insists on': error(
        user('TemporaryFileSystem=/srv'),
        'service.start-fails',
        ["A user's systemd cannot make the mount namespace"],
        'systemctl --user edit buildkit.service',
      ),
      'capabilities, which the manager of a user may not change': error(
        user('CapabilityBoundingSet=CAP_SETUID CAP_SETGID'),
        'service.start-fails',
        ['may not change capabilities'],
        'CapabilityBoundingSet=',
      ),
      'secure bits in a unit of a user': error(
        user('SecureBits=keep-caps'),
        'service.start-fails',
        ['may not set secure bits'],
        'SecureBits=',
      ),
      'another account in a unit of a user': error(
        user('User=alice'),
        'service.start-fails',
        ['may not change accounts'],
        'User=',
      ),
      'filters of a newer systemd that refuse what is needed': error(
        system('SystemCallFilter=@system-service', 255),
        'seccomp.blocked',
        [
          'SystemCallFilter=@system-service ends every process that calls mount, pivot_root, umount2, seccomp, sethostname',
        ],
        'SystemCallFilter=mount pivot_root umount2 seccomp sethostname',
      ),
      'an account of its own instead of root': {
        ...rootful('DynamicUser=yes\nStateDirectory=buildkit\nRuntimeDirectory=buildkit runc'),
        conditions: ['daemon.needs-root'],
        severity: 'error',
        says: ["an account of the unit's own instead of root"],
        advice: ['DynamicUser=no'],
      },
      'a read-only state of root': error(
        rootful('ProtectSystem=strict'),
        'storage.read-only',
        ['the state directory /var/lib/buildkit', '/tmp', 'the socket /run/buildkit/buildkitd.sock', '/run/runc'],
        'ProtectSystem=full',
      ),
      'strict, without the directory of runc': error(
        rootful('ProtectSystem=strict\nStateDirectory=buildkit\nRuntimeDirectory=buildkit\nPrivateTmp=yes'),
        'storage.read-only',
        ['makes read-only the runtime directory /run/runc'],
        'ProtectSystem=full',
      ),
      'read-only control groups': error(
        rootful('ProtectControlGroups=yes\nReadWritePaths=/sys/fs/cgroup'),
        'cgroup.read-only',
        ['/sys/fs/cgroup, the control groups'],
        'ProtectControlGroups=no',
      ),
      'a /run of its own': {
        ...rootful('TemporaryFileSystem=/run'),
        conditions: ['service.confined', 'service.confined'],
        severity: 'error',
        says: ['the socket /run/buildkit/buildkitd.sock', 'by which Type=notify learns'],
        advice: ['TemporaryFileSystem=', 'TemporaryFileSystem='],
      },
      'devices of its own take CAP_MKNOD along': error(
        rootful('PrivateDevices=yes'),
        'service.confined',
        ['PrivateDevices=yes takes CAP_MKNOD away'],
        'PrivateDevices=no',
      ),
      'a capability of RUN steps': error(
        rootful('CapabilityBoundingSet=~CAP_NET_RAW'),
        'service.confined',
        ['takes CAP_NET_RAW away'],
        'CapabilityBoundingSet=CAP_NET_RAW',
      ),
      'root in a user namespace': error(
        rootful('PrivateUsers=yes'),
        'idmap.nested-userns',
        ['no right to the mounts'],
        'PrivateUsers=no',
      ),
      'a filter that ends what mounts': error(
        rootful('SystemCallFilter=~@mount'),
        'seccomp.blocked',
        ['ends every process that calls mount, pivot_root, umount2'],
        'SystemCallFilter=mount pivot_root umount2',
      ),
      'a filter that refuses': error(
        rootful('SystemCallFilter=~@keyring\nSystemCallErrorNumber=EPERM'),
        'seccomp.blocked',
        ['refuses keyctl'],
        'SystemCallFilter=keyctl',
      ),
      'a call that is refused with the wrong error': error(
        rootful('SystemCallFilter=~clone3:EPERM'),
        'seccomp.blocked',
        ['refuses clone3'],
        'SystemCallFilter=clone3',
      ),
      'a call that is refused without an error': error(
        rootful('SystemCallFilter=~@resources'),
        'seccomp.blocked',
        ['ends every process that calls setrlimit'],
        'SystemCallFilter=setrlimit',
      ),
      'namespaces of RUN steps': error(
        rootful('RestrictNamespaces=user mnt'),
        'seccomp.blocked',
        ['the kinds pid, ipc, uts'],
        'RestrictNamespaces=no',
      ),
      'a namespace of control groups, with cgroup v2': error(
        rootful('RestrictNamespaces=~cgroup'),
        'seccomp.blocked',
        ['the kinds cgroup, which every RUN step needs'],
        'RestrictNamespaces=no',
      ),
      'a host name that cannot be set': error(
        rootful('ProtectHostname=yes'),
        'seccomp.blocked',
        ['ProtectHostname=yes refuses sethostname'],
        'ProtectHostname=no',
      ),
      'setuid files, which images have': warning(
        rootful('RestrictSUIDSGID=yes'),
        'service.confined',
        ['lets no file become setuid'],
        'RestrictSUIDSGID=no',
      ),
      'no address family that reaches a registry': warning(
        rootful('RestrictAddressFamilies=AF_UNIX AF_NETLINK'),
        'net.registry-unreachable',
        ['RestrictAddressFamilies=AF_UNIX AF_NETLINK'],
        'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
      ),
      'a drop-in that comes after what "edit" writes': {
        host: hostWith({
          files: {
            ...PLACES,
            [UNIT]: `[Service]\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/1000\n${KIT}\n`,
            [`${UNIT}.d/zz.conf`]: '[Service]\nPrivateUsers=yes\n',
          },
        }),
        conditions: ['idmap.nested-userns'],
        severity: 'error',
        says: [`${UNIT}.d/zz.conf:2:`],
        advice: ['change the line there instead'],
      },
    },
    other: {
      'out of the sandbox by a sign': {
        host: hostWith({
          files: {
            ...PLACES,
            [UNIT]: '[Service]\nUser=alice\nProtectHome=yes\nExecStart=+/usr/bin/rootlesskit /usr/bin/buildkitd\n',
          },
        }),
        status: 'skip',
        says: 'without a sandbox',
      },
      'no unit': { host: hostWith({ files: PLACES }), status: 'skip', says: 'no unit' },
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
