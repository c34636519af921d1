import type { Fact, Identity } from '../../model/look.ts';
import { accounts } from './accounts.ts';
import { identity } from './identity.ts';

/** The identity by the name that its uid has first: getpwuid(3) gives that to rootlesskit and newuidmap, however somebody logged in. */
export const identityByUid: Fact<Identity> = {
  id: 'identity-by-uid',
  async read(look) {
    const [known, { users }] = await Promise.all([look.get(identity), look.get(accounts)]);
    const { target } = known;
    const first = users.find(({ uid }) => uid === target.uid)?.name;
    return target.name === null || first === undefined ? known : { ...known, target: { ...target, name: first } };
  },
};
