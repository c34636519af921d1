/** Which package brings a missing program, by distribution. Data and pure functions; nothing is installed here. */

/** What os-release says of a distribution; facts/os-release.ts has this shape. */
export interface Distribution {
  readonly id: string;
  readonly idLike: readonly string[];
  readonly version: string | null;
}
export type Installable =
  | 'buildkitd'
  | 'buildctl'
  | 'rootlesskit'
  | 'runc'
  | 'crun'
  | 'git'
  | 'newuidmap'
  | 'newgidmap'
  | 'getsubids'
  | 'fuse-overlayfs'
  | 'mount.fuse3'
  | 'slirp4netns'
  | 'pasta'
  | 'ip'
  | 'nsenter'
  | 'iptables'
  | 'apparmor_parser'
  | 'cni-plugins'
  | 'docker-buildx';

/** How a missing program gets onto this host. `argv` is null where no package manager can do it; `text` always says what to do. */
export interface Install {
  readonly program: Installable;
  readonly package: string | null;
  /** Run as root, absolute. */
  readonly argv: readonly string[] | null;
  readonly text: string;
}

type Family = 'debian' | 'fedora' | 'el7' | 'suse' | 'arch' | 'alpine' | 'azurelinux' | 'photon' | 'gentoo' | 'void';
/** Hosts whose system cannot be added to by a package manager. */
type Fixed = 'nixos' | 'bottlerocket' | 'cos' | 'talos' | 'flatcar';

const MANAGERS: { readonly [F in Family]: readonly string[] } = {
  debian: ['/usr/bin/apt-get', 'install', '-y'],
  fedora: ['/usr/bin/dnf', 'install', '-y'],
  el7: ['/usr/bin/yum', 'install', '-y'],
  suse: ['/usr/bin/zypper', '--non-interactive', 'install'],
  arch: ['/usr/bin/pacman', '-S', '--needed', '--noconfirm'],
  alpine: ['/sbin/apk', 'add'],
  azurelinux: ['/usr/bin/tdnf', 'install', '-y'],
  photon: ['/usr/bin/tdnf', 'install', '-y'],
  gentoo: ['/usr/bin/emerge', '--noreplace'],
  void: ['/usr/bin/xbps-install', '-Sy'],
};

const FAMILY_OF: { readonly [id: string]: Family } = {
  debian: 'debian',
  ubuntu: 'debian',
  linuxmint: 'debian',
  raspbian: 'debian',
  pop: 'debian',
  kali: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  rocky: 'fedora',
  almalinux: 'fedora',
  ol: 'fedora',
  amzn: 'fedora',
  suse: 'suse',
  opensuse: 'suse',
  'opensuse-leap': 'suse',
  'opensuse-tumbleweed': 'suse',
  sles: 'suse',
  arch: 'arch',
  archarm: 'arch',
  manjaro: 'arch',
  alpine: 'alpine',
  azurelinux: 'azurelinux',
  mariner: 'azurelinux',
  photon: 'photon',
  gentoo: 'gentoo',
  void: 'void',
};
const FIXED = new Set<string>(['nixos', 'bottlerocket', 'cos', 'talos', 'flatcar']);

