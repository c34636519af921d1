import type { Fact, Look, SetupWish } from '../../model/look.ts';
import { identity } from './identity.ts';
import { readUnit, type Unit } from './read-unit.ts';
import { readingBudget } from './reading-budget.ts';
import { candidatesIn } from './unit-candidates.ts';
import { listDirectories } from './unit-files.ts';
import { SYSTEM_DIRECTORIES, type UnitScope, userDirectories, userPlaces } from './unit-paths.ts';

export type { Unit } from './read-unit.ts';

/** What a service of BuildKit is called, unless somebody wants another name. */
export const USUAL_NAME = 'buildkit';

/** The unit that starts the target's buildkitd; null: there is none. What may be one and cannot be followed is unseen. */
export const unit: Fact<Unit | null> = {
  id: 'unit',
  async read(look) {
    const who = await look.get(identity);
    const { name, uid } = who.target;
    const budget = readingBudget(look.host, `the units that may start buildkitd for ${name ?? `user ${uid}`}`);
    const scopes: readonly UnitScope[] = who.mode === 'rootless' ? ['user', 'system'] : ['system'];
    for (const scope of scopes) {
      const listed = await listDirectories(look, directoriesOf(look, scope));
      for (const candidate of await candidatesIn(look, budget, listed, scope)) {
        if (!isMeant(candidate.name, look.request.setup)) continue;
        const found = await readUnit(look, budget, candidate);
        if (found !== null) return found;
      }
    }
    return null;
  },
};

/** Beside a service of the usual name somebody may want one of another. */
const isMeant = (name: string, wish: SetupWish | undefined): boolean =>
  wish === undefined || wish.name === USUAL_NAME || name === `${wish.name}.service`;

const directoriesOf = (look: Look, scope: UnitScope) =>
  scope === 'user' ? userDirectories(userPlaces(look)) : SYSTEM_DIRECTORIES;
