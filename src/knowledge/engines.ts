/** Who made the container that we are in, as far as it can be told: "other" is any of them. */
export type Engine = 'kubernetes' | 'docker' | 'podman' | 'lxc' | 'containerd' | 'systemd-nspawn' | 'other';

/**
 * The words to copy by which each engine grants something; {} stands for what is granted, where that has a name.
 * Docker's are nerdctl's too. Empty: this engine keeps nobody from it. Left out: its words are not known.
 */
interface Words {
  readonly docker: string;
  /** Where they are not Docker's. */
  readonly podman?: string;
  /** Fields of the pod, and of the container in it. */
  readonly kubernetes: string;
  /** Settings of LXD, Incus and Proxmox. */
  readonly lxc?: string;
  readonly nspawn?: string;
  /** containerd's own client, whose filters and profiles are only what it is asked for. */
  readonly ctr?: string;
}

const NESTING = 'security.nesting=true (LXD, Incus) or features: nesting=1,keyctl=1 (Proxmox)';

/** What buildkitd may need of whoever starts its container. */
export const GRANTS = {
  /** Nothing of /proc hidden, so that a RUN step can get a /proc of its own. */
  'unmasked-proc': {
    docker: '--security-opt systempaths=unconfined',
    podman: '--security-opt unmask=ALL',
    kubernetes:
      "hostUsers: false, and securityContext.procMount: Unmasked for the container that runs buildkitd; with the rootless image the kubelet's userNamespaces.idsPerPod must be at least 196608",
    lxc: NESTING,
    ctr: '--privileged',
  },
  /** No seccomp filter: namespaces, mounts and keys. */
  'unfiltered-calls': {
    docker: '--security-opt seccomp=unconfined',
    kubernetes: 'securityContext.seccompProfile: {type: Unconfined}',
    lxc: NESTING,
    nspawn: '--system-call-filter="@mount @keyring"',
    ctr: '',
  },
  'no-apparmor': {
    docker: '--security-opt apparmor=unconfined',
    kubernetes:
      'securityContext.appArmorProfile: {type: Unconfined} (before Kubernetes 1.30 the annotation container.apparmor.security.beta.kubernetes.io/CONTAINER: unconfined)',
    lxc: NESTING,
    nspawn: '',
    ctr: '',
  },
  /** No context of SELinux around it. */
  'no-selinux': {
    docker: '--security-opt label=disable',
    kubernetes: 'securityContext.seLinuxOptions: {type: spc_t}',
    lxc: '',
    nspawn: '',
    ctr: '',
  },
  /** All that root may do. */
  privileged: {
    docker: '--privileged',
    kubernetes: 'securityContext.privileged: true',
    lxc: 'security.privileged=true (LXD, Incus) or unprivileged: 0 (Proxmox)',
    nspawn: '--capability=all',
    ctr: '--privileged',
  },
  /** Setuid bits and file capabilities count. */
  'new-privileges': {
    docker: '--security-opt no-new-privileges=false',
    kubernetes:
      'securityContext.allowPrivilegeEscalation: true (the Pod Security level "restricted" refuses that; "baseline" takes a rootless BuildKit that sets neither seccompProfile nor appArmorProfile)',
    nspawn: '--no-new-privileges=no',
    ctr: '--allow-new-privs',
  },
  /** Without the prefix CAP_. */
  capability: {
    docker: '--cap-add {}',
    kubernetes: 'securityContext.capabilities.add: [{}]',
    nspawn: '--capability=CAP_{}',
    ctr: '--cap-add CAP_{}',
  },
  device: {
    docker: '--device {}',
    kubernetes: 'a device plugin for {}',
    lxc: '"lxc config device add NAME buildkit unix-char path={}" (LXD, Incus) or dev0: {} (Proxmox)',
    nspawn: '--bind={} --property=DeviceAllow="{} rwm"',
    ctr: '--device {}',
  },
  /** A file system of a local disk, at this path. */
  volume: {
    docker: '-v buildkit:{}',
    kubernetes: 'an emptyDir volume with mountPath: {}',
    lxc: '"lxc config device add NAME buildkit disk source=DIRECTORY path={}" (LXD, Incus) or mp0: STORAGE:32,mp={} (Proxmox)',
    nspawn: '--bind=DIRECTORY:{}',
    ctr: '--mount type=bind,src=DIRECTORY,dst={},options=rbind:rw',
  },
  'own-cgroups': {
    docker: '--cgroupns=private',
    kubernetes: 'securityContext.privileged: true',
    lxc: NESTING,
  },
  /** A uid that the image knows. */
  account: {
    docker: '--user {}',
    kubernetes: 'securityContext.runAsUser: {}',
    nspawn: '--user={}',
  },
  /** A user namespace around the container with so many ids. */
  ids: {
    docker: '"userns-remap" in /etc/docker/daemon.json for an account with {} ids in /etc/subuid and /etc/subgid',
    podman: '--uidmap 0:1:{} --gidmap 0:1:{} for an account with so many ids in /etc/subuid and /etc/subgid',
    kubernetes: "userNamespaces.idsPerPod: {} in the kubelet's configuration",
    lxc: '"lxc config set NAME security.idmap.size {}" (LXD, Incus) or wider lxc.idmap lines in /etc/pve/lxc/ID.conf (Proxmox)',
    nspawn: '--private-users=524288:{}',
  },
  'open-files': {
    docker: '--ulimit nofile={}',
    kubernetes: "LimitNOFILE={} in the unit of the node's containerd or CRI-O",
    lxc: 'limits.kernel.nofile={} (LXD, Incus) or lxc.prlimit.nofile: {} (Proxmox)',
    nspawn: '--rlimit=NOFILE={}',
  },
  processes: {
    docker: '--ulimit nproc={}',
    kubernetes: "LimitNPROC={} in the unit of the node's containerd or CRI-O",
    lxc: 'limits.kernel.nproc={} (LXD, Incus) or lxc.prlimit.nproc: {} (Proxmox)',
    nspawn: '--rlimit=NPROC={}',
  },
  'file-size': {
    docker: '--ulimit fsize=-1',
    kubernetes: "LimitFSIZE=infinity in the unit of the node's containerd or CRI-O",
    lxc: 'limits.kernel.fsize=unlimited (LXD, Incus) or lxc.prlimit.fsize: unlimited (Proxmox)',
    nspawn: '--rlimit=FSIZE=infinity',
  },
  'address-space': {
    docker: '--ulimit as=-1',
    kubernetes: "LimitAS=infinity in the unit of the node's containerd or CRI-O",
    lxc: 'limits.kernel.as=unlimited (LXD, Incus) or lxc.prlimit.as: unlimited (Proxmox)',
    nspawn: '--rlimit=AS=infinity',
  },
  'pids-of-group': {
    docker: '--pids-limit {}',
    kubernetes: "podPidsLimit: {} in the kubelet's configuration (podPidsLimit of the node)",
    lxc: 'limits.processes={} (LXD, Incus) or lxc.cgroup2.pids.max: {} (Proxmox)',
    nspawn: '--property=TasksMax={}',
  },
  'memory-of-group': {
    docker: '--memory 2g',
    kubernetes: 'resources.limits.memory of at least 2Gi, or none',
    lxc: 'limits.memory=2GiB (LXD, Incus) or memory: 2048 (Proxmox)',
    nspawn: '--property=MemoryMax=2G',
  },
} as const satisfies { readonly [grant: string]: Words };

