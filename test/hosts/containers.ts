import { fails, launched, type Machine, NEWUIDMAP_EPERM, refused } from './machine.ts';

/** The image moby/buildkit:rootless, as its Dockerfile makes it. */
const IMAGE = `
  user -> user 1000 /home/user
  env PATH -> /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  env TMPDIR -> /home/user/.local/tmp
  env BUILDKIT_HOST -> unix:///run/user/1000/buildkit/buildkitd.sock
  /etc/os-release -> @OS alpine-3.22.1
  /home/user -> directory 0755 1000:1000
  /home/user/.local -> directory 0755 1000:1000
  /home/user/.local/tmp -> directory 0755 1000:1000
  /home/user/.local/share -> directory 0755 1000:1000
  /home/user/.local/share/buildkit -> directory 0755 1000:1000
  /run/user/1000 -> directory 0755 1000:0
  /etc/subuid -> user:100000:65536
  /usr/bin/buildkit-runc -> program
  /usr/bin/fuse-overlayfs -> program
  /usr/sbin/mount.fuse3 -> program
  /usr/bin/runc -> absent
  /dev/fuse -> absent
  /dev/net/tun -> absent
  /run/systemd/system -> absent
  /proc/self/cgroup -> 0::/
  /sys/kernel/security/lsm -> absent
  /sys/fs/selinux -> absent
`;
const NO_MODULES = (release: string): string => `/lib/modules/${release}/modules.dep -> absent`;
const CACHE = '/home/user/.local/share/buildkit';
const DOCKER_VOLUME = `mount -> 730 721 8:1 /var/lib/docker/volumes/4f1c/_data ${CACHE} rw,relatime master:1 - ext4 /dev/sda1 rw`;
const EMPTY_DIR = (options: string): string =>
  `mount -> 769 757 259:16 /var/lib/kubelet/pods/6d0c/volumes/kubernetes.io~empty-dir/buildkitd ${CACHE} ${options} - ext4 /dev/nvme1n1p1 rw,seclabel`;
const POD_ENV = `
  env KUBERNETES_SERVICE_HOST -> 172.20.0.1
  env BUILDKITD_FLAGS -> --oci-worker-no-process-sandbox
`;
const NO_FUSE = fails(
  'ENOENT',
  "fuse: device not found, try 'modprobe fuse' first⏎fuse-overlayfs: cannot mount: No such file or directory".replace(
    '⏎',
    ' ',
  ),
);
/** What the kernel says where something is mounted over a part of the visible /proc. */
const PROC_MASKED = fails('EPERM', 'mount: /proc: permission denied.');
const ENOSPC = 'failed to start the child: fork/exec /proc/self/exe: no space left on device';
const EPERM = 'failed to start the child: fork/exec /proc/self/exe: operation not permitted';

