import type { OsRelease } from './os-release.ts';

/** A kernel release, parsed for every vendor's format. */
export interface Kernel {
  readonly release: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** What /proc/version says of who built it; null when it cannot be read. */
  readonly version: string | null;
}

/** Is the version at least MAJOR.MINOR? Says nothing about what a vendor backported. */
export function kernelAtLeast(kernel: Pick<Kernel, 'major' | 'minor'>, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor);
}

/** What a vendor's kernel allows, with the reason in words. Null: nothing is known about it. */
export interface KernelRule {
  readonly allows: boolean | null;
  readonly because: string;
}

/**
 * May an ordinary user mount overlayfs in a user namespace with this kernel? Upstream since 5.11; Ubuntu since 2015; RHEL 8.5
 * backported it (4.18.0-348); Debian 10 and 11 only with a module parameter.
 */
export function overlayInUserNamespace(kernel: Kernel, os: OsRelease | null, permitMounts: boolean): KernelRule {
  const { release } = kernel;
  if (kernelAtLeast(kernel, 5, 11)) return { allows: true, because: `Linux ${release} allows it` };
  if (
    /ubuntu/i.test(kernel.version ?? '') ||
    (os?.id === 'ubuntu' && /-(generic|aws|azure|gcp|gke|oracle|kvm|lowlatency)\b/.test(release))
  )
    return { allows: true, because: `Ubuntu's kernel ${release} allows it` };
  const enterprise = /^4\.18\.0-(\d+)(?!\d)[.\w]*\.el8/.exec(release)?.[1];
  if (enterprise !== undefined) {
    return Number(enterprise) >= 348
      ? { allows: true, because: `the kernel ${release} of Enterprise Linux 8.5 or later allows it` }
      : { allows: false, because: `the kernel ${release} is older than that of Enterprise Linux 8.5 (4.18.0-348)` };
  }
  if (permitMounts) return { allows: true, because: "overlay's module parameter permit_mounts_in_userns is set" };
  return { allows: false, because: `Linux ${release} is older than 5.11` };
}

/** SELinux denied the xattrs of overlayfs in user namespaces in 5.11 and 5.12; vendors' kernels of that age had the fix. */
export function selinuxDeniesOverlay(kernel: Kernel): boolean {
  return kernelAtLeast(kernel, 5, 11) && !kernelAtLeast(kernel, 5, 13) && !/\.el\d/.test(kernel.release);
}

/** FUSE mounts in user namespaces came with Linux 4.18. */
export function fuseInUserNamespace(kernel: Kernel): KernelRule {
  return kernelAtLeast(kernel, 4, 18)
    ? { allows: true, because: `Linux ${kernel.release} allows it` }
    : { allows: false, because: `Linux ${kernel.release} is older than 4.18` };
}
