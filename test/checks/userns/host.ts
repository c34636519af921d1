import type { NamespaceAnswer, Outcome } from '../../../src/model/look.ts';
import type { Step } from '../../../src/model/plan.ts';
import { carryOut as carrySteps } from '../../carry-out.ts';
import { MAP_INIT, STATUS_USER, type VirtualFile, type VirtualHostOptions } from '../../virtual-host.ts';

type Files = NonNullable<VirtualHostOptions['files']>;
export const OK: Outcome = { ok: true };
export const program = (mode = 0o755, uid = 0): VirtualFile => ({ mode, uid });
export const directory = (mode = 0o755, uid = 0): VirtualFile => ({ kind: 'directory', mode, uid });

const MAP: NamespaceAnswer['uidMap'] = [
  [0, 1000, 1],
  [1, 100000, 65536],
];
const NOTHING = {
  log: '',
  uidMap: [],
  gidMap: [],
  proc: null,
  isolate: null,
  overlay: null,
  fuseOverlay: null,
  bindReadOnly: null,
  chown: null,
  survey: null,
} as const;

/** The chain started; `differs` says what was otherwise inside. */
export const launched = (differs: Partial<NamespaceAnswer> = {}): NamespaceAnswer => ({
  ...NOTHING,
  launch: OK,
  uidMap: MAP,
  gidMap: MAP,
  proc: OK,
  isolate: OK,
  overlay: OK,
  bindReadOnly: OK,
  chown: OK,
  ...differs,
});
type Stage = 'spawn' | 'clone' | 'map' | 'network' | 'setup' | 'timeout';
export const refused = (stage: Stage, errno: string | null, message: string): NamespaceAnswer => ({
  ...NOTHING,
  launch: { ok: false, stage, errno, message },
});
export const CLONE = (words: string): string => `failed to start the child: fork/exec /proc/self/exe: ${words}`;

export const NAMESPACES = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'];
const FILES: Files = {
  '/usr/bin/rootlesskit': program(),
  '/usr/bin/buildkitd': program(),
  '/usr/bin/runc': program(),
  '/usr/bin/newuidmap': program(0o4755),
  '/usr/bin/newgidmap': program(0o4755),
  '/usr/bin/getsubids': program(),
  '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\nalice:x:1000:1000::/home/alice:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/bash\n',
  '/etc/group': 'root:x:0:\nalice:x:1000:\nbob:x:1001:\n',
  '/etc/subuid': 'alice:100000:65536\n',
  '/etc/subgid': 'alice:100000:65536\n',
  '/etc/nsswitch.conf': 'passwd:         files systemd\n',
  '/etc/sysctl.d/99-sysctl.conf': { link: '../sysctl.conf' },
  '/etc/sysctl.conf': '# nothing is set here\n',
  '/run/systemd/system': directory(),
  '/proc/sys/kernel/osrelease': '6.1.0-29-amd64\n',
  '/proc/version': 'Linux version 6.1.0-29-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 6.1.123-1\n',
  '/proc/sys/kernel/unprivileged_userns_clone': '1\n',
  '/proc/sys/kernel/threads-max': '126786\n',
  '/proc/self/status': STATUS_USER,
  '/proc/self/uid_map': MAP_INIT,
  '/proc/self/gid_map': MAP_INIT,
  '/proc/self/ns/user': { link: 'user:[4026531837]' },
  '/proc/self/mountinfo':
    '27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n28 27 0:5 / /proc rw - proc proc rw\n29 27 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  ...Object.fromEntries(NAMESPACES.map((kind) => [`/proc/sys/user/max_${kind}_namespaces`, '63393\n'])),
};

export interface Told {
  readonly files?: Files;
  /** What the start-up chain did; null: nobody can tell. Healthy unless told otherwise. */
  readonly answer?: NamespaceAnswer | null;
  readonly rest?: Partial<VirtualHostOptions>;
  readonly tools?: VirtualHostOptions['tools'];
}

/** Debian 12 with rootlesskit 1.1.0 and a user alice, told otherwise where it matters. */
export function hostWith({ files, answer = launched(), rest, tools }: Told = {}): VirtualHostOptions {
  return {
    ...rest,
    files: { ...FILES, ...files },
    tools: { rootlesskit: { stdout: 'rootlesskit version 1.1.0\n' }, getcap: {}, ...tools },
    statfs: { '/sys/fs/cgroup': { type: 0x63677270 }, ...rest?.statfs },
    probes: answer === null ? {} : { namespace: () => answer },
  };
}

/** A container of an engine: masked /proc, /proc/sys read-only, root on an overlay. */
export const dockerMounts = (proc: 'masked' | 'unmasked' = 'masked'): string =>
  [
    '721 386 0:45 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A,upperdir=/x,workdir=/w',
    '722 721 0:48 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw',
    '726 721 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw',
    ...(proc === 'masked'
      ? [
          '526 722 0:48 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw',
          '576 722 0:50 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k',
        ]
      : []),
    '',
  ].join('\n');
export const statusWith = (fields: { readonly [name: string]: string }): string =>
  Object.entries(fields).reduce(
    (text, [name, value]) => text.replace(new RegExp(`^${name}:.*$`, 'm'), `${name}:\t${value}`),
    STATUS_USER,
  );
/** CapBnd of a container with Docker's default capabilities. */
export const DOCKER_BOUNDING = '00000000a80425fb';

/** Carries the planned steps out; what the start-up chain does then has to be told, or nobody can tell. */
export function carryOut(
  options: VirtualHostOptions,
  steps: readonly Step[],
  answer: NamespaceAnswer | null = null,
): VirtualHostOptions {
  return { ...carrySteps(options, steps), probes: answer === null ? {} : { namespace: () => answer } };
}
