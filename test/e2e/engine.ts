import * as fs from 'node:fs';
import { join } from 'node:path';
import { type Engine, profileOf } from './engine-seccomp.ts';

/** A container as an engine makes it; without anything it is that of `docker run`, `podman run` or a pod that asks for nothing. */
export interface EngineContainer {
  readonly engine: Engine;
  /** Kubernetes leaves a container without a profile unconfined, the others do not: this says what holds here. */
  readonly seccomp: 'default' | 'unconfined';
  /** False: systempaths=unconfined, unmask=ALL, procMount: Unmasked. */
  readonly masked?: boolean;
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  /** "ALL", or some of the engine's own. */
  readonly capDrop?: readonly string[];
  readonly noNewPrivileges?: boolean;
  readonly readOnly?: boolean;
  /** Empty file systems by their place, with the options of mount(8): emptyDir, --tmpfs. */
  readonly tmpfs?: { readonly [place: string]: string };
  /** Empty directories that everybody may write, by their place: emptyDir. */
  readonly emptyDirs?: readonly string[];
  /** The account of the first process; that of the image where not given. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Ids outside that 0 and so many after it stand for: a user namespace of the pod's own. */
  readonly userns?: { readonly first: number; readonly count: number };
  readonly env?: { readonly [name: string]: string };
}

/** What the first process is started with. */
export interface First {
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly user: { readonly uid: number; readonly gid: number };
}

const FEW = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP'];
const USUAL: { readonly [E in Engine]: readonly string[] } = {
  podman: [...FEW, 'SETUID', 'SYS_CHROOT'],
  docker: [...FEW, 'SETUID', 'SYS_CHROOT', 'MKNOD', 'NET_RAW', 'AUDIT_WRITE'],
  containerd: [...FEW, 'SETUID', 'SYS_CHROOT', 'MKNOD', 'NET_RAW', 'AUDIT_WRITE'],
};
/** In the order of linux/capability.h. */
const ALL = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER'],
  ...['SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE'],
  ...['SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP'],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
];
const MASKED_BY_ALL = [
  ...['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats'],
  ...['/proc/sched_debug', '/proc/scsi', '/sys/firmware'],
];
const MASKED: { readonly [E in Engine]: readonly string[] } = {
  docker: [...MASKED_BY_ALL, '/proc/asound', '/proc/interrupts', '/sys/devices/virtual/powercap'],
  containerd: [...MASKED_BY_ALL, '/proc/asound', '/proc/interrupts', '/sys/devices/virtual/powercap'],
  podman: [...MASKED_BY_ALL, '/sys/fs/selinux', '/sys/dev/block'],
};
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Of all that Linux has, what this machine can give: a runtime refuses more. */
function possible(names: readonly string[]): readonly string[] {
  const own = BigInt(`0x${/^CapBnd:\s*(\S+)/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  return names.filter((name) => ((own >> BigInt(ALL.indexOf(name))) & 1n) === 1n);
}

function capabilitiesOf({ engine, privileged, capAdd = [], capDrop = [] }: EngineContainer): readonly string[] {
  if (privileged === true) return possible(ALL);
  const kept = capDrop.includes('ALL') ? [] : USUAL[engine].filter((name) => !capDrop.includes(name));
  return possible([...kept, ...(capAdd.includes('ALL') ? ALL : capAdd)]);
}

const mount = (destination: string, type: string, ...options: readonly string[]) => ({
  destination,
  type,
  source: type,
  options,
});

/** A place of this machine that stands in the container where it is; not what is mounted below it. */
export interface Bind {
  readonly path: string;
  /** Where it is outside, if not at the same place. */
  readonly from?: string;
  readonly readOnly: boolean;
}

/** The bundle's configuration, as the engine would write it for runc; the binds are places of this machine. */
export function specOf(container: EngineContainer, first: First, binds: readonly Bind[]) {
  const { engine, privileged = false, masked = !privileged, userns } = container;
  const capabilities = capabilitiesOf(container);
  const named = capabilities.map((name) => `CAP_${name}`);
  // Of another account than root only the bounding set survives the start of its program.
  const own = first.user.uid === 0 ? named : [];
  const confined = container.seccomp === 'default' && !privileged;
  return {
    ociVersion: '1.0.2',
    process: {
      user: { ...first.user, additionalGids: [first.user.gid] },
      args: first.args,
      env: Object.entries(first.env).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      capabilities: { bounding: named, effective: own, permitted: own },
      noNewPrivileges: container.noNewPrivileges === true,
    },
    root: { path: 'rootfs', readonly: container.readOnly === true },
    hostname: 'container',
    mounts: [
      mount('/proc', 'proc', 'nosuid', 'noexec', 'nodev'),
      mount('/dev', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
      mount('/dev/pts', 'devpts', 'nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'),
      mount('/dev/shm', 'tmpfs', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
      mount('/dev/mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
      mount('/sys', 'sysfs', 'nosuid', 'noexec', 'nodev', privileged ? 'rw' : 'ro'),
      mount('/sys/fs/cgroup', 'cgroup', 'nosuid', 'noexec', 'nodev', 'relatime', privileged ? 'rw' : 'ro'),
      ...binds.map(({ path, from = path, readOnly }) => ({
        ...mount(path, 'bind', 'bind', readOnly ? 'ro' : 'rw'),
        source: from,
      })),
      ...Object.entries(container.tmpfs ?? {}).map(([place, options]) => mount(place, 'tmpfs', ...options.split(','))),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'network', ...(userns ? ['user'] : [])].map((type) => ({ type })),
      ...(userns === undefined
        ? {}
        : Object.fromEntries(
            ['uidMappings', 'gidMappings'].map((map) => [
              map,
              [{ containerID: 0, hostID: userns.first, size: userns.count }],
            ]),
          )),
      sysctl: {
        'net.ipv4.ping_group_range': '0 0',
        ...(engine === 'podman' ? {} : { 'net.ipv4.ip_unprivileged_port_start': '0' }),
      },
      maskedPaths: masked ? MASKED[engine] : [],
      readonlyPaths: masked ? [...READONLY, ...(engine === 'podman' ? ['/proc/asound'] : [])] : [],
      ...(confined ? { seccomp: profileOf(engine, capabilities) } : {}),
      resources: { devices: devices(privileged) },
    },
  };
}

/** What containers may open: everything, or the devices of every container. */
function devices(privileged: boolean): readonly object[] {
  if (privileged) return [{ allow: true, access: 'rwm' }];
  const usual = [...[3, 5, 7, 8, 9].map((minor) => [1, minor]), ...[0, 1, 2].map((minor) => [5, minor])] as const;
  return [
    { allow: false, access: 'rwm' },
    ...['c', 'b'].map((type) => ({ allow: true, type, access: 'm' })),
    ...usual.map(([major, minor]) => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
    { allow: true, type: 'c', major: 136, access: 'rwm' },
  ];
}

export function writeEngineBundle(
  bundle: string,
  container: EngineContainer,
  first: First,
  binds: readonly Bind[],
): void {
  fs.mkdirSync(join(bundle, 'rootfs'), { recursive: true });
  fs.writeFileSync(join(bundle, 'config.json'), JSON.stringify(specOf(container, first, binds)));
}
