import { snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings, stepsOf } from '../../facts/config/settings.ts';
import { selinux, selinuxType } from '../../facts/confinement/selinux.ts';
import { kernel } from '../../facts/machine/kernel.ts';
import { identity } from '../../facts/target/identity.ts';
import { unit } from '../../facts/target/unit.ts';
import { selinuxDeniesOverlay } from '../../knowledge/kernels.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';

export interface SelinuxEvidence {
  readonly kind: 'kernel' | 'cache-label' | 'program-label' | 'no-policy' | 'set-and-off';
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
  conditions: ['lsm.selinux-denied', 'lsm.selinux-off'],
  needs,
  examine(facts) {
    const found = findings<SelinuxEvidence>();
    if (facts.selinux.state === 'off') {
      if (!isUsed(facts)) return { notApplicable: 'SELinux is not active here' };
      judgeSetting(facts, found);
      return { problems: found.problems, unseen: found.unseen };
    }
    if (facts.selinux.state !== 'permissive') {
      judgeKernel(facts, found);
      judgeProgram(facts, found);
      // A rootless buildkitd runs unconfined, as its user does: labels of the home do not matter to it.
      if (facts.identity.mode === 'rootful') {
        judgeCache(facts, found);
        judgePolicy(facts, found);
      }
    }
    return { problems: found.problems, unseen: found.unseen };
  },
};

type Facts = FactsOf<typeof needs>;
type Found = Findings<SelinuxEvidence>;

/** The worker is told to use SELinux. */
const isUsed = ({ settings }: Facts): boolean => stepsOf(settings).selinux.value;

function judgeSetting({ settings }: Facts, { add }: Found): void {
  const { selinux } = stepsOf(settings);
  add(
    'lsm.selinux-off',
    'error',
    selinux.key,
    `${selinux.key} is true, and SELinux is not active here: every RUN step fails with "selinux is not available".`,
    { kind: 'set-and-off', path: null, label: null, expected: null },
    selinux.at,
  );
}

function judgeKernel({ identity: who, settings: options, kernel: { value }, trials }: Facts, { add }: Found): void {
  if (value === undefined || who.mode !== 'rootless') return;
  if (!selinuxDeniesOverlay(value) || trials.value?.overlayfs.works !== false) return;
  const { release } = value;
  const named = options.oci.snapshotter.value === 'overlayfs' || options.oci.snapshotter.value === 'stargz';
  add(
    'lsm.selinux-denied',
    named ? 'error' : 'info',
    release,
    `SELinux is enforcing, and with Linux ${release} it refuses overlayfs in user namespaces (mended in 5.13).`,
    { kind: 'kernel', path: null, label: null, expected: null },
  );
}

function judgeProgram({ selinux: { buildkitd, labels, expected }, unit: service }: Facts, { add }: Found): void {
  const label = buildkitd === null ? undefined : labels[buildkitd];
  const type = label === undefined ? null : selinuxType(label);
  if (buildkitd === null || label === undefined || type === null) return;
  if (!NOT_FOR_SERVICES.test(type) || service.value?.scope !== 'system') return;
  add(
    'lsm.selinux-denied',
    'error',
    buildkitd,
    `The system unit ${service.value.path} cannot start ${buildkitd}: SELinux does not let a service execute a file of type ${type} (status 203/EXEC).`,
    { kind: 'program-label', path: buildkitd, label, expected: expected[buildkitd] ?? null },
  );
}

function judgeCache({ selinux: { cache, labels, expected }, directory }: Facts, { add }: Found): void {
  const label = cache === null ? undefined : labels[cache];
  const type = label === undefined ? null : selinuxType(label);
  if (cache === null || label === undefined || type === null) return;
  if (cache !== directory.path || RUNTIME_MAY_WRITE.test(type)) return;
  add(
    'lsm.selinux-denied',
    'warning',
    cache,
    `The cache directory ${cache} has the SELinux type ${type}, which a confined container runtime may not write.`,
    { kind: 'cache-label', path: cache, label, expected: expected[cache] ?? null },
  );
}

function judgePolicy({ selinux: { policy, containerPolicy } }: Facts, { add }: Found): void {
  if (containerPolicy !== false) return;
  add(
    'lsm.selinux-denied',
    'info',
    policy ?? 'policy',
    'SELinux is enforcing and its policy does not know BuildKit: the package container-selinux is not installed.',
    { kind: 'no-policy', path: null, label: null, expected: null },
  );
}
