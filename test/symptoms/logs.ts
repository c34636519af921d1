import type { Condition } from '../../src/knowledge/conditions.ts';
import type { FailureKind } from '../../src/knowledge/symptoms/symptom.ts';

/** A log as people have it, and the first answer that it must get; several where its words cannot tell. */
export type Told = readonly [answer: Condition | readonly Condition[], log: string];
/** A log of a failure that no host is to blame for. */
export type Silent = readonly [kind: FailureKind | null, log: string];

const PARENT = '[rootlesskit:parent] error: failed to start the child: fork/exec /proc/self/exe:';
const MAP = '[rootlesskit:parent] error: failed to setup UID/GID map:';

export const LOGS: readonly Told[] = [
  ['userns.max-user-namespaces-zero', `${PARENT} no space left on device\n`],
  [
    'userns.max-user-namespaces-zero',
    'time="2025-02-03T10:00:00Z" level=warning msg="/proc/sys/user/max_user_namespaces needs to be set to non-zero."\n[rootlesskit:child ] error: parsing message from fd 3: EOF',
  ],
  [['userns.max-user-namespaces-zero', 'userns.max-other-zero'], 'unshare: unshare(2): No space left on device'],
  [
    'userns.unprivileged-clone-disabled',
    `time="2024-01-01T00:00:00Z" level=warning msg="/proc/sys/kernel/unprivileged_userns_clone needs to be set to 1."\n${PARENT} operation not permitted`,
  ],
  ['userns.apparmor-restricted', `Ubuntu 24.04.1 LTS\n${PARENT} operation not permitted`],
  [
    'userns.apparmor-restricted',
    'Nov 12 09:14:01 ci kernel: audit: type=1400 audit(1731399241.123:77): apparmor="DENIED" operation="userns_create" class="namespace" info="Userns create restricted - failed to find unprivileged_userns profile" error=-13 profile="unconfined" pid=4711 comm="rootlesskit"',
  ],
  [
    'userns.kernel-disabled',
    'Error: user namespaces are not enabled in /proc/self/ns/user: stat /proc/self/ns/user: no such file or directory',
  ],
  ['seccomp.blocked', `${PARENT} operation not permitted`],
  ['seccomp.blocked', `$ kubectl logs buildkitd-0\n${PARENT} operation not permitted`],
  [
    'seccomp.blocked',
    'runc run failed: unable to start container process: error during container init: unable to join session keyring: unable to create session key: operation not permitted',
  ],
  ['seccomp.outdated', '#9 1.204 runtime/cgo: pthread_create failed: Operation not permitted\n#9 1.204 SIGABRT: abort'],
  [
    'idmap.newuidmap-missing',
    `${MAP} newuidmap 812 [0 1000 1 1 100000 65536] failed: : exec: "newuidmap": executable file not found in $PATH`,
  ],
  [
    'idmap.newuidmap-not-setuid',
    `${MAP} newuidmap 812 [0 1000 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted\n: exit status 1`,
  ],
  [
    'idmap.no-new-privs',
    `2025-01-02T03:04:05.678Z stderr F ${MAP} newuidmap 11 [0 1000 1 1 100000 65536] failed: newuidmap: Could not set caps`,
  ],
  [
    'idmap.no-new-privs',
    `    securityContext:\n      allowPrivilegeEscalation: false\n${MAP} newuidmap 9 [0 1000 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted`,
  ],
  [
    'idmap.nested-userns',
    `root@guest:~# # Proxmox LXC guest\n${MAP} newuidmap 812 [0 1000 1 1 100000 65536] failed: newuidmap: write to uid_map failed: Operation not permitted`,
  ],
  ['idmap.subid-missing', `${MAP} failed to compute uid/gid map: No subuid ranges found for user 1001 ("ci")`],
  [
    'idmap.subid-too-few',
    '#7 ERROR: failed to solve: lchown /home/ci/.local/share/buildkit/runc-overlayfs/snapshots/snapshots/51/fs/srv: invalid argument',
  ],
  ['idmap.subid-too-few', '#5 2.1 E: setgroups 65534 failed - setgroups (22: Invalid argument)'],
  [
    'idmap.subid-overlap',
    `${MAP} newuidmap 870 [0 1006 1 1 427680 65536 65537 430000 65536] failed: newuidmap: write to uid_map failed: Invalid argument\n: exit status 1`,
  ],
  [
    'idmap.subid-invalid',
    `${MAP} failed to compute uid/gid map: Cannot parse subuid/gid information: Format not correct for /etc/subuid file`,
  ],
  [
    'proc.read-only',
    `${MAP} newuidmap 812 [0 1000 1 1 100000 65536] failed: newuidmap: open of uid_map failed: Read-only file system`,
  ],
  [
    'runtime.device-unusable',
    '#5 0.1 runc run failed: unable to start container process: error during container init: error reopening /dev/null inside container: open /dev/null: permission denied',
  ],
  [
    'env.umask',
    '[rootlesskit:parent] error: failed to lock /tmp/rootlesskit1/lock: open /tmp/rootlesskit1/lock: permission denied',
  ],
  ['idmap.user-lookup-failed', `${MAP} failed to compute uid/gid map: user: unknown userid 1000680000`],
  ['apparmor.mount-denied', '[rootlesskit:child ] error: failed to share mount point: /: permission denied'],
  [
    'apparmor.lxc-sysctl-denied',
    'Error response from daemon: failed to create task for container: runc create failed: unable to start container process: error during container init: open sysctl net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied: unknown',
  ],
  [
    'apparmor.profile-load-failed',
    'runc run failed: unable to start container process: error during container init: unable to apply apparmor profile: apparmor failed to apply profile: write fsmount:fscontext:proc/thread-self/attr/apparmor/exec: no such file or directory',
  ],
  [
    'lsm.selinux-denied',
    'type=AVC msg=audit(1700000000.101:412): avc:  denied  { mounton } for  pid=2211 comm="buildkitd" path="/home/ci/x" dev="dm-0" ino=7 scontext=system_u:system_r:init_t:s0 tcontext=unconfined_u:object_r:user_home_t:s0 tclass=dir permissive=0',
  ],
  [
    'proc.masked',
    '#6 0.089 runc run failed: unable to start container process: error during container init: error mounting "proc" to rootfs at "/proc": mount proc:/proc (via /proc/self/fd/6), flags: 0xe: operation not permitted',
  ],
  [
    'container.not-privileged',
    'error: failed to solve: failed to read dockerfile: failed to mount /tmp/buildkit-mount917: [{Type:bind Source:/var/lib/buildkit/runc-native/snapshots/snapshots/1 Options:[rbind ro]}]: operation not permitted',
  ],
  [
    'storage.locked-mount-flags',
    'time="2024-05-06T07:08:09Z" level=info msg="rootless mode"\nfailed to mount /run/user/1000/containerd-mount11: operation not permitted',
  ],
  [
    'daemon.needs-root',
    'buildkitd: rootless mode requires to be executed as the mapped root in a user namespace; you may use RootlessKit for setting up the namespace',
  ],
  ['runtime.sandbox-incompatible', `[    0.000000] Starting gVisor...\n${PARENT} invalid argument`],
  [
    'k8s.policy-forbidden',
    'Error from server (Forbidden): error when creating "pod.yaml": pods "buildkitd" is forbidden: violates PodSecurity "restricted:latest": privileged (container "buildkitd" must not set securityContext.privileged=true)',
  ],
  [
    'k8s.rbac-denied',
    'ERROR: deployments.apps is forbidden: User "system:serviceaccount:ci:default" cannot create resource "deployments" in API group "apps" in the namespace "ci"',
  ],
  [
    'snapshotter.overlay-unsupported',
    'time="2025-01-01T00:00:00Z" level=error msg="failed to mount overlay: invalid argument" storage-driver=overlay2',
  ],
  ['snapshotter.overlay-on-overlay', 'overlayfs: filesystem on /var/lib/buildkit not supported as upperdir'],
  [
    'snapshotter.fuse-device-missing',
    "fuse: device not found, try 'modprobe fuse' first\nfuse-overlayfs: cannot mount: No such file or directory",
  ],
  [
    'snapshotter.fuse-overlayfs-missing',
    'buildkitd: fuse-overlayfs not installed: exec: "fuse-overlayfs": executable file not found in $PATH',
  ],
  ['snapshotter.native-fallback', 'time="2025-01-01T00:00:00Z" level=info msg="auto snapshotter: using native"'],
  ['snapshotter.name-mismatch', 'buildkitd: unknown snapshotter name: "overlay2"'],
  [
    'snapshotter.proxy-missing',
    "buildkitd: snapshotter doesn't exist on unix:///run/containerd-stargz-grpc/containerd-stargz-grpc.sock (Do not include 'unix://' prefix)",
  ],
  [
    'kernel.too-old',
    'runc create failed: unable to start container process: unable to apply cgroup configuration: bpf_prog_query(BPF_CGROUP_DEVICE) failed: invalid argument',
  ],
  [
    'kernel.config-missing',
    'runc create failed: bpf_prog_query(BPF_CGROUP_DEVICE) failed: function not implemented: unknown',
  ],
  [
    'storage.disk-full',
    'error: failed to solve: write /home/u/.local/share/buildkit/runc-overlayfs/snapshots/snapshots/4/fs/busybox: no space left on device',
  ],
  [
    'storage.inodes-exhausted',
    'tar: usr/share/doc/x: Cannot mkdir: No space left on device\n$ df -i\nFilesystem Inodes IUsed IFree IUse% Mounted on\n/dev/vda1 655360 655360 0 100% /',
  ],
  [
    'storage.quota-exceeded',
    'error: failed to solve: write /home/u/.local/share/buildkit/content/ingest/1/data: disk quota exceeded',
  ],
  [
    'storage.network-filesystem',
    'failed to get xattr for /home/u/.local/share/buildkit/runc-native/snapshots/snapshots/2/bin: operation not supported',
  ],
  [
    'storage.xfs-no-dtype',
    'overlay: the backing xfs filesystem is formatted without d_type support, which leads to incorrect behavior.',
  ],
  [
    'storage.permission',
    'buildkitd: open /home/alice/.local/share/buildkit/buildkitd.lock: permission denied\ncould not lock /home/alice/.local/share/buildkit/buildkitd.lock',
  ],
  ['storage.read-only', 'buildkitd: open /home/alice/.local/share/buildkit/buildkitd.lock: read-only file system'],
  [
    'storage.state-corrupted',
    'error: failed to solve: failed to prepare sha256:1 as 2: parent snapshot sha256:3 does not exist: not found',
  ],
  [
    'storage.state-dir-in-context',
    'error: failed to solve: error from sender: open /home/u/.local/share/buildkit/runc-overlayfs/x: permission denied',
  ],
  [
    'limits.file-size',
    'write /home/a/.local/share/buildkit/runc-overlayfs/snapshots/snapshots/4/fs/busybox: file too large',
  ],
  ['storage.noexec', '#7 0.10 exec /bin/sh: permission denied'],
  ['storage.not-a-directory', 'buildkitd: mkdir /home/alice/.local/share/buildkit: not a directory'],
  [
    'limits.keyring-quota',
    'OCI runtime create failed: container init caused: join session keyring: create session key: disk quota exceeded: unknown',
  ],
  ['limits.inotify', 'Failed to allocate directory watch: Too many open files'],
  ['limits.open-files', "#11 9.70 Error: EMFILE: too many open files, open '/src/index.js'"],
  ['limits.pids', '/usr/bin/make: fork: retry: Resource temporarily unavailable'],
  [
    'limits.out-of-memory',
    '#12 ERROR: process "/bin/sh -c npm run build" did not complete successfully: exit code: 137',
  ],
  ['env.xdg-runtime-dir', 'buildkitd: mkdir /run/user/99999: permission denied'],
  [
    'env.docker-host-wrong',
    'error during connect: Post "http://docker:2375/v1.40/auth": dial tcp: lookup docker on 10.0.0.2:53: no such host',
  ],
  [
    'env.docker-buildkit',
    'DOCKER_BUILDKIT environment variable expects boolean value: strconv.ParseBool: parsing "yes": invalid syntax',
  ],
  [
    'env.buildkit-host-wrong',
    'error: failed to list workers: Unavailable: connection error: desc = "transport: Error while dialing: dial tcp: lookup buildkitd on 10.96.0.10:53: no such host"',
  ],
  [
    'env.credential-helper-missing',
    'ERROR: failed to solve: error getting credentials - err: exec: "docker-credential-desktop.exe": executable file not found in $PATH, out: ``',
  ],
  ['env.ssh-agent-missing', 'error: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set'],
  [
    'env.snap-confinement',
    'ERROR: failed to solve: failed to read dockerfile: open /var/lib/snapd/void/Dockerfile: no such file or directory',
  ],
  [
    'env.wsl-integration',
    "The command 'docker' could not be found in this WSL 2 distro.\nWe recommend to activate the WSL integration in Docker Desktop settings.",
  ],
  ['env.user', 'buildkitd: mkdir /var/lib/buildkit: permission denied\nfailed to create /var/lib/buildkit'],
  ['env.home', 'FATA[0000] $HOME is not defined'],
  [
    'env.tmpdir',
    '[rootlesskit:parent] error: creating a state directory: stat /home/user/.local/tmp: no such file or directory',
  ],
  ['env.telemetry', 'buildkitd: unsupported otlp protocol foo'],
  ['systemd.user-session', 'Failed to connect to bus: No medium found'],
  ['cgroup.delegation-missing', 'ERROR: UserNS: memory controller needs to be delegated'],
  ['cgroup.v1-only', '#5 0.05 cgroups in hybrid mode not supported, drop all controllers from cgroupv2'],
  ['cgroup.not-mounted', 'docker: Error response from daemon: cgroups: cannot find cgroup mount destination: unknown.'],
  [
    'runtime.runc-missing',
    'time="2025-01-01T00:00:00Z" level=warning msg="skipping oci worker, as runc does not exist"\nbuildkitd: no worker found, rebuild the buildkit daemon?',
  ],
  ['runtime.runc-too-old', 'runc did not terminate successfully: exit status 1: flag provided but not defined: -keep'],
  ['runtime.no-worker', 'buildkitd: no worker found, rebuild the buildkit daemon?'],
  [
    'binary.buildkitd-missing',
    '[rootlesskit:child ] error: command [buildkitd] exited: exec: "buildkitd": executable file not found in $PATH',
  ],
  ['binary.buildctl-missing', '/bin/sh: 1: buildctl: not found'],
  [
    'binary.git-missing',
    'error: failed to solve: failed to find git binary: exec: "git": executable file not found in $PATH',
  ],
  ['binary.rootless-helper-missing', 'exec: "rootlesskit-docker-proxy": executable file not found in $PATH'],
  ['buildx.plugin-missing', "docker: 'buildx' is not a docker command.\nSee 'docker --help'"],
  [
    'socket.not-found',
    'error: failed to list workers: Unavailable: connection error: desc = "transport: error while dialing: dial unix /run/buildkit/buildkitd.sock: connect: no such file or directory"',
  ],
  [
    'socket.permission',
    'error: failed to list workers: Unavailable: connection error: desc = "transport: error while dialing: dial unix /run/buildkit/buildkitd.sock: connect: permission denied"',
  ],
  [
    'socket.docker-permission',
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/_ping": dial unix /var/run/docker.sock: connect: permission denied',
  ],
  [
    'socket.stale',
    'error: failed to list workers: Unavailable: connection error: desc = "transport: error while dialing: dial unix /run/user/1000/buildkit/buildkitd.sock: connect: connection refused"',
  ],
  [
    'socket.path-occupied',
    'buildkitd: failed to create unix socket on /run/user/4242/buildkit/buildkitd.sock: is a directory',
  ],
  ['socket.in-use', 'buildkitd: listen unix /run/user/1000/bk.sock: bind: address already in use'],
  ['socket.path-too-long', 'buildkitd: "/tmp/aaaaaaaa/s.sock": unix socket path too long (> 104)'],
  [
    'daemon.not-running',
    'ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  ],
  [
    'daemon.state-dir-locked',
    'buildkitd: could not lock /home/alice/.local/share/buildkit/buildkitd.lock, another instance running?',
  ],
  ['daemon.start-timeout', 'ERROR: failed to initialize builder: expected 1 replicas to be ready, got 0'],
  [
    'docker.userns-remap-incompatible',
    'docker: Error response from daemon: privileged mode is incompatible with user namespaces.',
  ],
  ['docker.rootless-incompatible', 'ERROR: AppArmor profiles are not supported in rootless mode'],
  ['daemon.no-buildkit-api', 'ERRO[0000] failed to dial gRPC: unable to upgrade to h2c, received 404'],
  [
    'builder.container-name-conflict',
    'Error response from daemon: Conflict. The container name "/buildx_buildkit_b0" is already in use by container "abc". You have to remove (or rename) that container to be able to reuse that name.',
  ],
  ['buildx.config-dir-permission', 'ERROR: open /home/u/.docker/buildx/current: permission denied'],
  ['buildx.driver-unsupported', 'ERROR: Multi-platform build is not supported for the docker driver.'],
  ['buildx.builder-misconfigured', 'ERROR: no builder "mybuilder" found'],
  ['config.toml-syntax', 'buildkitd: toml: line 3: expected newline after value\nfailed to parse config'],
  ['config.wrong-type', "buildkitd: (2, 1): Can't convert yes(string) to bool\nfailed to parse config"],
  ['config.invalid-value', "buildkitd: can't enable NoProcessSandbox without Rootless"],
  [
    'config.unreadable',
    'buildkitd: open /home/u/.config/buildkit/buildkitd.toml: permission denied\nfailed to load config from /home/u/.config/buildkit/buildkitd.toml',
  ],
  [
    'config.daemon-json-invalid',
    'unable to configure the Docker daemon with file /etc/docker/daemon.json: the following directives are specified both as a flag and in the configuration file: hosts: (from flag: [fd://], from file: [tcp://127.0.0.1:2375])',
  ],
  [
    'config.client-json-invalid',
    'WARNING: Error parsing config file (/home/u/.docker/config.json): json: cannot unmarshal bool into Go struct field ConfigFile.features of type string',
  ],
  ['config.bad-address', 'buildkitd: address /tmp/s.sock does not contain proto, you meant unix:///tmp/s.sock ?'],
  [
    'config.registry-mirror-invalid',
    'failed to do request: Head "https://https//mirror.example/v2/library/alpine/manifests/3": dial tcp: lookup https on 10.0.0.2:53: no such host',
  ],
  [
    'registry.insecure-not-configured',
    'ERROR: failed to push 10.0.0.5:5000/x: failed to do request: Head "https://10.0.0.5:5000/v2/x/blobs/sha256:1": http: server gave HTTP response to HTTPS client',
  ],
  [
    'registry.short-name-unresolved',
    'Error: creating build container: short-name "alpine" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"',
  ],
  [
    'tls.registry-ca-untrusted',
    'ERROR: failed to do request: Head "https://registry.corp/v2/x/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  [
    'tls.daemon-cert-untrusted',
    'error: failed to list workers: Unavailable: connection error: desc = "transport: authentication handshake failed: x509: certificate is valid for localhost, not buildkitd"',
  ],
  [
    'tls.build-ca-untrusted',
    '#8 3.22 npm error code SELF_SIGNED_CERT_IN_CHAIN\n#8 3.22 npm error self-signed certificate in certificate chain',
  ],
  ['tls.server-pair', 'buildkitd: you must specify key and cert file if one is specified'],
  [
    'entitlement.missing',
    'error: failed to solve: granting entitlement network.host is not allowed by build daemon configuration',
  ],
  ['entitlement.unknown', 'error: unknown entitlement network.dns'],
  ['emulation.binfmt-missing', '#6 0.275 exec /bin/sh: exec format error'],
  ['emulation.binfmt-kernel-too-old', 'sh: write error: /proc/sys/fs/binfmt_misc/register: Invalid argument'],
  ['emulation.qemu-crash', '#9 12.1 qemu: uncaught target signal 11 (Segmentation fault) - core dumped'],
  ['cpu.microarch-too-old', 'Fatal glibc error: CPU does not support x86-64-v2'],
  [
    'clock.skew',
    '#5 1.9 E: Release file for http://deb.example.org/debian/dists/bookworm-updates/InRelease is not valid yet (invalid for another 1d 2h 3min 4s).',
  ],
  ['net.slirp4netns-missing', '[rootlesskit:parent] error: exec: "slirp4netns": executable file not found in $PATH'],
  [
    'net.slirp4netns-failed',
    'Error: /usr/bin/slirp4netns failed: "create_sandbox failed\\ndo_slirp is exiting\\ndo_slirp failed\\nparent failed"',
  ],
  ['net.driver-helper-missing', '[rootlesskit:parent] error: exec: "pasta": executable file not found in $PATH'],
  ['net.driver-unknown', '[rootlesskit:parent] error: unknown network mode: pasta'],
  ['net.port-driver', '[rootlesskit:parent] error: network "pasta" requires port driver "none" or "implicit"'],
  [
    'net.tun-missing',
    'open: Permission denied\n[rootlesskit:parent] error: failed to setup network &{binary:slirp4netns}: setting up tap tap0: executing [[nsenter -t 21999 -n -m -U --preserve-credentials ip tuntap add name tap0 mode tap]]: exit status 1',
  ],
  [
    'net.iptables-missing',
    'failed to start daemon: Error initializing network controller: exec: "iptables": executable file not found in $PATH',
  ],
  [
    'net.iptables-modules-missing',
    "iptables v1.8.10 (legacy): can't initialize iptables table `nat': Table does not exist (do you need to insmod?)",
  ],
  ['net.iptables-backend-mismatch', "iptables v1.8.7 (nf_tables): table `nat' is incompatible, use 'nft' tool."],
  ['net.cni-missing', 'plugin type="bridge" failed (add): failed to find plugin "bridge" in path [/opt/cni/bin]'],
  [
    'net.cni-incompatible',
    'error adding pod to CNI network "podman": plugin firewall does not support config version "1.0.0"',
  ],
  ['net.cni-rootless-permission', 'failed to create default network: mkdir /var/lib/cni: permission denied'],
  [
    'net.dns-failure',
    "#5 10.2 Err:1 http://deb.example.org/debian bookworm InRelease\n#5 10.2   Temporary failure resolving 'deb.example.org'",
  ],
  [
    'net.proxy-not-configured',
    'failed to do request: Head "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused',
  ],
  [
    'net.registry-unreachable',
    'failed to do request: Head "https://registry-1.docker.io/v2/library/alpine/manifests/3": dial tcp 44.208.254.194:443: i/o timeout',
  ],
  [
    'net.registry-unreachable',
    'ERROR: failed to do request: Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout',
  ],
  ['net.port-in-use', 'buildkitd: listen tcp 127.0.0.1:1234: bind: address already in use'],
  ['net.privileged-port', 'buildkitd: listen tcp 0.0.0.0:443: bind: permission denied'],
  ['net.address-not-local', 'buildkitd: listen tcp 192.0.2.1:1234: bind: cannot assign requested address'],
];

export const SILENCE: readonly Silent[] = [
  [
    'dockerfile',
    'failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 3: unknown instruction: RUNN',
  ],
  ['build-context', '#6 ERROR: failed to calculate checksum of ref a::b: "/app": not found'],
  [
    'registry-auth',
    'ERROR: failed to solve: docker.io/me/private:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  ],
  ['rate-limit', 'toomanyrequests: You have reached your pull rate limit.'],
  [
    'registry',
    '#8 ERROR: failed to push localhost:8080/x: unexpected status from POST request to http://localhost:8080/v2/x/blobs/uploads/: 413 Request Entity Too Large',
  ],
  ['image-missing', 'ERROR: failed to solve: alpine:nosuch: docker.io/library/alpine:nosuch: not found'],
  [
    'test-failed',
    '#14 8.11 --- FAIL: TestOpen (0.01s)\n#14 8.11     open_test.go:9: want permission denied, got nil\n#14 8.11 FAIL\n#14 ERROR: process "/bin/sh -c go test ./..." did not complete successfully: exit code: 1',
  ],
  [
    'compile-error',
    '#9 4.02 src/a.ts(3,1): error TS2304: Cannot find name \'x\'.\n#9 ERROR: process "/bin/sh -c tsc" did not complete successfully: exit code: 2',
  ],
  [
    'buildkit-bug',
    'panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x11ec725]',
  ],
  [
    'step-failed',
    '#7 0.31 /bin/sh: 1: ./configure: Permission denied\n#7 ERROR: process "/bin/sh -c ./configure" did not complete successfully: exit code: 126',
  ],
  ['step-failed', "mkdir: cannot create directory 'src': Permission denied"],
  ['command-line', 'flag provided but not defined: -t'],
  [
    null,
    'time="2025-03-06T22:09:34Z" level=warning msg="CDI setup error /etc/cdi: failed to monitor for changes: no such file or directory"\ntime="2025-03-06T22:09:34Z" level=warning msg="skipping containerd worker, as \\"/run/containerd/containerd.sock\\" does not exist"\ntime="2025-03-06T22:09:34Z" level=warning msg="TLS is not enabled for tcp://0.0.0.0:1234. enabling mutual TLS authentication is highly recommended"\ntime="2025-03-06T22:09:34Z" level=warning msg="currently, only the default worker can be used."\ntime="2025-03-06T22:09:34Z" level=info msg="running server on /run/buildkit/buildkitd.sock"',
  ],
  [null, 'Wir haben heute gebaut, und alles ging gut.\n#3 DONE 0.1s'],
  [null, ''],
];
