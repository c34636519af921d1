import type { EndpointEvidence } from '../../checks/client/endpoint.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { quoted } from '../quoted.ts';

/** A variable of somebody's shell is theirs to set: it is said which. */
export const pointClient: Fix<NoNeeds, EndpointEvidence> = {
  needs: {},
  title: 'Point buildctl at this buildkitd',
  plan(problems) {
    return problems.flatMap(({ condition, evidence }, index): readonly Treatment[] => {
      const { instead, address } = evidence;
      const text =
        condition === 'socket.permission'
          ? `as the owner of the daemon: let this account into the group of ${address}, or run buildctl as the daemon's user`
          : condition === 'socket.stale' || condition === 'socket.not-found'
            ? 'start buildkitd again: it makes its socket anew'
            : instead === null
              ? null
              : `export BUILDKIT_HOST=${quoted(instead)}`;
      return text === null ? [] : [{ for: [index], risk: 'manual', steps: [{ do: 'tell', as: 'target', text }] }];
    });
  },
};
