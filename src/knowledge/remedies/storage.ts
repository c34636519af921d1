import { lineFor } from '../engines.ts';
import type { Remedy } from './remedy.ts';

export const STORAGE_REMEDIES = {
  'storage.locked-mount-flags': {
    why: 'A user namespace may not drop nosuid, nodev or noexec of a mount that it inherited, and BuildKit before v0.11.5 tries to when it mounts a layer read-only.',
    steps: {
      host: [
        'Use BuildKit v0.11.5 or later, or put the state directory on a mount without nosuid and nodev:',
        '$ findmnt -no OPTIONS --target ~/.local/share/buildkit',
      ],
      kubernetes: [
        'Use moby/buildkit v0.11.5-rootless or later, or an emptyDir at /home/user/.local/share/buildkit (Bottlerocket and COS mount volumes nosuid).',
      ],
    },
    tell: ['$ findmnt -no OPTIONS --target ~/.local/share/buildkit'],
  },
  'snapshotter.overlay-unsupported': {
    why: 'overlayfs cannot be mounted on the file system of the state directory, by this account, with this kernel.',
    steps: {
      host: [
        'Load the module, and put the state directory on ext4 or xfs (ftype=1):',
        '$ sudo modprobe overlay',
        'Before kernel 5.11 rootless overlayfs does not work: install fuse-overlayfs.',
      ],
      docker: [
        'Put the state on a volume instead of the layers of the container:',
        lineFor('docker', ['volume', '/var/lib/buildkit']),
      ],
      kubernetes: ['Mount an emptyDir at the state directory, and load the overlay module on the node.'],
    },
    tell: ['$ grep overlay /proc/filesystems', '$ stat -f -c %T ~/.local/share'],
  },
  'snapshotter.overlay-on-overlay': {
    why: 'The kernel mounts no overlay whose upper directory lies on an overlay, as the root of a container is.',
    steps: {
      host: ['Put the state directory on an ordinary file system.'],
      docker: [lineFor('docker', ['volume', '/var/lib/buildkit'])],
      kubernetes: [lineFor('kubernetes', ['volume', '/var/lib/buildkit (rootless: /home/user/.local/share/buildkit)'])],
    },
    tell: ['$ stat -f -c %T /var/lib/buildkit ~/.local/share/buildkit'],
  },
  'snapshotter.fuse-device-missing': {
    why: 'fuse-overlayfs needs /dev/fuse.',
    steps: {
      host: ['$ sudo modprobe fuse'],
      docker: [lineFor('docker', ['device', '/dev/fuse'])],
      podman: [lineFor('podman', ['device', '/dev/fuse'])],
      kubernetes: [
        'Give the pod /dev/fuse through a device plugin, or let buildkitd use overlayfs (kernel 5.11 or later).',
      ],
      lxc: ['Allow it on the LXC host: pct set ID --features fuse=1.'],
    },
    tell: ['$ ls -l /dev/fuse'],
  },
  'snapshotter.fuse-overlayfs-missing': {
    why: 'The configured or only possible snapshotter is fuse-overlayfs, and its program or mount helper is not there.',
    steps: {
      host: [
        '$ sudo apt-get install fuse-overlayfs fuse3   # Debian, Ubuntu',
        '$ sudo dnf install fuse-overlayfs              # Fedora, RHEL',
      ],
    },
    tell: ['$ command -v fuse-overlayfs mount.fuse3'],
  },
  'snapshotter.fuse-overlayfs-broken': {
    why: 'fuse-overlayfs mounts, but nothing can be written, so that every RUN step fails.',
    steps: { host: ['Update fuse-overlayfs, or let buildkitd use overlayfs: --oci-worker-snapshotter=auto.'] },
  },
  'snapshotter.native-fallback': {
    why: 'The native snapshotter copies every layer whole: it works, but slowly, and takes much space.',
    steps: {
      host: [
        'Make overlayfs possible (kernel 5.11 or later, state directory on ext4 or xfs), or install fuse-overlayfs.',
      ],
      kubernetes: ['Mount an emptyDir at the state directory.'],
    },
    tell: ['$ buildctl debug workers -v'],
  },
  'snapshotter.name-mismatch': {
    why: 'The configuration names a snapshotter that this daemon does not have.',
    steps: {
      host: [
        'Use auto, overlayfs, fuse-overlayfs, native or stargz in buildkitd.toml ([worker.oci] snapshotter) or --oci-worker-snapshotter.',
      ],
    },
  },
  'snapshotter.proxy-missing': {
    why: 'The socket of the proxy snapshotter that is configured does not exist.',
    steps: {
      host: ['Start the snapshotter, and write the path of its socket without unix:// in proxySnapshotterPath.'],
    },
  },
  'storage.disk-full': {
    why: 'The file system that is written to is full.',
    steps: {
      host: ['$ df -h', '$ buildctl prune', '$ docker system prune'],
      docker: ['$ docker buildx prune', '$ docker system df'],
      kubernetes: [
        'Raise ephemeral-storage or the size of the volume of the builder, and set a garbage collection policy in buildkitd.toml.',
      ],
      wsl: ['Enlarge the virtual disk of WSL, or make room:', '$ docker system prune'],
    },
    tell: ['$ df -h && df -i'],
  },
  'storage.inodes-exhausted': {
    why: 'The file system has blocks left, but no inode for another file.',
    steps: {
      host: ['$ df -i', '$ buildctl prune', 'A file system with more inodes (mkfs.ext4 -i 8192, xfs) lasts longer.'],
    },
    tell: ['$ df -i'],
  },
  'storage.quota-exceeded': {
    why: 'The quota of the account or project on this file system is used up.',
    steps: { host: ['$ quota -s', '$ buildctl prune', 'Or move the state directory: buildkitd --root DIR.'] },
    tell: ['$ quota -s'],
  },
  'storage.network-filesystem': {
    why: 'Network file systems keep no owners and attributes for the ids of a user namespace.',
    steps: {
      host: [
        'Put the state directory on a local disk: buildkitd --root /var/tmp/buildkit-$USER (Podman: graphroot in storage.conf).',
      ],
    },
    tell: ['$ stat -f -c %T ~/.local/share'],
  },
  'storage.xattr-unsupported': {
    why: 'Layers have extended attributes (capabilities, opaque directories) that this file system does not keep.',
    steps: { host: ['Put the state directory on ext4, xfs or btrfs: buildkitd --root DIR.'] },
  },
  'storage.no-owners': {
    why: 'This file system cannot give files to other owners, and an image has many.',
    steps: { host: ['Put the state directory on ext4, xfs or btrfs: buildkitd --root DIR.'] },
  },
  'storage.xfs-no-dtype': {
    why: 'An XFS that was made with ftype=0 does not tell the types of directory entries, which overlayfs needs.',
    steps: { host: ['Make the file system anew with mkfs.xfs -n ftype=1, or put the state directory elsewhere.'] },
    tell: ['$ xfs_info / | grep ftype'],
  },
  'storage.permission': {
    why: 'The state, cache or temporary directory, or something in it, belongs to another account: often to root, after one start with sudo.',
    steps: {
      host: [
        'Let bk-doctor give back what root left behind; image files belong to subordinate ids, so a plain chown -R would ruin the cache:',
        '$ sudo bk-doctor fix --user "$USER" --only storage/ownership',
      ],
      kubernetes: ['Set fsGroup: 1000 for volumes; a hostPath must be given to uid 1000 on the node.'],
      docker: ['Use a named volume, or give the directory to uid 1000 before it is mounted.'],
    },
    tell: ['$ ls -ld ~/.local ~/.local/share ~/.local/share/buildkit'],
  },
  'storage.read-only': {
    why: 'The state, home or temporary directory is on a file system that is mounted read-only.',
    steps: {
      host: [
        '$ findmnt --target ~/.local/share/buildkit',
        'After an error of the disk see dmesg; else remount it, or choose another directory with buildkitd --root.',
      ],
      kubernetes: [
        'With readOnlyRootFilesystem mount volumes at /run/user/1000, /home/user/.local/tmp, /home/user/.local/share/buildkit and /tmp.',
      ],
      docker: ['With --read-only add --tmpfs for /run, /tmp and a volume for the state directory.'],
    },
    tell: ['$ findmnt -no OPTIONS --target ~/.local/share/buildkit'],
  },
  'storage.state-corrupted': {
    why: 'The database of the daemon names layers that are gone or damaged: after an unclean end, a full disk, or files deleted by hand.',
    steps: {
      host: [
        'Stop the daemon, move its state directory away, start it again; only the cache is lost:',
        '$ systemctl --user stop buildkit',
        '$ mv ~/.local/share/buildkit ~/.local/share/buildkit.damaged',
      ],
      docker: [
        '$ docker builder prune --all',
        'If that fails as well, stop Docker and move /var/lib/docker/buildkit away.',
      ],
    },
  },
  'storage.state-dir-in-context': {
    why: "The build context contains the daemon's own state directory, which cannot be read or sent.",
    steps: {
      host: ['Build from a directory of its own instead of the home, or exclude it:', '$ echo .local >> .dockerignore'],
    },
  },
  'storage.noexec': {
    why: 'Programs of the image cannot be run from a file system that is mounted noexec.',
    steps: {
      host: [
        'Put the state directory on a mount without noexec: buildkitd --root DIR.',
        'If only one script fails, it lacks its x bit: RUN chmod +x SCRIPT in the Dockerfile.',
      ],
    },
    tell: ['$ findmnt -no OPTIONS --target ~/.local/share/buildkit'],
  },
  'storage.not-a-directory': {
    why: 'A file or a dangling link stands where the state directory must be made.',
    steps: {
      host: ['$ ls -ld ~/.local/share/buildkit', 'Move it away, or choose another directory with buildkitd --root.'],
    },
  },
  'storage.gc-policy': {
    why: 'The garbage collection keeps more than the file system has, so that the disk fills up, or less than a build needs.',
    steps: {
      host: [
        'Set reservedSpace, maxUsedSpace and minFreeSpace in [worker.oci] of buildkitd.toml to what the disk has.',
      ],
    },
  },
  'kernel.too-old': {
    why: 'The kernel is older than a feature that is used here.',
    steps: {
      host: [
        '$ uname -r',
        'Rootless overlayfs needs 5.11, device control on cgroup v2 4.15: update the kernel, or use what does without (fuse-overlayfs, cgroup v1).',
      ],
    },
    tell: ['$ uname -r'],
  },
  'kernel.config-missing': {
    why: 'The kernel was built without an option, or its module is not installed.',
    steps: {
      host: [
        'Install the modules of the running kernel, and reboot after an update of it:',
        '$ sudo apt-get install linux-modules-extra-$(uname -r)',
        'On boards use a kernel with CONFIG_CGROUP_BPF, CONFIG_OVERLAY_FS, CONFIG_VETH, CONFIG_BRIDGE.',
      ],
    },
    tell: [
      '$ zgrep -E "CGROUP_BPF|BPF_SYSCALL|OVERLAY_FS|VETH|BRIDGE=" /proc/config.gz /boot/config-$(uname -r)',
      '$ ls /lib/modules/$(uname -r)',
    ],
  },
  'limits.keyring-quota': {
    why: 'Every container gets a session key; the kernel answers "disk quota exceeded" when the account has no more keys, and it is not the disk.',
    steps: {
      host: [
        "$ printf 'kernel.keys.maxkeys = 20000\\nkernel.keys.maxbytes = 500000\\n' | sudo tee /etc/sysctl.d/99-keys.conf",
        '$ sudo sysctl --system',
      ],
    },
    tell: ['$ sudo cat /proc/key-users', '$ sysctl kernel.keys.maxkeys kernel.keys.maxbytes'],
  },
  'limits.inotify': {
    why: 'The account has no inotify instances or watches left; the kernel says "too many open files" or "no space left on device".',
    steps: {
      host: [
        "$ printf 'fs.inotify.max_user_instances = 1024\\nfs.inotify.max_user_watches = 1048576\\n' | sudo tee /etc/sysctl.d/99-inotify.conf",
        '$ sudo sysctl --system',
      ],
    },
    tell: ['$ sysctl fs.inotify'],
  },
  'limits.open-files': {
    why: 'The process may not open more files, or may not raise its limit to what the step asks for.',
    steps: {
      host: [
        'Raise LimitNOFILE= in the unit of the daemon (systemctl --user edit buildkit), or the hard limit of the account in /etc/security/limits.d.',
        'Ask for no more than the hard limit: ulimit -Hn.',
      ],
      docker: [lineFor('docker', ['open-files', '1048576:1048576'])],
    },
    tell: ['$ ulimit -Sn; ulimit -Hn'],
  },
  'limits.file-size': {
    why: 'The process may not write files as large as a layer.',
    steps: { host: ['Remove LimitFSIZE= from the unit and fsize from /etc/security/limits.conf.'] },
    tell: ['$ ulimit -f'],
  },
  'limits.pids': {
    why: 'The account, container or unit may not make more processes or threads.',
    steps: {
      host: ['Raise TasksMax= of the unit or user slice, and nproc in /etc/security/limits.conf.'],
      docker: [lineFor('docker', ['pids-of-group', '-1'])],
      kubernetes: ["Raise the kubelet's podPidsLimit, or let the build use fewer jobs (make -j4)."],
    },
    tell: ['$ ulimit -u', '$ cat /sys/fs/cgroup/pids.max'],
  },
  'limits.out-of-memory': {
    why: 'The kernel killed a process for want of memory: 137 is 128 + SIGKILL.',
    steps: {
      host: [
        '$ sudo journalctl -k --grep "out of memory"',
        'Give the builder more memory or swap, or let the build use less (fewer jobs, NODE_OPTIONS=--max-old-space-size=4096).',
      ],
      docker: ["Raise the memory of the container or of Docker Desktop's machine."],
      kubernetes: [lineFor('kubernetes', 'memory-of-group')],
      wsl: ['Raise memory= in %UserProfile%\\.wslconfig.'],
    },
    tell: ['$ free -h', '$ sudo journalctl -k --grep "out of memory"'],
  },
} as const satisfies { readonly [condition: string]: Remedy };
