import { fails, launched, type Machine, MOUNT_DENIED, mapOf, OK, refused } from './machine.ts';

const DEB_ROOT = 'mount -> 27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,discard,errors=remount-ro';
const NEWUIDMAP_EINVAL =
  'failed to setup UID/GID map: newuidmap 4242 [0 1000 1 1 100000 65536 65537 100000 65536 131073 100000 65536] failed: newuidmap: write to uid_map failed: Invalid argument\n: exit status 1';

export const DEBIAN_UBUNTU: readonly Machine[] = [
  {
    id: 'H01',
    title: 'ubuntu-20.04',
    because:
      'Ubuntu lets user namespaces mount overlayfs since 2015, so a 5.4 kernel is no reason; cgroup v1 only takes limits away',
    listing: `
      /etc/os-release -> @OS ubuntu-20.04
      uname -r -> 5.4.0-205-generic
      /proc/version -> Linux version 5.4.0-42-generic (buildd@lgw01-amd64-038) (gcc version 9.3.0 (Ubuntu 9.3.0-10ubuntu2)) #46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020
      /proc/sys/user/max_user_namespaces -> 31337
      /proc/sys/kernel/unprivileged_userns_clone -> 1
      /proc/sys/kernel/apparmor_restrict_unprivileged_userns -> absent
      /sys/kernel/security/lsm -> lockdown,capability,yama,apparmor
      /sys/module/apparmor/parameters/enabled -> Y
      /sys/fs/selinux -> absent
      /proc/self/attr/current -> unconfined
      /proc/self/status -> @STATUS-USER-54
      /proc/self/mountinfo -> @MI-DEB + @MI-V1 + @MI-HYBRID
      mount -> 27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      /etc/login.defs -> @LOGIN-NONE
      /etc/sysctl.conf -> # everything here is commented out
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
    `,
    probe: launched('its expectation: user namespaces and overlayfs in them work'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['kernel.too-old', 'snapshotter.overlay-unsupported', 'snapshotter.native-fallback'],
    },
  },
  {
    id: 'H02',
    title: 'ubuntu-22.04',
    because: 'everything that a build needs is there, and nothing restricts it',
    listing: `
      /etc/os-release -> @OS ubuntu-22.04
      uname -r -> 5.15.0-144-generic
      /proc/version -> Linux version 5.15.0-144-generic (buildd@lcy02-amd64-073) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38) #157-Ubuntu SMP Mon Jun 16 07:33:10 UTC 2025
      /proc/sys/user/max_user_namespaces -> 15311
      /proc/sys/kernel/unprivileged_userns_clone -> 1
      /proc/sys/kernel/apparmor_restrict_unprivileged_userns -> absent
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor
      /sys/module/apparmor/parameters/enabled -> Y
      /proc/self/attr/current -> unconfined
      /proc/self/mountinfo -> @MI-DEB
      ${DEB_ROOT}
      /etc/passwd -> root:x:0:0:root:/root:/bin/bash⏎ubuntu:x:1001:1001::/home/ubuntu:/bin/bash⏎alice:x:1000:1000::/home/alice:/bin/bash
      /etc/subuid -> ubuntu:100000:65536⏎alice:165536:65536
      /etc/login.defs -> @LOGIN-NONE
      /usr/bin/getsubids -> absent
    `,
    probe: launched('its expectation: healthy', { uidMap: mapOf(1000, 165536), gidMap: mapOf(1000, 165536) }),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
  {
    id: 'H02-no-uidmap',
    title: 'ubuntu-22.04 without the package uidmap',
    because: 'the common failure of this release: newuidmap is not in the base system',
    like: 'H02',
    listing: `
      /usr/bin/newuidmap -> absent
      /usr/bin/newgidmap -> absent
    `,
    probe: refused(
      'RootlessKit runs newuidmap by its name',
      'map',
      null,
      'failed to setup UID/GID map: newuidmap 4242 [0 1000 1 1 165536 65536] failed: : exec: "newuidmap": executable file not found in $PATH',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/helpers', 'userns/probe'],
      errors: ['idmap.newuidmap-missing'],
      warnings: [],
      remedies: [{ check: 'idmap/helpers', says: ['apt-get', 'uidmap'] }],
    },
  },
  {
    id: 'H03',
    title: 'ubuntu-22.04 with an HWE kernel',
    because:
      'the AppArmor knob exists and is 0; whether this kernel has it at all is not sure, so no probe was written for it',
    like: 'H02',
    listing: `
      uname -r -> 6.8.0-1064-azure
      /proc/version -> Linux version 6.8.0-1064-azure (buildd@lcy02-amd64-103) (x86_64-linux-gnu-gcc-12 (Ubuntu 12.3.0-1ubuntu1~22.04) 12.3.0, GNU ld (GNU Binutils for Ubuntu) 2.38) #72~22.04.1-Ubuntu SMP Thu Aug  6 20:00:00 UTC 2026
      /proc/sys/kernel/apparmor_restrict_unprivileged_userns -> 0
      /usr/lib/sysctl.d/10-apparmor.conf -> absent
      /etc/apparmor.d/abi/4.0 -> absent
    `,
    probe: { notRecorded: 'the presence of the knob in this kernel is not confirmed' },
    expected: {
      level: 'unknown',
      reasons: ['userns/probe', 'snapshotter/selected'],
      errors: [],
      warnings: [],
      never: ['userns.apparmor-restricted'],
    },
  },
  {
    id: 'H04',
    title: 'ubuntu-24.04 restricted, BuildKit unpacked into /usr/local',
    because:
      "Ubuntu's profile names /usr/bin/rootlesskit alone, so the one in /usr/local/bin may not create user namespaces",
    listing: `
      /etc/os-release -> @OS ubuntu-24.04
      uname -r -> 6.8.0-64-generic
      /proc/version -> Linux version 6.8.0-64-generic (buildd@lcy02-amd64-083) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, GNU ld (GNU Binutils for Ubuntu) 2.42) #67-Ubuntu SMP PREEMPT_DYNAMIC Sun Jun 15 20:23:31 UTC 2025
      /proc/sys/user/max_user_namespaces -> 15190
      /proc/sys/kernel/* -> @AA-USERNS-SYSCTLS
      /usr/lib/sysctl.d/10-apparmor.conf -> kernel.apparmor_restrict_unprivileged_userns = 1
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor
      /sys/kernel/security/apparmor/profiles -> EACCES
      /sys/module/apparmor/parameters/enabled -> Y
      /etc/apparmor.d -> directory
      /etc/apparmor.d/rootlesskit -> @PROFILE-RK
      /etc/apparmor.d/unprivileged_userns -> profile unprivileged_userns { audit deny capability, allow file, }
      /etc/apparmor.d/abi/4.0 -> abi
      /usr/sbin/apparmor_parser -> program
      /usr/local/bin/rootlesskit -> program
      /usr/local/bin/buildkitd -> program
      /usr/local/bin/buildctl -> program
      /usr/local/bin/buildkit-runc -> program
      /usr/bin/rootlesskit -> absent
      /usr/bin/buildkitd -> absent
      /usr/bin/buildctl -> absent
      /proc/self/attr/current -> unconfined
      /proc/self/attr/apparmor/current -> unconfined
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 252:0 / / rw,relatime shared:1 - ext4 /dev/mapper/ubuntu--vg-ubuntu--lv rw
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
    `,
    probe: refused(
      'what rootlesskit printed there (recorded as "rootlesskit true")',
      'clone',
      'EPERM',
      'failed to start the child: fork/exec /proc/self/exe: operation not permitted',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['userns/permission', 'userns/probe'],
      errors: ['userns.apparmor-restricted'],
      warnings: [],
      never: ['userns.unprivileged-clone-disabled', 'seccomp.blocked', 'userns.blocked-unspecified'],
      remedies: [
        {
          check: 'userns/permission',
          says: [
            '"do":"edit"',
            '/etc/apparmor.d/usr.local.bin.rootlesskit',
            '/usr/local/bin/rootlesskit',
            'apparmor_parser',
          ],
          not: ['"do":"sysctl"', 'profile rootlesskit '],
        },
      ],
    },
  },
  {
    id: 'H05',
    title: 'ubuntu-24.04, rootlesskit from the distribution',
    because: 'the stock profile covers /usr/bin/rootlesskit; that plain `unshare -Ur` is still refused is no matter',
    like: 'H04',
    listing: `
      /usr/bin/rootlesskit -> program
      /usr/local/bin/rootlesskit -> absent
    `,
    probe: launched('rootlesskit true ended with 0 there, labelled "rootlesskit (unconfined)" inside'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['userns.apparmor-restricted', 'userns.blocked-unspecified'],
    },
  },
  {
    id: 'H06',
    title: 'ubuntu-26.04',
    because:
      'as 24.04; the names of its settings are not confirmed, so files alone judge: the knob is 1 and no profile covers rootlesskit',
    like: 'H04',
    listing: `
      /etc/os-release -> @OS ubuntu-26.04
      uname -r -> 7.0.0-1011-azure
      /proc/version -> Linux version 7.0.0-1011-azure (buildd@lcy02-amd64-023) (x86_64-linux-gnu-gcc (Ubuntu 15.2.0-16ubuntu1) 15.2.0, GNU ld (GNU Binutils for Ubuntu) 2.46) #11-Ubuntu SMP PREEMPT Thu Jul 23 02:08:37 UTC 2026
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor,ima,evm
    `,
    probe: { notRecorded: 'the settings of this release are not confirmed' },
    expected: {
      level: 'not-ready',
      reasons: ['userns/permission'],
      errors: ['userns.apparmor-restricted'],
      warnings: [],
      never: ['kernel.too-old'],
    },
  },
  {
    id: 'H07',
    title: 'debian-10',
    because: "Debian's own setting forbids user namespaces to ordinary users until Debian 11",
    listing: `
      /etc/os-release -> @OS debian-10
      uname -r -> 4.19.0-27-amd64
      /proc/version -> Linux version 4.19.0-27-amd64 (debian-kernel@lists.debian.org) (gcc version 8.3.0 (Debian 8.3.0-6)) #1 SMP Debian 4.19.316-1 (2024-06-25)
      /proc/sys/kernel/unprivileged_userns_clone -> 0
      /proc/sys/user/max_user_namespaces -> 31500
      /sys/module/overlay/parameters/permit_mounts_in_userns -> N
      /sys/kernel/security/lsm -> lockdown,capability,yama,apparmor,tomoyo
      /sys/module/apparmor/parameters/enabled -> Y
      /proc/self/status -> @STATUS-USER-54
      /proc/self/mountinfo -> @MI-DEB + @MI-V1 + @MI-HYBRID
      /etc/login.defs -> @LOGIN-NONE
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
      /etc/sysctl.conf -> # everything here is commented out
    `,
    probe: refused(
      'unshare was answered EPERM there, and RootlessKit asks the kernel the same',
      'clone',
      'EPERM',
      'failed to start the child: fork/exec /proc/self/exe: operation not permitted',
    ),
    expected: {
      level: 'not-ready',
      snapshotter: 'native',
      reasons: ['userns/permission', 'userns/probe'],
      errors: ['userns.unprivileged-clone-disabled'],
      warnings: [],
      never: ['userns.apparmor-restricted', 'userns.max-user-namespaces-zero', 'seccomp.blocked'],
      remedies: [
        { check: 'userns/permission', says: ['"do":"sysctl"', 'kernel.unprivileged_userns_clone', '/etc/sysctl.d/'] },
      ],
    },
  },
  {
    id: 'H08',
    title: 'debian-11',
    because: 'overlayfs in user namespaces came with 5.11: without fuse-overlayfs BuildKit copies whole layers',
    listing: `
      /etc/os-release -> @OS debian-11
      /etc/debian_version -> 11.11
      uname -r -> 5.10.0-32-amd64
      /proc/version -> Linux version 5.10.0-32-amd64 (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2) #1 SMP Debian 5.10.223-1 (2024-08-10)
      /proc/sys/kernel/unprivileged_userns_clone -> 1
      /sys/kernel/security/lsm -> lockdown,capability,yama,apparmor,tomoyo
      /sys/module/apparmor/parameters/enabled -> Y
      /sys/module/overlay/parameters/permit_mounts_in_userns -> N
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,discard,errors=remount-ro
      /etc/sysctl.conf -> # everything here is commented out
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
      /usr/lib/sysctl.d/protect-links.conf -> fs.protected_symlinks = 1
      /usr/lib/sysctl.d/50-pid-max.conf -> kernel.pid_max = 4194304
      /etc/login.defs -> @LOGIN-NONE
      /usr/bin/getsubids -> absent
    `,
    probe: launched('its expectation: user namespaces work, overlayfs in them is not available', {
      overlay: MOUNT_DENIED,
    }),
    expected: {
      level: 'degraded',
      snapshotter: 'native',
      reasons: ['snapshotter/selected'],
      errors: [],
      warnings: ['snapshotter.native-fallback'],
      remedies: [{ check: 'snapshotter/selected', says: ['apt-get', 'fuse-overlayfs'] }],
    },
  },
  {
    id: 'H08-fuse',
    title: 'debian-11 with fuse-overlayfs',
    because: 'BuildKit falls back to fuse-overlayfs, which works from Linux 4.18 on',
    like: 'H08',
    listing: `
      /usr/bin/fuse-overlayfs -> program
      /usr/sbin/mount.fuse3 -> program
    `,
    probe: launched('its expectation, once the recommended package is there', {
      overlay: MOUNT_DENIED,
      fuseOverlay: OK,
      fuseWrite: OK,
    }),
    expected: {
      level: 'ready',
      snapshotter: 'fuse-overlayfs',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['snapshotter.native-fallback'],
    },
  },
  {
    id: 'H09',
    title: 'debian-12',
    because: 'everything that a build needs is there',
    listing: `
      /etc/os-release -> @OS debian-12
      /etc/debian_version -> 12.15
      uname -r -> 6.1.0-29-amd64
      /proc/version -> Linux version 6.1.0-29-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.123-1 (2025-01-02)
      /proc/sys/kernel/unprivileged_userns_clone -> 1
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor,tomoyo,bpf
      /sys/module/apparmor/parameters/enabled -> Y
      /usr/lib/sysctl.d/99-protect-links.conf -> fs.protected_symlinks = 1
      /usr/lib/sysctl.d/50-pid-max.conf -> kernel.pid_max = 4194304
      /etc/sysctl.conf -> # everything here is commented out
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,discard,errors=remount-ro
    `,
    probe: launched('its expectation: healthy'),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
  {
    id: 'H10',
    title: 'debian-13',
    because:
      'the profile for rootlesskit is shipped although this kernel restricts nothing; there is no /etc/sysctl.conf any more',
    listing: `
      /etc/os-release -> @OS debian-13
      /etc/debian_version -> 13.7
      uname -r -> 6.12.41+deb13-amd64
      /proc/version -> Linux version 6.12.41+deb13-amd64 (debian-kernel@lists.debian.org) (x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils for Debian) 2.44) #1 SMP PREEMPT_DYNAMIC Debian 6.12.41-1 (2025-08-12)
      /proc/sys/kernel/unprivileged_userns_clone -> 1
      /proc/sys/kernel/apparmor_restrict_unprivileged_userns -> absent
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor,tomoyo,bpf,ipe,ima,evm
      /sys/module/apparmor/parameters/enabled -> Y
      /etc/apparmor.d -> directory
      /etc/apparmor.d/rootlesskit -> @PROFILE-RK
      /etc/sysctl.conf -> absent
      /etc/sysctl.d/99-sysctl.conf -> absent
      /usr/lib/sysctl.d/50-default.conf -> -net.ipv4.ping_group_range = 0 2147483647
      /usr/lib/sysctl.d/50-pid-max.conf -> kernel.pid_max = 4194304
      /proc/sys/net/ipv4/ping_group_range -> 0⇥2147483647
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 8:3 / / rw,relatime shared:1 - ext4 /dev/sda3 rw,errors=remount-ro
      mount -> 70 27 0:40 / /tmp rw,nosuid,nodev shared:40 - tmpfs tmpfs rw,size=1001036k,nr_inodes=1048576,inode64
      /etc/login.defs -> @LOGIN-100K
      /usr/bin/getsubids -> program
    `,
    probe: launched('its expectation: healthy'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['userns.apparmor-restricted'],
    },
  },
  {
    id: 'H44',
    title: 'GitHub runner ubuntu-24.04',
    because: "the image keeps Ubuntu's restriction and gives podman a profile, not a rootlesskit in /usr/local/bin",
    listing: `
      user -> runner 1001 /home/runner
      env CI -> true
      env GITHUB_ACTIONS -> true
      /etc/os-release -> @OS ubuntu-24.04
      uname -r -> 6.17.0-1022-azure
      /proc/version -> Linux version 6.17.0-1022-azure (buildd@lcy02-amd64-023) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, GNU ld (GNU Binutils for Ubuntu) 2.42) #22~24.04.1-Ubuntu SMP
      /proc/sys/kernel/* -> @AA-USERNS-SYSCTLS
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,apparmor,ima,evm
      /sys/module/apparmor/parameters/enabled -> Y
      /sys/kernel/security/apparmor/profiles -> EACCES
      /usr/lib/sysctl.d/10-apparmor.conf -> kernel.apparmor_restrict_unprivileged_userns = 1
      /etc/apparmor.d -> directory
      /etc/apparmor.d/abi/4.0 -> abi
      /etc/apparmor.d/podman -> profile podman /usr/{bin,local/bin}/podman flags=(unconfined) {⏎  userns,⏎  include if exists <local/podman>⏎}
      /etc/apparmor.d/rootlesskit -> @PROFILE-RK
      /usr/sbin/apparmor_parser -> program
      /usr/local/bin/rootlesskit -> program
      /usr/bin/rootlesskit -> absent
      /etc/subuid -> runner:165536:65536
      /etc/sysctl.conf -> vm.max_map_count=262144⏎fs.inotify.max_user_watches=655360⏎fs.inotify.max_user_instances=1280⏎vm.mmap_rnd_bits=28
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
      /proc/self/mountinfo -> @MI-DEB
      mount -> 27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw,discard,errors=remount-ro,commit=30
      mount -> 71 27 8:17 / /mnt rw,relatime shared:41 - ext4 /dev/sdb1 rw
      /proc/self/attr/current -> unconfined
      /proc/self/cgroup -> 0::/system.slice/hosted-compute-agent.service
      /usr/bin/getsubids -> program
      /etc/login.defs -> @LOGIN-100K
    `,
    probe: refused(
      'its expectation: AppArmor, unless rootlesskit stands in /usr/bin',
      'clone',
      'EPERM',
      'failed to start the child: fork/exec /proc/self/exe: operation not permitted',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['userns/permission', 'userns/probe'],
      errors: ['userns.apparmor-restricted'],
      warnings: [],
      remedies: [{ check: 'userns/permission', says: ['/etc/apparmor.d/usr.local.bin.rootlesskit'] }],
    },
  },
  {
    id: 'H46',
    title: 'AKS node, Ubuntu 22.04 with CIS settings',
    because: 'hardened, yet nothing that a build needs is taken away',
    like: 'H02',
    listing: `
      /etc/os-release -> @OS ubuntu-22.04 with 22.04.5 for 22.04
      uname -r -> 5.15.0-1118-azure
      /proc/version -> Linux version 5.15.0-1118-azure (buildd@lcy02-amd64-073) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04.3) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38) #127-Ubuntu SMP Wed Jul 22 13:09:29 UTC 2026
      /etc/sysctl.d -> directory
      /etc/sysctl.d/60-CIS.conf -> net.ipv4.conf.all.send_redirects = 0
      /etc/sysctl.d/99-force-bridge-forward.conf -> net.bridge.bridge-nf-call-iptables = 1
      /etc/sysctl.d/999-sysctl-aks.conf -> net.core.somaxconn = 16384
    `,
    probe: launched('its expectation: healthy', { uidMap: mapOf(1000, 165536), gidMap: mapOf(1000, 165536) }),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
  {
    id: 'H46-zero',
    title: 'AKS node whose last settings file forbids user namespaces',
    because: '999-sysctl-aks.conf is read after every 99-* file, so a value written there wins after a reboot',
    like: 'H46',
    listing: `
      /proc/sys/user/max_user_namespaces -> 0
      /etc/sysctl.d/999-sysctl-aks.conf -> net.core.somaxconn = 16384⏎user.max_user_namespaces = 0
    `,
    probe: refused(
      'with this limit the kernel answers ENOSPC',
      'clone',
      'ENOSPC',
      'failed to start the child: fork/exec /proc/self/exe: no space left on device',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['userns/limits', 'userns/probe'],
      errors: ['userns.max-user-namespaces-zero'],
      warnings: [],
      remedies: [{ check: 'userns/limits', says: ['user.max_user_namespaces', '999-sysctl-aks.conf'] }],
    },
  },
  {
    id: 'H52',
    title: 'debian-13, two users with one range',
    because: 'usermod gives out overlapping ranges without a word; builds work, but bob can touch what alice builds',
    like: 'H10',
    listing: `
      /etc/passwd -> root:x:0:0:root:/root:/bin/bash⏎alice:x:1000:1000::/home/alice:/bin/bash⏎bob:x:1001:1001::/home/bob:/bin/bash
      /etc/subuid -> alice:100000:65536⏎bob:100000:65536
    `,
    probe: launched('nothing in the kernel compares the ranges of two users'),
    expected: {
      level: 'degraded',
      reasons: ['idmap/overlap'],
      errors: [],
      warnings: ['idmap.subid-overlap'],
    },
  },
  {
    id: 'H52-twice',
    title: 'debian-13, one range under name and number',
    because: 'rootlesskit 1.1.0 passes the range more than once, and the kernel takes no overlapping map',
    like: 'H10',
    listing: `
      /etc/subuid -> alice:100000:65536⏎1000:100000:65536
      cmd: rootlesskit --version -> stdout "rootlesskit version 1.1.0"
    `,
    probe: refused('what rootlesskit 1.1.0 prints for such a file', 'map', 'EINVAL', NEWUIDMAP_EINVAL),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-overlap'],
      warnings: [],
    },
  },
  {
    id: 'H52-comment',
    title: 'debian-13, a comment in /etc/subuid',
    because: 'shadow and RootlessKit both skip lines that begin with "#"',
    like: 'H10',
    listing: `
      /etc/subuid -> # managed by ansible⏎alice:100000:65536
    `,
    probe: launched('what rootlesskit 1.1.0 did with such a file, by getsubids and by itself'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['idmap.subid-invalid', 'idmap.subid-missing'],
    },
  },
  {
    id: 'H52-blank',
    title: 'debian-13, a blank after the range',
    because: 'RootlessKit trims the line and asks for the range; shadow does not see the line, and newuidmap refuses',
    like: 'H10',
    listing: `
      /etc/subuid -> alice:100000:65536␠
    `,
    probe: refused(
      'what rootlesskit 1.1.0 prints for such a file',
      'map',
      null,
      'failed to setup UID/GID map: newuidmap 4242 [0 1000 1 1 100000 65536] failed: newuidmap: uid range [1-65537) -> [100000-165536) not allowed\n: exit status 1',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-invalid'],
      warnings: [],
    },
  },
  {
    id: 'H52-small',
    title: 'debian-13, a thousand ids',
    because: 'everything starts, and the first chown to 65534 fails',
    like: 'H10',
    listing: `
      /etc/subuid -> alice:100000:1000
    `,
    probe: launched('RootlessKit asks for no minimum; an id above the map cannot be given to a file', {
      uidMap: mapOf(1000, 100000, 1000),
      gidMap: mapOf(1000, 100000, 1000),
      chown: fails('EINVAL', "chown: changing ownership of 'owned': Invalid argument"),
    }),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-too-few'],
      warnings: [],
    },
  },
  {
    id: 'H52-no-gids',
    title: 'debian-13, /etc/subgid empty',
    because: 'RootlessKit needs a range in both files',
    like: 'H10',
    listing: `
      /etc/subuid -> alice:100000:65536
      /etc/subgid -> empty
    `,
    probe: refused(
      'what rootlesskit 1.1.0 prints for such a file',
      'map',
      null,
      'failed to setup UID/GID map: failed to compute uid/gid map: No subgid ranges found for user 1000 ("alice")',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-missing'],
      warnings: [],
      remedies: [{ check: 'idmap/ranges', says: ['/etc/subgid', 'alice:'], not: ['"path":"/etc/subuid"'] }],
    },
  },
  {
    id: 'H32',
    title: 'GKE node, Ubuntu, buildkitd as root',
    because: "root needs no user namespace and no subordinate ids; its cache is on the node's own disk",
    like: 'H02',
    mode: 'rootful',
    listing: `
      user -> root 0 /root
      uname -r -> 5.15.0-1054-gke
      /etc/passwd -> root:x:0:0:root:/root:/bin/bash
      /etc/subuid -> absent
      /proc/self/status -> @STATUS-POD-ROOT
      /proc/self/cgroup -> 0::/system.slice/buildkit.service
      mount /run/user/0 -> absent
    `,
    probe: launched('its expectation: healthy', {
      uidMap: [[0, 0, 4294967295]],
      gidMap: [[0, 0, 4294967295]],
    }),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
];
