import type { KernelObstacle, PermissionEvidence } from '../../checks/userns/permission.ts';
import { APPARMOR_RESTRICTION, apparmorUserns } from '../../facts/confinement/apparmor-userns.ts';
import { container } from '../../facts/confinement/container.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { sysctlFiles } from '../../facts/machine/sysctl.ts';
import { refusingProfile } from '../../facts/start/refusing-profile.ts';
import { type Engine, sentenceFor } from '../../knowledge/engines.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { rulesFor } from '../lsm/profile-rules.ts';
import { setSysctl } from '../sysctl/set.ts';
import { giveProfile } from './apparmor-profile.ts';

const needs = {
  apparmor: optional(apparmorUserns),
  files: optional(sysctlFiles),
  place: sysctlPlace,
  container: optional(container),
  refusing: optional(refusingProfile),
};
type Facts = FactsOf<typeof needs>;

/** Sets the kernel's switch, or gives rootlesskit an AppArmor profile of its own. */
export const permitUserns: Fix<typeof needs, PermissionEvidence> = {
  needs,
  title: 'Let rootlesskit create user namespaces',
  plan: (problems, facts) => problems.flatMap(({ evidence }, index) => treatmentsFor(evidence, index, facts)),
};

function treatmentsFor(evidence: PermissionEvidence, index: number, facts: Facts): readonly Treatment[] {
  switch (evidence.cause) {
    case 'sysctl': {
      const { key, running } = evidence;
      const wanted = running === '0' ? '1' : running;
      return setSysctl(index, { key, running, wanted }, facts.files.value ?? null, facts.place);
    }
    case 'apparmor':
      return liftRestriction(index, evidence.restricted, facts);
    case 'profile':
      return facts.refusing.value == null ? [] : [advice([index], rulesFor(facts.refusing.value))];
    case 'kernel':
      return [advice([index], kernelWords(evidence.obstacle))];
    case 'nested':
      return [
        advice(
          [index],
          `Run buildkitd as a user whose id is mapped here (see /proc/self/uid_map), or map ${evidence.uid} where this namespace is made.`,
        ),
      ];
    case 'seccomp':
      return [advice([index], seccompWords(facts.container.value?.kind ?? null))];
    case 'chroot':
      return [
        advice(
          [index],
          'Start buildkitd outside of the chroot, or enter the tree with a tool that makes it the root of a mount namespace (systemd-nspawn, bwrap, or unshare --mount with pivot_root) instead of chroot.',
        ),
      ];
  }
}

/** A profile for rootlesskit alone; where none can be written, only the restriction itself could go. */
function liftRestriction(index: number, restricted: boolean, { apparmor, files, place }: Facts): readonly Treatment[] {
  if (apparmor.value === undefined) return [];
  const { covering, binary } = apparmor.value;
  const enabled = covering.filter(({ disabled }) => !disabled);
  const [first] = enabled;
  // A second profile for the same path would conflict with it, and the kernel would take neither.
  if (first !== undefined && !enabled.some(({ allowsUserns }) => allowsUserns)) {
    const { name, path, line, local } = first;
    return [advice([index], rulesFor({ name, rule: 'userns', at: { path, line, column: 1 }, local, binary }))];
  }
  const profile = giveProfile(index, apparmor.value);
  if (profile !== null) return [profile];
  const change = { key: APPARMOR_RESTRICTION, running: restricted ? '1' : '0', wanted: '0' };
  return setSysctl(index, change, files.value ?? null, place).map((treatment) =>
    treatment.risk === 'manual'
      ? treatment
      : {
          ...treatment,
          risk: 'risky',
          consequence:
            'Every program of every user may then create user namespaces with full capabilities inside, which Ubuntu forbids because many kernel exploits begin so.',
        },
  );
}

function kernelWords(obstacle: KernelObstacle): string {
  const grubby = (argument: string): string =>
    `As root: grubby --args="${argument}" --update-kernel="$(grubby --default-kernel)", then reboot. Enterprise Linux 7 has had no updates since 2024-06-30: a newer release is the better way.`;
  switch (obstacle) {
    case 'switched-off':
      return grubby('user_namespace.enable=1');
    case 'before-7.2':
      return 'Update the system (yum update): Enterprise Linux 7.6 is the first that needs no boot argument.';
    case 'mount-only-for-root':
      return grubby('namespace.unpriv_enable=1');
    case 'not-built-in':
      return 'Use a kernel built with CONFIG_USER_NS=y.';
  }
}

function seccompWords(inside: Engine | null): string {
  return inside === null
    ? 'Start buildkitd outside of the sandbox that set the filter (a systemd unit with SystemCallFilter= or RestrictNamespaces=, a snap, a flatpak, a CI sandbox).'
    : sentenceFor(inside, 'unfiltered-calls', 'no-apparmor');
}
