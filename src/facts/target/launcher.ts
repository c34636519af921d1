import type { Fact } from '../../model/look.ts';
import { identity } from './identity.ts';

/** Who makes buildkitd's namespaces: nobody when it already runs as root (rootful, or root of a user namespace). */
export const launcher: Fact<'rootlesskit' | 'none'> = {
  id: 'launcher',
  async read(look) {
    const who = await look.get(identity);
    return who.mode === 'rootful' || who.target.uid === 0 ? 'none' : 'rootlesskit';
  },
};
