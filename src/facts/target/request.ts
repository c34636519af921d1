import type { Fact, Request } from '../../model/look.ts';

/** What the person asked for on the command line. */
export const request: Fact<Request> = { id: 'request', read: async (look) => look.request };
