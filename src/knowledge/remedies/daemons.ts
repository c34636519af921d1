import type { Remedy } from './remedy.ts';

export const DAEMON_REMEDIES = {
  'socket.not-found': {
    why: 'No daemon has made this socket: it does not run, ended, or listens elsewhere.',
    steps: {
      host: [
        '$ systemctl --user start buildkit',
        '$ ls /run/buildkit/buildkitd.sock /run/user/$(id -u)/buildkit/buildkitd.sock',
        'Tell the client where it listens: export BUILDKIT_HOST=unix:///…',
      ],
      kubernetes: [
        'See the log of the container of buildkitd; a command that replaces its entrypoint (cat, sleep) starts no daemon.',
      ],
    },
    tell: ['$ pgrep -a buildkitd'],
  },
  'socket.permission': {
    why: "The socket exists and this account may not use it: it belongs to the daemon's account and group.",
    steps: {
      host: [
        'Start buildkitd with --group GROUP, a group that the user is in; or run the client as the account of the daemon.',
      ],
    },
    tell: ['$ ls -l /run/buildkit/buildkitd.sock; id'],
  },
  'socket.docker-permission': {
    why: 'docker.sock belongs to root and the group docker; whoever is in it is root on this host.',
    steps: {
      host: ['$ sudo usermod -aG docker "$USER"', 'Log in anew. Without such rights: rootless Docker.'],
      docker: [
        'Run the container with the group id of the socket, --group-add $(stat -c %g /var/run/docker.sock), where its user is not root.',
      ],
    },
    tell: ['$ ls -l /var/run/docker.sock; id'],
  },
  'socket.stale': {
    why: 'A socket was left behind by a daemon that has ended.',
    steps: { host: ['$ systemctl --user restart buildkit'] },
    tell: ['$ pgrep -a buildkitd'],
  },
  'socket.in-use': {
    why: 'Another daemon answers on this socket.',
    steps: { host: ['Stop it, or choose another address: buildkitd --addr unix:///…'] },
    tell: ['$ ss -xlp'],
  },
  'socket.path-occupied': {
    why: 'Something that is no socket stands where the socket is to be made.',
    steps: { host: ['Move it away, or choose another address.'] },
  },
  'socket.path-too-long': {
    why: 'The path of a Unix socket has at most 104 bytes for BuildKit.',
    steps: { host: ['Choose a shorter path:', '$ buildkitd --addr unix:///run/user/$(id -u)/bk.sock'] },
  },
  'socket.exposed': {
    why: 'Whoever reaches the socket of a daemon has the rights of the daemon.',
    steps: { host: ['Close the directory of the socket to others, or give the socket to a group with --group.'] },
  },
  'daemon.not-running': {
    why: 'The daemon that the client asks does not run, or not where it is asked.',
    steps: {
      host: [
        '$ sudo systemctl start docker     # rootless: systemctl --user start docker',
        '$ journalctl -u docker --no-pager | tail -50',
        '$ docker context ls',
      ],
      wsl: ['Start Docker Desktop and switch on its integration for this distribution.'],
      kubernetes: ['See whether the docker:dind container runs, and privileged.'],
    },
    tell: ['$ systemctl status docker containerd', '$ docker context ls'],
  },
  'daemon.running': {
    why: 'The daemon runs already: nothing is wrong with that.',
    steps: { host: ['Nothing is to be done.'] },
  },
  'daemon.state-dir-locked': {
    why: 'Only one daemon may use a state directory.',
    steps: {
      host: [
        '$ pgrep -a buildkitd',
        'Stop the other one, or give this one a directory of its own: buildkitd --root DIR.',
      ],
      kubernetes: ['Use one replica for one volume, and the strategy Recreate.'],
    },
    tell: ['$ fuser -v ~/.local/share/buildkit/buildkitd.lock'],
  },
  'daemon.start-timeout': {
    why: 'The client waits only so long for the daemon; the log of the daemon tells what it waited for.',
    steps: {
      host: ['See the log of the daemon for the cause; a slow disk or pull needs a longer time.'],
      kubernetes: [
        '$ kubectl describe pod --namespace NAME',
        'Let buildx wait longer, with --driver-opt timeout=120s.',
      ],
    },
    tell: ['$ journalctl --user -u buildkit --no-pager | tail -50'],
  },
  'daemon.crashed': {
    why: 'The daemon itself crashed.',
    steps: { host: ['Update BuildKit; with the newest release report the trace at github.com/moby/buildkit.'] },
  },
  'docker.rootless-incompatible': {
    why: 'This version of the rootless engine cannot start the container of the builder.',
    steps: {
      host: ['Update Docker and its rootless extras; until then use the docker driver:', '$ docker buildx use default'],
    },
    tell: ['$ docker info'],
  },
  'docker.userns-remap-incompatible': {
    why: 'A daemon with userns-remap starts no privileged container, which the builder is.',
    steps: {
      host: ['Start the container with --userns=host, or use the docker driver:', '$ docker buildx use default'],
    },
    tell: ['$ docker info --format "{{.SecurityOptions}}"'],
  },
  'daemon.no-buildkit-api': {
    why: "What answers at the Docker endpoint has no BuildKit: Podman's socket, an old engine, or a proxy that does not pass the session on.",
    steps: {
      host: [
        'Use an engine of 18.09 or later directly, or a builder of your own:',
        '$ docker buildx create --use --driver docker-container',
        'Behind a proxy that lacks it: DOCKER_BUILDKIT=0 for the classic builder.',
      ],
    },
    tell: ['$ docker version'],
  },
  'builder.container-name-conflict': {
    why: 'A container of the same name was left behind by an earlier run.',
    steps: { host: ['$ docker ps -a --filter name=buildkit', '$ docker rm -f NAME'] },
  },
  'buildx.config-dir-permission': {
    why: 'buildx keeps its builders in ~/.docker/buildx, which belongs to root after one call with sudo, or is read-only.',
    steps: { host: ['$ sudo chown -R "$(id -u):$(id -g)" ~/.docker', 'In CI:', '$ export DOCKER_CONFIG=$(mktemp -d)'] },
    tell: ['$ ls -ld ~/.docker ~/.docker/buildx'],
  },
  'buildx.driver-unsupported': {
    why: "The selected builder's driver lacks the feature.",
    steps: {
      host: [
        '$ docker buildx create --name builder --driver docker-container --use',
        'Or switch on the containerd image store of Docker.',
      ],
    },
    tell: ['$ docker buildx ls'],
  },
  'buildx.builder-misconfigured': {
    why: 'The definition of the builder is wrong: mixed drivers, an endpoint that is none, or a builder that is gone.',
    steps: {
      host: [
        '$ docker buildx ls',
        '$ docker buildx rm NAME',
        '$ docker buildx create --name NAME --driver docker-container --use',
      ],
    },
    tell: ['$ docker buildx ls'],
  },
  'client.builds-with': {
    why: 'Tells which builder the client will really use.',
    steps: { host: ['$ docker buildx ls'] },
  },
  'config.toml-syntax': {
    why: 'buildkitd ends where its configuration is no TOML.',
    steps: {
      host: [
        'The message has the line and column; bk-doctor names key and reason:',
        '$ bk-doctor check --only config/buildkitd',
      ],
    },
  },
  'config.wrong-type': {
    why: 'buildkitd ends at a value of the wrong type: "true" with quotes is no boolean.',
    steps: { host: ['$ bk-doctor check --only config/buildkitd'] },
  },
  'config.invalid-value': {
    why: 'buildkitd refuses the value, or drops it silently.',
    steps: { host: ['$ bk-doctor check --only config/buildkitd'] },
  },
  'config.unknown-key': {
    why: 'buildkitd ignores keys that it does not know, so that the setting does nothing.',
    steps: { host: ['$ bk-doctor fix --only config/buildkitd'] },
  },
  'config.misplaced-key': {
    why: 'A key in the wrong table is ignored.',
    steps: { host: ['$ bk-doctor fix --only config/buildkitd'] },
  },
  'config.deprecated-key': {
    why: 'The key has a successor and will go.',
    steps: { host: ['$ bk-doctor fix --only config/buildkitd'] },
  },
  'config.unreadable': {
    why: 'The configuration file cannot be read, and buildkitd ends.',
    steps: {
      host: ['$ ls -l ~/.config/buildkit/buildkitd.toml', 'Give it to the user, or name another file with --config.'],
    },
  },
  'config.other-file': {
    why: 'A configuration lies where this buildkitd does not read it.',
    steps: {
      host: ['Rootless: ~/.config/buildkit/buildkitd.toml; as root: /etc/buildkit/buildkitd.toml; else --config.'],
    },
  },
  'config.overridden': {
    why: 'A flag, variable or option takes the place of what is written.',
    steps: { host: ['Remove one of the two.'] },
  },
  'config.registry-name-invalid': {
    why: 'The table of a registry is looked up by host and port alone.',
    steps: { host: ['Write [registry."HOST:PORT"], without https:// and without a path.'] },
  },
  'config.registry-no-effect': {
    why: 'A setting of the registry does nothing beside the others.',
    steps: { host: ['$ bk-doctor show config/registries'] },
  },
  'config.daemon-json-invalid': {
    why: 'dockerd does not start with a daemon.json that it cannot read, or that contradicts its flags.',
    steps: {
      host: [
        '$ sudo dockerd --validate --config-file=/etc/docker/daemon.json',
        'A directive may stand in the file or on the command line of the unit, not in both.',
      ],
    },
    tell: ['$ python3 -m json.tool /etc/docker/daemon.json'],
  },
  'config.client-json-invalid': {
    why: 'The Docker client cannot read ~/.docker/config.json.',
    steps: { host: ['$ python3 -m json.tool ~/.docker/config.json', 'Repair it, or move it away and log in again.'] },
  },
  'config.bad-address': {
    why: 'buildkitd listens on unix://, tcp:// and fd:// addresses and ends at anything else.',
    steps: { host: ['Write unix:///PATH or tcp://HOST:PORT.'] },
  },
  'config.registry-mirror-invalid': {
    why: 'A mirror is host and port, without a scheme; one with a scheme is looked up as a host named https.',
    steps: { host: ['Write mirrors = ["mirror.example.com:5000"] below [registry."docker.io"] in buildkitd.toml.'] },
  },
  'entitlement.missing': {
    why: 'A build may use the host network or insecure mode only if the daemon and the client both allow it.',
    steps: {
      host: [
        'Daemon: insecure-entitlements = ["network.host", "security.insecure"] in buildkitd.toml, or --allow-insecure-entitlement NAME.',
        'Client: $ docker buildx build --allow NAME …',
      ],
      docker: ["$ docker buildx create --use --buildkitd-flags '--allow-insecure-entitlement network.host'"],
    },
  },
  'entitlement.allowed': {
    why: 'Builds may leave their sandbox.',
    steps: { host: ['Remove it from insecure-entitlements where no build needs it.'] },
  },
  'entitlement.unknown': {
    why: 'Only network.host, security.insecure and device exist.',
    steps: { host: ['Use one of these names; a list is written by repeating the flag.'] },
  },
  'registry.insecure-not-configured': {
    why: 'The registry speaks plain HTTP, and the builder was not told so; the setting of dockerd does not count for other builders.',
    steps: {
      host: [
        'Write http = true below [registry."HOST:PORT"] in buildkitd.toml.',
        '$ docker buildx create --use --config buildkitd.toml',
      ],
      podman: ['Write insecure = true below the [[registry]] with location = "HOST:PORT" in registries.conf.'],
    },
  },
  'registry.mirror-not-applied': {
    why: "A mirror of dockerd's daemon.json does not count for a builder in a container.",
    steps: { host: ['Write it to buildkitd.toml and make the builder with --config.'] },
  },
  'registry.short-name-unresolved': {
    why: 'Podman asks no registry for a name without one.',
    steps: {
      host: [
        'Write docker.io/library/NAME, or set unqualified-search-registries = ["docker.io"] in /etc/containers/registries.conf.',
      ],
    },
  },
  'registry.rate-limited': {
    why: 'The registry answers that there were too many requests.',
    steps: { host: ['$ docker login', 'Or use a mirror.'] },
  },
  'registry.auth-failed': {
    why: 'The registry wants a login, or this account may not.',
    steps: { host: ['$ docker login REGISTRY'] },
  },
  'tls.registry-ca-untrusted': {
    why: "The builder does not know the authority that signed the registry's certificate; the certificates of the client and of dockerd do not count for it.",
    steps: {
      host: [
        'Write ca = ["/etc/buildkit/ca.pem"] below [registry."HOST:PORT"] in buildkitd.toml.',
        '$ docker buildx create --use --config buildkitd.toml',
      ],
      podman: ['Put the certificate to /etc/containers/certs.d/HOST:PORT/ca.crt.'],
    },
    tell: ['$ openssl s_client -connect HOST:PORT -showcerts </dev/null'],
  },
  'tls.registry-pair': {
    why: 'A client certificate for the registry and its key do not belong together, or one is missing.',
    steps: { host: ['Name both in keypair of [[registry."HOST".keypair]].'] },
  },
  'tls.daemon-cert-untrusted': {
    why: 'Client and buildkitd do not accept the certificate of each other.',
    steps: {
      host: [
        '$ buildctl --addr tcp://HOST:1234 --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem debug workers',
        'The certificate of the daemon must name HOST (or use --tlsservername).',
      ],
    },
    tell: ['$ openssl x509 -in cert.pem -noout -text'],
  },
  'tls.build-ca-untrusted': {
    why: 'The network opens TLS connections with a certificate of its own, which images do not trust.',
    steps: {
      host: [
        'Add the CA to the image before the first download: COPY ca.crt /usr/local/share/ca-certificates/ and RUN update-ca-certificates.',
        'npm: NODE_EXTRA_CA_CERTS; pip: PIP_CERT; git: GIT_SSL_CAINFO.',
      ],
    },
  },
  'tls.server-missing': {
    why: 'A TCP listener without TLS lets everybody build, and a file that is named must exist.',
    steps: { host: ['Set [grpc.tls] cert, key and ca in buildkitd.toml, or listen on a Unix socket.'] },
  },
  'tls.server-pair': {
    why: 'Certificate and key of buildkitd do not belong together, or one is missing.',
    steps: {
      host: ['$ openssl x509 -in cert.pem -noout -pubkey | sha256sum; openssl pkey -in key.pem -pubout | sha256sum'],
    },
  },
  'env.go-memory-limit': {
    why: 'The runtime of Go ends at once with "malformed GOMEMLIMIT": rootlesskit, buildkitd, runc and buildctl alike.',
    steps: { host: ['Write it as Go does (1GiB, not 1Gi), or unset it: bk-doctor show runtime/session.'] },
  },
  'env.source-date-epoch': {
    why: 'buildctl passes it on, and the Dockerfile frontend takes seconds since 1970 only.',
    steps: { host: ['$ export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)'] },
  },
  'env.proxy-catches-client': {
    why: 'Since v0.23.0 a client asks the proxy of HTTPS_PROXY for a TCP address of buildkitd, which the proxy seldom reaches.',
    steps: { host: ["Put buildkitd's host into NO_PROXY."] },
  },
  'config.cdi-invalid': {
    why: 'Since v0.20.0 buildkitd reads every CDI specification at its start, and one that is not valid ends it.',
    steps: { host: ['Mend or remove the file, or set disabled = true below [cdi]: bk-doctor show config/buildkitd.'] },
  },
  'lsm.selinux-off': {
    why: 'With selinux = true every RUN step fails where SELinux is not available.',
    steps: { host: ['Remove selinux = true from buildkitd.toml.'] },
  },
  'apparmor.not-available': {
    why: 'Every RUN step is to get the profile, and fails without it.',
    steps: { host: ['Remove apparmor-profile from buildkitd.toml, or load the profile: apparmor_parser -r FILE.'] },
  },
  'storage.io-error': {
    why: 'The file system or its disk is broken: nothing on it can be relied on.',
    steps: { host: ['$ dmesg | tail', 'Unmount it and run fsck; put the cache on another disk until then.'] },
  },
  'storage.encrypted': {
    why: 'Nothing can be made in an encrypted directory before its key is there (ENOKEY).',
    steps: { host: ['Unlock it: log in as its user, or fscrypt unlock DIRECTORY.'] },
  },
  'tls.server-unsupported': {
    why: 'Go loads RSA, the curves of NIST and Ed25519, and no negative serial numbers: buildkitd does not start with another kind.',
    steps: { host: ['Have a certificate made with RSA (2048 bits or more) or P-256: bk-doctor show config/tls.'] },
  },
  'tls.clients-refused': {
    why: 'Without an authority that may vouch for clients, every client is refused.',
    steps: { host: ['Set grpc.tls.ca to the certificate of the authority that signs those of the clients.'] },
  },
  'tls.server-expired': {
    why: 'No client accepts a certificate that has expired.',
    steps: { host: ['Issue it anew: bk-doctor show config/tls.'] },
    tell: ['$ openssl x509 -in cert.pem -noout -enddate'],
  },
  'tls.clients-unverified': {
    why: 'Without a CA for clients everybody who reaches the port may build.',
    steps: { host: ['Set [grpc.tls] ca in buildkitd.toml.'] },
  },
  'tls.key-exposed': { why: 'Others can read the private key.', steps: { host: ['$ chmod 600 key.pem'] } },
  'sysctl.not-persistent': {
    why: 'The value is right now and will be gone after a reboot.',
    steps: { host: ['Write it to a file in /etc/sysctl.d.'] },
  },
} as const satisfies { readonly [condition: string]: Remedy };
