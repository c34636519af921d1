import type { CgroupsEvidence } from '../../checks/runtime/cgroups.ts';
import { sentenceFor } from '../../knowledge/engines.ts';
import type { Condition } from '../../model/decide.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';

/** Mounting cgroups is the boot process's or the container engine's: it is only said how. */
export const mountCgroups: Fix<NoNeeds, CgroupsEvidence> = {
  needs: {},
  title: 'Show how to mount or widen the cgroup hierarchy',
  plan(problems) {
    return problems.flatMap(({ condition, evidence }, index): readonly Treatment[] => {
      const text = adviceFor(condition, evidence);
      return text === null ? [] : [{ for: [index], risk: 'manual', steps: [{ ...tell(text), as: 'root' }] }];
    });
  },
};

function adviceFor(condition: Condition, { container, readOnly, limit }: CgroupsEvidence): string | null {
  switch (condition) {
    case 'cgroup.not-mounted':
      return container === null
        ? 'As root, and at every boot:\nmount -t cgroup2 none /sys/fs/cgroup'
        : `Let the container have its own cgroup file system. ${sentenceFor(container, 'own-cgroups')}`;
    case 'cgroup.read-only':
      return container === null
        ? `As root:\n${readOnly.map((point) => `mount -o remount,rw ${point}`).join(' && ')}`
        : `Run buildkitd rootless, or as root with all privileges. ${sentenceFor(container, 'privileged')}`;
    case 'cgroup.v1-only':
      return 'Boot with systemd.unified_cgroup_hierarchy=1, or use runc in the place of crun';
    case 'cgroup.limited':
    case 'limits.pids':
    case 'limits.out-of-memory':
      return limit === null
        ? null
        : `As root, take the limit out of ${limit.path}, or remove the group while no build runs (rmdir ${limit.path.replace(/\/[^/]*$/, '')}): the next build makes it anew`;
    default:
      return null;
  }
}
