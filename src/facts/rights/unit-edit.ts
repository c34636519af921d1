import type { Fact, Look, Owner } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { identity } from '../target/identity.ts';
import { unit } from '../target/unit.ts';
import { type UnitScope, userPlaces } from '../target/unit-paths.ts';

/** What bk-doctor drops in is read last: systemd reads drop-ins in the order of their names. */
export const OUR_DROP_IN = 'zz-bk-doctor';

/** A file as a plan has to know it. */
export interface WrittenFile {
  readonly text: string;
  readonly digest: string;
}
/** Where the units of a manager are written, and how that manager is told. */
export interface UnitPlace {
  readonly scope: UnitScope;
  readonly directory: string;
  readonly as: 'root' | 'target';
  readonly owner: Owner;
  /** The manager runs: it has to be told to read its units again. */
  readonly runs: boolean;
}
/** How the unit that starts buildkitd, or the socket beside it, can be changed by something dropped in. */
export interface UnitEdit extends UnitPlace {
  /** By path: what bk-doctor itself has dropped in before. */
  readonly dropped: { readonly [path: string]: WrittenFile };
  /** Directories of drop-ins that are there. */
  readonly directories: readonly string[];
  /** It is enabled for a target that only the system's manager has. */
  readonly wantedInVain: boolean;
}

/** Null: there is no unit, or no place for one. */
export const unitEdit: Fact<UnitEdit | null> = {
  id: 'unit-edit',
  async read(look) {
    const service = await look.get(unit);
    const place = service === null ? null : await unitPlace(look, service.scope);
    if (service === null || place === null) return null;
    const dropped: { [path: string]: WrittenFile } = {};
    const directories: string[] = [];
    for (const name of [service.name, service.name.replace(/\.service$/, '.socket')]) {
      const directory = `${place.directory}/${name}.d`;
      const names = await look.host.list(directory, place.as === 'root' ? 'self' : 'target').catch(asAbsent);
      if (names === null) continue;
      directories.push(directory);
      for (const file of names.filter((one) => one.startsWith(OUR_DROP_IN))) {
        const found = await look.host.read(`${directory}/${file}`, 'target', undefined, 'unit').catch(asAbsent);
        if (found !== null && found.masked !== true)
          dropped[`${directory}/${file}`] = { text: found.text, digest: found.digest };
      }
    }
    const wants = await look.host.list(`${place.directory}/multi-user.target.wants`, 'target').catch(asAbsent);
    const wantedInVain = place.scope === 'user' && wants?.includes(service.name) === true;
    return { ...place, dropped, directories, wantedInVain };
  },
};

/** Where an administrator's units are, or the account's own. */
export async function unitPlace(look: Look, scope: UnitScope): Promise<UnitPlace | null> {
  const { target } = await look.get(identity);
  const { configHome } = userPlaces(look);
  if (scope === 'user' && configHome === null) return null;
  const socket = scope === 'user' ? `/run/user/${target.uid}/systemd/private` : '/run/systemd/private';
  const runs = (await look.host.stat(socket, scope === 'user' ? 'target' : 'self').catch(asAbsent))?.kind === 'socket';
  return scope === 'user'
    ? {
        scope,
        directory: `${configHome}/systemd/user`,
        as: 'target',
        owner: { uid: target.uid, gid: target.gid },
        runs,
      }
    : { scope, directory: '/etc/systemd/system', as: 'root', owner: { uid: 0, gid: 0 }, runs };
}
