import type { NamespaceAnswer, Outcome } from '../../../src/model/look.ts';
import type { VirtualFile, VirtualHostOptions } from '../../virtual-host.ts';

export const OK: Outcome = { ok: true };
export const refused = (errno: string | null, message = 'no'): Outcome => ({ ok: false, errno, message });

/** What the trial answers on a healthy host: alice has the ids 1000 and 100000 to 165535. */
export const ANSWER: NamespaceAnswer = {
  launch: OK,
  log: '',
  uidMap: [
    [0, 1000, 1],
    [1, 100000, 65536],
  ],
  gidMap: [
    [0, 1000, 1],
    [1, 100000, 65536],
  ],
  proc: OK,
  overlay: OK,
  fuseOverlay: OK,
  fuseWrite: OK,
  bindReadOnly: OK,
  chown: OK,
  survey: null,
};

type Files = NonNullable<VirtualHostOptions['files']>;
export const directory = (mode = 0o755, uid = 0, gid = uid): VirtualFile => ({ kind: 'directory', mode, uid, gid });
export const own = (mode = 0o755): VirtualFile => directory(mode, 1000);
export const program = (mode = 0o755): VirtualFile => ({ mode });
export const socket = (mode = 0o660, uid = 1000, gid = uid): VirtualFile => ({ kind: 'socket', mode, uid, gid });

export const RUNTIME = '/run/user/1000';
export const CONFIG = '/home/alice/.config/buildkit/buildkitd.toml';
export const ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  USER: 'alice',
  HOME: '/home/alice',
  XDG_RUNTIME_DIR: RUNTIME,
};
const MOUNTS = [
  '27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw',
  '28 27 0:5 / /proc rw - proc proc rw',
  '29 27 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw',
];
export const mountinfo = (...more: readonly string[]): string => `${[...MOUNTS, ...more].join('\n')}\n`;
const ROOT_SOCKET = '00000000: 00000002 00000000 00010000 0001 01 1234 /run/dbus/system_bus_socket';

export const FILES: Files = {
  '/home/alice': own(0o700),
  '/tmp': directory(0o1777),
  '/run/user': directory(),
  [RUNTIME]: own(0o700),
  '/usr/bin/buildkitd': program(),
  '/usr/bin/buildctl': program(),
  '/usr/bin/rootlesskit': program(),
  '/usr/bin/git': program(),
  '/usr/sbin/runc': program(),
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n',
  '/etc/services': 'ssh\t22/tcp\nhttp-alt\t8080/tcp\twebcache\n',
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/bash\n',
  '/etc/group': 'root:x:0:\nusers:x:100:\nalice:x:1000:\nbob:x:1001:\n',
  '/proc/self/mountinfo': mountinfo(),
  '/proc/self/status': 'Name:\tnode\nUid:\t1000\t1000\t1000\t1000\n',
  '/proc/self/uid_map': '         0          0 4294967295\n',
  '/proc/self/gid_map': '         0          0 4294967295\n',
  '/proc/self/net/tcp': '',
  '/proc/self/net/tcp6': '',
  '/proc/self/net/unix': `Num RefCount Protocol Flags Type St Inode Path\n${ROOT_SOCKET}\n`,
  '/proc/self/net/fib_trie': 'Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 192.0.2.10\n        /32 host LOCAL\n',
  '/proc/self/net/if_inet6': '00000000000000000000000000000001 01 80 10 80 lo\n',
  '/proc/sys/net/ipv4/ip_unprivileged_port_start': '1024\n',
  '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
};

const TOOLS: NonNullable<VirtualHostOptions['tools']> = {
  buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.32.2 0123456789\n' },
  buildctl: { stdout: 'buildctl github.com/moby/buildkit v0.32.2 0123456789\n' },
  rootlesskit: { stdout: 'rootlesskit version 1.1.0\n' },
  runc: { stdout: 'runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\n' },
  git: { stdout: 'git version 2.39.5\n' },
};

export interface Told {
  files?: Files;
  env?: { [name: string]: string | undefined };
  config?: string;
  /** ExecStart of a user unit. */
  start?: string;
  answer?: Partial<NamespaceAnswer>;
  /** Ports that somebody else uses, on every address. */
  used?: readonly number[];
  /** Unix sockets that answer. */
  live?: readonly string[];
  locked?: { held: boolean; pid: number | null };
  write?: string | null;
  bind?: (address: { host: string; port: number }) => string | null;
  tools?: VirtualHostOptions['tools'];
  rest?: Partial<VirtualHostOptions>;
}

/** A healthy host of alice with some things told otherwise. */
export function hostWith(told: Told = {}): VirtualHostOptions {
  const env = Object.fromEntries(
    Object.entries({ ...ENVIRONMENT, ...told.env }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  return {
    env,
    tools: { ...TOOLS, ...told.tools },
    statfs: { '/sys/fs/cgroup': { type: 0x63677270 } },
    ...told.rest,
    files: {
      ...FILES,
      ...(told.config === undefined ? {} : { [CONFIG]: { text: told.config, uid: 1000, gid: 1000, mode: 0o644 } }),
      ...(told.start === undefined
        ? {}
        : {
            '/etc/systemd/user': directory(),
            '/etc/systemd/user/buildkit.service': `[Service]\nExecStart=${told.start}\n`,
          }),
      ...told.files,
    },
    probes: {
      namespace: () => ({ ...ANSWER, ...told.answer }),
      bind: ({ addresses }) => ({
        errors: addresses.map(
          (address) => told.bind?.(address) ?? (told.used?.includes(address.port) ? 'EADDRINUSE' : null),
        ),
      }),
      connect: ({ path }) => ({ error: told.live?.includes(path) ? null : 'ECONNREFUSED' }),
      write: () => ({ error: told.write ?? null }),
      lock: () => told.locked ?? { held: false, pid: null },
      ...told.rest?.probes,
    },
  };
}
