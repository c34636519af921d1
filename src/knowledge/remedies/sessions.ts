import type { Remedy } from './remedy.ts';

export const SESSION_REMEDIES = {
  'env.xdg-runtime-dir': {
    why: 'Sockets and state of a rootless daemon lie in XDG_RUNTIME_DIR, which a proper login makes; su and sudo do not.',
    steps: {
      host: [
        '$ sudo loginctl enable-linger "$USER"',
        '$ export XDG_RUNTIME_DIR=/run/user/$(id -u)',
        'Log in with ssh or machinectl shell USER@ instead of su or sudo.',
      ],
      kubernetes: ['Keep XDG_RUNTIME_DIR=/run/user/1000 of the image, and its uid 1000.'],
    },
    tell: ['$ echo "$XDG_RUNTIME_DIR"; ls -ld /run/user/$(id -u)'],
  },
  'env.xdg-data-home': {
    why: 'The state directory lies below XDG_DATA_HOME.',
    steps: { host: ['Unset XDG_DATA_HOME, or make the directory and give it to the user.'] },
  },
  'env.docker-host-wrong': {
    why: 'DOCKER_HOST or the context of the client names an address at which no Docker daemon answers.',
    steps: {
      host: [
        '$ unset DOCKER_HOST',
        '$ docker context use default',
        'In CI see that the docker:dind service runs (privileged), that its alias is docker, and that port and TLS agree (2376 with, 2375 without).',
      ],
      kubernetes: [
        'In a job with docker:dind in the same pod the host is localhost: DOCKER_HOST=tcp://localhost:2375.',
      ],
    },
    tell: ['$ echo "$DOCKER_HOST"; docker context ls'],
  },
  'env.docker-buildkit': {
    why: 'DOCKER_BUILDKIT takes 0 or 1; with anything else the client ends.',
    steps: { host: ['$ export DOCKER_BUILDKIT=1'] },
  },
  'env.buildkit-host-wrong': {
    why: 'buildctl asks the address in BUILDKIT_HOST or --addr; without one, the default socket of its own mode.',
    steps: {
      host: [
        '$ export BUILDKIT_HOST=unix:///run/user/$(id -u)/buildkit/buildkitd.sock   # rootless',
        '$ export BUILDKIT_HOST=unix:///run/buildkit/buildkitd.sock                # as root',
      ],
      kubernetes: ['$ export BUILDKIT_HOST=tcp://SERVICE.NAMESPACE.svc:1234'],
    },
    tell: ['$ echo "$BUILDKIT_HOST"; buildctl debug workers'],
  },
  'env.credential-helper-missing': {
    why: '~/.docker/config.json names a program that keeps passwords; it is not in PATH or does not work here.',
    steps: {
      host: [
        'Install docker-credential-NAME, or remove credsStore and credHelpers from ~/.docker/config.json and log in again:',
        '$ docker login',
      ],
      wsl: ['In WSL change "credsStore": "desktop.exe" in ~/.docker/config.json, or remove the line.'],
    },
    tell: [
      '$ grep -E "credsStore|credHelpers" ~/.docker/config.json',
      '$ ls $(echo "$PATH" | tr : " ") 2>/dev/null | grep docker-credential',
    ],
  },
  'env.ssh-agent-missing': {
    why: 'A step mounts the SSH agent of the client, and none was given or none runs.',
    steps: { host: ['$ eval "$(ssh-agent)" && ssh-add', '$ docker buildx build --ssh default …'] },
    tell: ['$ echo "$SSH_AUTH_SOCK"; ssh-add -l'],
  },
  'env.snap-confinement': {
    why: 'Docker from snap reads only the home directory, and nothing hidden in it.',
    steps: {
      host: [
        'Move the project below your home, not below a hidden directory or /tmp; or install Docker from packages:',
        '$ sudo snap remove docker',
      ],
    },
    tell: ['$ readlink -f "$(command -v docker)"'],
  },
  'env.wsl-integration': {
    why: 'Docker Desktop serves only those WSL 2 distributions for which its integration is switched on.',
    steps: {
      host: [
        'Settings, Resources, WSL Integration of Docker Desktop: switch this distribution on.',
        'A distribution of WSL 1 is converted in PowerShell:',
        '$ wsl --set-version NAME 2',
      ],
    },
    tell: ['$ wsl.exe --list --verbose'],
  },
  'env.user': {
    why: 'buildkitd takes the paths of root where USER is unset or root, which an ordinary user may not write.',
    steps: {
      host: ['$ export USER=$(id -un)', 'In a unit: Environment=USER=NAME.'],
      kubernetes: ['Set the variable USER=user in the container.'],
    },
    tell: ['$ echo "$USER"'],
  },
  'env.home': {
    why: 'State, configuration and cache of a rootless daemon lie below HOME.',
    steps: { host: ['$ export HOME=$(getent passwd "$(id -u)" | cut -d: -f6)'] },
    tell: ['$ echo "$HOME"; ls -ld "$HOME"'],
  },
  'env.tmpdir': {
    why: 'rootlesskit and BuildKit make files in TMPDIR, which is missing or not writable.',
    steps: {
      host: ['$ unset TMPDIR', '$ sudo chmod 1777 /tmp'],
      kubernetes: ['Do not mount over /home/user or /home/user/.local: they hold the TMPDIR of the image.'],
    },
    tell: ['$ echo "$TMPDIR"; ls -ld /tmp $TMPDIR'],
  },
  'env.umask': {
    why: 'rootlesskit opens again what it has made, and the umask has taken its rights from the owner.',
    steps: { host: ['$ umask 022', 'In a unit: UMask=0022 below [Service].'] },
    tell: ['$ umask'],
  },
  'env.telemetry': {
    why: 'buildkitd ends at an OpenTelemetry exporter or protocol that it does not have.',
    steps: { host: ['Use grpc or http/protobuf in OTEL_EXPORTER_OTLP_PROTOCOL, or unset the OTEL_ variables.'] },
  },
  'systemd.user-session': {
    why: 'A user unit, and control groups for a user, need the systemd session of that user, which su and sudo do not start.',
    steps: {
      host: [
        '$ sudo loginctl enable-linger "$USER"',
        '$ sudo apt-get install dbus-user-session',
        'Log in anew (ssh, or machinectl shell USER@), then:',
        '$ systemctl --user status',
      ],
      wsl: ['Set [boot] systemd=true in /etc/wsl.conf, then in PowerShell:', '$ wsl --shutdown'],
    },
    tell: ['$ systemctl --user is-system-running', '$ loginctl show-user "$USER" --property=Linger'],
  },
  'service.refused': {
    why: 'systemd does not even try to start what is masked, what it cannot load, or what a condition of its own forbids.',
    steps: {
      host: [
        '$ systemctl cat buildkit.service',
        '$ systemd-analyze verify buildkit.service',
        'Take the mask away (systemctl unmask), make the condition true, or take the line out (systemctl edit --full). For a unit of a user, add --user.',
      ],
    },
    tell: ['$ systemctl status buildkit.service'],
  },
  'service.confined': {
    why: 'Options that harden a unit take paths, capabilities or system calls away from everything that it starts: from rootlesskit and newuidmap, from buildkitd, and from the OCI runtime of every RUN step.',
    steps: {
      host: [
        '$ systemctl cat buildkit.service',
        'Give back what the build needs in a drop-in (systemctl edit buildkit.service): for one, ReadWritePaths= for the state directory under ProtectSystem=strict, or ProtectHome=no; bk-doctor check names the directive and the lines.',
      ],
    },
    tell: ['$ systemctl show buildkit.service --property=ProtectHome,ProtectSystem,CapabilityBoundingSet'],
  },
  'service.start-fails': {
    why: 'systemd gives a start up when a preparing command, a file of variables, the working directory or the group is missing or fails.',
    steps: {
      host: [
        '$ journalctl --unit buildkit.service --boot',
        'Mend what the last lines name, or take its directive out: systemctl edit --full buildkit.service.',
      ],
    },
    tell: ['$ systemctl show buildkit.service --property=Result,ExecMainStatus'],
  },
  'service.not-notified': {
    why: 'With Type=notify systemd takes word only from the main process, which is rootlesskit, and ends a working buildkitd after the time limit.',
    steps: {
      host: [
        'Add NotifyAccess=all below [Service]: systemctl edit buildkit.service (with --user for a unit of a user).',
      ],
    },
    tell: ['$ journalctl --unit buildkit.service --grep "reception only permitted"'],
  },
  'service.socket-activation': {
    why: 'systemd passes a socket to the process that it starts itself; rootlesskit does not pass it on, and without a socket unit there is none.',
    steps: {
      host: [
        'Give buildkitd an address of its own (--addr unix://PATH) instead of fd://.',
        'Without rootlesskit: make buildkit.socket beside the service, and start it: systemctl enable --now buildkit.socket.',
      ],
    },
  },
  'service.unknown-flag': {
    why: 'buildkitd ends with its help when it is given a flag that its release does not have.',
    steps: { host: ['$ buildkitd --help', 'Take the flag out of ExecStart=, or install a release that has it.'] },
    tell: ['$ buildkitd --version'],
  },
  'cgroup.delegation-missing': {
    why: 'Limits for containers of a user need the control group controllers delegated to that user.',
    steps: {
      host: [
        '$ sudo mkdir -p /etc/systemd/system/user@.service.d',
        "$ printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf",
        '$ sudo systemctl daemon-reload',
        'Then log in anew.',
      ],
    },
    tell: ['$ cat /sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service/cgroup.controllers'],
  },
  'cgroup.v1-only': {
    why: 'What is asked for needs cgroup v2, and this host runs v1 or both.',
    steps: {
      host: [
        "$ sudo grubby --update-kernel=ALL --args='systemd.unified_cgroup_hierarchy=1'",
        'Or set it in GRUB_CMDLINE_LINUX, and reboot. runc works with v1: use it instead of crun.',
      ],
    },
    tell: ['$ stat -f -c %T /sys/fs/cgroup'],
  },
  'cgroup.not-mounted': {
    why: 'The runtime finds no control groups where they must be mounted.',
    steps: {
      host: ['$ findmnt -t cgroup,cgroup2', 'Without systemd:', '$ sudo mount -t cgroup2 none /sys/fs/cgroup'],
      wsl: ['Update WSL (wsl --update), and set [boot] systemd=true in /etc/wsl.conf.'],
      docker: [
        'In a container mount it: $ docker run --privileged --cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw …',
      ],
    },
    tell: ['$ cat /proc/self/cgroup; findmnt -t cgroup,cgroup2'],
  },
  'cgroup.read-only': {
    why: 'No group can be made for a RUN step while the hierarchy is read-only, as in a container without privilege.',
    steps: { host: ['Start the container privileged, or use the rootless image.'] },
    tell: ['$ findmnt -no OPTIONS /sys/fs/cgroup'],
  },
  'cgroup.limited': {
    why: 'As root, every RUN step gets a control group below "buildkit"; where that one is frozen, may have no devices or no groups below it, no step can run.',
    steps: {
      host: [
        'Take the limit away that the report names, or remove the group while no build runs; the next build makes it anew:',
        '$ sudo find /sys/fs/cgroup -depth -type d -path "*/buildkit*" -exec rmdir {} +',
      ],
    },
    tell: ['$ grep . /sys/fs/cgroup/buildkit/* /sys/fs/cgroup/*/buildkit/* 2>/dev/null'],
  },
  'runtime.runc-missing': {
    why: 'RUN steps are started by an OCI runtime, and none is in PATH.',
    steps: {
      host: [
        '$ sudo apt-get install runc   # Debian, Ubuntu',
        '$ sudo dnf install runc       # Fedora, RHEL',
        'With crun alone:',
        '$ buildkitd --oci-worker=true --oci-worker-binary=crun',
      ],
    },
    tell: ['$ command -v buildkit-runc runc crun'],
  },
  'runtime.device-unusable': {
    why: 'Programs open /dev/null, and a rootless runtime gives the device nodes of the host to every RUN step; one is missing or closed.',
    steps: {
      host: [
        'Let devtmpfs and udev make /dev, or make the node that is missing:',
        '$ sudo mknod -m 666 /dev/null c 1 3',
        '$ sudo mknod -m 666 /dev/full c 1 7',
      ],
      docker: ['Mount nothing over /dev.'],
      kubernetes: ['Mount nothing over /dev.'],
    },
    tell: ['$ ls -l /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty'],
  },
  'runtime.runc-too-old': {
    why: 'The OCI runtime is too old for what is asked of it, or broken.',
    steps: { host: ['$ runc --version', 'Update it from the distribution, containerd.io or the release of BuildKit.'] },
    tell: ['$ runc --version'],
  },
  'runtime.no-worker': {
    why: 'buildkitd ends where neither its own worker (runc) nor containerd is usable.',
    steps: { host: ['Install runc, or start containerd and enable [worker.containerd] in buildkitd.toml.'] },
    tell: ['$ command -v runc; buildctl debug workers'],
  },
  'binary.buildkitd-missing': {
    why: 'buildkitd is not in the PATH of whoever starts it.',
    steps: { host: ['Unpack a release of github.com/moby/buildkit to /usr/local, or set PATH in the unit.'] },
    tell: ['$ command -v buildkitd'],
  },
  'binary.buildctl-missing': {
    why: 'buildctl, the client of BuildKit, is not in PATH.',
    steps: { host: ['It comes with the release of BuildKit: unpack it to /usr/local.'] },
    tell: ['$ command -v buildctl'],
  },
  'binary.git-missing': {
    why: 'The daemon fetches Git repositories with git.',
    steps: { host: ['$ sudo apt-get install git'] },
    tell: ['$ command -v git'],
  },
  'binary.rootless-helper-missing': {
    why: 'A rootless daemon is started by rootlesskit and programs that it uses.',
    steps: {
      host: [
        '$ sudo apt-get install docker-ce-rootless-extras   # or: rootlesskit',
        'See that the PATH of the unit has the directory.',
      ],
    },
    tell: ['$ command -v rootlesskit nsenter ip'],
  },
  'buildx.plugin-missing': {
    why: 'Without the buildx plugin the Docker client uses its classic builder, which lacks what BuildKit has, or refuses to build.',
    steps: {
      host: [
        '$ sudo apt-get install docker-buildx-plugin   # packages of Docker',
        '$ sudo apt-get install docker-buildx          # packages of Debian and Ubuntu',
      ],
    },
    tell: ['$ docker buildx version'],
  },
} as const satisfies { readonly [condition: string]: Remedy };
