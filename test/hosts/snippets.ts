/** Texts that many machines share, as their kernels and packages print them; "$UID" stands for the user's id. */

const lines = (...text: string[]): string => `${text.join('\n')}\n`;

function status(user: string, bounding: string, tail: readonly string[], effective = '0000000000000000'): string {
  return lines(
    'Name:\tcat',
    'Umask:\t0022',
    'State:\tR (running)',
    `Uid:\t${user}\t${user}\t${user}\t${user}`,
    `Gid:\t${user}\t${user}\t${user}\t${user}`,
    `Groups:\t${user} `,
    'CapInh:\t0000000000000000',
    `CapPrm:\t${effective}`,
    `CapEff:\t${effective}`,
    `CapBnd:\t${bounding}`,
    'CapAmb:\t0000000000000000',
    ...tail,
  );
}
const security = (noNewPrivs: number, seccomp: number, filters: number): string[] => [
  `NoNewPrivs:\t${noNewPrivs}`,
  `Seccomp:\t${seccomp}`,
  `Seccomp_filters:\t${filters}`,
];

const FS_COMMON = [
  ...'sysfs tmpfs bdev proc cgroup cgroup2 cpuset devtmpfs configfs debugfs tracefs securityfs sockfs bpf pipefs ramfs hugetlbfs devpts'
    .split(' ')
    .map((name) => `nodev\t${name}`),
  '\text3',
  '\text2',
  '\text4',
  'nodev\tautofs',
  'nodev\tmqueue',
  'nodev\tpstore',
];

const login = (start: number): string =>
  lines(
    'UID_MIN\t\t\t 1000',
    'UID_MAX\t\t\t60000',
    `SUB_UID_MIN\t\t   ${start}`,
    'SUB_UID_MAX\t\t600100000',
    'SUB_UID_COUNT\t\t    65536',
    'GID_MIN\t\t\t 1000',
    'GID_MAX\t\t\t60000',
    `SUB_GID_MIN\t\t   ${start}`,
    'SUB_GID_MAX\t\t600100000',
    'SUB_GID_COUNT\t\t    65536',
  );

