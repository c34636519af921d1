import type { InstanceEvidence } from '../../checks/runtime/instance.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';

/** Never ends somebody's daemon; says how its owner can, or how to stand beside it. */
export const standBeside: Fix<NoNeeds, InstanceEvidence> = {
  needs: {},
  title: 'Stop the other buildkitd, or use another state directory or socket',
  plan(problems) {
    return problems.flatMap(({ evidence }, index): readonly Treatment[] => {
      const { what, pid, path } = evidence;
      if (what === 'own') return [];
      const stop = pid === null ? `Find and stop it (as root: fuser -v ${quoted(path)})` : `Stop it (kill ${pid})`;
      const beside =
        what === 'launcher'
          ? 'or give rootlesskit another --state-dir'
          : what === 'lock'
            ? 'or start this one with another state directory (--root DIR) and another address'
            : 'or give this one another address (--addr unix:///PATH)';
      return [advice([index], `${stop}, ${beside}`)];
    });
  },
};
