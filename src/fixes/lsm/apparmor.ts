import type { ApparmorEvidence } from '../../checks/lsm/apparmor.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';

/** A profile is put on from outside: only who starts the container can choose another. */
export const freeFromProfile: Fix<NoNeeds, ApparmorEvidence> = {
  needs: {},
  title: 'Start the container under a profile that allows mounts',
  plan: (problems) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] =>
      severity === 'info'
        ? []
        : [
            {
              for: [index],
              risk: 'manual',
              steps: [{ do: 'tell', as: 'target', text: advice(evidence) } satisfies Step],
            },
          ],
    ),
};

function advice({ profile, container }: ApparmorEvidence): string {
  const docker = 'docker run --security-opt apparmor=unconfined';
  const pod =
    'securityContext: {appArmorProfile: {type: Unconfined}} (before Kubernetes 1.30 the annotation container.apparmor.security.beta.kubernetes.io/CONTAINER: unconfined)';
  switch (container) {
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