export const CONTAINERS: readonly Machine[] = [
  {
    id: 'H30',
    request: { daemonless: true },
    title: 'rootless pod on Bottlerocket',
    because: 'the node ships user.max_user_namespaces=0, and only its own settings can change that',
    listing: `
      ${IMAGE}
      ${POD_ENV}
      uname -r -> 6.12.68
      ${NO_MODULES('6.12.68')}
      /proc/sys/user/max_user_namespaces -> 0
      /proc/self/mountinfo -> @MI-BRPOD
      ${EMPTY_DIR('rw,nosuid,nodev,noatime')}
      /proc/self/attr/current -> system_u:system_r:container_t:s0:c171,c852
      /proc/self/status -> @STATUS-K8S
    `,
    probe: refused('its expectation: with this limit the kernel answers ENOSPC', 'clone', 'ENOSPC', ENOSPC),
    expected: {
      level: 'not-ready',
      reasons: ['userns/limits', 'userns/probe'],
      errors: ['userns.max-user-namespaces-zero'],
      warnings: [],
      never: ['storage.disk-full', 'proc.masked', 'storage.locked-mount-flags'],
      remedies: [
        {
          check: 'userns/limits',
          says: ['"risk":"manual"', 'node', 'user.max_user_namespaces'],
          not: ['"do":"sysctl"', '"do":"edit"', '"risk":"safe"'],
        },
      ],
    },
  },
  {
    id: 'H31',
    request: { daemonless: true },
    title: 'rootless pod on Container-Optimized OS, cache on the volume of the image',
    because:
      "containerd mounts that volume nosuid,nodev, and this node's kernel refuses to remount it read-only; an emptyDir does it",
    listing: `
      ${IMAGE}
      ${POD_ENV}
      uname -r -> 6.6.105+
      ${NO_MODULES('6.6.105+')}
      /proc/self/mountinfo -> @MI-BRPOD
      mount -> 757 605 0:139 / / rw,relatime master:180 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/25/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/fs,workdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/work
      mount -> 769 757 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/containers/77ab/volumes/91cd ${CACHE} rw,nosuid,nodev,relatime - ext4 /dev/sda1 rw,commit=30
      /proc/self/attr/current -> unconfined
      /proc/self/status -> @STATUS-K8S
    `,
    probe: launched('its expectation: the read-only bind mount is refused', {
      proc: PROC_MASKED,
      fuseOverlay: NO_FUSE,
      bindReadOnly: fails('EPERM', 'mount: bound: permission denied.'),
    }),
    expected: {
      level: 'not-ready',
      reasons: ['storage/filesystem'],
      errors: ['storage.locked-mount-flags'],
      warnings: [],
      never: ['proc.masked', 'userns.max-user-namespaces-zero'],
      remedies: [{ check: 'storage/filesystem', says: ['emptyDir'] }],
    },
  },
  {
    id: 'H31-emptydir',
    request: { daemonless: true },
    title: 'rootless pod on Container-Optimized OS with an emptyDir',
    because: 'an emptyDir is mounted without locked flags, and the process sandbox is off as the documented pod has it',
    like: 'H31',
    listing: `
      mount -> 769 757 8:1 /var/lib/kubelet/pods/6d0c/volumes/kubernetes.io~empty-dir/buildkitd ${CACHE} rw,relatime - ext4 /dev/sda1 rw,commit=30
    `,
    probe: launched('the good variant of that report', { proc: PROC_MASKED, fuseOverlay: NO_FUSE }),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['proc.masked', 'storage.locked-mount-flags', 'snapshotter.fuse-device-missing'],
    },
  },
  {
    id: 'H33',
    request: { daemonless: true },
    title: 'rootless pod on Talos',
    because: 'Talos sets user.max_user_namespaces=0; its machine configuration alone can change that',
    listing: `
      ${IMAGE}
      ${POD_ENV}
      uname -r -> 6.18.45-talos
      ${NO_MODULES('6.18.45-talos')}
      /proc/sys/user/max_user_namespaces -> 0
      /proc/sys/kernel/yama/ptrace_scope -> 2
      /proc/self/mountinfo -> @MI-BRPOD
      mount -> 757 605 0:139 / / rw,relatime master:180 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/25/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/fs,workdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/work
      ${EMPTY_DIR('rw,nosuid,nodev,noatime')}
      /proc/self/status -> @STATUS-K8S
    `,
    probe: refused('its expectation: with this limit the kernel answers ENOSPC', 'clone', 'ENOSPC', ENOSPC),
    expected: {
      level: 'not-ready',
      reasons: ['userns/limits', 'userns/probe'],
      errors: ['userns.max-user-namespaces-zero'],
      warnings: [],
      remedies: [
        {
          check: 'userns/limits',
          says: ['talosctl', 'sysctls', 'user.max_user_namespaces'],
          not: ['"do":"sysctl"', '"do":"edit"', '"risk":"safe"'],
        },
      ],
    },
  },
  {
    id: 'H36',
    title: 'unprivileged Proxmox container, nesting off',
    because: 'the ranges of the guest lie outside its 65536 ids, and lxcfs over /proc forbids a new proc',
    listing: `
      /etc/os-release -> @OS debian-12
      uname -r -> 6.8.12-9-pve
      ${NO_MODULES('6.8.12-9-pve')}
      /proc/self/uid_map -> @MAP-PVE
      /proc/self/gid_map -> @MAP-PVE
      /proc/sys/user/max_user_namespaces -> 2147483647
      /sys/kernel/security/lsm -> absent
      /etc/subuid -> alice:100000:65536
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
      /proc/1/environ -> container=lxc
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 252:9 / / rw,relatime - ext4 /dev/mapper/pve-vm--101--disk--0 rw,stripe=16
      mount -> 91 22 0:50 /proc/cpuinfo /proc/cpuinfo rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
      mount -> 92 22 0:50 /proc/meminfo /proc/meminfo rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
      mount -> 93 22 0:50 /proc/stat /proc/stat rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
      mount -> 94 22 0:50 /proc/uptime /proc/uptime rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
      mount /sys/kernel/security -> absent
      mount /proc/sys/fs/binfmt_misc -> absent
    `,
    probe: refused('what rootlesskit printed there', 'map', 'EPERM', NEWUIDMAP_EPERM('0 1000 1 1 100000 65536')),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'runtime/process-sandbox', 'userns/probe'],
      errors: ['idmap.nested-userns', 'proc.masked'],
      warnings: [],
      never: ['idmap.newuidmap-not-setuid', 'idmap.no-new-privs', 'idmap.subid-missing'],
      remedies: [{ check: 'idmap/ranges', says: [], not: ['"risk":"safe"'] }],
    },
  },
  {
    id: 'H37',
    title: 'LXD container with nesting, Ubuntu 24.04 on Ubuntu 24.04',
    because: 'its map is wide enough; whether the host restricts it only the probe can tell, and that was not made',
    listing: `
      user -> ubuntu 1000 /home/ubuntu
      /etc/os-release -> @OS ubuntu-24.04
      uname -r -> 6.8.0-64-generic
      /proc/version -> Linux version 6.8.0-64-generic (buildd@lcy02-amd64-083) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, GNU ld (GNU Binutils for Ubuntu) 2.42) #67-Ubuntu SMP PREEMPT_DYNAMIC Sun Jun 15 20:23:31 UTC 2025
      ${NO_MODULES('6.8.0-64-generic')}
      /proc/self/uid_map -> @MAP-LXD
      /proc/self/gid_map -> @MAP-LXD
      /proc/sys/user/max_user_namespaces -> 2147483647
      /proc/sys/kernel/* -> @AA-USERNS-SYSCTLS
      /etc/subuid -> ubuntu:100000:65536
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
      /etc/apparmor.d -> directory
      /etc/apparmor.d/rootlesskit -> @PROFILE-RK
      /sys/module/apparmor/parameters/enabled -> Y
      /proc/1/environ -> container=lxc
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 0:55 /containers/c1/rootfs / rw,relatime - btrfs /dev/loop3 rw,space_cache=v2,user_subvol_rm_allowed,subvolid=259,subvol=/containers/c1
      mount -> 92 22 0:50 /proc/meminfo /proc/meminfo rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0,allow_other
      mount -> 95 23 0:20 / /dev/.lxc/proc rw,relatime - proc proc rw
      mount -> 96 23 0:19 / /dev/.lxc/sys rw,relatime - sysfs sys rw
      mount /proc/sys/fs/binfmt_misc -> absent
    `,
    probe: { notRecorded: "it depends on the host's policy for this container" },
    expected: {
      level: 'unknown',
      reasons: ['userns/probe', 'snapshotter/selected'],
      errors: [],
      warnings: [],
      never: ['idmap.nested-userns', 'proc.masked'],
    },
  },
  {
    id: 'H38',
    title: 'docker run moby/buildkit:rootless with the default security',
    because:
      "Docker's seccomp profile forbids namespaces, its AppArmor profile forbids mounts, its masks forbid a new proc",
    listing: `
      ${IMAGE}
      uname -r -> 6.1.0-29-amd64
      ${NO_MODULES('6.1.0-29-amd64')}
      /.dockerenv -> empty
      /proc/self/mountinfo -> @MI-DOCKER2 + @MI-DOCKER-MASKS
      ${DOCKER_VOLUME}
      /proc/self/status -> @STATUS-DOCKER
      /proc/self/attr/current -> docker-default (enforce)
      /proc/self/attr/apparmor/current -> docker-default (enforce)
    `,
    probe: refused('unshare was answered EPERM there', 'clone', 'EPERM', EPERM),
    expected: {
      level: 'not-ready',
      reasons: ['userns/permission', 'lsm/apparmor', 'runtime/process-sandbox', 'userns/probe'],
      errors: ['seccomp.blocked', 'apparmor.mount-denied', 'proc.masked'],
      warnings: [],
      never: ['userns.apparmor-restricted', 'userns.unprivileged-clone-disabled', 'idmap.newuidmap-not-setuid'],
      remedies: [
        { check: 'userns/permission', says: ['seccomp=unconfined'] },
        { check: 'lsm/apparmor', says: ['apparmor=unconfined'] },
        { check: 'runtime/process-sandbox', says: ['systempaths=unconfined'] },
      ],
    },
  },
  {
    id: 'H39',
    title: 'docker run with the documented flags',
    because: 'nothing is filtered, confined or masked, and the cache is on the volume of the image',
    like: 'H38',
    listing: `
      /proc/self/status -> @STATUS-DOCKER-UNCONFINED
      /proc/self/attr/current -> unconfined
      /proc/self/attr/apparmor/current -> unconfined
      /proc/self/mountinfo -> @MI-DOCKER2
      ${DOCKER_VOLUME}
    `,
    probe: launched('its expectation: healthy', { fuseOverlay: NO_FUSE }),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['proc.masked', 'seccomp.blocked', 'idmap.no-new-privs', 'snapshotter.overlay-on-overlay'],
    },
  },
  {
    id: 'H39-no-volume',
    title: 'docker run with the documented flags, cache on the container itself',
    because: 'overlayfs cannot lie on overlayfs: without a volume BuildKit copies whole layers',
    like: 'H39',
    listing: `
      mount ${CACHE} -> absent
    `,
    probe: launched('overlayfs refuses an upper directory on overlayfs', {
      overlay: fails(
        'EINVAL',
        'mount: merged: wrong fs type, bad option, bad superblock on overlay, missing codepage or helper program, or other error.',
      ),
      fuseOverlay: NO_FUSE,
    }),
    expected: {
      level: 'degraded',
      snapshotter: 'native',
      reasons: ['snapshotter/selected'],
      errors: [],
      warnings: ['snapshotter.native-fallback'],
    },
  },
  {
    id: 'H40',
    title: 'docker run with no-new-privileges',
    because: 'the setuid bit of newuidmap has no effect for such a process',
    like: 'H39',
    listing: `
      /proc/self/status -> @STATUS-DOCKER-NNP
    `,
    probe: refused('what rootlesskit printed there', 'map', 'EPERM', NEWUIDMAP_EPERM('0 1000 1 1 100000 65536')),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/helpers', 'userns/probe'],
      errors: ['idmap.no-new-privs'],
      warnings: [],
      never: ['idmap.newuidmap-not-setuid', 'idmap.nested-userns'],
      remedies: [{ check: 'idmap/helpers', says: ['no-new-privileges'], not: ['"do":"mode"', 'chmod'] }],
    },
  },
  {
    id: 'H41',
    request: { daemonless: true },
    title: 'pod under the restricted Pod Security standard',
    because:
      'seccomp forbids the namespace; allowPrivilegeEscalation=false and the drop of all capabilities void newuidmap',
    listing: `
      ${IMAGE}
      ${POD_ENV}
      uname -r -> 6.1.159-181.297.amzn2023.x86_64
      ${NO_MODULES('6.1.159-181.297.amzn2023.x86_64')}
      /proc/self/mountinfo -> @MI-BRPOD
      mount -> 757 605 0:139 / / rw,relatime master:180 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/25/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/fs,workdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/work
      ${EMPTY_DIR('rw,relatime')}
      /proc/self/status -> @STATUS-K8S-RESTRICTED
    `,
    probe: refused("the container engine's filter answers EPERM", 'clone', 'EPERM', EPERM),
    expected: {
      level: 'not-ready',
      reasons: ['userns/permission', 'idmap/helpers', 'userns/probe'],
      errors: ['seccomp.blocked', 'idmap.no-new-privs', 'idmap.newuidmap-not-setuid'],
      warnings: [],
      never: ['proc.masked', 'userns.max-user-namespaces-zero'],
      remedies: [
        { check: 'userns/permission', says: ['seccompProfile'], not: ['"do":"sysctl"', '"do":"edit"'] },
        { check: 'idmap/helpers', says: ['allowPrivilegeEscalation'], not: ['"do":"mode"'] },
      ],
    },
  },
  {
    id: 'H42',
    title: 'pod with hostUsers: false, buildkitd as its root',
    because: 'root of a user namespace needs no rootlesskit and no subordinate ids',
    listing: `
      user -> root 0 /root
      env PATH -> /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
      env USER -> absent
      env KUBERNETES_SERVICE_HOST -> 172.20.0.1
      /etc/os-release -> @OS alpine-3.22.1
      uname -r -> 6.12.68
      ${NO_MODULES('6.12.68')}
      /usr/bin/rootlesskit -> absent
      /usr/bin/newuidmap -> absent
      /usr/bin/newgidmap -> absent
      /usr/bin/runc -> absent
      /usr/bin/buildkit-runc -> program
      /proc/self/uid_map -> @MAP-PODUSERNS
      /proc/self/gid_map -> @MAP-PODUSERNS
      /proc/sys/user/max_user_namespaces -> 2147483647
      /proc/self/status -> @STATUS-POD-ROOT
      /proc/self/cgroup -> 0::/
      /run/systemd/system -> absent
      /var/lib/buildkit -> directory 0755
      /proc/self/mountinfo -> @MI-BRPOD
      mount -> 757 605 0:139 / / rw,relatime master:180 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/25/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/fs,workdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/work
      mount -> 767 765 0:25 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
      mount -> 769 757 259:16 /var/lib/kubelet/pods/6d0c/volumes/kubernetes.io~empty-dir/buildkitd /var/lib/buildkit rw,relatime - ext4 /dev/nvme1n1p1 rw
      mount /proc/sys -> absent
      mount /proc/acpi -> absent
      mount /proc/kcore -> absent
    `,
    probe: launched("its expectation: buildkitd runs as the pod's root", {
      uidMap: [[0, 65536000, 65536]],
      gidMap: [[0, 65536000, 65536]],
    }),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: [
        'idmap.newuidmap-missing',
        'idmap.subid-missing',
        'idmap.nested-userns',
        'binary.rootless-helper-missing',
      ],
    },
  },
  {
    id: 'H43',
    title: 'rootless podman',
    because:
      'the map of the container ends at 65536, and the range of its user begins at 100000; a filter that lets clone pass is no finding',
    listing: `
      ${IMAGE}
      uname -r -> 6.12.15-200.fc42.x86_64
      ${NO_MODULES('6.12.15-200.fc42.x86_64')}
      /run/.containerenv -> empty
      /proc/self/mountinfo -> @MI-PODMAN2
      mount -> 731 690 8:4 /home/alice/.local/share/containers/storage/volumes/91cd/_data ${CACHE} rw,nosuid,nodev,relatime - xfs /dev/sda4 rw,attr2,inode64
      /proc/self/uid_map -> @MAP-RK
      /proc/self/gid_map -> @MAP-RK
      /proc/sys/user/max_user_namespaces -> 2147483647
      /proc/self/status -> @STATUS-DOCKER
    `,
    probe: refused(
      'what newuidmap prints for ids outside the map',
      'map',
      'EPERM',
      NEWUIDMAP_EPERM('0 1000 1 1 100000 65536'),
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'runtime/process-sandbox', 'userns/probe'],
      errors: ['idmap.nested-userns', 'proc.masked'],
      warnings: [],
      never: ['seccomp.blocked', 'idmap.newuidmap-not-setuid', 'idmap.subid-missing'],
      remedies: [{ check: 'idmap/ranges', says: [], not: ['"risk":"safe"'] }],
    },
  },
  {
    id: 'H45',
    title: 'GitHub runner ubuntu-slim, itself a container',
    because: 'what its engine allows is not known, and no probe was made: unknown is the honest answer',
    listing: `
      user -> runner 1001 /home/runner
      /etc/os-release -> @OS ubuntu-24.04
      uname -r -> 6.17.0-1022-azure
      ${NO_MODULES('6.17.0-1022-azure')}
      /.dockerenv -> empty
      /run/systemd/system -> absent
      /proc/self/cgroup -> 0::/
      /proc/self/mountinfo -> @MI-DOCKER2
      /etc/subuid -> runner:100000:65536
      /sys/kernel/security/lsm -> absent
    `,
    probe: { notRecorded: 'which engine runs it, and how, is not confirmed' },
    expected: {
      level: 'unknown',
      snapshotter: 'native',
      reasons: ['userns/probe', 'snapshotter/selected'],
      errors: [],
      warnings: [],
      never: ['seccomp.blocked', 'userns.apparmor-restricted'],
    },
  },
  {
    id: 'H50',
    title: 'Docker Desktop, cache on a directory shared from macOS',
    because:
      'such a share is a FUSE file system: overlayfs cannot lie on it, and owners are not kept; a named volume does it',
    like: 'H39',
    listing: `
      uname -r -> 6.12.76-linuxkit
      /proc/version -> Linux version 6.12.76-linuxkit (root@buildkitsandbox) (gcc (Alpine 15.2.0) 15.2.0, GNU ld (GNU Binutils) 2.45.1) #1 SMP Sun Mar  8 14:41:59 UTC 2026
      ${NO_MODULES('6.12.76-linuxkit')}
      mount -> 730 721 0:46 /cache ${CACHE} rw,nosuid,nodev,relatime - fakeowner /run/host_mark/Users rw,fakeowner
    `,
    probe: { notRecorded: 'what this share answers is not confirmed' },
    expected: {
      level: 'unknown',
      snapshotter: null,
      reasons: ['userns/probe', 'snapshotter/selected'],
      errors: [],
      warnings: [],
      never: ['proc.masked'],
    },
  },
];
