/**
 * What options of systemd.exec(5) and systemd.resource-control(5) do to the processes of a unit, as systemd's source has it
 * (src/core: exec-invoke.c, namespace.c, unit.c) and as real units were seen to behave.
 */

/** How an option is written: a boolean, one word of several of which "no" is none, or a list. */
export type OptionKind = 'switch' | 'choice' | 'list';

/** Releases of systemd from which on it does something otherwise. */
export const SYSTEMD = {
  /** A system unit with User= keeps the right to filter system calls without no_new_privs. */
  filtersWithoutNoNewPrivileges: 255,
  /** What needs a mount namespace puts a user's unit into a user namespace; before, it was left out without a word. */
  userUnitsInNamespaces: 254,
  /** A user's manager starts a unit whose User= is that user; 252 did not. */
  ownUser: 257,
} as const;

/** Made with seccomp: for a process without CAP_SYS_ADMIN the kernel wants no_new_privs for that. */
export const FILTERING: { readonly [option: string]: OptionKind } = {
  SystemCallFilter: 'list',
  SystemCallArchitectures: 'list',
  SystemCallLog: 'list',
  RestrictAddressFamilies: 'list',
  RestrictNamespaces: 'choice',
  PrivateDevices: 'switch',
  ProtectKernelTunables: 'switch',
  ProtectKernelModules: 'switch',
  ProtectKernelLogs: 'switch',
  ProtectClock: 'switch',
  ProtectHostname: 'choice',
  MemoryDenyWriteExecute: 'switch',
  RestrictRealtime: 'switch',
  RestrictSUIDSGID: 'switch',
  LockPersonality: 'switch',
};

/** What puts a user's unit into a namespace of its own. */
export const NAMESPACED: { readonly [option: string]: OptionKind } = {
  PrivateTmp: 'choice',
  PrivateDevices: 'switch',
  PrivateNetwork: 'switch',
  NetworkNamespacePath: 'list',
  PrivateIPC: 'switch',
  IPCNamespacePath: 'list',
  PrivateMounts: 'switch',
  PrivatePIDs: 'switch',
  MountAPIVFS: 'switch',
  BindLogSockets: 'switch',
  BindPaths: 'list',
  BindReadOnlyPaths: 'list',
  TemporaryFileSystem: 'list',
  RootDirectory: 'list',
  ExtensionDirectories: 'list',
  ProtectSystem: 'choice',
  ProtectHome: 'choice',
  ProtectKernelTunables: 'switch',
  ProtectKernelModules: 'switch',
  ProtectKernelLogs: 'switch',
  ProtectControlGroups: 'choice',
  ProtectClock: 'switch',
  ProtectHostname: 'choice',
  ReadWritePaths: 'list',
  ReadOnlyPaths: 'list',
  InaccessiblePaths: 'list',
  ExecPaths: 'list',
  NoExecPaths: 'list',
};

/** What an unprivileged manager does not leave out: it rather does not start the unit (insist_on_sandboxing). */
export const INSISTED: { readonly [option: string]: OptionKind } = {
  TemporaryFileSystem: 'list',
  BindPaths: 'list',
  BindReadOnlyPaths: 'list',
  RootDirectory: 'list',
  RootImage: 'list',
  MountImages: 'list',
  ExtensionImages: 'list',
  ExtensionDirectories: 'list',
  DynamicUser: 'switch',
  LogNamespace: 'list',
};

/** What is in them cannot be told without doing it. */
export const UNTOLD: { readonly [option: string]: OptionKind } = {
  RootImage: 'list',
  MountImages: 'list',
  ExtensionImages: 'list',
  ExtensionDirectories: 'list',
  NetworkNamespacePath: 'list',
  AppArmorProfile: 'list',
  SELinuxContext: 'list',
  SmackProcessLabel: 'list',
  RestrictFileSystems: 'list',
  PrivatePIDs: 'switch',
};

const PLACES_OF_HOME = ['/home', '/root', '/run/user'];
/** Directories that ProtectHome= covers. */
export const HOMES: readonly string[] = PLACES_OF_HOME;
const SYSTEM = ['/usr', '/boot', '/efi', '/lib', '/lib64', '/bin', '/sbin'];
/** Directories that ProtectSystem= makes read-only, by its value, and those that "strict" leaves out. */
export const PROTECTED_SYSTEM: {
  readonly [value: string]: { readonly readOnly: readonly string[]; readonly writable: readonly string[] };
} = {
  yes: { readOnly: SYSTEM, writable: [] },
  full: { readOnly: [...SYSTEM, '/etc'], writable: [] },
  strict: { readOnly: ['/'], writable: ['/proc', '/sys', '/dev', ...PLACES_OF_HOME] },
};
/** Options that make directories for the unit, which it may write to, and where a system unit's are. */
export const OWN_DIRECTORIES: { readonly [option: string]: string } = {
  RuntimeDirectory: '/run',
  StateDirectory: '/var/lib',
  CacheDirectory: '/var/cache',
  LogsDirectory: '/var/log',
};
/** Nodes of the /dev that PrivateDevices= makes. */
export const PRIVATE_DEVICES = [
  'null',
  'zero',
  'full',
  'random',
  'urandom',
  'tty',
  'ptmx',
  'pts',
  'shm',
  'mqueue',
  'hugepages',
];
/** Devices that DevicePolicy=closed still allows; "strict" allows none. */
export const ALLOWED_DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx'];

