import type { Fact, Look, SetupWish } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { maskUnit } from '../../secrets/unit.ts';
import { binaries } from '../programs/binaries.ts';
import { type Binary, findInPath } from '../programs/find-in-path.ts';
import { session } from '../start/session.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { unit } from '../target/unit.ts';
import { type UnitPlace, unitPlace, type WrittenFile } from './unit-edit.ts';

/** What a service is made of here: its place, its programs, and what there is already. */
export interface ServiceSetup {
  readonly wish: SetupWish;
  readonly place: UnitPlace | null;
  /** Units by name, as they lie in that place; null: not there. */
  readonly files: { readonly [name: string]: WrittenFile | null };
  readonly placeMissing: boolean;
  /** What the manager says of each unit that it knows. */
  readonly states: { readonly [name: string]: { readonly active: string; readonly file: string } };
  readonly programs: {
    readonly rootlesskit: string | null;
    readonly buildkitd: string | null;
    readonly docker: string | null;
    readonly socketProxy: string | null;
  };
  /** Directories of programs that a service does not look in. */
  readonly ownPath: readonly string[];
  /** slirp4netns is there, and may open /dev/net/tun. */
  readonly slirp: boolean;
  /** logind runs: an account can be made to linger. */
  readonly logind: boolean;
  readonly profile: WrittenFile | null;
  /** What systemd-analyze says of the files that are there, each a line; null: not asked. */
  readonly complaints: readonly string[];
}

const OF_SERVICES = new Set(['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']);

/** A text as it is read of a host: what is not known to be no secret is masked. */
export const asRead = (text: string): string => maskUnit(text, () => {});

/** The units that a service of this name may consist of. */
export const unitNames = (name: string): readonly string[] => [
  `${name}.service`,
  `${name}.socket`,
  `${name}-proxy.service`,
  `${name}-proxy.socket`,
];

/** Null: nobody asked for a service. */
export const serviceSetup: Fact<ServiceSetup | null> = {
  id: 'service-setup',
  async read(look) {
    const { setup: wish } = look.request;
    if (wish === undefined) return null;
    const [{ mode, target }, inPath, { systemd }, service] = await Promise.all([
      look.get(identity),
      look.get(binaries),
      look.get(session),
      look.get(unit),
    ]);
    const own = service?.name === `${wish.name}.service` ? service : null;
    const path = own?.environment.PATH ?? (await look.get(environment)).values.PATH ?? '';
    const find = (name: string, written?: string): Promise<Binary | null> => program(look, name, path, written);
    const [buildkitd, rootlesskit, runc, newuidmap] = await Promise.all([
      find('buildkitd', own?.buildkitd.path),
      find('rootlesskit', own?.rootlesskit?.path),
      find('runc'),
      find('newuidmap'),
    ]);
    const scope = mode === 'rootful' || wish.system || target.uid === 0 ? 'system' : 'user';
    const place = systemd ? await unitPlace(look, scope) : null;
    const files = Object.fromEntries(
      await Promise.all(unitNames(wish.name).map(async (name) => [name, await fileAt(look, place, name)] as const)),
    );
    const used = mode === 'rootful' ? [buildkitd, runc] : [buildkitd, runc, rootlesskit, newuidmap];
    const directories = used.flatMap((one) => (one === null ? [] : [one.path.slice(0, one.path.lastIndexOf('/'))]));
    return {
      wish,
      place,
      files,
      placeMissing:
        place !== null && (await look.host.stat(place.directory, 'target').catch(asAbsent))?.kind !== 'directory',
      states: place === null || !place.runs ? {} : await statesOf(look, place, wish.name),
      programs: {
        rootlesskit: rootlesskit?.path ?? null,
        buildkitd: buildkitd?.path ?? null,
        docker: inPath.docker?.path ?? null,
        socketProxy: await firstOf(look, [
          '/usr/lib/systemd/systemd-socket-proxyd',
          '/lib/systemd/systemd-socket-proxyd',
        ]),
      },
      ownPath: [...new Set(directories)].filter((one) => !OF_SERVICES.has(one)),
      slirp:
        inPath.slirp4netns != null && (await look.host.access('/dev/net/tun', 'w', 'target').catch(asAbsent)) === true,
      logind: (await look.host.stat('/run/systemd/users', 'self').catch(asAbsent))?.kind === 'directory',
      profile: await written(look, `${target.home ?? ''}/.profile`),
      complaints: place === null ? [] : await complaintsOf(look, place, files),
    };
  },
};

/** As the unit that is there names it, else by its PATH; not what runs, which a wrapper may have started. */
async function program(look: Look, name: string, path: string, written: string | undefined): Promise<Binary | null> {
  const named = written?.startsWith('/') === true ? await findInPath(look, written, '') : null;
  return named ?? findInPath(look, name, path);
}

async function fileAt(look: Look, place: UnitPlace | null, name: string): Promise<WrittenFile | null> {
  return place === null ? null : written(look, `${place.directory}/${name}`);
}

async function written({ host }: Look, path: string): Promise<WrittenFile | null> {
  const found = path.startsWith('/') ? await host.read(path, 'target', undefined, 'unit').catch(asAbsent) : null;
  return found === null ? null : { text: found.text, digest: found.digest };
}

async function firstOf({ host }: Look, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if ((await host.stat(path, 'self').catch(asAbsent))?.kind === 'file') return path;
  return null;
}

async function statesOf(look: Look, { scope }: UnitPlace, name: string): Promise<ServiceSetup['states']> {
  const as = scope === 'user' ? 'target' : 'self';
  const user = scope === 'user' ? ['--user'] : [];
  const args = [...user, 'show', '--property=Id,LoadState,ActiveState,UnitFileState', ...unitNames(name)];
  const told = await look.host.run('systemctl', args, as).catch(asAbsent);
  const states: { [unit: string]: { active: string; file: string } } = {};
  for (const block of (told?.stdout ?? '').split('\n\n')) {
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
    if (value('LoadState') === 'loaded')
      states[value('Id')] = { active: value('ActiveState'), file: value('UnitFileState') };
  }
  return states;
}

/** Its exit code passes over keys that it does not know: only its words have them. */
async function complaintsOf(
  look: Look,
  { scope, directory }: UnitPlace,
  files: ServiceSetup['files'],
): Promise<readonly string[]> {
  const names = Object.entries(files).flatMap(([name, file]) => (file === null ? [] : [name]));
  if (names.length === 0) return [];
  const { values } = await look.get(environment);
  const paths = names.map((name) => `${directory}/${name}`);
  const args = [...(scope === 'user' ? ['--user'] : []), 'verify', ...paths];
  const told = await look.host
    .run('systemd-analyze', args, scope === 'user' ? 'target' : 'self', values.PATH)
    .catch(asAbsent);
  // Of other units, and of what cannot be asked from here, it says much.
  return (told?.stderr ?? '')
    .split('\n')
    .filter(
      (line) => paths.some((path) => line.startsWith(`${path}:`)) || names.some((name) => line.startsWith(`${name}: `)),
    )
    .map((line) => line.slice(0, 300));
}