/** Null: this distribution does not package it (as far as known), or packages it outside its own repositories. */
type Names = { readonly [P in Installable]?: string | null };
const COMMON: Names = {
  runc: 'runc',
  crun: 'crun',
  git: 'git',
  'fuse-overlayfs': 'fuse-overlayfs',
  'mount.fuse3': 'fuse3',
  slirp4netns: 'slirp4netns',
  pasta: 'passt',
  ip: 'iproute2',
  nsenter: 'util-linux',
  iptables: 'iptables',
  rootlesskit: null,
  buildkitd: null,
  buildctl: null,
};
const PACKAGES: { readonly [F in Family]: Names } = {
  debian: {
    ...COMMON,
    newuidmap: 'uidmap',
    newgidmap: 'uidmap',
    getsubids: 'uidmap',
    rootlesskit: 'rootlesskit',
    apparmor_parser: 'apparmor',
    'cni-plugins': 'containernetworking-plugins',
    'docker-buildx': 'docker-buildx',
  },
  fedora: {
    ...COMMON,
    newuidmap: 'shadow-utils',
    newgidmap: 'shadow-utils',
    getsubids: 'shadow-utils-subid',
    ip: 'iproute',
    'cni-plugins': 'containernetworking-plugins',
  },
  el7: {
    ...COMMON,
    newuidmap: 'shadow-utils',
    newgidmap: 'shadow-utils',
    getsubids: null,
    pasta: null,
    crun: null,
    'mount.fuse3': 'fuse3',
    ip: 'iproute',
  },
  suse: {
    ...COMMON,
    newuidmap: 'shadow',
    newgidmap: 'shadow',
    apparmor_parser: 'apparmor-parser',
    'cni-plugins': 'cni-plugins',
  },
  arch: {
    ...COMMON,
    newuidmap: 'shadow',
    newgidmap: 'shadow',
    getsubids: 'shadow',
    rootlesskit: 'rootlesskit',
    buildkitd: 'buildkit',
    buildctl: 'buildkit',
    apparmor_parser: 'apparmor',
    'cni-plugins': 'cni-plugins',
    'docker-buildx': 'docker-buildx',
  },
  alpine: {
    ...COMMON,
    newuidmap: 'shadow-uidmap',
    newgidmap: 'shadow-uidmap',
    getsubids: 'shadow-subids',
    rootlesskit: 'rootlesskit',
    buildkitd: 'buildkit',
    buildctl: 'buildctl',
    apparmor_parser: 'apparmor-utils',
    'cni-plugins': 'cni-plugins',
    'docker-buildx': 'docker-cli-buildx',
  },
  azurelinux: {
    newuidmap: 'shadow-utils',
    newgidmap: 'shadow-utils',
    getsubids: 'shadow-utils-subid',
    git: 'git',
    ip: 'iproute',
    nsenter: 'util-linux',
    iptables: 'iptables',
  },
  photon: { newuidmap: 'shadow', newgidmap: 'shadow', git: 'git', ip: 'iproute2', nsenter: 'util-linux', runc: 'runc' },
  gentoo: {
    newuidmap: 'sys-apps/shadow',
    newgidmap: 'sys-apps/shadow',
    getsubids: 'sys-apps/shadow',
    runc: 'app-containers/runc',
    crun: 'app-containers/crun',
    git: 'dev-vcs/git',
    'fuse-overlayfs': 'sys-fs/fuse-overlayfs',
    'mount.fuse3': 'sys-fs/fuse',
    slirp4netns: 'app-containers/slirp4netns',
    pasta: 'net-misc/passt',
    ip: 'sys-apps/iproute2',
    nsenter: 'sys-apps/util-linux',
    iptables: 'net-firewall/iptables',
  },
  void: { ...COMMON, newuidmap: 'shadow', newgidmap: 'shadow' },
};

/** Where a program that no repository has is published as binaries. */
const RELEASES: { readonly [P in Installable]?: string } = {
  buildkitd:
    'the release archive buildkit-VERSION.linux-ARCH.tar.gz of https://github.com/moby/buildkit/releases, unpacked into /usr/local (it holds buildkitd, buildctl and buildkit-runc)',
  buildctl:
    'the release archive buildkit-VERSION.linux-ARCH.tar.gz of https://github.com/moby/buildkit/releases, unpacked into /usr/local (it holds buildkitd, buildctl and buildkit-runc)',
  rootlesskit:
    'the release archive rootlesskit-ARCH.tar.gz of https://github.com/rootless-containers/rootlesskit/releases, unpacked into /usr/local/bin',
  runc: 'the release archive buildkit-VERSION.linux-ARCH.tar.gz of https://github.com/moby/buildkit/releases, whose buildkit-runc is used in its place',
  'fuse-overlayfs':
    'the static binary of https://github.com/containers/fuse-overlayfs/releases, as /usr/local/bin/fuse-overlayfs',
  slirp4netns:
    'the static binary of https://github.com/rootless-containers/slirp4netns/releases, as /usr/local/bin/slirp4netns',
  'cni-plugins':
    'the release archive of https://github.com/containernetworking/plugins/releases, unpacked into /opt/cni/bin',
  'docker-buildx':
    'the binary of https://github.com/docker/buildx/releases, as ~/.docker/cli-plugins/docker-buildx (mode 0755)',
};

