import type { ApparmorEvidence } from '../../checks/lsm/apparmor.ts';
import { type ContainerKind, container } from '../../facts/confinement/container.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';

const needs = { container: optional(container) };

/** A profile is put on from outside: only who starts the container can choose another. */
export const freeFromProfile: Fix<typeof needs, ApparmorEvidence> = {
  needs,
  title: 'Start the container under a profile that allows mounts',
  plan: (problems, { container: inside }) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] =>
      severity === 'info' ? [] : [advice([index], adviceFor(evidence.profile, inside.value?.kind ?? null))],
    ),
};

function adviceFor(profile: string, inside: ContainerKind | null): string {
  const docker = 'docker run --security-opt apparmor=unconfined';
  const pod =
    'securityContext: {appArmorProfile: {type: Unconfined}} (before Kubernetes 1.30 the annotation container.apparmor.security.beta.kubernetes.io/CONTAINER: unconfined)';
  switch (inside) {
    case 'docker':
    case 'containerd':
      return `Start the container without the profile: ${docker} …`;
    case 'podman':
      return 'Start the container without the profile: podman run --security-opt apparmor=unconfined …';
    case 'kubernetes':
      return `In the pod: ${pod}`;
    case 'lxc':
      return 'On the LXC host: lxc config set CONTAINER security.nesting true (Proxmox: features: nesting=1), and restart the container.';
    case 'systemd-nspawn':
    case 'other':
    case null:
      return `Start this place without the profile ${profile}: ${docker} …, or in a pod ${pod}`;
  }
}
