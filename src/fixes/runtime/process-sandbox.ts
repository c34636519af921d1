import type { ProcessSandboxEvidence } from '../../checks/runtime/process-sandbox.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';

/** Asks for an unmasked /proc first; switching the sandbox off is the last resort. */
export const unmaskProc: Fix<NoNeeds, ProcessSandboxEvidence> = {
  needs: {},
  title: 'Unmask /proc, or run build steps without a process namespace',
  plan(problems) {
    return problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      const { config, container, fromUnit } = evidence;
      if (severity === 'warning')
        return config === null || fromUnit
          ? [
              {
                for: [index],
                risk: 'manual',
                steps: [tell('Leave out --oci-worker-no-process-sandbox where buildkitd is started')],
              },
            ]
          : [
              {
                for: [index],
                risk: 'safe',
                until: 'restart',
                steps: configSteps(config, [{ change: 'remove', path: ['worker', 'oci', 'noProcessSandbox'] }]),
              },
            ];
      const unmask: Treatment = { for: [index], risk: 'manual', steps: [tell(adviceFor(container))] };
      if (config === null) return [unmask];
      return [
        unmask,
        {
          for: [index],
          risk: 'risky',
          until: 'restart',
          consequence:
            'Build steps run in the process namespace of buildkitd: they can end and inspect its processes, and what they leave running stays.',
          steps: configSteps(config, [{ change: 'set', path: ['worker', 'oci', 'noProcessSandbox'], value: true }]),
        },
      ];
    });
  },
};

function adviceFor(container: ProcessSandboxEvidence['container']): string {
  switch (container) {
    case 'kubernetes':
      return 'In the pod: hostUsers: false, and securityContext.procMount: Unmasked for the container that runs buildkitd';
    case 'docker':
    case 'containerd':
      return 'Start the container with: docker run --security-opt systempaths=unconfined …';
    case 'podman':
      return 'Start the container with: podman run --security-opt unmask=ALL …';
    case 'lxc':
      return 'On the LXC host: set security.nesting=true (LXD, Incus) or features: nesting=1 (Proxmox) for this container';
    default:
      return 'Start the container that this runs in with an unmasked /proc (docker: --security-opt systempaths=unconfined; podman: --security-opt unmask=ALL)';
  }
}
