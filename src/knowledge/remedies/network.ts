import { lineFor } from '../engines.ts';
import type { Remedy } from './remedy.ts';

export const NETWORK_REMEDIES = {
  'emulation.binfmt-missing': {
    why: 'The program is of another architecture, and the kernel knows no emulator for it. A script without #! line gives the same words.',
    steps: {
      host: [
        '$ docker run --privileged --rm tonistiigi/binfmt --install all',
        'Or install the programs:',
        '$ sudo apt-get install qemu-user-static binfmt-support',
        'If only one script fails, it lacks its first line #!/bin/sh.',
      ],
    },
    tell: ['$ ls /proc/sys/fs/binfmt_misc', '$ docker buildx ls'],
  },
  'emulation.binfmt-kernel-too-old': {
    why: 'Emulators must be registered with the flag F (kernel 4.8) to work in containers.',
    steps: { host: ['Update the kernel, or build on the architecture itself.'] },
    tell: ['$ uname -r; grep flags /proc/sys/fs/binfmt_misc/qemu-*'],
  },
  'emulation.qemu-crash': {
    why: 'The registered version of QEMU crashes on this program.',
    steps: {
      host: [
        '$ docker run --privileged --rm tonistiigi/binfmt --uninstall qemu-*',
        '$ docker run --privileged --rm tonistiigi/binfmt:latest --install all',
        'Or cross-compile (FROM --platform=$BUILDPLATFORM), or build on the architecture itself.',
      ],
    },
    tell: ['$ grep interpreter /proc/sys/fs/binfmt_misc/qemu-*'],
  },
  'cpu.microarch-too-old': {
    why: 'The processor, or the type that the virtual machine shows, lacks instructions that the image is compiled for.',
    steps: {
      host: [
        'In the virtual machine choose the processor type host; else use an image for an older level (x86-64-v1).',
      ],
    },
    tell: ['$ /lib64/ld-linux-x86-64.so.2 --help | grep supported'],
  },
  'clock.skew': {
    why: 'The clock is wrong: certificates and signatures seem to be of the future or of the past.',
    steps: { host: ['$ timedatectl', '$ sudo timedatectl set-ntp true'], wsl: ['$ sudo hwclock -s'] },
    tell: ['$ date -u'],
  },
  'net.slirp4netns-missing': {
    why: 'The network driver slirp4netns is not in PATH.',
    steps: { host: ['$ sudo apt-get install slirp4netns', 'BuildKit does without: rootlesskit --net=host.'] },
    tell: ['$ command -v slirp4netns'],
  },
  'net.slirp4netns-failed': {
    why: 'slirp4netns or pasta starts and fails: often its own sandbox, seccomp or AppArmor.',
    steps: {
      host: [
        'Update it; or do without its sandbox:',
        '$ rootlesskit --slirp4netns-sandbox=false --slirp4netns-seccomp=false',
        'BuildKit does without: rootlesskit --net=host.',
      ],
    },
    tell: ['$ slirp4netns --version'],
  },
  'net.driver-helper-missing': {
    why: 'The program of the configured network driver is missing or too old.',
    steps: { host: ['Install it (passt for pasta, slirp4netns, iproute2), or use rootlesskit --net=host.'] },
    tell: ['$ command -v pasta slirp4netns ip nsenter'],
  },
  'net.driver-unknown': {
    why: 'This rootlesskit does not have that network driver.',
    steps: {
      host: [
        'pasta needs rootlesskit 2.0, gvisor-tap-vsock 3.0; vpnkit is not in the packages of Debian. Use slirp4netns or host.',
      ],
    },
    tell: ['$ rootlesskit --version'],
  },
  'net.port-driver': {
    why: 'The port driver does not fit the network driver.',
    steps: { host: ['pasta: --port-driver=implicit; host: none; slirp4netns: builtin.'] },
  },
  'net.port-ephemeral': {
    why: 'Outgoing connections may take the port before the daemon does.',
    steps: { host: ['Choose a port below net.ipv4.ip_local_port_range.'] },
  },
  'net.port-unpublished': {
    why: 'The port is open in the namespace of rootlesskit alone.',
    steps: { host: ['Publish it: rootlesskit -p 127.0.0.1:1234:1234/tcp.'] },
  },
  'net.tun-missing': {
    why: 'slirp4netns needs /dev/net/tun.',
    steps: {
      host: ['$ sudo modprobe tun'],
      docker: [lineFor('docker', ['device', '/dev/net/tun'])],
      podman: [lineFor('podman', ['device', '/dev/net/tun'])],
      kubernetes: ['Give the pod /dev/net/tun, or use rootlesskit --net=host.'],
      lxc: [
        'On the LXC host, write “lxc.cgroup2.devices.allow: c 10:200 rwm” and “lxc.mount.entry: /dev/net/tun dev/net/tun none bind,create=file” into the configuration of the guest.',
      ],
    },
    tell: ['$ ls -l /dev/net/tun'],
  },
  'net.iptables-missing': {
    why: 'The daemon makes its networks with iptables.',
    steps: { host: ['$ sudo apt-get install iptables', 'BuildKit does without: networkMode = "host".'] },
    tell: ['$ command -v iptables'],
  },
  'net.iptables-modules-missing': {
    why: 'The kernel lacks the modules that iptables needs, or nobody may load them from inside a container.',
    steps: {
      host: ['$ sudo modprobe -a ip_tables iptable_nat br_netfilter', 'After an update of the kernel: reboot.'],
      kubernetes: ['Load the modules on the node, or mount /lib/modules into the pod.'],
      docker: ['Load the modules on the host; or start docker:dind with DOCKER_IPTABLES_LEGACY=1.'],
    },
    tell: ['$ lsmod | grep -E "ip_tables|iptable_nat|nf_tables"'],
  },
  'net.iptables-backend-mismatch': {
    why: 'iptables of the container writes nft tables and the host has legacy ones, or the other way round.',
    steps: {
      host: ['$ sudo update-alternatives --set iptables /usr/sbin/iptables-legacy', '$ sudo systemctl restart docker'],
      docker: ['docker:dind: set DOCKER_IPTABLES_LEGACY=1.'],
    },
    tell: ['$ iptables --version; lsmod | grep -E "nf_tables|ip_tables"'],
  },
  'net.cni-missing': {
    why: 'A network of the kind cni or bridge needs plugins that are not installed where they are looked for.',
    steps: {
      host: [
        '$ sudo apt-get install containernetworking-plugins',
        'Name the directory: [worker.oci] cniBinaryPath = "/usr/lib/cni" (or CNI_PATH).',
      ],
    },
    tell: ['$ ls /opt/cni/bin /usr/lib/cni'],
  },
  'net.cni-incompatible': {
    why: 'The plugins are older than the version in the configuration.',
    steps: { host: ['Update the plugins to 1.0 or later, or write an older cniVersion.'] },
  },
  'net.cni-rootless-permission': {
    why: 'CNI plugins keep their data in /var/lib/cni, which a rootless daemon may not write.',
    steps: { host: ['Use rootlesskit --copy-up=/var/lib, or networkMode = "host".'] },
  },
  'net.dns-failure': {
    why: 'Names are not resolved in the daemon or in its build containers.',
    steps: {
      host: [
        '$ cat /etc/resolv.conf',
        'A name server on 127.0.0.1 is not reachable from build containers: set [dns] nameservers = ["IP"] in buildkitd.toml, or "dns" in daemon.json.',
      ],
      kubernetes: [
        'See CoreDNS and the network policies of the namespace; alpine images fail at search lists with many dots.',
      ],
    },
    tell: ['$ getent hosts registry-1.docker.io'],
  },
  'net.proxy-not-configured': {
    why: 'This network reaches the outside only through a proxy, and the daemon was not told of it; the environment of the client does not count.',
    steps: {
      host: [
        'Daemon: Environment=HTTPS_PROXY=http://HOST:PORT in its unit.',
        'Steps: --build-arg HTTPS_PROXY=http://HOST:PORT (or proxies in ~/.docker/config.json).',
        '$ docker buildx create --use --driver-opt env.https_proxy=http://HOST:PORT',
      ],
    },
    tell: ['$ env | grep -i proxy; systemctl show docker --property=Environment'],
  },
  'net.registry-unreachable': {
    why: 'The daemon cannot reach the registry or server over its network.',
    steps: { host: ['$ curl -v https://REGISTRY/v2/', 'See firewall, routes, IPv6 and whether a proxy is needed.'] },
    tell: ['$ curl -v https://registry-1.docker.io/v2/'],
  },
  'net.mtu-mismatch': {
    why: 'Packets of the build network are larger than the network below lets through, so that TLS connections hang.',
    steps: {
      host: [
        '$ ip link',
        'Set "mtu" in daemon.json (or the CNI network, rootlesskit --mtu) to that of the host interface or less.',
      ],
      kubernetes: ['docker:dind: dockerd --mtu=1400 (that of eth0 of the pod).'],
    },
    tell: ['$ ip link', '$ ping -M do -s 1472 registry-1.docker.io'],
  },
  'net.port-in-use': {
    why: 'Another program listens on this port.',
    steps: { host: ['$ ss -ltnp', 'Stop it, or choose another port.'] },
    tell: ['$ ss -ltnp'],
  },
  'net.privileged-port': {
    why: 'Ports below net.ipv4.ip_unprivileged_port_start (1024) are for root alone.',
    steps: {
      host: [
        'Choose a port from 1024 on, or:',
        "$ echo 'net.ipv4.ip_unprivileged_port_start = 80' | sudo tee /etc/sysctl.d/99-ports.conf",
        '$ sudo sysctl --system',
      ],
    },
    tell: ['$ sysctl net.ipv4.ip_unprivileged_port_start'],
  },
  'net.address-not-local': {
    why: 'A daemon can listen only on addresses of its own host.',
    steps: { host: ['$ ip address', 'Choose one of these, or 0.0.0.0.'] },
  },
} as const satisfies { readonly [condition: string]: Remedy };
