import { type NodeTraits, unknownNode } from '../../knowledge/nodes.ts';
import type { Fact } from '../../model/look.ts';
import { decidesNothing } from '../../model/unseen.ts';
import { osRelease } from '../machine/os-release.ts';
import { readSysctlNumber } from '../machine/sysctl.ts';
import { APPARMOR_RESTRICTION } from './apparmor-userns.ts';

/** What a host means for containers that are to run on it; what it does not tell stays unknown. */
export const nodeTraits: Fact<NodeTraits> = {
  id: 'node-traits',
  async read(look) {
    const [os, apparmor, most, restriction] = await Promise.all([
      look.get(osRelease).catch(decidesNothing),
      look.host
        .read('/sys/module/apparmor/parameters/enabled', 'self')
        .then((file) => file?.text.trim() === 'Y')
        .catch(decidesNothing),
      readSysctlNumber(look, 'user.max_user_namespaces').catch(decidesNothing),
      readSysctlNumber(look, APPARMOR_RESTRICTION).catch(decidesNothing),
    ]);
    return {
      ...unknownNode(os?.name ?? 'this node'),
      apparmor,
      withoutUserNamespaces: most == null ? null : most === 0,
      restrictsUserNamespaces: apparmor === false ? false : restriction == null ? null : restriction === 1,
    };
  },
};