/** Capabilities that an option takes from the bounding set besides what it is about. */
export const TAKEN_ALONG: { readonly [option: string]: readonly string[] } = {
  PrivateDevices: ['CAP_MKNOD', 'CAP_SYS_RAWIO'],
  ProtectKernelModules: ['CAP_SYS_MODULE'],
  ProtectKernelLogs: ['CAP_SYSLOG'],
  ProtectClock: ['CAP_SYS_TIME', 'CAP_WAKE_ALARM'],
};
/** Capabilities that buildkitd as root and runc's RUN steps need; every other one was taken away without harm. */
export const NEEDED_CAPABILITIES: readonly string[] = [
  'CAP_SYS_ADMIN',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];
/** Capabilities that newuidmap and newgidmap need: always, and where they are setuid root and write the map as root. */
export const NEEDED_BY_HELPERS = {
  always: ['CAP_SETUID', 'CAP_SETGID'],
  asRoot: ['CAP_SETUID', 'CAP_SETGID', 'CAP_SYS_ADMIN', 'CAP_DAC_OVERRIDE'],
} as const satisfies { readonly [when: string]: readonly string[] };

/** Kinds of namespaces that buildkitd and a RUN step make. */
export const NEEDED_NAMESPACES: readonly string[] = ['mnt', 'pid', 'ipc', 'uts'];

/**
 * System calls that buildkitd, runc and a small RUN step were seen to make, with the group of systemd.exec(5) that each is in.
 * What @default has is in every allow-list.
 */
export const NEEDED_SYSTEM_CALLS: { readonly [group: string]: readonly string[] } = {
  '@basic-io': ['close', 'dup3', 'lseek', 'pread64', 'pwrite64', 'read', 'write'],
  '@chown': ['chown', 'fchown', 'fchownat'],
  '@file-system': [
    'access',
    'chdir',
    'faccessat2',
    'fchdir',
    'fchmodat',
    'fcntl',
    'fstat',
    'fstatfs',
    'ftruncate',
    'getcwd',
    'getdents64',
    'inotify_add_watch',
    'llistxattr',
    'mkdirat',
    'mknodat',
    'newfstatat',
    'openat',
    'openat2',
    'readlink',
    'readlinkat',
    'renameat',
    'statfs',
    'symlinkat',
    'unlink',
    'unlinkat',
    'utimensat',
  ],
  '@io-event': ['epoll_create1', 'epoll_ctl', 'epoll_pwait', 'eventfd2'],
  '@ipc': ['pipe2'],
  '@keyring': ['keyctl'],
  '@mount': ['mount', 'pivot_root', 'umount2'],
  '@network-io': [
    'accept4',
    'bind',
    'connect',
    'getpeername',
    'getsockname',
    'getsockopt',
    'listen',
    'setsockopt',
    'shutdown',
    'socket',
    'socketpair',
  ],
  '@process': [
    'capget',
    'clone',
    'clone3',
    'execveat',
    'kill',
    'pidfd_open',
    'prctl',
    'tgkill',
    'unshare',
    'wait4',
    'waitid',
  ],
  '@resources': ['setrlimit'],
  '@sandbox': ['seccomp'],
  '@setuid': ['setgid', 'setgroups', 'setuid'],
  '@signal': ['rt_sigaction', 'rt_sigprocmask', 'rt_sigsuspend', 'sigaltstack'],
  '@sync': ['fdatasync', 'fsync'],
  '@timer': ['timer_create', 'timer_settime'],
  '': ['capset', 'copy_file_range', 'flock', 'madvise', 'sethostname', 'setpgid', 'setsid', 'umask', 'uname'],
};
/** Groups made of others, as far as they have needed calls. */
export const SYSTEM_CALL_GROUPS: { readonly [group: string]: readonly string[] } = {
  '@system-service': [
    '@basic-io',
    '@chown',
    '@file-system',
    '@io-event',
    '@ipc',
    '@keyring',
    '@network-io',
    '@process',
    '@resources',
    '@setuid',
    '@signal',
    '@sync',
    '@timer',
    'capset',
    'copy_file_range',
    'flock',
    'madvise',
    'setpgid',
    'setsid',
    'umask',
    'uname',
  ],
  '@privileged': ['@chown', 'capset', 'pivot_root', 'setgroups', 'sethostname', 'setuid'],
  // Without anything that was seen to be called.
  '@aio': [],
  '@clock': [],
  '@cpu-emulation': [],
  '@debug': [],
  '@default': [],
  '@memlock': [],
  '@module': [],
  '@obsolete': [],
  '@pkey': [],
  '@raw-io': [],
  '@reboot': [],
  '@swap': [],
};
/** Calls that are got along without where they are refused with this error ("": with any). */
export const TOLERATED_CALLS: { readonly [call: string]: string } = {
  setrlimit: '',
  copy_file_range: '',
  seccomp: '',
  openat2: 'ENOSYS',
  faccessat2: 'ENOSYS',
  clone3: 'ENOSYS',
};
