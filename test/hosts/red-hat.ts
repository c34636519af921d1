import { launched, type Machine, MOUNT_DENIED, mapOf, NEWUIDMAP_EPERM, refused } from './machine.ts';

const FILE_CAPABILITIES = `
  /usr/bin/newuidmap -> program 0755 cap_setuid=ep
  /usr/bin/newgidmap -> program 0755 cap_setgid=ep
`;
const LABELLED = 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023';
const ENOSPC = 'failed to start the child: fork/exec /proc/self/exe: no space left on device';

export const RED_HAT: readonly Machine[] = [
  {
    id: 'H11',
    title: 'centos-7.9',
    because: 'EL7 ships with user.max_user_namespaces=0: the kernel answers ENOSPC',
    listing: `
      /etc/os-release -> @OS centos-7
      /etc/centos-release -> CentOS Linux release 7.9.2009 (Core)
      uname -r -> 3.10.0-1160.15.2.el7.x86_64
      /proc/version -> Linux version 3.10.0-1160.15.2.el7.x86_64 (mockbuild@kbuilder.bsys.centos.org) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC) ) #1 SMP Wed Feb 3 15:06:38 UTC 2021
      /proc/sys/user/max_user_namespaces -> 0
      /proc/sys/user/max_time_namespaces -> absent
      /proc/sys/user/max_cgroup_namespaces -> absent
      /sys/module/user_namespace/parameters/enable -> absent
      /sys/kernel/security/lsm -> absent
      /sys/fs/selinux/enforce -> 1
      /etc/selinux/config -> SELINUX=enforcing⏎SELINUXTYPE=targeted
      /proc/self/attr/current -> ${LABELLED}
      /proc/self/status -> @STATUS-USER-310
      /proc/self/mountinfo -> @MI-EL9 + @MI-V1
      mount -> 22 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/centos-root rw,seclabel,attr2,inode64,noquota
      ${FILE_CAPABILITIES}
      /etc/sysctl.conf -> # sysctl settings are defined through files in /usr/lib/sysctl.d
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
    `,
    probe: refused('unshare was answered ENOSPC there', 'clone', 'ENOSPC', ENOSPC),
    expected: {
      level: 'not-ready',
      snapshotter: 'native',
      reasons: ['userns/limits', 'userns/probe'],
      errors: ['userns.max-user-namespaces-zero'],
      warnings: [],
      never: ['storage.disk-full', 'userns.kernel-disabled', 'idmap.newuidmap-not-setuid'],
      remedies: [{ check: 'userns/limits', says: ['"do":"sysctl"', 'user.max_user_namespaces', '/etc/sysctl.d/'] }],
    },
  },
  {
    id: 'H12',
    title: 'centos-7.3',
    because:
      'user namespaces are off until the boot argument user_namespace.enable=1 is given; shadow-utils has no newuidmap yet',
    like: 'H11',
    listing: `
      uname -r -> 3.10.0-514.el7.x86_64
      /etc/centos-release -> CentOS Linux release 7.3.1611 (Core)
      /proc/sys/user/max_user_namespaces -> absent
      /sys/module/user_namespace/parameters/enable -> N
      /usr/bin/newuidmap -> absent
      /usr/bin/newgidmap -> absent
    `,
    probe: refused(
      'unshare was answered EINVAL there',
      'clone',
      'EINVAL',
      'failed to start the child: fork/exec /proc/self/exe: invalid argument',
    ),
    expected: {
      level: 'not-ready',
      snapshotter: 'native',
      reasons: ['userns/permission', 'idmap/helpers', 'userns/probe'],
      errors: ['userns.kernel-disabled', 'idmap.newuidmap-missing'],
      warnings: [],
      never: ['userns.max-user-namespaces-zero'],
      remedies: [{ check: 'userns/permission', says: ['user_namespace.enable=1'], not: ['"risk":"safe"'] }],
    },
  },
  {
    id: 'H13',
    title: 'rhel-8.4',
    because:
      "Red Hat's kernel mounts overlayfs in user namespaces from 8.5 on; here layers are copied until fuse-overlayfs is there",
    listing: `
      /etc/os-release -> @OS rhel-8.3 with 8.4 for 8.3
      uname -r -> 4.18.0-305.19.1.el8_4.x86_64
      /proc/version -> Linux version 4.18.0-305.19.1.el8_4.x86_64 (mockbuild@x86-vm-07.build.eng.bos.redhat.com) (gcc version 8.4.1 20200928 (Red Hat 8.4.1-1) (GCC)) #1 SMP Tue Sep 7 07:07:31 EDT 2021
      /proc/sys/user/max_user_namespaces -> 30854
      /sys/kernel/security/lsm -> capability,yama,selinux,bpf
      /sys/fs/selinux/enforce -> 1
      /etc/selinux/config -> SELINUX=enforcing⏎SELINUXTYPE=targeted
      /proc/self/attr/current -> ${LABELLED}
      /proc/self/status -> @STATUS-USER-54
      /proc/self/mountinfo -> @MI-EL9 + @MI-V1
      mount -> 22 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rhel_rhel8-root rw,seclabel,attr2,inode64,logbufs=8,logbsize=32k,noquota
      ${FILE_CAPABILITIES}
      /etc/sysctl.conf -> # sysctl settings are defined through files in /usr/lib/sysctl.d
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
    `,
    probe: launched('its expectation: user namespaces work, overlayfs in them is missing', { overlay: MOUNT_DENIED }),
    expected: {
      level: 'degraded',
      snapshotter: 'native',
      reasons: ['snapshotter/selected'],
      errors: [],
      warnings: ['snapshotter.native-fallback'],
      never: ['idmap.newuidmap-not-setuid'],
      remedies: [{ check: 'snapshotter/selected', says: ['dnf', 'fuse-overlayfs', 'Enterprise Linux 8.5'] }],
    },
  },
  {
    id: 'H14',
    title: 'rocky-8.5',
    because: 'overlayfs in user namespaces was backported to 4.18.0-348: the version number alone would say no',
    like: 'H13',
    listing: `
      /etc/os-release -> @OS rocky-8.5
      uname -r -> 4.18.0-348.2.1.el8_5.x86_64
      /proc/version -> Linux version 4.18.0-348.2.1.el8_5.x86_64 (mockbuild@kbuilder.bsys.centos.org) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-4) (GCC)) #1 SMP Tue Nov 16 14:42:35 UTC 2021
    `,
    probe: launched('its expectation: overlayfs in user namespaces works'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['snapshotter.native-fallback', 'kernel.too-old', 'lsm.selinux-denied'],
    },
  },
  {
    id: 'H15',
    title: 'almalinux-8.10',
    because: 'healthy; cgroup v1 only takes resource limits away, which rootless builds do not use',
    like: 'H13',
    listing: `
      /etc/os-release -> @OS almalinux-8.10
      uname -r -> 4.18.0-553.40.1.el8_10.x86_64
      /proc/version -> Linux version 4.18.0-553.40.1.el8_10.x86_64 (mockbuild@x64-builder02.almalinux.org) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-22) (GCC)) #1 SMP
      mount -> 22 1 8:4 / / rw,relatime shared:1 - xfs /dev/sda4 rw,seclabel,attr2,inode64,logbufs=8,logbsize=32k,noquota
    `,
    probe: launched('its expectation: healthy'),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [], never: ['snapshotter.native-fallback'] },
  },
  {
    id: 'H16',
    title: 'rhel-9.6 hardened by the STIG',
    because:
      '99-user_max_user_namespaces.conf sorts after 99-bk-doctor.conf: a fix of that name would lose at the next boot',
    listing: `
      /etc/os-release -> @OS rhel-9.6
      uname -r -> 5.14.0-570.26.1.el9_6.x86_64
      /proc/version -> Linux version 5.14.0-570.26.1.el9_6.x86_64 (mockbuild@x64-builder03.almalinux.org) (gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-5), GNU ld version 2.35.2-63.el9) #1 SMP PREEMPT_DYNAMIC Wed Jul 16 09:12:04 EDT 2025
      /proc/sys/user/max_user_namespaces -> 0
      /etc/sysctl.d -> directory
      /etc/sysctl.d/99-user_max_user_namespaces.conf -> user.max_user_namespaces = 0
      /etc/sysctl.d/99-sysctl.conf -> symlink ../sysctl.conf
      /etc/sysctl.conf -> # sysctl settings are defined through files in /usr/lib/sysctl.d
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,selinux,bpf
      /sys/fs/selinux/enforce -> 1
      /etc/selinux/config -> SELINUX=enforcing⏎SELINUXTYPE=targeted
      /proc/self/attr/current -> ${LABELLED}
      /proc/self/mountinfo -> @MI-EL9
      /etc/login.defs -> @LOGIN-100K
      ${FILE_CAPABILITIES}
    `,
    probe: refused('its expectation: ENOSPC', 'clone', 'ENOSPC', ENOSPC),
    expected: {
      level: 'not-ready',
      reasons: ['userns/limits', 'userns/probe'],
      errors: ['userns.max-user-namespaces-zero'],
      warnings: [],
      never: ['storage.disk-full'],
      remedies: [
        {
          check: 'userns/limits',
          says: ['99-user_max_user_namespaces.conf'],
          not: ['/etc/sysctl.d/99-bk-doctor.conf'],
        },
      ],
    },
  },
  {
    id: 'H17',
    title: 'almalinux-9.6',
    because: 'healthy as installed: SELinux enforces and does not stand in the way',
    like: 'H16',
    listing: `
      /etc/os-release -> @OS almalinux-9.6
      uname -r -> 5.14.0-570.12.1.el9_6.x86_64
      /proc/sys/user/max_user_namespaces -> 14731
      /etc/sysctl.d/99-user_max_user_namespaces.conf -> absent
    `,
    probe: launched('its expectation: healthy'),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [], never: ['lsm.selinux-denied'] },
  },
  {
    id: 'H18',
    title: 'almalinux-10.0',
    because: 'healthy; ranges begin at 524288 here',
    like: 'H17',
    listing: `
      /etc/os-release -> @OS almalinux-10.0
      uname -r -> 6.12.0-55.9.1.el10_0.x86_64
      /proc/version -> Linux version 6.12.0-55.9.1.el10_0.x86_64 (mockbuild@x64-builder01.almalinux.org) (gcc (GCC) 14.2.1 20250110 (Red Hat 14.2.1-7), GNU ld version 2.41-53.el10) #1 SMP PREEMPT_DYNAMIC Tue Apr 22 2025
      /sys/kernel/security/lsm -> lockdown,capability,yama,selinux,bpf,landlock,ima,evm
      /etc/subuid -> alice:524288:65536
      /etc/login.defs -> @LOGIN-524K
      mount -> 410 29 0:45 / /run/user/1000 rw,nosuid,nodev,relatime shared:230 - tmpfs tmpfs rw,seclabel,size=95952k,nr_inodes=23988,mode=700,uid=1000,gid=1000,inode64
    `,
    probe: launched('its expectation: healthy', { uidMap: mapOf(1000, 524288), gidMap: mapOf(1000, 524288) }),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [] },
  },
  {
    id: 'H18-none',
    title: 'almalinux-10.0, an account without subordinate ids',
    because: 'login.defs of this release hands out ranges from 524288 on',
    like: 'H18',
    listing: `
      /etc/subuid -> empty
    `,
    probe: refused(
      'RootlessKit needs a range in both files',
      'map',
      null,
      'failed to setup UID/GID map: failed to compute uid/gid map: No subuid ranges found for user 1000 ("alice")',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-missing'],
      warnings: [],
      remedies: [{ check: 'idmap/ranges', says: ['alice:524288:65536', '/etc/subuid', '/etc/subgid'] }],
    },
  },
  {
    id: 'H19',
    title: 'fedora-43',
    because: 'newuidmap has file capabilities in place of the setuid bit, which serves as well',
    listing: `
      /etc/os-release -> @OS fedora-40 with 43 for 40
      uname -r -> 6.17.7-300.fc43.x86_64
      /proc/version -> Linux version 6.16.8-200.fc42.x86_64 (mockbuild@1b8d6d49127b4222833704415d76d564) (gcc (GCC) 15.2.1 20250808 (Red Hat 15.2.1-1), GNU ld version 2.44-6.fc42) #1 SMP PREEMPT_DYNAMIC Fri Sep 19 17:47:18 UTC 2025
      /sys/kernel/security/lsm -> lockdown,capability,yama,selinux,bpf,landlock,ipe,ima,evm
      /sys/fs/selinux/enforce -> 1
      /etc/selinux/config -> SELINUX=enforcing⏎SELINUXTYPE=targeted
      /proc/self/attr/current -> ${LABELLED}
      /proc/self/mountinfo -> @MI-EL9
      mount -> 22 1 0:33 /root / rw,relatime shared:1 - btrfs /dev/sda3 rw,seclabel,compress=zstd:1,space_cache=v2,subvolid=256,subvol=/root
      /etc/subuid -> alice:524288:65536
      /etc/login.defs -> @LOGIN-524K
      ${FILE_CAPABILITIES}
    `,
    probe: launched('its expectation: healthy', { uidMap: mapOf(1000, 524288), gidMap: mapOf(1000, 524288) }),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['idmap.newuidmap-not-setuid', 'lsm.selinux-denied'],
    },
  },
  {
    id: 'H20',
    title: 'fedora-43 copied without extended attributes',
    because: 'the file capabilities of newuidmap were lost in the copy, and nothing else was',
    like: 'H19',
    listing: `
      /usr/bin/newuidmap -> program 0755
      /usr/bin/newgidmap -> program 0755
      /usr/sbin/getcap -> program
    `,
    probe: refused('what rootlesskit printed there', 'map', 'EPERM', NEWUIDMAP_EPERM('0 1000 1 1 524288 65536')),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/helpers', 'userns/probe'],
      errors: ['idmap.newuidmap-not-setuid'],
      warnings: [],
      never: ['idmap.no-new-privs', 'idmap.nested-userns'],
      remedies: [{ check: 'idmap/helpers', says: ['cap_setuid=ep', 'cap_setgid=ep'], not: ['"do":"mode"'] }],
    },
  },
  {
    id: 'H21',
    title: 'amazon-linux-2',
    because: 'no package of this distribution has newuidmap, and nothing gives out subordinate ids',
    listing: `
      /etc/os-release -> @OS amzn-2
      uname -r -> 4.14.314-237.533.amzn2.x86_64
      /sys/kernel/security/lsm -> absent
      /sys/fs/selinux -> absent
      /usr/bin/newuidmap -> absent
      /usr/bin/newgidmap -> absent
      /etc/subuid -> absent
      /etc/subgid -> absent
      /proc/self/status -> @STATUS-USER-54
      /proc/self/mountinfo -> @MI-DEB + @MI-V1
      mount -> 27 1 259:1 / / rw,noatime shared:1 - xfs /dev/nvme0n1p1 rw,attr2,inode64,noquota
    `,
    probe: refused(
      'RootlessKit opens /etc/subuid before it needs newuidmap',
      'map',
      'ENOENT',
      'failed to setup UID/GID map: failed to compute uid/gid map: open /etc/subuid: no such file or directory',
    ),
    expected: {
      level: 'not-ready',
      snapshotter: 'native',
      reasons: ['idmap/helpers', 'idmap/ranges', 'userns/probe'],
      errors: ['idmap.newuidmap-missing', 'idmap.subid-missing'],
      warnings: [],
      remedies: [{ check: 'idmap/helpers', says: [], not: ['"/usr/bin/yum","install"', '"/usr/bin/dnf"'] }],
    },
  },
  {
    id: 'H22',
    title: 'amazon-linux-2023',
    because: 'SELinux is permissive and slirp4netns is not packaged, but nothing here asks for a network driver',
    listing: `
      user -> ec2-user 1000 /home/ec2-user
      /etc/os-release -> @OS amzn-2023
      uname -r -> 6.1.155-176.282.amzn2023.x86_64
      /proc/version -> Linux version 6.1.159-181.297.amzn2023.x86_64 (mockbuild@ip-10-0-48-147) (gcc (GCC) 11.5.0 20240719 (Red Hat 11.5.0-5), GNU ld version 2.41-50.amzn2023.0.5) #1 SMP PREEMPT_DYNAMIC Mon Dec 22 22:31:59 UTC 2025
      /sys/kernel/security/lsm -> lockdown,capability,landlock,yama,safesetid,selinux,bpf,ima
      /sys/fs/selinux/enforce -> 0
      /etc/selinux/config -> SELINUX=permissive⏎SELINUXTYPE=targeted
      /proc/self/attr/current -> ${LABELLED}
      /proc/self/mountinfo -> @MI-EL9
      mount -> 22 1 8:1 / / rw,noatime shared:1 - xfs /dev/sda1 rw,seclabel,attr2,inode64,logbufs=8,logbsize=32k,sunit=1024,swidth=1024,noquota
      mount -> 70 22 0:40 / /tmp rw,nosuid,nodev shared:40 - tmpfs tmpfs rw,seclabel
      ${FILE_CAPABILITIES}
    `,
    probe: launched('its expectation: user namespaces and overlayfs work'),
    expected: {
      level: 'ready',
      reasons: [],
      errors: [],
      warnings: [],
      never: ['net.slirp4netns-missing', 'lsm.selinux-denied'],
    },
  },
  {
    id: 'H51',
    title: 'rhel-9.6, a user of a directory service',
    because: 'usermod refuses accounts that are not in /etc/passwd, so the range is written into the files themselves',
    like: 'H17',
    listing: `
      user -> alice 1283400513 /home/alice directory-service
      /etc/subuid -> empty
      /etc/nsswitch.conf -> passwd: sss files⏎group: sss files
    `,
    probe: refused(
      'RootlessKit needs a range in both files',
      'map',
      null,
      'failed to setup UID/GID map: failed to compute uid/gid map: No subuid ranges found for user 1283400513 ("alice")',
    ),
    expected: {
      level: 'not-ready',
      reasons: ['idmap/ranges', 'userns/probe'],
      errors: ['idmap.subid-missing'],
      warnings: [],
      never: ['idmap.user-lookup-failed'],
      remedies: [{ check: 'idmap/ranges', says: ['"do":"edit"', '/etc/subuid', ':100000:65536'], not: ['usermod'] }],
    },
  },
  {
    id: 'H51-ipa',
    title: 'rhel-9.6, ranges from FreeIPA',
    because: 'nsswitch gives subordinate ids through SSSD: the files are not asked, and getsubids tells the range',
    like: 'H51',
    listing: `
      /etc/nsswitch.conf -> passwd: sss files⏎group: sss files⏎subid: sss
      /usr/bin/getsubids -> program
      cmd: getsubids alice -> stdout "0: alice 2147483648 65536"
      cmd: getsubids -g alice -> stdout "0: alice 2147483648 65536"
    `,
    probe: launched('its expectation: healthy', {
      uidMap: mapOf(1283400513, 2147483648),
      gidMap: mapOf(1283400513, 2147483648),
    }),
    expected: { level: 'ready', reasons: [], errors: [], warnings: [], never: ['idmap.subid-missing'] },
  },
];
