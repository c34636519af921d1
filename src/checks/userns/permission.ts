import {
  APPARMOR_RESTRICTION,
  type AppArmorUserns,
  apparmorUserns,
  profileNameOf,
} from '../../facts/confinement/apparmor-userns.ts';
import { container } from '../../facts/confinement/container.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { kernel } from '../../facts/machine/kernel.ts';
import { CAP, hasCapability, processStatus } from '../../facts/machine/process-status.ts';
import { setAtBoot, sysctlFiles } from '../../facts/machine/sysctl.ts';
import { CLONE_SWITCH, usernsSwitches } from '../../facts/machine/userns-switches.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { NamespaceAnswer, UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { atBootWords, type SysctlEvidence, sysctlEvidence } from './sysctl-evidence.ts';

const needs = {
  launcher,
  identity,
  switches: optional(usernsSwitches),
  apparmor: optional(apparmorUserns),
  files: optional(sysctlFiles),
  place: sysctlPlace,
  kernel: optional(kernel),
  status: optional(processStatus),
  container: optional(container),
  namespace: optional(namespace),
};

/** What a profile for rootlesskit takes, when one can be written here. */
export interface ProfileEvidence {
  readonly binary: string;
  /** A profile on disk that would do and only has to be loaded. */
  readonly load: string | null;
  readonly write: { readonly path: string; readonly digest: string | null; readonly name: string } | null;
  readonly parser: string | null;
  /** The component of the path that others can change; null: only root can. */
  readonly writable: string | null;
}
export type PermissionEvidence =
  | { readonly cause: 'sysctl'; readonly sysctl: SysctlEvidence }
  | {
      readonly cause: 'apparmor';
      readonly profile: ProfileEvidence;
      /** Set where no profile can be written here, so that only the restriction itself could go. */
      readonly sysctl: SysctlEvidence | null;
    }
  | { readonly cause: 'told'; readonly text: string };

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
    const { place } = facts;
    const launch = facts.namespace.value?.launch;
    const ok = launch?.ok === true;
    const failed = launch?.ok === false ? launch : null;
    // Limits, ids and networks fail in stages and with errors of their own.
    const mayBeRefused =
      failed === null || ((failed.stage === 'clone' || failed.stage === 'setup') && failed.errno !== 'ENOSPC');
    const problems: Problem<PermissionEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const switches = facts.switches.value;
    const files = facts.files.value ?? null;
    const inside = facts.container.value?.kind ?? null;
    const told = (condition: Condition, subject: string, message: string, text: string): void => {
      problems.push({ condition, severity: 'error', subject, message, evidence: { cause: 'told', text } });
    };

    if (switches?.clone === 0 && !ok) {
      const sysctl = sysctlEvidence(CLONE_SWITCH, '0', '1', files, place);
      const by = sysctl.atBoot === null ? '' : ` It is set by ${atBootWords(sysctl.atBoot)}.`;
      problems.push({
        condition: 'userns.unprivileged-clone-disabled',
        severity: 'error',
        subject: CLONE_SWITCH,
        message: `${CLONE_SWITCH} is 0: only root may create user namespaces on this host.${by}`,
        evidence: { cause: 'sysctl', sysctl },
      });
    }
    if (!ok && (failed === null || failed.errno !== 'ENOSPC')) {
      const off = kernelWords(facts);
      if (off !== null) told('userns.kernel-disabled', 'user namespaces', off.message, off.text);
    }
    const { status } = facts;
    const own = facts.identity.target.uid;
    if (
      !ok &&
      status.value?.inUserNamespace === true &&
      !status.value.uidMap.some(([first, , count]) => own >= first && own < first + count)
    )
      told(
        'idmap.nested-userns',
        `uid ${own}`,
        `uid ${own} does not exist in the user namespace around this session, so it cannot own another one.`,
        `Run buildkitd as a user whose id is mapped here (see /proc/self/uid_map), or map ${own} where this namespace is made.`,
      );
    const seccomp = status.value?.seccomp === 2;
    if (!ok && mayBeRefused && seccomp) {
      // Podman's own profile lets everyone create namespaces, LXC's forbids a few other calls; Docker's and containerd's ask for CAP_SYS_ADMIN.
      const lenient = inside === 'podman' || inside === 'lxc';
      const denies = !lenient && hasCapability(status.value?.capabilityBounding ?? null, CAP.sysAdmin) === false;
      if (failed !== null ? failed.stage === 'clone' && failed.errno !== 'EACCES' : inside !== null && denies)
        told(
          'seccomp.blocked',
          'seccomp',
          `A seccomp filter is active on this process${failed === null ? ', as container engines set it: it forbids new namespaces' : `, and creating a namespace failed with ${failed.errno ?? 'an error'}`}.`,
          seccompWords(inside),
        );
      else if (failed === null && (inside === null || lenient))
        unseen.push({
          why: 'a seccomp filter is active here; whether it forbids namespaces shows only when one is tried',
          command: 'unshare --user --map-root-user true',
        });
    }
    if (!ok && switches?.chrooted === true && (failed === null || failed.errno === 'EPERM'))
      told(
        'userns.blocked-unspecified',
        'chroot',
        'This process runs in a chroot, where the kernel lets nobody create a user namespace (EPERM).',
        'Start buildkitd outside of the chroot, or enter the tree with a tool that makes it the root of a mount namespace (systemd-nspawn, bwrap, or unshare --mount with pivot_root) instead of chroot.',
      );
    const restriction = facts.apparmor.value;
    if (restriction !== undefined && restriction.restricts !== null && restriction.enabled !== false) {
      const found = judgeRestriction(restriction, facts.namespace.value, mayBeRefused, {
        seccomp,
        label: status.value?.label ?? null,
        inside,
        wouldBe: () => sysctlEvidence(APPARMOR_RESTRICTION, '1', '0', files, place),
        atBoot: files === null ? null : setAtBoot(files, APPARMOR_RESTRICTION),
      });
      if (found !== null) problems.push(found);
    }
    const later = notPersistent(facts, ok);
    if (later !== null && !problems.some(({ severity }) => severity === 'error')) problems.push(later);
    if (!ok && facts.switches.unseen !== undefined) unseen.push(facts.switches.unseen);
    return { problems, unseen };
  },
};