export function familyOf({ id, idLike, version }: Distribution): Family | Fixed | null {
  for (const name of [id, ...idLike]) {
    if (FIXED.has(name)) return name as Fixed;
    const family = FAMILY_OF[name];
    if (family === undefined) continue;
    const enterprise = name !== 'fedora' && family === 'fedora';
    return enterprise && (id === 'amzn' ? version === '2' : /^7(\.|$)/.test(version ?? '')) ? 'el7' : family;
  }
  return null;
}

/** Releases of a distribution that do not have the package yet (or no longer). */
function lacks(program: Installable, { id, version }: Distribution): boolean {
  const release = Number.parseFloat(version ?? '');
  if (Number.isNaN(release)) return false;
  const before = (debian: number, ubuntu: number): boolean =>
    (id === 'debian' && release < debian) || (id === 'ubuntu' && release < ubuntu);
  if (id === 'amzn') return program !== 'git' && program !== 'runc' && (release === 2 || program === 'slirp4netns');
  switch (program) {
    case 'rootlesskit':
      return before(11, 20.04);
    case 'pasta':
      return before(12, 22.1);
    case 'getsubids':
      return before(12, 22.1);
    case 'docker-buildx':
      return before(13, 22.04);
    default:
      return false;
  }
}

const NIX: { readonly [P in Installable]?: string } = {
  buildkitd: 'buildkit',
  buildctl: 'buildkit',
  pasta: 'passt',
  'mount.fuse3': 'fuse3',
  ip: 'iproute2',
  nsenter: 'util-linux',
  apparmor_parser: 'apparmor-parser',
};

/** The exact package and command for a missing program on this distribution; never null, at worst it names the program's own release. */
export function installOf(program: Installable, distribution: Distribution): Install {
  const family = familyOf(distribution);
  const release = RELEASES[program];
  const none = (text: string): Install => ({ program, package: null, argv: null, text });
  switch (family) {
    case 'nixos':
      if (program === 'newuidmap' || program === 'newgidmap')
        return none(
          `NixOS: newuidmap and newgidmap stand in /run/wrappers/bin; put it first in PATH. Ranges come from users.users.NAME.autoSubUidGidRange = true`,
        );
      return none(
        `NixOS: add pkgs.${NIX[program] ?? program} to environment.systemPackages in /etc/nixos/configuration.nix and run nixos-rebuild switch`,
      );
    case 'bottlerocket':
    case 'cos':
    case 'talos':
      return none(
        `This system takes no packages: run BuildKit from its image moby/buildkit:rootless, which has ${program}`,
      );
    case 'flatcar':
      return none(
        `Flatcar takes no packages: install ${release ?? `a static ${program}`} below /opt/bin, or run BuildKit from its image moby/buildkit:rootless`,
      );
    case null:
      return none(
        release === undefined
          ? `Install ${program} with this system's package manager (the package is mostly called ${COMMON[program] ?? program})`
          : `Install ${program}: ${release}`,
      );
  }
  const name = PACKAGES[family][program];
  if (name === undefined || name === null || lacks(program, distribution))
    return none(
      release === undefined
        ? `No package of this distribution is known to have ${program}; install it from its own releases`
        : `No package of this distribution has ${program}; install ${release}`,
    );
  const argv = [...MANAGERS[family], name];
  return { program, package: name, argv, text: argv.join(' ') };
}

/** The command that puts a package's files back where it is installed already; the ordinary one changes nothing then. */
export function reinstallation(argv: readonly string[]): readonly string[] {
  const [manager = '', ...rest] = argv;
  const again = (word: string, ...by: readonly string[]): readonly string[] => [
    manager,
    ...rest.flatMap((one) => (one === word ? by : [one])),
  ];
  switch (manager.slice(manager.lastIndexOf('/') + 1)) {
    case 'apt-get':
      return again('install', 'install', '--reinstall');
    case 'dnf':
    case 'yum':
    case 'tdnf':
      return again('install', 'reinstall');
    case 'zypper':
      return again('install', 'install', '--force');
    case 'apk':
      return again('add', 'fix');
    case 'xbps-install':
      return [manager, '-f', ...rest];
    case 'pacman':
      return again('--needed');
    case 'emerge':
      return again('--noreplace');
    default:
      return argv;
  }
}
