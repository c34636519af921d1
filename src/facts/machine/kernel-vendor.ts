import type { Kernel } from '../../knowledge/kernels.ts';

/** Whose kernel it is: its rules differ from those of the version that it names. */
export type KernelVendor =
  | 'ubuntu'
  | 'debian'
  | 'enterprise-linux'
  | 'oracle-uek'
  | 'fedora'
  | 'amazon'
  | 'suse'
  | 'arch'
  | 'hardened'
  | 'alpine'
  | 'flatcar'
  | 'cos'
  | 'talos'
  | 'azure-linux'
  | 'proxmox'
  | 'wsl1'
  | 'wsl2'
  | 'linuxkit'
  | 'gentoo';
export interface KernelOrigin {
  /** Null: its name has no sign, as on NixOS, Bottlerocket, Firecracker and kernels built by hand. */
  readonly vendor: KernelVendor | null;
  /** "8.5" of el8_5, "42" of fc42, "2023" of amzn2023, "13" of deb13; null where the name does not tell. */
  readonly series: string | null;
  /** What comes after the version and before the vendor's sign: "348.2.1" of 4.18.0-348.2.1.el8_5.x86_64; null: nothing. */
  readonly build: string | null;
}

/** Signs in the release; each ends what a vendor calls its flavour or distribution. First match wins. */
const SIGNS: readonly (readonly [vendor: KernelVendor, sign: RegExp])[] = [
  ['wsl2', /-microsoft-standard(?:-WSL2)?\+?$/],
  ['wsl1', /-Microsoft$/],
  ['talos', /-talos$/],
  ['flatcar', /-(?:flatcar|coreos)(?:-r\d+)?$/],
  ['linuxkit', /-linuxkit(?:-\w+)?$/],
  ['proxmox', /-pve$/],
  ['oracle-uek', /\.el(?<series>\d+)uek\b/],
  ['enterprise-linux', /\.el(?<series>\d+(?:_\d+)?)\b/],
  ['fedora', /\.fc(?<series>\d+)\b/],
  ['amazon', /\.amzn(?<series>\d+)\b/],
  ['azure-linux', /\.(?:azl|cm)(?<series>\d+)$/],
  ['debian', /\+deb(?<series>\d+)/],
  ['hardened', /-hardened\d*(?:-\d+)?(?:-hardened)?$/],
  ['arch', /-(?:arch|zen)\d+(?:-\d+)?(?:-zen)?$/],
  ['gentoo', /-gentoo\b/],
  ['cos', /^\d+\.\d+\.\d+\+$/],
  ['suse', /^\d+\.\d+\.\d+-(?:[\d.]+-(?:default|preempt|kvmsmall|64kb)|\d+\.[\d.]+-(?:azure|rt))$/],
];
/** Where the name tells nothing, who built it does (the tail of /proc/version). */
const BUILDERS: readonly (readonly [vendor: KernelVendor, builder: RegExp])[] = [
  ['ubuntu', /\(buildd@[^()]*\)/],
  ['debian', /\(debian-kernel@lists\.debian\.org\)/],
  ['suse', /\(geeko@buildhost\)/],
  ['arch', /\(linux@archlinux\)|\(linux-lts@archlinux\)/],
  ['alpine', /\(buildozer@/],
  ['flatcar', /@pony-truck\.infra\.kinvolk\.io\)/],
  ['azure-linux', /\(root@CBL-Mariner\)/],
  ['wsl1', /\(Microsoft@Microsoft\.com\)/],
];
/** Ubuntu's flavours: a number of its own, then the flavour. */
const UBUNTU =
  /^\d+\.\d+\.\d+-(?<build>\d+)-(?:generic|lowlatency|virtual|server|aws|azure|gcp|gke|gkeop|oracle|kvm|raspi|raspi2|ibm|oem|nvidia|snapdragon|intel|realtime|hwe|bluefield)\b/;
const DEBIAN =
  /^\d+\.\d+\.\d+-(?<build>\d+)-(?:cloud-|rt-)?(?:amd64|686|686-pae|arm64|armmp|ppc64el|s390x|riscv64|loong64|mips64el)$/;
const ALPINE = /^\d+\.\d+\.\d+-(?<build>\d+)-(?:lts|virt|stable|edge|rpi|cloud)$/;

/** Never throws; a name without a sign says nothing about who built it. */
export function kernelOrigin({ release, version }: Pick<Kernel, 'release' | 'version'>): KernelOrigin {
  for (const [vendor, sign] of SIGNS) {
    const found = sign.exec(release);
    if (found !== null)
      return { vendor, series: found.groups?.series?.replace('_', '.') ?? null, build: buildOf(release, found.index) };
  }
  for (const [vendor, pattern] of [
    ['ubuntu', UBUNTU],
    ['alpine', ALPINE],
    ['debian', DEBIAN],
  ] as const) {
    const found = pattern.exec(release);
    // A flavour such as "-generic" or "-cloud" may be anybody's; the builder decides where it is known.
    if (found !== null)
      return { vendor: builderOf(version) ?? vendor, series: null, build: found.groups?.build ?? null };
  }
  return { vendor: builderOf(version), series: null, build: buildOf(release, release.length) };
}

function builderOf(version: string | null): KernelVendor | null {
  return BUILDERS.find(([, builder]) => builder.test(version ?? ''))?.[0] ?? null;
}

function buildOf(release: string, end: number): string | null {
  return /^\d+\.\d+(?:\.\d+)?-(\d[\w.]*)/.exec(release.slice(0, end))?.[1] ?? null;
}
