import { kernel } from '../../facts/machine/kernel.ts';
import { kernelOrigin } from '../../facts/machine/kernel-vendor.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { support } from '../../facts/machine/support.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { overlayInUserNamespace } from '../../knowledge/kernels.ts';
import type { Check } from '../../model/decide.ts';
import { explains, optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';

const needs = {
  kernel,
  launcher,
  os: explains(osRelease),
  support: explains(support),
  namespace: optional(namespace),
};

export interface VersionEvidence {
  readonly release: string;
  readonly vendor: string | null;
  readonly series: string | null;
}

export const kernelVersion: Check<typeof needs, VersionEvidence> = {
  id: 'kernel/version',
  title: 'Kernel is new enough',
  why: "Rootless builds need user namespaces (Linux 3.8); overlay mounts inside them came with Linux 5.11, earlier in some vendors' kernels. What was really tried here counts more than a version.",
  decides: false,
  conditions: ['kernel.too-old', 'env.wsl-integration'],
  needs,
  examine(facts) {
    const { kernel, launcher } = facts;
    const { release } = kernel;
    const { vendor, series } = kernelOrigin(kernel);
    const seen: VersionEvidence = { release, vendor, series };
    const answer = facts.namespace.value;
    const found = findings<VersionEvidence>();

    if (answer?.launch.ok !== true) {
      if (vendor === 'wsl1')
        found.add(
          'env.wsl-integration',
          'error',
          release,
          `${release} is WSL 1, which only imitates Linux: it has no namespaces, no overlayfs and no other way to run a build.`,
          seen,
        );
      else if (isBefore(kernel, 3, 8))
        found.add(
          'kernel.too-old',
          'error',
          release,
          `Linux ${release} has no user namespaces (they came with 3.8).`,
          seen,
        );
      else if (isBefore(kernel, 3, 10))
        found.add(
          'kernel.too-old',
          'warning',
          release,
          `Linux ${release} is older than any kernel that BuildKit or runc are tested with.`,
          seen,
        );
    }
    if (launcher === 'rootlesskit' && vendor !== 'wsl1' && answer?.overlay?.ok !== true) {
      const rule = overlayInUserNamespace(kernel, facts.os.value ?? null, false);
      if (rule.allows === false)
        found.add(
          'kernel.too-old',
          'info',
          release,
          `${rule.because}: an ordinary user cannot mount overlayfs with it, so builds use fuse-overlayfs or the slow native snapshotter.`,
          seen,
        );
    }
    const { value } = facts.support;
    if (value?.ended != null)
      found.add(
        'kernel.too-old',
        'info',
        value.name,
        `${value.name} has had no free updates since ${value.ended}, its kernel included.`,
        seen,
      );
    return { problems: found.problems, unseen: [] };
  },
};

function isBefore(kernel: { readonly major: number; readonly minor: number }, major: number, minor: number): boolean {
  return kernel.major < major || (kernel.major === major && kernel.minor < minor);
}