interface Around {
  readonly seccomp: boolean;
  readonly label: string | null;
  readonly inside: string | null;
  readonly wouldBe: () => SysctlEvidence;
  readonly atBoot: { readonly value: string; readonly path: string; readonly line: number } | null;
}

function judgeRestriction(
  { restricts, binary, covering, writable, parser, abi, own }: AppArmorUserns,
  answer: NamespaceAnswer | undefined,
  mayBeRefused: boolean,
  { seccomp, label, inside, wouldBe, atBoot }: Around,
): Problem<PermissionEvidence> | null {
  if (binary === null) return null;
  const good = covering.filter(({ allowsUserns }) => allowsUserns);
  const working = good.filter(({ disabled, loaded }) => !disabled && loaded !== false);
  const profile: ProfileEvidence = {
    binary,
    load: good.find(({ disabled }) => !disabled)?.path ?? null,
    write: own === null || !abi ? null : { ...own, name: profileNameOf(binary) },
    parser,
    writable,
  };
  const report = (severity: Severity, condition: Condition, message: string): Problem<PermissionEvidence> => ({
    condition,
    severity,
    subject: binary,
    message,
    evidence: {
      cause: 'apparmor',
      profile,
      sysctl: parser === null || (profile.load === null && profile.write === null) ? wouldBe() : null,
    },
  });
  if (restricts === false) {
    if (answer?.launch.ok !== true || working.length > 0 || atBoot === null || Number(atBoot.value) === 0) return null;
    return report(
      'warning',
      'sysctl.not-persistent',
      `${APPARMOR_RESTRICTION} is 0 now, but ${atBootWords(atBoot)} sets it to ${atBoot.value} at the next boot, and no AppArmor profile covers ${binary}.`,
    );
  }
  if (answer?.launch.ok === true || !mayBeRefused) return null;
  const failed = answer?.launch;
  if (failed !== undefined && failed.errno !== 'EPERM' && failed.errno !== 'EACCES') return null;
  // The restriction is for unconfined programs; a container's own filter comes first.
  const confined = label !== null && label !== 'unconfined' && !/\(unconfined\)$/.test(label);
  if (failed === undefined && working.length > 0) return null;
  if (confined || (inside !== null && seccomp)) return null;
  const missing =
    good.length === 0
      ? `no AppArmor profile in /etc/apparmor.d covers ${binary}`
      : working.length === 0
        ? `the profile ${good[0]?.path} for ${binary} is ${good[0]?.disabled ? 'disabled' : 'not loaded'}`
        : `the profile ${working[0]?.path} for ${binary} does not seem to be loaded`;
  return report(
    'error',
    'userns.apparmor-restricted',
    `${APPARMOR_RESTRICTION} is 1 and ${missing}: the kernel gives it no capabilities in a user namespace of its own.`,
  );
}

