import { apparmorUserns } from '../../facts/confinement/apparmor-userns.ts';
import { container } from '../../facts/confinement/container.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { kernel } from '../../facts/machine/kernel.ts';
import { CAP, hasCapability, processStatus } from '../../facts/machine/process-status.ts';
import { setAtBoot, sysctlFiles } from '../../facts/machine/sysctl.ts';
import { CLONE_SWITCH, usernsSwitches } from '../../facts/machine/userns-switches.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { type RefusingProfile, refusingProfile } from '../../facts/start/refusing-profile.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import type { NamespaceAnswer } from '../../model/look.ts';
import { explains, optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';
import { type ApparmorEvidence, judgeRestriction } from './apparmor-restriction.ts';
import { nextBootWords, placeOf, type SysctlEvidence, setterOf, sysctlEvidence } from './sysctl-evidence.ts';

const needs = {
  launcher,
  identity,
  switches: optional(usernsSwitches),
  apparmor: optional(apparmorUserns),
  files: explains(sysctlFiles),
  place: sysctlPlace,
  kernel: optional(kernel),
  status: optional(processStatus),
  container: optional(container),
  namespace: optional(namespace),
  refusing: optional(refusingProfile),
};

/** What of the kernel itself keeps ordinary users from making user namespaces. */
export type KernelObstacle = 'switched-off' | 'before-7.2' | 'mount-only-for-root' | 'not-built-in';

export type PermissionEvidence =
  | ({ readonly cause: 'sysctl' } & SysctlEvidence)
  | ApparmorEvidence
  | ({ readonly cause: 'profile' } & Pick<RefusingProfile, 'name' | 'binary'>)
  | { readonly cause: 'kernel'; readonly obstacle: KernelObstacle }
  | { readonly cause: 'nested'; readonly uid: number }
  | { readonly cause: 'seccomp'; readonly errno: string | null }
  | { readonly cause: 'chroot' };

type Found = Findings<PermissionEvidence>;
type Facts = FactsOf<typeof needs>;
type Failed = (NamespaceAnswer['launch'] & { readonly ok: false }) | null;

export const usernsPermission: Check<typeof needs, PermissionEvidence> = {
  id: 'userns/permission',
  title: 'User may create user namespaces',
  why: 'rootlesskit starts buildkitd in a user namespace of its own, in which the ordinary user is root. Several systems forbid that to ordinary users.',
  decides: true,
  conditions: [
    'userns.unprivileged-clone-disabled',
    'userns.apparmor-restricted',
    'userns.kernel-disabled',
    'userns.blocked-unspecified',
    'seccomp.blocked',
    'idmap.nested-userns',
    'sysctl.not-persistent',
  ],
  needs,
  examine(facts) {
    if (facts.launcher === 'none')
      return { notApplicable: 'buildkitd is started as root here, so no user namespace is created for it' };
    const launch = facts.namespace.value?.launch;
    const failed = launch?.ok === false ? launch : null;
    // Limits, ids and networks fail in stages and with errors of their own.
    const mayBeRefused =
      failed === null || ((failed.stage === 'clone' || failed.stage === 'setup') && failed.errno !== 'ENOSPC');
    const found = findings<PermissionEvidence>();
    if (launch?.ok !== true) {
      judgeSwitch(found, facts);
      if (failed?.errno !== 'ENOSPC') judgeKernel(found, facts);
      judgeNesting(found, facts);
      if (mayBeRefused) judgeSeccomp(found, facts, failed);
      judgeChroot(found, facts, failed);
    }
    const { apparmor, status, container, files } = facts;
    if (apparmor.value !== undefined)
      judgeRestriction(found, apparmor.value, facts.namespace.value, {
        mayBeRefused,
        seccomp: status.value?.seccomp === 2,
        label: status.value?.label ?? null,
        inside: container.value?.kind ?? null,
        files: files.value ?? null,
      });
    judgeProfile(found, facts);
    if (!found.problems.some(({ severity }) => severity === 'error')) judgeNextBoot(found, facts, launch?.ok === true);
    if (launch?.ok !== true && facts.switches.unseen !== undefined) found.unseen.push(facts.switches.unseen);
    return { problems: found.problems, unseen: found.unseen };
  },
};

function judgeSwitch(found: Found, { switches, files }: Facts): void {
  if (switches.value?.clone !== 0) return;
  const atBoot = files.value === undefined ? null : setAtBoot(files.value, CLONE_SWITCH);
  const by = atBoot === null ? '' : ` It is set at boot by ${setterOf(atBoot)}.`;
  found.add(
    'userns.unprivileged-clone-disabled',
    'error',
    CLONE_SWITCH,
    `${CLONE_SWITCH} is 0: only root may create user namespaces on this host.${by}`,
    { cause: 'sysctl', ...sysctlEvidence(CLONE_SWITCH, 0, atBoot) },
    placeOf(atBoot),
  );
}

function judgeKernel(found: Found, { switches, status, kernel }: Facts): void {
  const add = (obstacle: KernelObstacle, message: string): void =>
    found.add('userns.kernel-disabled', 'error', 'user namespaces', message, { cause: 'kernel', obstacle });
  const build = switches.value?.enterprise7 ?? null;
  if (switches.value?.enable === false)
    add('switched-off', 'User namespaces are switched off in this kernel (user_namespace.enable is N).');
  else if (build !== null && build < 327)
    add(
      'before-7.2',
      `The kernel ${kernel.value?.release ?? ''} of Enterprise Linux 7.0 or 7.1 has no user namespaces for ordinary users.`,
    );
  else if (switches.value?.unprivileged === false)
    add('mount-only-for-root', 'This kernel lets only root make mount namespaces (namespace.unpriv_enable is N).');
  else if (status.value?.userNamespaces === false)
    add('not-built-in', 'This kernel has no user namespaces (/proc/self/ns/user is missing).');
}

function judgeNesting(found: Found, { identity, status }: Facts): void {
  const { uid } = identity.target;
  if (status.value?.inUserNamespace !== true) return;
  if (status.value.uidMap.some(([first, , count]) => uid >= first && uid < first + count)) return;
  found.add(
    'idmap.nested-userns',
    'error',
    `uid ${uid}`,
    `uid ${uid} does not exist in the user namespace around this session, so it cannot own another one.`,
    { cause: 'nested', uid },
  );
}

function judgeSeccomp(found: Found, { status, container }: Facts, failed: Failed): void {
  if (status.value?.seccomp !== 2) return;
  const inside = container.value?.kind ?? null;
  // Podman's own profile lets everyone create namespaces, LXC's forbids a few other calls; Docker's and containerd's ask for CAP_SYS_ADMIN.
  const lenient = inside === 'podman' || inside === 'lxc';
  const denies = !lenient && hasCapability(status.value.capabilityBounding, CAP.sysAdmin) === false;
  if (failed !== null ? failed.stage === 'clone' && failed.errno !== 'EACCES' : inside !== null && denies)
    found.add(
      'seccomp.blocked',
      'error',
      'seccomp',
      `A seccomp filter is active on this process${failed === null ? ', as container engines set it: it forbids new namespaces' : `, and creating a namespace failed with ${failed.errno ?? 'an error'}`}.`,
      { cause: 'seccomp', errno: failed?.errno ?? null },
    );
  else if (failed === null && (inside === null || lenient))
    found.unseen.push({
      why: 'a seccomp filter is active here; whether it forbids namespaces shows only when one is tried',
      command: 'unshare --user --map-root-user true',
    });
}

function judgeChroot(found: Found, { switches }: Facts, failed: Failed): void {
  if (switches.value?.chrooted !== true || (failed !== null && failed.errno !== 'EPERM')) return;
  found.add(
    'userns.blocked-unspecified',
    'error',
    'chroot',
    'This process runs in a chroot, where the kernel lets nobody create a user namespace (EPERM).',
    { cause: 'chroot' },
  );
}

/** Upstream's kernels (6.7 and later) hold a profile written for AppArmor 4 to the rule `userns,`. */
function judgeProfile(found: Found, { refusing }: Facts): void {
  const by = refusing.value;
  if (by?.rule !== 'userns' || found.problems.some(({ severity }) => severity === 'error')) return;
  const { name, binary, at } = by;
  found.add(
    'userns.apparmor-restricted',
    'error',
    name,
    `The AppArmor profile ${name} confines ${binary ?? 'this session and all that it starts'}, and has no rule "userns,": the kernel refuses the namespaces (EACCES).`,
    { cause: 'profile', name, binary },
    at ?? undefined,
  );
}

/** Debian's switch was 0 by default before Linux 5.10; that of linux-hardened still is. */
function judgeNextBoot(found: Found, { switches, files, kernel, place }: Facts, works: boolean): void {
  const clone = switches.value?.clone ?? null;
  if (clone === null || clone === 0 || files.value === undefined || place.container !== null || place.inUserNamespace)
    return;
  const { value } = kernel;
  const release = value?.release ?? '';
  const offByDefault =
    /-hardened\b/.test(release) ||
    (/debian/i.test(value?.version ?? '') &&
      value !== undefined &&
      (value.major < 5 || (value.major === 5 && value.minor < 10)));
  const atBoot = setAtBoot(files.value, CLONE_SWITCH);
  if (atBoot === null ? !(offByDefault && works) : Number(atBoot.value) !== 0) return;
  found.add(
    'sysctl.not-persistent',
    'warning',
    CLONE_SWITCH,
    nextBootWords(CLONE_SWITCH, clone, atBoot),
    { cause: 'sysctl', ...sysctlEvidence(CLONE_SWITCH, clone, atBoot) },
    placeOf(atBoot),
  );
}
