import type { As, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { dropInNames, type UnitDirectory, type UnitScope } from './unit-paths.ts';

/** A directory of units, as it was listed. */
export interface ListedDirectory extends UnitDirectory {
  readonly names: ReadonlySet<string>;
}
/** The files that make up one unit. */
export interface UnitFiles {
  /** With its type and instance. */
  readonly name: string;
  readonly scope: UnitScope;
  /** Its own file, the first of that name; for an instance that of its template. */
  readonly fragment: string;
  /** Files of the same name in later directories. */
  readonly below: readonly string[];
  /** In the order in which systemd reads them: by name, wherever they lie. */
  readonly dropIns: readonly string[];
}

export async function listDirectories(
  { host }: Look,
  directories: readonly UnitDirectory[],
): Promise<readonly ListedDirectory[]> {
  const listed = await Promise.all(
    directories.map(async (directory) => {
      const names = await host.list(directory.path, 'target').catch(asAbsent);
      return names === null ? [] : [{ ...directory, names: new Set(names) }];
    }),
  );
  return listed.flat();
}

/** The files of a unit of this name; null when no directory has it. */
export async function filesOf(
  look: Look,
  listed: readonly ListedDirectory[],
  name: string,
  scope: UnitScope,
): Promise<UnitFiles | null> {
  const template = templateOf(name);
  const named = (wanted: string): readonly string[] =>
    listed.filter(({ names }) => names.has(wanted)).map(({ path }) => `${path}/${wanted}`);
  const [fragment, ...below] = [...named(name), ...(template === name ? [] : named(template))];
  if (fragment === undefined) return null;
  return { name, scope, fragment, below, dropIns: await dropInsOf(look, listed, name, 'target') };
}

/** Of files of one name the nearest counts: that of the unit's own name before a prefix's, "service.d" last (unit_file_find_dropin_paths). */
export async function dropInsOf(
  { host }: Look,
  listed: readonly ListedDirectory[],
  name: string,
  as: As,
): Promise<readonly string[]> {
  const byName = new Map<string, string>();
  const collect = async (stems: readonly string[]): Promise<void> => {
    for (const { path, names } of listed)
      for (const stem of stems) {
        if (!names.has(`${stem}.d`)) continue;
        const directory = `${path}/${stem}.d`;
        for (const file of (await host.list(directory, as).catch(asAbsent)) ?? [])
          if (file.endsWith('.conf') && !byName.has(file)) byName.set(file, `${directory}/${file}`);
      }
  };
  await collect(dropInNames(name));
  await collect([name.slice(name.lastIndexOf('.') + 1)]);
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** `name@.service` for an instance of it, `name@instance.service`; any other name as it is. */
export function templateOf(name: string): string {
  const at = name.indexOf('@');
  const dot = name.indexOf('.', at + 1);
  return at < 0 || dot <= at + 1 ? name : name.slice(0, at + 1) + name.slice(dot);
}
