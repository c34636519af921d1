import { snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { selinux, selinuxType } from '../../facts/confinement/selinux.ts';
import { kernel } from '../../facts/machine/kernel.ts';
import { identity } from '../../facts/target/identity.ts';
import { unit } from '../../facts/target/unit.ts';
import { selinuxDeniesOverlay } from '../../knowledge/kernels.ts';
import type { Check, Problem } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';

export interface SelinuxEvidence {
  readonly kind: 'kernel' | 'cache-label' | 'program-label' | 'no-policy';
  readonly path: string | null;
  readonly label: string | null;
  /** The label that the policy has for this path; null: not asked, or none. */
  readonly expected: string | null;
}

const needs = {
  identity,
  settings,
  directory: cacheDirectory,
  selinux,
  kernel: optional(kernel),
  unit: optional(unit),
  trials: optional(snapshotters),
};

/** Types that a confined container runtime may fill with images (container-selinux). */
const RUNTIME_MAY_WRITE = /^(container_\w+|var_lib_t|var_run_t|data_home_t|svirt_sandbox_file_t|docker_\w+)$/;
/** Types that no service of the system's manager may execute. */
const NOT_FOR_SERVICES =
  /^(user_home_t|user_home_dir_t|admin_home_t|user_tmp_t|tmp_t|default_t|unlabeled_t|data_home_t|config_home_t)$/;

export const lsmSelinux: Check<typeof needs, SelinuxEvidence> = {
  id: 'lsm/selinux',
  title: 'SELinux lets BuildKit work',
  why: 'A wrong label on the cache directory or on buildkitd makes an enforcing SELinux refuse mounts and files that every permission bit allows.',
  decides: false,
  conditions: ['lsm.selinux-denied'],
  needs,
  examine({ identity: who, settings: options, directory, selinux: found, kernel: release, unit: service, trials }) {
    if (found.state === 'off') return { notApplicable: 'SELinux is not active here' };
    if (found.state === 'permissive') return { problems: [], unseen: [] };
    const problems: Problem<SelinuxEvidence>[] = [];
    const report = (
      severity: Problem['severity'],
      subject: string,
      message: string,
      evidence: SelinuxEvidence,
    ): void => {
      problems.push({ condition: 'lsm.selinux-denied', severity, subject, message, evidence });
    };

    const overlay = trials.value?.overlayfs;
    if (
      who.mode === 'rootless' &&
      release.value !== undefined &&
      selinuxDeniesOverlay(release.value) &&
      overlay?.works === false
    ) {
      const named = options.oci.snapshotter.value === 'overlayfs' || options.oci.snapshotter.value === 'stargz';
      report(
        named ? 'error' : 'info',
        release.value.release,
        `SELinux is enforcing, and with Linux ${release.value.release} it refuses overlayfs in user namespaces (mended in 5.13).`,
        { kind: 'kernel', path: null, label: null, expected: null },
      );
    }

    const program = found.buildkitd;
    const programLabel = program === null ? undefined : found.labels[program];
    const programType = programLabel === undefined ? null : selinuxType(programLabel);
    if (
      program !== null &&
      programLabel !== undefined &&
      programType !== null &&
      NOT_FOR_SERVICES.test(programType) &&
      service.value?.scope === 'system'
    )
      report(
        'error',
        program,
        `The system unit ${service.value.path} cannot start ${program}: SELinux does not let a service execute a file of type ${programType} (status 203/EXEC).`,
        { kind: 'program-label', path: program, label: programLabel, expected: found.expected[program] ?? null },
      );

    const cacheLabel = found.cache === null ? undefined : found.labels[found.cache];
    const cacheType = cacheLabel === undefined ? null : selinuxType(cacheLabel);
    // A rootless buildkitd runs unconfined, as its user does: labels of the home do not matter to it.
    if (
      who.mode === 'rootful' &&
      found.cache === directory.path &&
      cacheLabel !== undefined &&
      cacheType !== null &&
      !RUNTIME_MAY_WRITE.test(cacheType)
    )
      report(
        'warning',
        found.cache,
        `The cache directory ${found.cache} has the SELinux type ${cacheType}, which a confined container runtime may not write.`,
        { kind: 'cache-label', path: found.cache, label: cacheLabel, expected: found.expected[found.cache] ?? null },
      );
    if (who.mode === 'rootful' && found.containerPolicy === false)
      report(
        'info',
        found.policy ?? 'policy',
        'SELinux is enforcing and its policy does not know BuildKit: the package container-selinux is not installed.',
        { kind: 'no-policy', path: null, label: null, expected: null },
      );
    return { problems, unseen: [] };
  },
};
