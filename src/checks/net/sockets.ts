import type { Check } from '../../model/decide.ts';
import { judgeExposure, judgeOwnership } from './socket-access.ts';
import { judgeAddresses, judgeRelative, judgeSame } from './socket-address.ts';
import { openCase, type SocketsEvidence, socketNeeds } from './socket-case.ts';
import { judgePlace } from './socket-place.ts';

export const netSockets: Check<typeof socketNeeds, SocketsEvidence> = {
  id: 'net/sockets',
  title: 'Unix sockets can be made and reached, and only by those they are for',
  why: 'Clients talk to buildkitd through these sockets; one that cannot be made ends it, and whoever can write one runs builds as its user.',
  decides: true,
  conditions: [
    'config.bad-address',
    'socket.path-too-long',
    'socket.permission',
    'socket.path-occupied',
    'socket.stale',
    'socket.exposed',
  ],
  needs: socketNeeds,
  examine(facts) {
    const open = openCase(facts);
    judgeAddresses(open);
    judgeOwnership(open);
    for (const socket of facts.sockets.all) {
      if (!socket.absolute) judgeRelative(open, socket);
      else if (judgePlace(open, socket)) judgeExposure(open, socket);
    }
    judgeSame(open);
    return { problems: open.problems, unseen: [] };
  },
};
