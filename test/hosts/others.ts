import { fails, launched, type Machine, NEWUIDMAP_EPERM, refused } from './machine.ts';

const FILE_CAPABILITIES = `
  /usr/bin/newuidmap -> program 0755 cap_setuid=ep
  /usr/bin/newgidmap -> program 0755 cap_setgid=ep
`;
const NIX_BIN = '/run/current-system/sw/bin';

export const OTHERS: readonly Machine[] = [
  {
    id: 'H23',
    title: 'opensuse-leap-15.4',
    because: 'this distribution does not give ranges to new accounts: both files are empty',
    listing: `
      /etc/os-release -> @OS opensuse-leap-15.6 with 15.4 for 15.6
      uname -r -> 5.14.21-150400.24.97-default
      /proc/version -> Linux version 5.14.21-150400.24.97-default (geeko@buildhost) (gcc (SUSE Linux) 7.5.0, GNU ld (GNU Binutils; SUSE Linux Enterprise 15) 2.41.0.20230908-150100.7.46) #1 SMP PREEMPT_DYNAMIC Wed Jan 10 13:40:49 UTC 2024 (8afebed)
      /proc/self/mountinfo -> @MI-DEB + @MI-V1 + @MI-HYBRID
      mount -> 27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      mount -> 50 21 0:60 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,size=4096k,nr_inodes=1024,mode=755,inode64
      /etc/subuid -> empty
      /etc/subgid -> empty
      /usr/bin/newuidmap -> program 4755 0:15
      /usr/bin/newgidmap -> program 4755 0:15
      /sys/module/apparmor/parameters/enabled -> Y
      /proc/self/attr/current -> unconfined
    `,
    probe: refused(
      'its expectation: the ranges are missing',
      'map',
      null,
      'failed to setup UID/GID map: failed to compute uid/gid map: No subuid ranges found for user 1000 ("alice")',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-missing'],
      warnings: [],
      never: ['idmap.newuidmap-not-setuid'],
      remedies: [{ check: 'idmap/ranges', says: ['alice:100000:65536', '/etc/subuid', '/etc/subgid'] }],
    },
  },
  {
    id: 'H24',
    title: 'sles-15.7 with paranoid permissions',
    because: 'permissions.paranoid takes the setuid bit away, and would take it away again after a chmod',
    listing: `
      /etc/os-release -> @OS sles-15.7
      uname -r -> 6.4.0-150700.53.3-default
      /etc/sysconfig/security -> PERMISSION_SECURITY="paranoid local"
      /etc/permissions.local -> # local overrides
      /usr/bin/chkstat -> program
      /usr/bin/newuidmap -> program 0755 0:15
      /usr/bin/newgidmap -> program 0755 0:15
      /proc/self/mountinfo -> @MI-DEB
      /sys/module/apparmor/parameters/enabled -> Y
      /proc/self/attr/current -> unconfined
    `,
    probe: refused(
      'its expectation: newuidmap has neither setuid bit nor capabilities',
      'map',
      'EPERM',
      NEWUIDMAP_EPERM('0 1000 1 1 100000 65536'),
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/helpers', 'userns/probe'],
      errors: ['idmap.newuidmap-not-setuid'],
      warnings: [],
      remedies: [{ check: 'idmap/helpers', says: ['chkstat', 'permissions.local'], not: ['"do":"mode"'] }],
    },
  },
  {
    id: 'H25',
    title: 'opensuse-tumbleweed',
    because:
      'os-release has comments, login.defs stands in /usr/etc; which LSM it runs is not sure, so no probe was written for it',
    listing: `
      /etc/os-release -> @OS opensuse-tumbleweed
      uname -r -> 6.17.5-1-default
      /usr/etc/login.defs -> @LOGIN-100K
      /etc/login.defs -> absent
      /proc/self/mountinfo -> @MI-DEB
    `,
    probe: { notRecorded: 'the security modules of this release are not confirmed' },
    expected: { level: 'unknown', reasons: ['userns/probe', 'snapshotter/selected'], errors: [], warnings: [] },
  },
  {
    id: 'H26',
    title: 'arch',
    because: 'os-release has no version and no LSM is active: both are as they should be here',
    listing: `
      /etc/os-release -> @OS arch
      uname -r -> 6.8.9-arch1-2
      /proc/version -> Linux version 6.6.4-arch1-1 (linux@archlinux) (gcc (GCC) 13.2.1 20230801, GNU ld (GNU Binutils) 2.41.0) #1 SMP PREEMPT_DYNAMIC Mon, 04 Dec 2023 00:29:19 +0000
      /sys/kernel/security/lsm -> capability,landlock,lockdown,yama,bpf
      /sys/fs/selinux -> absent
      /proc/self/attr/current -> EACCES
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 0:30 / / rw,relatime shared:1 - btrfs /dev/sda3 rw,compress-force=zstd:3,space_cache=v2,subvolid=5,subvol=/
      mount -> 70 27 0:40 / /tmp rw,nosuid,nodev shared:40 - tmpfs tmpfs rw,size=494200k,nr_inodes=1048576,inode64
      ${FILE_CAPABILITIES}
      /usr/bin/getsubids -> program
      /lib -> symlink usr/lib
      /usr/lib/modules/6.8.9-arch1-2/modules.dep -> @MODULES-DEP
      /lib/modules/6.8.9-arch1-2/modules.dep -> absent
      /lib/modules -> absent
    `,
    probe: launched('its expectation: healthy'),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
  {
    id: 'H26-upgraded',
    title: 'arch, kernel replaced and not rebooted',
    because:
      'the modules of the running kernel are gone: overlay cannot be loaded any more, so BuildKit copies layers until a reboot',
    like: 'H26',
    listing: `
      /usr/lib/modules/6.8.9-arch1-2/modules.dep -> absent
      /usr/lib/modules/6.9.1-arch1-1/modules.dep -> @MODULES-DEP
      /proc/filesystems -> @FS-COMMON
      /dev/net/tun -> absent
    `,
    probe: launched('a file system that the kernel does not know and cannot load', {
      overlay: fails('ENODEV', "mount: merged: unknown filesystem type 'overlay'."),
    }),
    expected: {
      level: 'degraded',
      snapshotter: 'native',
      reasons: ['snapshotter/selected'],
      errors: [],
      warnings: ['snapshotter.native-fallback'],
      never: ['net.tun-missing'],
    },
  },
  {
    id: 'H27',
    title: 'arch with linux-hardened',
    because: 'this kernel keeps user namespaces for root unless the setting says otherwise',
    like: 'H26',
    listing: `
      uname -r -> 6.8.7-hardened1-2-hardened
      /usr/lib/modules/6.8.9-arch1-2/modules.dep -> absent
      /usr/lib/modules/6.8.7-hardened1-2-hardened/modules.dep -> @MODULES-DEP
      /lib/modules/6.8.7-hardened1-2-hardened/modules.dep -> absent
      /proc/sys/kernel/unprivileged_userns_clone -> 0
    `,
    probe: refused(
      'unshare was answered EPERM there',
      'clone',
      'EPERM',
      'failed to start the child: fork/exec /proc/self/exe: operation not permitted',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['userns/permission', 'userns/probe'],
      errors: ['userns.unprivileged-clone-disabled'],
      warnings: [],
      never: ['userns.apparmor-restricted', 'seccomp.blocked'],
      remedies: [{ check: 'userns/permission', says: ['kernel.unprivileged_userns_clone', '/etc/sysctl.d/'] }],
    },
  },
  {
    id: 'H28',
    title: 'alpine-3.22 with OpenRC',
    because:
      "busybox's adduser gives out no ranges, the helpers are a package of their own, and nothing makes /run/user",
    listing: `
      /etc/os-release -> @OS alpine-3.22.1
      uname -r -> 6.6.94-0-lts
      /proc/version -> Linux version 6.6.94-0-lts (buildozer@build-3-20-x86_64) (gcc (Alpine 13.2.1_git20240309) 13.2.1 20240309, GNU ld (GNU Binutils) 2.42) #1-Alpine SMP PREEMPT_DYNAMIC 2025-06-23 15:38:39
      /etc/subuid -> absent
      /etc/subgid -> absent
      /usr/bin/newuidmap -> absent
      /usr/bin/newgidmap -> absent
      /run/user -> absent
      /run/user/1000 -> absent
      env XDG_RUNTIME_DIR -> absent
      /dev/net/tun -> absent
      /run/systemd/system -> absent
      /etc/sysctl.conf -> # content of this file will override /etc/sysctl.d/*
      /proc/self/mountinfo -> @MI-DEB
      mount /run/user/1000 -> absent
      /proc/self/cgroup -> 0::/
    `,
    probe: refused(
      'RootlessKit opens /etc/subuid before it needs newuidmap',
      'map',
      'ENOENT',
      'failed to setup UID/GID map: failed to compute uid/gid map: open /etc/subuid: no such file or directory',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/helpers', 'idmap/ranges', 'runtime/session', 'userns/probe', 'net/sockets'],
      errors: ['idmap.newuidmap-missing', 'idmap.subid-missing', 'env.xdg-runtime-dir', 'socket.permission'],
      warnings: [],
      never: ['net.tun-missing', 'systemd.user-session'],
      remedies: [
        { check: 'idmap/helpers', says: ['apk', 'add', 'shadow'] },
        { check: 'runtime/session', says: ['/run/user/1000'], not: ['loginctl', 'systemctl'] },
      ],
    },
  },
  {
    id: 'H29',
    title: 'flatcar without BuildKit',
    because: 'nothing can be installed by a package manager here: the advice is /opt/bin or the container image',
    listing: `
      /etc/os-release -> @OS flatcar-aks
      uname -r -> 6.12.91-flatcar
      /proc/version -> Linux version 6.12.91-flatcar (build@pony-truck.infra.kinvolk.io) (x86_64-cros-linux-gnu-gcc (Gentoo Hardened 15.2.1_p20260214 p5) 15.2.1 20260214, GNU ld (Gentoo 2.46.0 p1) 2.46.0) #1 SMP PREEMPT_DYNAMIC Tue May 26 13:39:20 -00 2026
      /sys/fs/selinux/enforce -> 0
      /proc/self/mountinfo -> @MI-EL9
      mount -> 22 1 8:9 / / rw,relatime shared:1 - ext4 /dev/sda9 rw,seclabel
      mount -> 33 22 254:0 / /usr ro,relatime shared:6 - btrfs /dev/mapper/usr ro,seclabel,rescue=nologreplay
      /usr/bin/buildkitd -> absent
      /usr/bin/buildctl -> absent
      /usr/bin/rootlesskit -> absent
    `,
    probe: { notRecorded: 'there is no rootlesskit to launch' },
    expected: {
      level: 'not-ready',
      reasons: ['runtime/binaries'],
      errors: ['binary.buildkitd-missing', 'binary.rootless-helper-missing'],
      warnings: [],
      remedies: [
        {
          check: 'runtime/binaries',
          says: ['/opt/bin'],
          not: ['apt-get', '/usr/bin/dnf', '/usr/bin/yum', 'zypper', 'pacman', '/sbin/apk', 'emerge'],
        },
      ],
    },
  },
  {
    id: 'H34',
    title: 'WSL 2, ubuntu-24.04',
    because: "Microsoft's kernel has no AppArmor restriction whatever os-release says, and the cache is on ext4",
    listing: `
      /etc/os-release -> @OS ubuntu-24.04
      uname -r -> 6.6.87.2-microsoft-standard-WSL2
      /proc/version -> Linux version 6.6.87.2-microsoft-standard-WSL2 (root@439a258ad544) (gcc (GCC) 11.2.0, GNU ld (GNU Binutils) 2.37) #1 SMP PREEMPT_DYNAMIC Thu Jun  5 18:30:46 UTC 2025
      /proc/sys/kernel/apparmor_restrict_unprivileged_userns -> absent
      /proc/sys/kernel/unprivileged_userns_clone -> absent
      /sys/kernel/security/lsm -> absent
      /sys/module/apparmor/parameters/enabled -> N
      /sys/fs/selinux/enforce -> absent
      /etc/apparmor.d -> directory
      /etc/apparmor.d/rootlesskit -> @PROFILE-RK
      /usr/local/bin/rootlesskit -> program
      /usr/bin/rootlesskit -> absent
      /etc/wsl.conf -> [boot]⏎systemd=true
      env WSL_DISTRO_NAME -> Ubuntu-24.04
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 8:32 / / rw,relatime shared:1 - ext4 /dev/sdc rw,discard,errors=remount-ro,data=ordered
      mount -> 71 27 0:70 / /mnt/c rw,noatime - 9p drvfs rw,dirsync,aname=drvfs;path=C:\\;uid=1000;gid=1000;symlinkroot=/mnt/,mmap,access=client,msize=65536,trans=fd,rfd=5,wfd=5
      mount -> 72 27 0:71 / /usr/lib/wsl/drivers ro,nosuid,nodev,noatime - 9p none ro,dirsync,aname=drivers;fmask=222;dmask=222,mmap,access=client,msize=65536,trans=fd,rfd=7,wfd=7
      mount -> 73 27 0:72 / /mnt/wslg rw,relatime shared:50 - tmpfs none rw
      mount /sys/kernel/security -> absent
      /lib/modules/6.6.87.2-microsoft-standard-WSL2/modules.dep -> absent
      /mnt/c -> directory 0777 1000:1000
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
    `,
    probe: launched('its expectation: healthy where the cache is on ext4'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['userns.apparmor-restricted', 'kernel.config-missing'],
    },
  },
  {
    id: 'H34-mnt-c',
    title: 'WSL 2, cache on the Windows drive',
    because: '9p keeps no Unix owners and takes no overlay: the cache must be on the Linux disk',
    like: 'H34',
    listing: `
      env XDG_DATA_HOME -> /mnt/c/data
    `,
    probe: launched('its expectation: an error where the cache is under /mnt/c', {
      overlay: fails(
        'EINVAL',
        'mount: merged: wrong fs type, bad option, bad superblock on overlay, missing codepage or helper program, or other error.',
      ),
      chown: fails('EPERM', "chown: changing ownership of 'owned': Operation not permitted"),
    }),
    expected: {
      level: 'not-ready',
      snapshotter: 'native',
      reasons: ['storage/filesystem'],
      errors: ['storage.network-filesystem'],
      warnings: ['snapshotter.native-fallback'],
      never: ['storage.permission'],
    },
  },
  {
    id: 'H35',
    title: 'WSL 1',
    because:
      'it has no namespaces at all; whether /proc/self/ns/user exists there is not sure, so no probe was written for it',
    listing: `
      /etc/os-release -> @OS ubuntu-20.04
      uname -r -> 4.4.0-19041-Microsoft
      /proc/version -> Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com) (gcc version 5.4.0 (GCC) ) #1237-Microsoft Sat Sep 11 14:32:00 PST 2021
      /proc/self/ns/user -> absent
      /proc/self/uid_map -> absent
      /proc/self/gid_map -> absent
      /proc/sys/user/max_user_namespaces -> absent
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 0:2 / / rw,noatime - lxfs rootfs rw
      mount /sys/kernel/security -> absent
      mount -> 50 21 0:60 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755
      mount -> 55 50 0:65 / /sys/fs/cgroup/devices rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw,devices
      /proc/filesystems -> absent
      /run/systemd/system -> absent
      /lib/modules/4.4.0-19041-Microsoft/modules.dep -> absent
      /dev/fuse -> absent
      /dev/net/tun -> absent
    `,
    probe: { notRecorded: 'what it answers is not confirmed' },
    expected: {
      level: 'not-ready',
      snapshotter: 'native',
      reasons: ['kernel/version', 'userns/permission'],
      errors: ['env.wsl-integration', 'userns.kernel-disabled'],
      warnings: [],
      remedies: [{ check: 'kernel/version', says: ['wsl --set-version'] }],
    },
  },
  {
    id: 'H47',
    title: 'AKS node, Azure Linux 3',
    because: 'a distribution that names no relatives in os-release: healthy all the same',
    listing: `
      /etc/os-release -> @OS azurelinux-aks
      uname -r -> 6.6.150.1-1.azl3
      /proc/version -> Linux version 6.6.150.1-1.azl3 (root@CBL-Mariner) (gcc (GCC) 13.2.0, GNU ld (GNU Binutils) 2.41) #1 SMP PREEMPT_DYNAMIC Mon Aug 10 11:36:52 UTC 2026
      /proc/self/mountinfo -> @MI-DEB
    `,
    probe: launched('its expectation: healthy'),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
  {
    id: 'H48',
    title: 'nixos-25.05, PATH without the wrappers',
    because: 'the newuidmap of the store is never privileged; the one that is stands in /run/wrappers/bin',
    listing: `
      env PATH -> ${NIX_BIN}:/nix/var/nix/profiles/default/bin
      /etc/os-release -> @OS nixos-25.05
      uname -r -> 6.12.32
      /usr/bin/buildkitd -> absent
      /usr/bin/buildctl -> absent
      /usr/bin/rootlesskit -> absent
      /usr/bin/runc -> absent
      /usr/bin/git -> absent
      /usr/bin/ip -> absent
      /usr/bin/nsenter -> absent
      /usr/bin/unshare -> absent
      /usr/bin/newuidmap -> absent
      /usr/bin/newgidmap -> absent
      ${NIX_BIN}/buildkitd -> program 0555
      ${NIX_BIN}/buildctl -> program 0555
      ${NIX_BIN}/rootlesskit -> program 0555
      ${NIX_BIN}/runc -> program 0555
      ${NIX_BIN}/git -> program 0555
      ${NIX_BIN}/ip -> program 0555
      ${NIX_BIN}/nsenter -> program 0555
      ${NIX_BIN}/unshare -> program 0555
      ${NIX_BIN}/newuidmap -> symlink /nix/store/b3y5-shadow-4.17.4/bin/newuidmap
      ${NIX_BIN}/newgidmap -> symlink /nix/store/b3y5-shadow-4.17.4/bin/newgidmap
      /nix/store/b3y5-shadow-4.17.4/bin/newuidmap -> program 0555
      /nix/store/b3y5-shadow-4.17.4/bin/newgidmap -> program 0555
      /run/wrappers/bin/newuidmap -> program 4511
      /run/wrappers/bin/newgidmap -> program 4511
      /run/current-system/kernel-modules/lib/modules/6.12.32/modules.dep -> @MODULES-DEP
      /lib/modules/6.12.32/modules.dep -> absent
      /etc/sysctl.d -> directory
      /etc/sysctl.d/60-nixos.conf -> symlink /etc/static/sysctl.d/60-nixos.conf
      /etc/static/sysctl.d/60-nixos.conf -> kernel.printk = 4
      /proc/self/mountinfo -> @MI-DEB
      mount -> 75 25 0:73 / /run/wrappers rw,nodev,relatime shared:52 - tmpfs tmpfs rw,mode=755
      mount -> 74 27 8:2 /nix/store /nix/store ro,nosuid,nodev,relatime shared:51 - ext4 /dev/sda2 rw
    `,
    probe: refused(
      'its expectation: an error when PATH lacks /run/wrappers/bin',
      'map',
      'EPERM',
      NEWUIDMAP_EPERM('0 1000 1 1 100000 65536'),
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/helpers', 'userns/probe'],
      errors: ['idmap.newuidmap-not-setuid'],
      warnings: [],
      remedies: [
        { check: 'idmap/helpers', says: ['/run/wrappers/bin'], not: ['"do":"mode"', 'setcap', '/usr/bin/apt-get'] },
      ],
    },
  },
  {
    id: 'H48-wrappers',
    title: 'nixos-25.05',
    because: 'the setuid wrappers come first in PATH; nothing is in /usr/bin, and nothing needs to be',
    like: 'H48',
    listing: `
      env PATH -> /run/wrappers/bin:${NIX_BIN}:/nix/var/nix/profiles/default/bin
    `,
    probe: launched('its expectation: only the order of PATH matters'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['idmap.newuidmap-not-setuid', 'idmap.newuidmap-missing'],
    },
  },
  {
    id: 'H49',
    title: 'firecracker microVM',
    because: 'no securityfs, no /lib/modules and cgroup v1 are how such a machine is made, not what is wrong with it',
    listing: `
      /etc/os-release -> @OS debian-12
      uname -r -> 6.18.5
      /sys/kernel/security/lsm -> absent
      /proc/filesystems -> @FS-FC
      /proc/sys/user/max_user_namespaces -> 96365
      /proc/sys/kernel/threads-max -> 192730
      /proc/self/mountinfo -> @MI-DEB + @MI-V1 + @MI-HYBRID
      mount -> 27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
      mount /sys/kernel/security -> absent
      /lib/modules/6.18.5/modules.dep -> absent
      /lib/modules -> absent
      /proc/modules -> absent
      /run/systemd/system -> absent
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
    `,
    probe: launched('its expectation: healthy'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['kernel.config-missing', 'kernel.too-old', 'snapshotter.native-fallback', 'systemd.user-session'],
    },
  },
];