export const SNIPPETS: { readonly [name: string]: string } = {
  'MAP-INIT': '         0          0 4294967295\n',
  'MAP-PVE': '         0     100000      65536\n',
  'MAP-LXD': '         0    1000000 1000000000\n',
  'MAP-RK': lines('         0       1000          1', '         1     100000      65536'),
  'MAP-PODUSERNS': '         0   65536000      65536\n',

  'STATUS-USER': status('$UID', '000001ffffffffff', security(0, 0, 0)),
  'STATUS-USER-54': status('$UID', '0000003fffffffff', security(0, 0, 0).slice(0, 2)),
  'STATUS-USER-310': status('$UID', '0000001fffffffff', ['Seccomp:\t0']),
  'STATUS-DOCKER': status('$UID', '00000000a80425fb', security(0, 2, 1)),
  // The seccomp profile alone is lifted: capabilities and no_new_privs stay as they are.
  'STATUS-DOCKER-UNCONFINED': status('$UID', '00000000a80425fb', security(0, 0, 0)),
  'STATUS-DOCKER-NNP': status('$UID', '00000000a80425fb', security(1, 0, 0)),
  'STATUS-K8S': status('$UID', '00000000a80425fb', security(0, 0, 0)),
  'STATUS-K8S-RESTRICTED': status('$UID', '0000000000000000', security(1, 2, 1)),
  'STATUS-POD-ROOT': status('0', '000001ffffffffff', security(0, 0, 0), '000001ffffffffff'),

  'FS-COMMON': lines(...FS_COMMON),
  'FS-OVL': lines(...FS_COMMON, 'nodev\toverlay', '\tfuseblk', 'nodev\tfuse', 'nodev\tfusectl'),
  'FS-FC': lines(
    ...'sysfs tmpfs proc cgroup cgroup2 cpuset devtmpfs binfmt_misc debugfs tracefs securityfs sockfs bpf pipefs ramfs hugetlbfs devpts'
      .split(' ')
      .map((name) => `nodev\t${name}`),
    '\text3',
    '\text2',
    '\text4',
    '\tsquashfs',
    'nodev\tautofs',
    '\tfuseblk',
    'nodev\tfuse',
    'nodev\tfusectl',
    'nodev\toverlay',
    '\txfs',
    '\terofs',
    'nodev\tmqueue',
    '\tbtrfs',
    'nodev\tpstore',
  ),

  'MODULES-DEP': lines(
    'kernel/fs/fuse/fuse.ko:',
    'kernel/fs/overlayfs/overlay.ko:',
    'kernel/drivers/net/tun.ko:',
    'kernel/net/bridge/bridge.ko:',
  ),

  'LOGIN-100K': login(100000),
  'LOGIN-524K': `${login(524288)}ENCRYPT_METHOD YESCRYPT\n`,
  'LOGIN-NONE': lines('UID_MIN\t\t\t 1000', 'UID_MAX\t\t\t60000', 'GID_MIN\t\t\t 1000', 'GID_MAX\t\t\t60000'),

  'MI-DEB': lines(
    '21 27 0:19 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw',
    '22 27 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw',
    '23 27 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=10219484k,nr_inodes=2554871,mode=755,inode64',
    '24 23 0:21 / /dev/pts rw,nosuid,noexec,relatime shared:3 - devpts devpts rw,gid=5,mode=620,ptmxmode=000',
    '25 27 0:22 / /run rw,nosuid,nodev,noexec,relatime shared:5 - tmpfs tmpfs rw,size=2047768k,mode=755,inode64',
    '27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro',
    '28 21 0:6 / /sys/kernel/security rw,nosuid,nodev,noexec,relatime shared:8 - securityfs securityfs rw',
    '29 23 0:24 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw,inode64',
    '30 25 0:25 / /run/lock rw,nosuid,nodev,noexec,relatime shared:6 - tmpfs tmpfs rw,size=5120k,inode64',
    '31 21 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot',
    '32 21 0:27 / /sys/fs/pstore rw,nosuid,nodev,noexec,relatime shared:10 - pstore pstore rw',
    '36 22 0:31 / /proc/sys/fs/binfmt_misc rw,relatime shared:15 - autofs systemd-1 rw,fd=29,pgrp=1,timeout=0,minproto=5,maxproto=5,direct,pipe_ino=15811',
    '480 25 0:46 / /run/user/$UID rw,nosuid,nodev,relatime shared:270 - tmpfs tmpfs rw,size=304416k,nr_inodes=76104,mode=700,uid=$UID,gid=$UID,inode64',
  ),
  'MI-EL9': lines(
    '22 1 8:4 / / rw,relatime shared:1 - xfs /dev/sda4 rw,seclabel,attr2,inode64,logbufs=8,logbsize=32k,noquota',
    '23 22 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw',
    '24 22 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:2 - sysfs sysfs rw,seclabel',
    '25 22 0:5 / /dev rw,nosuid shared:8 - devtmpfs devtmpfs rw,seclabel,size=4096k,nr_inodes=1014128,mode=755,inode64',
    '26 24 0:6 / /sys/kernel/security rw,nosuid,nodev,noexec,relatime shared:3 - securityfs securityfs rw',
    '27 25 0:23 / /dev/shm rw,nosuid,nodev shared:9 - tmpfs tmpfs rw,seclabel,inode64',
    '28 25 0:24 / /dev/pts rw,nosuid,noexec,relatime shared:10 - devpts devpts rw,seclabel,gid=5,mode=620,ptmxmode=000',
    '29 22 0:25 / /run rw,nosuid,nodev shared:11 - tmpfs tmpfs rw,seclabel,size=1628732k,nr_inodes=819200,mode=755,inode64',
    '30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,seclabel,nsdelegate,memory_recursiveprot',
    '32 24 0:20 / /sys/fs/selinux rw,nosuid,noexec,relatime shared:7 - selinuxfs selinuxfs rw',
    '410 29 0:45 / /run/user/$UID rw,nosuid,nodev,relatime shared:230 - tmpfs tmpfs rw,seclabel,size=814364k,nr_inodes=203591,mode=700,uid=$UID,gid=$UID,inode64',
  ),
  // Replaces the cgroup2 line of the two above.
  'MI-V1': lines(
    '50 21 0:60 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755',
    '51 50 0:61 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:20 - cgroup cgroup rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd',
    '52 50 0:62 / /sys/fs/cgroup/cpuset rw,nosuid,nodev,noexec,relatime shared:21 - cgroup cgroup rw,cpuset',
    '53 50 0:63 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:22 - cgroup cgroup rw,cpu,cpuacct',
    '54 50 0:64 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:23 - cgroup cgroup rw,memory',
    '55 50 0:65 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime shared:24 - cgroup cgroup rw,devices',
    '56 50 0:66 / /sys/fs/cgroup/freezer rw,nosuid,nodev,noexec,relatime shared:25 - cgroup cgroup rw,freezer',
    '57 50 0:67 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid,nodev,noexec,relatime shared:26 - cgroup cgroup rw,net_cls,net_prio',
    '58 50 0:68 / /sys/fs/cgroup/blkio rw,nosuid,nodev,noexec,relatime shared:27 - cgroup cgroup rw,blkio',
    '59 50 0:69 / /sys/fs/cgroup/perf_event rw,nosuid,nodev,noexec,relatime shared:28 - cgroup cgroup rw,perf_event',
    '60 50 0:70 / /sys/fs/cgroup/hugetlb rw,nosuid,nodev,noexec,relatime shared:29 - cgroup cgroup rw,hugetlb',
    '61 50 0:71 / /sys/fs/cgroup/pids rw,nosuid,nodev,noexec,relatime shared:30 - cgroup cgroup rw,pids',
  ),
  'MI-HYBRID':
    '62 50 0:72 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:31 - cgroup2 cgroup2 rw,nsdelegate\n',

  'MI-DOCKER2': lines(
    '721 386 0:45 / / rw,relatime master:218 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/QHZ7OM7P4AQD3XLG274ZPWAJCV:/var/lib/docker/overlay2/l/5RFG6SZWVGOG2NKEYXJDQCQYX5,upperdir=/var/lib/docker/overlay2/e4ad859fc5d4791932b9b976052f01fb0063e01de3cef916e40ae2121f6a166e/diff,workdir=/var/lib/docker/overlay2/e4ad859fc5d4791932b9b976052f01fb0063e01de3cef916e40ae2121f6a166e/work,nouserxattr',
    '722 721 0:48 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw',
    '723 721 0:50 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64',
    '724 723 0:51 / /dev/pts rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666',
    '725 721 0:52 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro',
    '726 725 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate,memory_recursiveprot',
    '727 723 0:47 / /dev/mqueue rw,nosuid,nodev,noexec,relatime - mqueue mqueue rw',
    '728 723 0:53 / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k,inode64',
  ),
  // What --security-opt systempaths=unconfined leaves out.
  'MI-DOCKER-MASKS': lines(
    '388 722 0:48 /bus /proc/bus ro,nosuid,nodev,noexec,relatime - proc proc rw',
    '389 722 0:48 /fs /proc/fs ro,nosuid,nodev,noexec,relatime - proc proc rw',
    '525 722 0:48 /irq /proc/irq ro,nosuid,nodev,noexec,relatime - proc proc rw',
    '526 722 0:48 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw',
    '571 722 0:48 /sysrq-trigger /proc/sysrq-trigger ro,nosuid,nodev,noexec,relatime - proc proc rw',
    '572 722 0:57 / /proc/asound ro,relatime - tmpfs tmpfs ro,inode64',
    '575 722 0:58 / /proc/acpi ro,relatime - tmpfs tmpfs ro,inode64',
    '576 722 0:50 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64',
    '577 722 0:50 /null /proc/keys rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64',
    '578 722 0:50 /null /proc/timer_list rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,inode64',
    '579 722 0:59 / /proc/scsi ro,relatime - tmpfs tmpfs ro,inode64',
    '580 725 0:60 / /sys/firmware ro,relatime - tmpfs tmpfs ro,inode64',
  ),
  'MI-PODMAN2': lines(
    '690 546 0:55 / / rw,relatime - overlay overlay rw,lowerdir=/home/alice/.local/share/containers/storage/overlay/l/NPOHYOD3PI3YW6TQSGBOVOUSK6,upperdir=/home/alice/.local/share/containers/storage/overlay/565c206f/diff,workdir=/home/alice/.local/share/containers/storage/overlay/565c206f/work,redirect_dir=nofollow,uuid=on,volatile,userxattr',
    '691 690 0:59 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw',
    '692 690 0:61 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755,uid=1000,gid=1000,inode64',
    '693 690 0:62 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs rw',
    '688 690 0:63 /containers/overlay-containers/c33988ec/userdata/.containerenv /run/.containerenv rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=1637624k,nr_inodes=409406,mode=700,uid=1000,gid=1000,inode64',
    '696 693 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot',
    '704 691 0:67 / /proc/acpi ro,relatime - tmpfs tmpfs rw,size=0k,uid=1000,gid=1000,inode64',
    '705 691 0:6 /null /proc/kcore ro,nosuid,relatime - devtmpfs udev rw,size=8147812k,nr_inodes=2036953,mode=755,inode64',
    '717 691 0:59 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw',
  ),
  'MI-BRPOD': lines(
    '757 605 0:139 / / rw,relatime master:180 - overlay overlay rw,context="system_u:object_r:data_t:s0:c171,c852",lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/25/fs,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/fs,workdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/26/work',
    '758 757 0:143 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw',
    '760 757 0:145 / /dev rw,nosuid - tmpfs tmpfs rw,context="system_u:object_r:data_t:s0:c171,c852",size=65536k,mode=755',
    '765 757 0:111 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro,seclabel',
    '767 765 0:25 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,seclabel',
    '781 757 0:98 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw,seclabel,size=3380568k',
    '609 758 0:143 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw',
    '621 758 0:149 / /proc/acpi ro,relatime - tmpfs tmpfs ro,context="system_u:object_r:data_t:s0:c171,c852"',
    '622 758 0:145 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,context="system_u:object_r:data_t:s0:c171,c852",size=65536k,mode=755',
  ),

  'PROFILE-RK': `# This profile allows everything and only exists to give the
# application a name instead of having the label "unconfined"

abi <abi/4.0>,
include <tunables/global>

profile rootlesskit /usr/bin/rootlesskit flags=(unconfined) {
  userns,

  # Site-specific additions and overrides. See local/README for details.
  include if exists <local/rootlesskit>
}
`,
  'BOTTLEROCKET-OS': lines(
    'NAME=Bottlerocket',
    'ID=bottlerocket',
    'VERSION="1.56.0 (aws-k8s-1.35)"',
    'PRETTY_NAME="Bottlerocket OS 1.56.0 (aws-k8s-1.35)"',
    'VARIANT_ID=aws-k8s-1.35',
    'VERSION_ID=1.56.0',
    'BUILD_ID=1a2b3c4d',
  ),
};

