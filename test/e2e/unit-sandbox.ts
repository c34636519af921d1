import { DAEMON, KIT } from './systemd.ts';

/** Options of a unit, and what becomes of a start under them. */
export interface SandboxRow {
  readonly as: 'account' | 'manager' | 'root';
  readonly options: string;
  readonly ready: boolean;
  /** The check that stands first in the reasons. */
  readonly blamed?: string;
  /** The chain of packages does not mind. */
  readonly buildkitdOnly?: true;
}

/** A system unit with User=, one of the user's own manager, and a system unit of root. */
export const STARTS: { readonly [A in SandboxRow['as']]: string } = {
  account: `Type=notify\nNotifyAccess=all\nUser=alice\nEnvironment=XDG_RUNTIME_DIR=/run/user/4242\nExecStart=${KIT} ${DAEMON}`,
  manager: `Type=notify\nNotifyAccess=all\nExecStart=${KIT} ${DAEMON}`,
  root: `Type=notify\nNotifyAccess=all\nExecStart=${DAEMON}`,
};

const fails = (
  as: SandboxRow['as'],
  options: string,
  blamed = 'service/unit',
  rest: Partial<SandboxRow> = {},
): SandboxRow => ({ as, options, ready: false, blamed, ...rest });
const works = (as: SandboxRow['as'], options: string): SandboxRow => ({ as, options, ready: true });

export const sandboxRows: readonly SandboxRow[] = [
  works('account', 'ProtectSystem=strict\nReadWritePaths=/home /run/user /tmp\nPrivateMounts=yes\nUMask=0077'),
  fails('account', 'ProtectHome=yes'),
  fails('account', 'ProtectHome=read-only'),
  fails('account', 'TemporaryFileSystem=/home'),
  fails('account', 'ProtectSystem=strict'),
  fails('account', 'NoExecPaths=/usr'),
  fails('account', 'InaccessiblePaths=/no-place-of-a-test'),
  fails('account', 'PrivateUsers=yes'),
  fails('account', 'CapabilityBoundingSet=~CAP_SYS_ADMIN'),
  fails('account', 'NoNewPrivileges=yes', 'idmap/helpers'),
  fails('account', 'UMask=0177'),
  fails('account', 'LimitNPROC=20', 'kernel/limits', { buildkitdOnly: true }),
  works('account', 'LimitNOFILE=1024:4096\nLimitCORE=0\nTasksMax=200\nMemoryMax=2G\nIPAddressDeny='),
  fails('account', 'ReadOnlyPaths=/home'),
  works('account', 'ReadOnlyPaths=/home\nReadOnlyPaths='),
  fails('account', 'SecureBits=noroot'),
  fails('account', 'RestrictSUIDSGID=yes', 'idmap/helpers'),
  fails('account', 'ProcSubset=pid', 'service/unit', { buildkitdOnly: true }),
  fails('account', 'TasksMax=12', 'kernel/limits', { buildkitdOnly: true }),
  fails('account', 'LimitFSIZE=1M', 'kernel/limits', { buildkitdOnly: true }),
  fails('account', 'LimitAS=500M', 'kernel/limits', { buildkitdOnly: true }),
  works('manager', 'CapabilityBoundingSet=~\nLimitNOFILE=4096'),
  fails('manager', 'NoNewPrivileges=yes', 'idmap/helpers'),
  fails('manager', 'PrivateUsers=yes'),
  works(
    'root',
    'NoNewPrivileges=yes\nProtectHome=yes\nProtectSystem=full\nPrivateTmp=yes\nSystemCallFilter=~@clock @reboot',
  ),
  works('root', 'RestrictSUIDSGID=yes\nProtectHostname=no\nLimitMEMLOCK=0'),
  fails('root', 'ProtectSystem=strict'),
  fails('root', 'ReadOnlyPaths=/var/lib/buildkit'),
  fails('root', 'InaccessiblePaths=/var/lib/buildkit'),
  fails('root', 'PrivateUsers=yes'),
  fails('root', 'SecureBits=noroot'),
  fails('root', 'TasksMax=12', 'kernel/limits', { buildkitdOnly: true }),
  fails('root', 'MemoryMax=8M', 'kernel/limits', { buildkitdOnly: true }),
  fails('root', 'CapabilityBoundingSet=~CAP_SYS_ADMIN'),
  fails('root', 'SystemCallFilter=~@mount'),
  fails('root', 'SystemCallFilter=~bind:EPERM', 'service/unit', { buildkitdOnly: true }),
  fails('root', 'SystemCallFilter=~listen:EACCES', 'service/unit', { buildkitdOnly: true }),
  fails('root', 'RestrictNamespaces=~pid'),
  fails('root', 'PrivateDevices=yes', 'service/unit', { buildkitdOnly: true }),
  fails('root', 'ProtectControlGroups=yes', 'service/unit', { buildkitdOnly: true }),
];
