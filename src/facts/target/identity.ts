import type { Fact, Identity } from '../../model/look.ts';

/** Who looks, and who will run buildkitd. */
export const identity: Fact<Identity> = {
  id: 'identity',
  read: async ({ host }) => host.identity,
};