/** AppArmor's settings on an Ubuntu kernel that restricts user namespaces, below /proc/sys/kernel. */
export const APPARMOR_SYSCTLS: { readonly [name: string]: string } = {
  apparmor_restrict_unprivileged_userns: '1',
  apparmor_restrict_unprivileged_userns_complain: '0',
  apparmor_restrict_unprivileged_userns_force: '0',
  apparmor_restrict_unprivileged_unconfined: '0',
  apparmor_restrict_unprivileged_io_uring: '0',
  unprivileged_userns_apparmor_policy: '1',
  unprivileged_userns_clone: '1',
};

/** Magic numbers of statfs(2) by the name that mountinfo gives. */
export const MAGIC: { readonly [fstype: string]: number } = {
  ext4: 0xef53,
  xfs: 0x58465342,
  btrfs: 0x9123683e,
  tmpfs: 0x01021994,
  devtmpfs: 0x01021994,
  overlay: 0x794c7630,
  proc: 0x9fa0,
  sysfs: 0x62656572,
  cgroup: 0x27e0eb,
  cgroup2: 0x63677270,
  '9p': 0x01021997,
  lxfs: 0x53464846,
  wslfs: 0x53464846,
  virtiofs: 0x65735546,
  'fuse.lxcfs': 0x65735546,
  securityfs: 0x73636673,
  selinuxfs: 0xf97cff8c,
  squashfs: 0x73717368,
};
