import type { CgroupsEvidence } from '../../checks/runtime/cgroups.ts';
import type { Condition } from '../../model/decide.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';

/** Mounting cgroups is the boot process's or the container engine's: it is only said how. */
export const mountCgroups: Fix<NoNeeds, CgroupsEvidence> = {
  needs: {},
  title: 'Say how the cgroup hierarchy gets there',
  plan(problems) {
    return problems.flatMap(({ condition, evidence }, index): readonly Treatment[] => {
      const text = adviceFor(condition, evidence);
      return text === null ? [] : [{ for: [index], risk: 'manual', steps: [{ do: 'tell', as: 'root', text }] }];
    });
  },
};

function adviceFor(condition: Condition, { container, readOnly }: CgroupsEvidence): string | null {
  switch (condition) {
    case 'cgroup.not-mounted':
      return container === null
        ? 'as root: mount -t cgroup2 none /sys/fs/cgroup, and let the system do so at boot'
        : 'run the container with its cgroup file system (docker run --cgroupns=private mounts it at /sys/fs/cgroup)';
    case 'cgroup.read-only':
      return container === null
        ? `as root: ${readOnly.map((point) => `mount -o remount,rw ${point}`).join(' && ')}`
        : 'run buildkitd rootless, or start the container with --privileged (in a pod: securityContext.privileged: true)';
    case 'cgroup.v1-only':
      return 'Boot with systemd.unified_cgroup_hierarchy=1, or use runc in the place of crun';
    default:
      return null;
  }
}
