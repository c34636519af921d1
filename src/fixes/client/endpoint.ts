import type { EndpointEvidence } from '../../checks/client/endpoint.ts';
import type { Condition } from '../../model/decide.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';

/** A variable of somebody's shell is theirs to set: it is said which. */
export const pointClient: Fix<NoNeeds, EndpointEvidence> = {
  needs: {},
  title: 'Point buildctl at this buildkitd',
  plan: (problems) =>
    problems.flatMap(({ condition, evidence }, index): readonly Treatment[] => {
      const text = adviceFor(condition, evidence);
      return text === null ? [] : [advice([index], text)];
    }),
};

function adviceFor(condition: Condition, { address, listens }: EndpointEvidence): string | null {
  switch (condition) {
    case 'socket.permission':
      return `As the owner of the daemon, let this account into the group of ${address}, or run buildctl as the daemon's user`;
    case 'socket.stale':
    case 'socket.not-found':
      return 'Start buildkitd again: it makes its socket anew';
    default:
      return listens === null ? null : `Name its socket:\nexport BUILDKIT_HOST=${quoted(listens)}`;
  }
}
