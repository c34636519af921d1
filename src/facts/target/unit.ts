import type { Fact, Look } from '../../model/look.ts';
import { identity } from './identity.ts';
import { readUnit, type Unit } from './read-unit.ts';
import { readingBudget } from './reading-budget.ts';
import { candidatesIn } from './unit-candidates.ts';
import { listDirectories } from './unit-files.ts';
import { SYSTEM_DIRECTORIES, type UnitScope, userDirectories, userPlaces } from './unit-paths.ts';

export type { Unit } from './read-unit.ts';

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
        const found = await readUnit(look, budget, candidate);
        if (found !== null) return found;
      }
    }
    return null;
  },
};

const directoriesOf = (look: Look, scope: UnitScope) =>
  scope === 'user' ? userDirectories(userPlaces(look)) : SYSTEM_DIRECTORIES;
