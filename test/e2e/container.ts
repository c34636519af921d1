import * as fs from 'node:fs';
import { join } from 'node:path';

/** What a container engine takes from a process; the defaults are those of `docker run`. */
export interface ContainerOptions {
  /** False: --security-opt seccomp=unconfined. */
  readonly seccomp?: boolean;
  /** False: --security-opt systempaths=unconfined. */
  readonly masked?: boolean;
  readonly noNewPrivileges?: boolean;
  /** Capabilities beyond Docker's default set. */
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  /** False: the state directory is not a volume, so it lies on the container's own overlay. */
  readonly volume?: boolean;
  /** False: no cgroup file system is mounted. */
  readonly cgroup?: boolean;
  /** --privileged: all capabilities of this machine, nothing hidden, no profile, and control groups that can be written. */
  readonly privileged?: boolean;
  /** System calls that the profile refuses with EPERM, in the place of the engine's own list. */
  readonly deny?: readonly string[];
  /** --read-only. */
  readonly readOnly?: boolean;
  /** Paths that are hidden beside the engine's own. */
  readonly hide?: readonly string[];
}

const DOCKER_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
];
const PRIVILEGED = [
  'BPF',
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'NET_ADMIN',
  'PERFMON',
  'SYS_ADMIN',
  'SYS_PTRACE',
  'SYS_RAWIO',
];
const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/scsi',
  '/sys/firmware',
];
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const refusal = (names: readonly string[]) => ({ names, action: 'SCMP_ACT_ERRNO', errnoRet: 1 });

/** Writes a bundle for runc whose file system is this machine's, seen through an overlay. The binds are the world's own layers. */
export function writeBundle(bundle: string, wanted: ContainerOptions, binds: readonly string[]): void {
  const options =
    wanted.privileged === true ? { seccomp: false, masked: false, capAdd: PRIVILEGED, ...wanted } : wanted;
  const capabilities = [...DOCKER_CAPABILITIES, ...(options.capAdd ?? [])]
    .filter((name) => !options.capDrop?.includes(name))
    .map((name) => `CAP_${name}`);
  const spec = {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['sleep', '900'],
      env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: options.noNewPrivileges === true,
    },
    root: { path: 'rootfs', readonly: options.readOnly === true },
    hostname: 'container',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      ...(options.cgroup === false
        ? []
        : [
            {
              destination: '/sys/fs/cgroup',
              type: 'cgroup',
              source: 'cgroup',
              options: ['nosuid', 'noexec', 'nodev', options.privileged === true ? 'rw' : 'ro'],
            },
          ]),
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] },
      // Not recursive: the scratch directory holds the bundle, and below it an unmasked /proc would be seen.
      ...binds.map((path) => ({ destination: path, type: 'bind', source: path, options: ['bind', 'rw'] })),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      maskedPaths: [...(options.masked === false ? [] : MASKED), ...(options.hide ?? [])],
      ...(options.masked === false ? {} : { readonlyPaths: READONLY }),
      ...(options.deny !== undefined
        ? { seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [refusal(options.deny)] } }
        : options.seccomp === false
          ? {}
          : {
              seccomp: {
                defaultAction: 'SCMP_ACT_ALLOW',
                architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'],
                syscalls: [
                  refusal(['unshare', 'mount', 'umount2', 'setns', 'pivot_root', 'keyctl']),
                  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
                  {
                    names: ['clone'],
                    action: 'SCMP_ACT_ERRNO',
                    errnoRet: 1,
                    args: [{ index: 0, value: 0x10000000, valueTwo: 0x10000000, op: 'SCMP_CMP_MASKED_EQ' }],
                  },
                ],
              },
            }),
    },
  };
  fs.mkdirSync(join(bundle, 'rootfs'), { recursive: true });
  fs.writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
}
