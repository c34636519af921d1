import { kernel } from '../../facts/machine/kernel.ts';
import { kernelOrigin } from '../../facts/machine/kernel-vendor.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { support } from '../../facts/machine/support.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { overlayInUserNamespace } from '../../knowledge/kernels.ts';
import type { Check, Condition, Problem } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';

const needs = {
  kernel,
  launcher,
  os: optional(osRelease),
  support: optional(support),
  namespace: optional(namespace),
};

export interface VersionEvidence {
  readonly release: string;
  readonly vendor: string | null;
  readonly series: string | null;
  readonly text: string | null;
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
    const { release, major, minor } = kernel;
    const { vendor, series } = kernelOrigin(kernel);
    const answer = facts.namespace.value;
    const works = answer?.launch.ok === true;
    const problems: Problem<VersionEvidence>[] = [];
    const report = (
      condition: Condition,
      severity: Problem['severity'],
      subject: string,
      message: string,
      text: string | null,
    ): void => {
      problems.push({ condition, severity, subject, message, evidence: { release, vendor, series, text } });
    };

    if (vendor === 'wsl1' && !works)
      report(
        'env.wsl-integration',
        'error',
        release,
        `${release} is WSL 1, which only imitates Linux: it has no namespaces, no overlayfs and no other way to run a build.`,
        'In PowerShell: wsl --set-version DISTRIBUTION 2 (wsl --list --verbose names it), then start it again.',
      );
    else if (!works && (major < 3 || (major === 3 && minor < 8)))
      report(
        'kernel.too-old',
        'error',
        release,
        `Linux ${release} has no user namespaces (they came with 3.8).`,
        'Update the system to a release with a newer kernel.',
      );
    else if (!works && (major < 3 || (major === 3 && minor < 10)))
      report(
        'kernel.too-old',
        'warning',
        release,
        `Linux ${release} is older than any kernel that BuildKit or runc are tested with.`,
        'Update the system to a release with a newer kernel.',
      );
    if (launcher === 'rootlesskit' && vendor !== 'wsl1' && answer?.overlay?.ok !== true) {
      const rule = overlayInUserNamespace(kernel, facts.os.value ?? null, false);
      if (rule.allows === false)
        report(
          'kernel.too-old',
          'info',
          release,
          `${rule.because}: an ordinary user cannot mount overlayfs with it, so builds use fuse-overlayfs or the slow native snapshotter.`,
          null,
        );
    }
    const { value } = facts.support;
    if (value?.ended != null)
      report(
        'kernel.too-old',
        'info',
        value.name,
        `${value.name} has had no free updates since ${value.ended}, its kernel included.`,
        null,
      );
    return { problems, unseen: [] };
  },
};
