import { applyEdit } from '../../../src/apply/text-edit.ts';
import { parseProfiles } from '../../../src/facts/apparmor-profiles.ts';
import { sysctlPath } from '../../../src/facts/sysctl.ts';
import type { NamespaceAnswer, Outcome, Step } from '../../../src/model.ts';
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

/** Does the planned steps to the host in memory, each as the change room would. Then asks what the kernel would say. */
export function carryOut(
  options: VirtualHostOptions,
  steps: readonly Step[],
  answer: NamespaceAnswer | null = null,
): VirtualHostOptions {
  const files: Files = { ...options.files };
  const tools = { ...options.tools };
  for (const step of steps) {
    switch (step.do) {
      case 'edit': {
        const before = files[step.path];
        const text = before == null ? null : typeof before === 'string' ? before : (before.text ?? '');
        if ((text === null) !== (step.expects === null)) throw new Error(`${step.path}: not what the plan saw`);
        const next = applyEdit(text, step.edit, () => {
          throw new Error('no TOML here');
        });
        files[step.path] = before != null && typeof before !== 'string' ? { ...before, text: next } : next;
        break;
      }
      case 'directory':
        files[step.path] = directory(step.mode);
        break;
      case 'sysctl':
        files[`/proc/sys/${sysctlPath(step.key)}`] = `${step.to}\n`;
        break;
      case 'mode': {
        const file = files[step.path];
        files[step.path] = { ...(typeof file === 'string' ? { text: file } : file), mode: step.to };
        break;
      }
      case 'run': {
        const [name, set = '', path = ''] = step.argv;
        if (name === 'setcap') {
          tools[`getcap ${path}`] = { stdout: set === '-r' ? '' : `${path} ${set}\n` };
          tools[`getcap -n ${path}`] = tools[`getcap ${path}`] ?? {};
        } else if (name?.endsWith('apparmor_parser')) {
          const file = files[step.argv.at(-1) ?? ''];
          const names = parseProfiles(typeof file === 'string' ? file : (file?.text ?? '')).map(({ name: one }) => one);
          if (names.length === 0) throw new Error('no profile to load');
          files['/sys/kernel/security/apparmor/profiles'] = names.map((one) => `${one} (unconfined)\n`).join('');
        } else throw new Error(`nobody planned ${name}`);
        break;
      }
      case 'tell':
        break;
      default:
        throw new Error(`nobody planned ${step.do}`);
    }
  }
  return { ...options, files, tools, probes: answer === null ? {} : { namespace: () => answer } };
}