export type Grant = keyof typeof GRANTS;
/** A grant, with the name of what is granted where it takes one. */
export type Wanted = Grant | readonly [grant: Grant, name: string];

/** The words to copy for one engine; null: not all of them are known. */
export function wordsOf(engine: keyof Words, ...wanted: readonly Wanted[]): string | null {
  const found = wanted.map((one) => {
    const [grant, name] = typeof one === 'string' ? [one, ''] : one;
    const row: Words = GRANTS[grant];
    return (engine === 'podman' ? (row.podman ?? row.docker) : row[engine])?.replaceAll('{}', name);
  });
  if (found.includes(undefined)) return null;
  const told = [...new Set(found)].filter((words) => words !== '' && words !== undefined);
  return told.join(engine === 'kubernetes' || engine === 'lxc' ? ', and ' : ' ');
}

/** Where an engine is told, as a clause: "docker run --privileged …". What it has no words for is told for those that have. */
export function clauseFor(engine: Engine, ...wanted: readonly Wanted[]): string {
  const words = (of: keyof Words): string | null => wordsOf(of, ...wanted);
  const pod = words('kubernetes') ?? '';
  const docker = `docker run ${words('docker') ?? ''} …`;
  switch (engine) {
    case 'kubernetes':
      return `in the pod: ${pod}`;
    case 'docker':
      return docker;
    case 'containerd':
      return `nerdctl run ${words('docker') ?? ''} …${words('ctr') ? `; ctr run ${words('ctr')} …` : ''}`;
    case 'podman':
      return `podman run ${words('podman') ?? ''} …`;
    case 'lxc':
      if (words('lxc') !== null) return `on the LXC host: ${words('lxc')}`;
      break;
    case 'systemd-nspawn':
      if (words('nspawn')) return `systemd-nspawn ${words('nspawn')} …`;
      break;
    case 'other':
      break;
  }
  const podman = words('podman') === words('docker') ? '' : `; podman run ${words('podman')} …`;
  return `${docker}${podman}; in a pod: ${pod}`;
}

/** Where an engine is told, as a sentence. */
export function sentenceFor(engine: Engine, ...wanted: readonly Wanted[]): string {
  const clause = clauseFor(engine, ...wanted);
  if (clause.startsWith('in the pod: ')) return `In the pod: ${clause.slice('in the pod: '.length)}.`;
  if (clause.startsWith('on the LXC host: '))
    return `On the LXC host: ${clause.slice('on the LXC host: '.length)}; then restart the container.`;
  return `Start the container with: ${clause}`;
}

/** What gives RUN steps a /proc, or does without, in sentences; what works in most places first. */
export function waysToProc(engine: Engine): readonly string[] {
  const unmasked = sentenceFor(engine, 'unmasked-proc');
  if (engine !== 'kubernetes') return [unmasked];
  const granted = wordsOf('kubernetes', ['capability', 'SYS_ADMIN'], 'unfiltered-calls', 'no-apparmor');
  return [
    'With the rootless image and without hostUsers: false, start buildkitd with --oci-worker-no-process-sandbox; every cluster takes that.',
    `Or take the mask away. ${unmasked}`,
    `Or use the image that is not rootless, with hostUsers: false and ${granted}: it needs no procMount.`,
  ];
}

/** The same as a line of a remedy, with the command to copy where there is one. */
export function lineFor(engine: 'docker' | 'podman' | 'kubernetes' | 'lxc', ...wanted: readonly Wanted[]): string {
  return engine === 'docker' || engine === 'podman'
    ? `$ ${clauseFor(engine, ...wanted)}`
    : sentenceFor(engine, ...wanted);
}

/** What a container stands on, where limits of the whole machine are set. */
export function groundOf(engine: Engine): 'node' | 'host' {
  return engine === 'kubernetes' ? 'node' : 'host';
}
