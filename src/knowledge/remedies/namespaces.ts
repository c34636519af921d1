import { lineFor, waysToProc, wordsOf } from '../engines.ts';
import type { Remedy } from './remedy.ts';

/** The rootless image, with what it needs. */
const ROOTLESS = `${wordsOf('docker', 'unfiltered-calls', 'no-apparmor')} moby/buildkit:rootless --oci-worker-no-process-sandbox`;
const SECCOMP_DOCKER = [
  'Start the container without the seccomp and AppArmor filters that forbid namespaces and mounts:',
  `$ docker run ${ROOTLESS}`,
];
const SECCOMP_KUBERNETES = [
  lineFor('kubernetes', 'unfiltered-calls', 'no-apparmor'),
  'Add --oci-worker-no-process-sandbox to the arguments of buildkitd.',
];

export const NAMESPACE_REMEDIES = {
  'userns.max-user-namespaces-zero': {
    why: 'Rootless BuildKit lives in a user namespace; the kernel answers "no space left on device" when no more of them may be made.',
    steps: {
      host: [
        "$ echo 'user.max_user_namespaces = 63359' | sudo tee /etc/sysctl.d/99-rootless.conf",
        '$ sudo sysctl --system',
      ],
      kubernetes: [
        'Set user.max_user_namespaces on the node, not in the pod (Talos: machine.sysctls; Bottlerocket: settings.kernel.sysctl):',
        '$ sysctl -w user.max_user_namespaces=63359',
      ],
    },
    tell: ['$ sysctl user.max_user_namespaces'],
  },
  'userns.max-other-zero': {
    why: 'A build makes mount, pid, ipc, uts and sometimes network namespaces as well; each has a limit of its own.',
    steps: {
      host: [
        '$ sudo sysctl -w user.max_mnt_namespaces=63359 user.max_pid_namespaces=63359 user.max_ipc_namespaces=63359 user.max_uts_namespaces=63359 user.max_net_namespaces=63359',
      ],
    },
    tell: ["$ sysctl -a --pattern 'user.max_.*_namespaces'"],
  },
  'userns.unprivileged-clone-disabled': {
    why: 'Kernels with this switch of Debian and Arch let only root make user namespaces while it is 0.',
    steps: {
      host: [
        "$ echo 'kernel.unprivileged_userns_clone = 1' | sudo tee /etc/sysctl.d/99-rootless.conf",
        '$ sudo sysctl --system',
      ],
    },
    tell: ['$ sysctl kernel.unprivileged_userns_clone'],
  },
  'userns.apparmor-restricted': {
    why: 'Ubuntu 23.10 and later give a user namespace no capabilities unless an AppArmor profile names the program that makes it; on every kernel since 6.7 a profile that confines the program and lacks the rule "userns," refuses it.',
    steps: {
      host: [
        'Give rootlesskit a profile that allows user namespaces, and leave the restriction on for everything else:',
        '$ printf \'abi <abi/4.0>,\\ninclude <tunables/global>\\n\\n%s flags=(unconfined) {\\n  userns,\\n}\\n\' "$(readlink -f "$(command -v rootlesskit)")" | sudo tee /etc/apparmor.d/rootlesskit',
        '$ sudo apparmor_parser -r /etc/apparmor.d/rootlesskit',
        'Where a profile confines it already, add the line "userns," to that one, and load it anew in the same way.',
      ],
      kubernetes: [
        'The node has the restriction: set kernel.apparmor_restrict_unprivileged_userns=0 on nodes that build, or use hostUsers: false.',
      ],
    },
    tell: ['$ sysctl kernel.apparmor_restrict_unprivileged_userns', '$ sudo journalctl -k --grep userns_create'],
  },
  'userns.kernel-disabled': {
    why: 'The kernel was built or booted without user namespaces, and rootless BuildKit cannot do without them.',
    steps: {
      host: [
        'On Enterprise Linux 7 boot with user_namespace.enable=1 and raise the limit:',
        "$ sudo grubby --args='user_namespace.enable=1' --update-kernel=ALL",
        "$ echo 'user.max_user_namespaces = 28633' | sudo tee /etc/sysctl.d/99-rootless.conf",
        'Elsewhere use a kernel with CONFIG_USER_NS=y.',
      ],
    },
    tell: ['$ ls /proc/self/ns/user', '$ zgrep CONFIG_USER_NS /proc/config.gz /boot/config-$(uname -r)'],
  },
  'userns.blocked-unspecified': {
    why: 'A user namespace could not be made. The same words come from a sysctl, a seccomp filter and AppArmor.',
    steps: {
      host: ['Ask the host which of them it is; bk-doctor check names it:', '$ bk-doctor check --only userns'],
      docker: SECCOMP_DOCKER,
      kubernetes: SECCOMP_KUBERNETES,
    },
    tell: [
      '$ sysctl kernel.unprivileged_userns_clone user.max_user_namespaces kernel.apparmor_restrict_unprivileged_userns',
      "$ grep -E '^(Seccomp|NoNewPrivs)' /proc/self/status",
    ],
  },
  'idmap.newuidmap-missing': {
    why: 'Only newuidmap and newgidmap may map the subordinate ids of a user into a namespace.',
    steps: {
      host: [
        'Install the package that has them:',
        '$ sudo apt-get install uidmap        # Debian, Ubuntu',
        '$ sudo dnf install shadow-utils      # Fedora, RHEL',
        '$ sudo apk add shadow-uidmap         # Alpine',
      ],
    },
    tell: ['$ command -v newuidmap newgidmap'],
  },
  'idmap.newuidmap-not-setuid': {
    why: 'newuidmap writes a map that its caller may not write: without its setuid bit or file capability the kernel refuses.',
    steps: {
      host: [
        '$ sudo setcap cap_setuid+ep "$(command -v newuidmap)"',
        '$ sudo setcap cap_setgid+ep "$(command -v newgidmap)"',
        'On Enterprise Linux reinstall the package: sudo dnf reinstall shadow-utils.',
      ],
      kubernetes: [
        'Use an image whose newuidmap has file capabilities (the official rootless image), and do not set allowPrivilegeEscalation: false.',
      ],
    },
    tell: [
      '$ ls -l "$(command -v newuidmap)" && getcap "$(command -v newuidmap)"',
      '$ grep -E "NoNewPrivs|CapBnd" /proc/self/status',
    ],
  },
  'idmap.no-new-privs': {
    why: 'no_new_privs makes the setuid bit and the file capabilities of newuidmap void, so that ids cannot be mapped.',
    steps: {
      host: [
        'Remove NoNewPrivileges=yes from the unit, and whatever else sets it (setpriv, a sandbox):',
        '$ systemctl --user edit buildkit',
      ],
      docker: [
        'Start the container without --security-opt no-new-privileges, and without --cap-drop of SETUID and SETGID, or with:',
        lineFor('docker', 'new-privileges', ['capability', 'SETUID'], ['capability', 'SETGID']),
      ],
      kubernetes: [lineFor('kubernetes', 'new-privileges', ['capability', 'SETUID, SETGID'])],
    },
    tell: ['$ grep -E "NoNewPrivs|CapBnd" /proc/self/status'],
  },
  'idmap.nested-userns': {
    why: 'Inside a user namespace only the ids of its own map exist; the subordinate range of the user lies outside of it.',
    steps: {
      host: [
        'Choose a subordinate range inside the outer map (see /proc/self/uid_map), in /etc/subuid and /etc/subgid of the inner system.',
      ],
      lxc: [
        'Give the guest more ids on the LXC host (lxc.idmap and root in /etc/subuid), or a range below 65536 to the user in the guest.',
      ],
      docker: [
        'Do not run a rootless builder in a rootless engine: use the docker driver, or a remote buildkitd beside it.',
      ],
      kubernetes: [
        `With hostUsers: false use the image without -rootless, or: ${wordsOf('kubernetes', ['ids', '196608'])}.`,
      ],
    },
    tell: ['$ cat /proc/self/uid_map /etc/subuid'],
  },
  'idmap.subid-missing': {
    why: 'Files of an image belong to many users; in a rootless build each of them is a subordinate id of the builder.',
    steps: {
      host: [
        '$ sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
        'Choose a range that nobody else has in /etc/subuid.',
      ],
      podman: [
        '$ sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
        '$ podman system migrate',
      ],
      kubernetes: ['Run as the uid that the image has in /etc/subuid (1000 in moby/buildkit:rootless).'],
    },
    tell: ['$ grep "^$USER:" /etc/subuid /etc/subgid'],
  },
  'idmap.subid-too-few': {
    why: 'A file of the image belongs to an id for which the user has no subordinate id, so that it cannot be given to its owner.',
    steps: {
      host: [
        'Give the user at least 65536 ids, in both files:',
        '$ sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
        'Ids above 65536 in an image need a larger range.',
      ],
      podman: [
        '$ sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"',
        '$ podman system migrate',
      ],
    },
    tell: ['$ grep "^$USER:" /etc/subuid /etc/subgid'],
  },
  'idmap.subid-overlap': {
    why: 'The kernel refuses a map in which an id occurs twice: overlapping ranges, a line written twice, or a range with the own id.',
    steps: {
      host: ['Leave one range without overlap in /etc/subuid and /etc/subgid:', '$ bk-doctor fix --only idmap'],
    },
    tell: ['$ cat /etc/subuid /etc/subgid'],
  },
  'idmap.subid-invalid': {
    why: 'rootlesskit reads the whole file: one malformed line, of whichever user, ends it.',
    steps: {
      host: [
        'Repair the lines that are not NAME:START:COUNT; the file must be a regular one that the user can read:',
        '$ grep -nvE "^[^:]+:[0-9]+:[0-9]+$" /etc/subuid /etc/subgid',
      ],
    },
    tell: ['$ ls -l /etc/subuid /etc/subgid'],
  },
  'idmap.user-lookup-failed': {
    why: 'Ranges are looked up by the name of the user: an account without a name, or with another group than its own, has none.',
    steps: {
      host: ['Run as an account of /etc/passwd, with its primary group:', '$ getent passwd "$(id -u)"'],
      kubernetes: ['Set runAsUser and runAsGroup to 1000, the account of moby/buildkit:rootless.'],
    },
    tell: ['$ id && getent passwd "$(id -u)"'],
  },
  'seccomp.blocked': {
    why: "The container's seccomp profile forbids system calls that a builder needs: clone and unshare of namespaces, mount, keyctl.",
    steps: {
      host: ['Take the filter off the process that starts the builder, or run it outside of the container.'],
      docker: SECCOMP_DOCKER,
      podman: [lineFor('podman', 'unfiltered-calls')],
      kubernetes: SECCOMP_KUBERNETES,
      lxc: [lineFor('lxc', 'unfiltered-calls')],
    },
    tell: ['$ grep Seccomp /proc/self/status'],
  },
  'seccomp.profile-missing': {
    why: 'A file of rules for system calls is named, and is not there: the container is not started without it.',
    steps: {
      host: ['Put the file where it is looked for, or name another.'],
      docker: [lineFor('docker', 'unfiltered-calls')],
      kubernetes: [
        'localhostProfile is relative to /var/lib/kubelet/seccomp, and every node that may run the pod needs the file.',
        lineFor('kubernetes', 'unfiltered-calls'),
      ],
    },
    tell: ['$ ls -lR /var/lib/kubelet/seccomp'],
  },
  'seccomp.outdated': {
    why: 'A container engine older than the C library of the image answers EPERM to system calls that it does not know (clone3, faccessat2, 64-bit time).',
    steps: {
      host: [
        'Update Docker to 20.10.10 or later, and libseccomp to 2.4.4 or later:',
        '$ sudo apt-get install --only-upgrade docker-ce containerd.io libseccomp2',
      ],
    },
    tell: ['$ docker version', '$ dpkg -l libseccomp2 || rpm -q libseccomp'],
  },
  'apparmor.mount-denied': {
    why: 'An AppArmor profile around the builder forbids mount, which every build needs.',
    steps: {
      host: ['Let the program run unconfined, or add mount rules to its profile in /etc/apparmor.d/local/.'],
      docker: [lineFor('docker', 'no-apparmor', 'unfiltered-calls')],
      kubernetes: [lineFor('kubernetes', 'no-apparmor')],
      lxc: [lineFor('lxc', 'no-apparmor')],
    },
    tell: ['$ cat /proc/self/attr/current', '$ sudo journalctl -k --grep apparmor'],
  },
  'apparmor.lxc-sysctl-denied': {
    why: 'Since its fix for CVE-2025-52881 runc writes sysctls over a detached procfs, which the AppArmor profile of LXC denies.',
    steps: {
      host: [
        'On the LXC host update LXC and its profiles; until then the guest needs lxc.apparmor.profile: unconfined, which weakens it.',
      ],
      lxc: [
        'On the LXC host update lxc-pve or lxc, and restart the guest.',
        'Until an update is there, write “lxc.apparmor.profile: unconfined” into the configuration of the guest, which weakens it.',
        'Or go back in the guest to containerd.io 1.7.28-1 with runc 1.3.2 (has the vulnerability).',
      ],
    },
    tell: ['$ cat /proc/self/attr/current', '$ runc --version'],
  },
  'apparmor.profile-load-failed': {
    why: 'The engine could not load or put on an AppArmor profile and starts no container without it.',
    steps: {
      host: [
        'Repair what apparmor_parser complains of in /etc/apparmor.d, then load it anew:',
        '$ sudo apt-get install --reinstall apparmor',
        '$ sudo systemctl restart apparmor docker',
      ],
      lxc: [lineFor('lxc', 'no-apparmor')],
      kubernetes: ['Remove the profile from nodes without AppArmor, or load it on every node.'],
    },
    tell: ['$ sudo aa-status'],
  },
  'lsm.selinux-denied': {
    why: 'SELinux denied the access: the context of the file or of the program does not allow it.',
    steps: {
      host: [
        '$ sudo ausearch -m avc -ts recent',
        '$ sudo dnf install container-selinux',
        '$ sudo restorecon -RFv ~/.local/share',
      ],
      podman: ['Add :z or :Z to the volume, or:', lineFor('podman', 'no-selinux')],
      kubernetes: [`For a privileged builder: ${wordsOf('kubernetes', 'no-selinux')}.`],
    },
    tell: ['$ getenforce', '$ sudo ausearch -m avc -ts recent'],
  },
  'proc.read-only': {
    why: 'newuidmap writes the id map of the namespace into /proc, which is mounted read-only.',
    steps: {
      host: ['$ sudo mount -o remount,bind,rw /proc'],
      docker: [lineFor('docker', 'unmasked-proc')],
      podman: [lineFor('podman', 'unmasked-proc')],
    },
    tell: ["$ grep ' /proc ' /proc/self/mounts"],
  },
  'lsm.landlock-denied': {
    why: 'A Landlock rule set (of an agent, a CI runner, a hardened service) forbids every mount to all that runs below it.',
    steps: { host: ['Start buildkitd outside of that sandbox: it cannot be taken off from inside.'] },
    tell: ['$ unshare --user --map-root-user --mount true', '$ cat /sys/kernel/security/lsm'],
  },
  'proc.masked': {
    why: 'Container engines cover parts of /proc, and the kernel mounts no new /proc for a RUN step while anything of it is covered.',
    steps: {
      host: ['Start buildkitd with --oci-worker-no-process-sandbox, or outside of the container.'],
      docker: [
        lineFor('docker', 'unmasked-proc', 'unfiltered-calls', 'no-apparmor'),
        'Or add --oci-worker-no-process-sandbox to the arguments of buildkitd.',
      ],
      podman: [lineFor('podman', 'unmasked-proc')],
      kubernetes: waysToProc('kubernetes'),
      lxc: [lineFor('lxc', 'unmasked-proc')],
    },
    tell: ["$ grep ' /proc/' /proc/self/mounts"],
  },
  'container.not-privileged': {
    why: 'BuildKit as root mounts file systems and makes control groups; a container without the privilege refuses.',
    steps: {
      host: ['Give the container the privilege, or use the rootless image.'],
      docker: [
        `$ docker run ${wordsOf('docker', 'privileged')} moby/buildkit`,
        'Or the rootless image:',
        `$ docker run ${ROOTLESS}`,
      ],
      kubernetes: [
        lineFor('kubernetes', 'privileged'),
        `Or use moby/buildkit:rootless with ${wordsOf('kubernetes', 'unfiltered-calls', 'no-apparmor')}.`,
      ],
      lxc: [lineFor('lxc', 'unfiltered-calls')],
    },
    tell: ['$ grep CapEff /proc/self/status'],
  },
  'daemon.needs-root': {
    why: 'buildkitd runs as root, or as the mapped root of a user namespace: an ordinary user starts it through rootlesskit.',
    steps: { host: ['$ rootlesskit buildkitd'] },
  },
  'runtime.sandbox-incompatible': {
    why: 'gVisor and Kata Containers lack system calls or mount options that a builder needs.',
    steps: {
      host: ['Run the builder in a pod or container with the ordinary runtime (runc).'],
      kubernetes: ['Remove runtimeClassName from the pod of the builder, or use a node pool without a sandbox.'],
    },
    tell: ['$ dmesg | head -5'],
  },
  'k8s.policy-forbidden': {
    why: 'A policy of the cluster refuses the pod before it starts.',
    steps: {
      host: [
        'Use a pod that the policy allows, or a namespace with another one:',
        '$ kubectl label namespace NAME pod-security.kubernetes.io/enforce=privileged',
      ],
    },
    tell: ['$ kubectl get namespace NAME -o yaml', '$ kubectl get events --sort-by=.lastTimestamp'],
  },
  'k8s.rbac-denied': {
    why: 'The client, or the service account of the job, may not make the pods of the builder or run commands in them.',
    steps: {
      host: [
        'Bind a role that allows deployments, pods and pods/exec to the account, and see that the kubeconfig is valid:',
        '$ kubectl auth can-i create pods/exec --namespace NAME',
      ],
    },
    tell: ['$ kubectl auth can-i --list --namespace NAME'],
  },
} as const satisfies { readonly [condition: string]: Remedy };
