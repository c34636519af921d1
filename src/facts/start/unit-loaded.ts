import type { Look, UnseenReason } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { Unit } from '../target/unit.ts';

const PROPERTIES = ['LoadState', 'FragmentPath', 'NeedDaemonReload'];

/**
 * Why what a manager that runs would start is not what the unit's files say; null where it is, or where no manager answers:
 * the files then tell what the next one reads.
 */
export async function notLoaded(look: Look, unit: Unit): Promise<UnseenReason | null> {
  const { host } = look;
  const { name, scope, path } = unit;
  const { uid } = host.identity.target;
  const as = scope === 'user' ? 'target' : 'self';
  const socket = scope === 'user' ? `/run/user/${uid}/systemd/private` : '/run/systemd/private';
  if ((await host.stat(socket, as).catch(asAbsent))?.kind !== 'socket') return null;
  const args = [...(scope === 'user' ? ['--user'] : []), 'show', `--property=${PROPERTIES.join(',')}`, name];
  const told = await host.run('systemctl', args, as).catch(asAbsent);
  if (told === null || told.code !== 0) return null;
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(told.stdout)?.[1] ?? '';
  const because = (why: string): UnseenReason => ({
    why,
    command: `${scope === 'user' ? 'systemctl --user' : 'sudo systemctl'} daemon-reload`,
  });
  if (value('LoadState') === 'not-found')
    return because(`the manager that runs does not know ${name}, although ${path} is there`);
  const from = value('FragmentPath');
  if (from !== '' && !(await isSame(look, from, path)))
    return because(`the manager that runs has ${name} from ${from}, and not from ${path}`);
  return value('NeedDaemonReload') === 'yes'
    ? because(`${name} was changed on disk, and the manager that runs would still start it as it was before`)
    : null;
}

async function isSame({ host }: Look, one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map(async (path) => (await host.realpath(path, 'target').catch(asAbsent)) ?? path),
  );
  return first === second;
}