type Facts = Parameters<typeof usernsPermission.examine>[0];

function kernelWords({ switches, status, kernel }: Facts): { readonly message: string; readonly text: string } | null {
  const build = switches.value?.enterprise7 ?? null;
  const grubby = (argument: string): string =>
    `As root: grubby --args="${argument}" --update-kernel="$(grubby --default-kernel)", then reboot. Enterprise Linux 7 has had no updates since 2024-06-30: a newer release is the better way.`;
  if (switches.value?.enable === false)
    return {
      message: 'User namespaces are switched off in this kernel (user_namespace.enable is N).',
      text: grubby('user_namespace.enable=1'),
    };
  if (build !== null && build < 327)
    return {
      message: `The kernel ${kernel.value?.release ?? ''} of Enterprise Linux 7.0 or 7.1 has no user namespaces for ordinary users.`,
      text: 'Update the system (yum update): Enterprise Linux 7.6 is the first that needs no boot argument.',
    };
  if (switches.value?.unprivileged === false)
    return {
      message: 'This kernel lets only root make mount namespaces (namespace.unpriv_enable is N).',
      text: grubby('namespace.unpriv_enable=1'),
    };
  if (status.value?.userNamespaces === false)
    return {
      message: 'This kernel has no user namespaces (/proc/self/ns/user is missing).',
      text: 'Use a kernel built with CONFIG_USER_NS=y.',
    };
  return null;
}

/** Debian's switch was 0 by default before Linux 5.10; that of linux-hardened still is. */
function notPersistent({ switches, files, kernel, place }: Facts, ok: boolean): Problem<PermissionEvidence> | null {
  const clone = switches.value?.clone ?? null;
  if (clone === null || clone === 0 || files.value === undefined || place.container !== null || place.inUserNamespace)
    return null;
  const { value } = kernel;
  const release = value?.release ?? '';
  const offByDefault =
    /-hardened\b/.test(release) ||
    (/debian/i.test(value?.version ?? '') &&
      value !== undefined &&
      (value.major < 5 || (value.major === 5 && value.minor < 10)));
  const atBoot = setAtBoot(files.value, CLONE_SWITCH);
  if (atBoot === null ? !(offByDefault && ok) : Number(atBoot.value) !== 0) return null;
  return {
    condition: 'sysctl.not-persistent',
    severity: 'warning',
    subject: CLONE_SWITCH,
    message:
      atBoot === null
        ? `${CLONE_SWITCH} is ${clone} now, but no file keeps it: this kernel's own default is 0 at the next boot.`
        : `${CLONE_SWITCH} is ${clone} now, but ${atBootWords(atBoot)} sets it to ${atBoot.value} at the next boot.`,
    evidence: {
      cause: 'sysctl',
      sysctl: sysctlEvidence(CLONE_SWITCH, String(clone), String(clone), files.value, place),
    },
  };
}

function seccompWords(inside: string | null): string {
  switch (inside) {
    case null:
      return 'Start buildkitd outside of the sandbox that set the filter (a systemd unit with SystemCallFilter= or RestrictNamespaces=, a snap, a flatpak, a CI sandbox).';
    case 'kubernetes':
      return 'In the pod: securityContext.seccompProfile: {type: Unconfined}, and appArmorProfile: {type: Unconfined} (before Kubernetes 1.30 the annotation container.apparmor.security.beta.kubernetes.io/CONTAINER: unconfined).';
    case 'lxc':
      return 'On the host: allow nesting for the container (LXD, Incus: security.nesting=true; Proxmox: features: nesting=1,keyctl=1).';
    case 'systemd-nspawn':
      return 'Start the container with systemd-nspawn --system-call-filter="@mount @keyring".';
    default:
      return `Start the container with ${inside === 'podman' ? 'podman' : 'docker'} run --security-opt seccomp=unconfined --security-opt apparmor=unconfined.`;
  }
}
