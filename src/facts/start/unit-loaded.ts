import type { Look, UnseenReason } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { Unit } from '../target/unit.ts';
import { unitState } from './unit-state.ts';

/**
 * Why what a manager that runs would start is not what the unit's files say; null where it is, or where no manager answers:
 * the files then tell what the next one reads.
 */
export async function notLoaded(look: Look, { name, scope, path }: Unit): Promise<UnseenReason | null> {
  const state = await look.get(unitState);
  if (state === null) return null;
  const because = (why: string): UnseenReason => ({
    why,
    command: `${scope === 'user' ? 'systemctl --user' : 'sudo systemctl'} daemon-reload`,
  });
  if (state.load === 'not-found')
    return because(`the manager that runs does not know ${name}, although ${path} is there`);
  if (state.from !== '' && !(await isSame(look, state.from, path)))
    return because(`the manager that runs has ${name} from ${state.from}, and not from ${path}`);
  return state.needsReload
    ? because(`${name} was changed on disk, and the manager that runs would still start it as it was before`)
    : null;
}

async function isSame({ host }: Look, one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map(async (path) => (await host.realpath(path, 'target').catch(asAbsent)) ?? path),
  );
  return first === second;
}
