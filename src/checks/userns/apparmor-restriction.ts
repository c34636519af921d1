import { APPARMOR_RESTRICTION, type AppArmorUserns } from '../../facts/confinement/apparmor-userns.ts';
import { type SysctlFiles, setAtBoot } from '../../facts/machine/sysctl.ts';
import type { Engine } from '../../knowledge/engines.ts';
import type { NamespaceAnswer } from '../../model/look.ts';
import type { Findings } from '../findings.ts';
import { placeOf, setterOf } from './sysctl-evidence.ts';

/** Ubuntu's restriction, and the profiles on disk that cover rootlesskit. */
export interface ApparmorEvidence {
  readonly cause: 'apparmor';
  readonly binary: string;
  readonly restricted: boolean;
  readonly profiles: readonly { readonly path: string; readonly allowsUserns: boolean; readonly disabled: boolean }[];
}

interface Around {
  /** The launch failed in a way in which the kernel refuses, or was not tried. */
  readonly mayBeRefused: boolean;
  readonly seccomp: boolean;
  readonly label: string | null;
  /** The container's kind. */
  readonly inside: Engine | null;
  readonly files: SysctlFiles | null;
}

/** The kernel of Ubuntu gives capabilities in a new user namespace only to what an AppArmor profile allows it. */
export function judgeRestriction(
  found: Pick<Findings<ApparmorEvidence>, 'add'>,
  userns: AppArmorUserns,
  answer: NamespaceAnswer | undefined,
  around: Around,
): void {
  const { restricts, enabled, binary, covering } = userns;
  if (binary === null || restricts === null || enabled === false) return;
  const evidence: ApparmorEvidence = {
    cause: 'apparmor',
    binary,
    restricted: restricts,
    profiles: covering.map(({ path, allowsUserns, disabled }) => ({ path, allowsUserns, disabled })),
  };
  const good = covering.filter(({ allowsUserns }) => allowsUserns);
  const working = good.filter(({ disabled, loaded }) => !disabled && loaded !== false);
  if (!restricts) {
    const atBoot = around.files === null ? null : setAtBoot(around.files, APPARMOR_RESTRICTION);
    if (answer?.launch.ok !== true || working.length > 0 || atBoot === null || Number(atBoot.value) === 0) return;
    found.add(
      'sysctl.not-persistent',
      'warning',
      binary,
      `${APPARMOR_RESTRICTION} is 0 now, but ${setterOf(atBoot)} sets it to ${atBoot.value} at the next boot, and no AppArmor profile covers ${binary}.`,
      evidence,
      placeOf(atBoot),
    );
    return;
  }
  if (!stands(answer, working.length > 0, around)) return;
  const missing =
    good.length === 0
      ? withoutRule(covering, binary)
      : working.length === 0
        ? `the profile ${good[0]?.path} for ${binary} is ${good[0]?.disabled ? 'disabled' : 'not loaded'}`
        : `the profile ${working[0]?.path} for ${binary} does not seem to be loaded`;
  found.add(
    'userns.apparmor-restricted',
    'error',
    binary,
    `${APPARMOR_RESTRICTION} is 1 and ${missing}: the kernel gives it no capabilities in a user namespace of its own.`,
    evidence,
  );
}

function withoutRule(covering: AppArmorUserns['covering'], binary: string): string {
  const enabled = covering.find(({ disabled }) => !disabled);
  return enabled === undefined
    ? `no AppArmor profile in /etc/apparmor.d covers ${binary}`
    : `the profile ${enabled.path} for ${binary} has no rule "userns,"`;
}

/** Is it the restriction that stands in the way? */
function stands(
  answer: NamespaceAnswer | undefined,
  works: boolean,
  { mayBeRefused, seccomp, label, inside }: Around,
): boolean {
  if (answer?.launch.ok === true || !mayBeRefused) return false;
  const failed = answer?.launch;
  if (failed !== undefined && failed.errno !== 'EPERM' && failed.errno !== 'EACCES') return false;
  // The restriction is for unconfined programs; a container's own filter comes first.
  const confined = label !== null && label !== 'unconfined' && !/\(unconfined\)$/.test(label);
  if (failed === undefined && works) return false;
  return !confined && !(inside !== null && seccomp);
}
