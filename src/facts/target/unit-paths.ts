import type { HostSubject } from '../../model/look.ts';

/** Whose manager reads a unit. */
export type UnitScope = 'system' | 'user';

/** A directory that a manager reads units from, the first that has a name wins (systemd.unit(5)). */
export interface UnitDirectory {
  readonly path: string;
  /** People and administrators write here: every service of it may start buildkitd, whatever it is called. */
  readonly own: boolean;
}

const own = (path: string): UnitDirectory => ({ path, own: true });
const others = (path: string): UnitDirectory => ({ path, own: false });

/** The directories of the system's manager, in its order. */
export const SYSTEM_DIRECTORIES: readonly UnitDirectory[] = [
  own('/etc/systemd/system.control'),
  others('/run/systemd/system.control'),
  others('/run/systemd/transient'),
  others('/run/systemd/generator.early'),
  own('/etc/systemd/system'),
  own('/etc/systemd/system.attached'),
  others('/run/systemd/system'),
  others('/run/systemd/system.attached'),
  others('/run/systemd/generator'),
  others('/usr/local/lib/systemd/system'),
  others('/usr/lib/systemd/system'),
  others('/lib/systemd/system'),
  others('/run/systemd/generator.late'),
];

/** What a user's manager takes its directories from; null: it has none. */
export interface UserPlaces {
  readonly configHome: string | null;
  readonly dataHome: string | null;
  readonly runtime: string | null;
}

export function userPlaces({ host, request }: HostSubject): UserPlaces {
  const { home, uid } = host.identity.target;
  const below = (path: string): string | null => (home === null ? null : `${home}/${path}`);
  return {
    configHome: request.env.XDG_CONFIG_HOME ?? below('.config'),
    dataHome: request.env.XDG_DATA_HOME ?? below('.local/share'),
    runtime: `/run/user/${uid}`,
  };
}

/** The directories of a user's manager, in its order. */
export function userDirectories({ configHome, dataHome, runtime }: UserPlaces): readonly UnitDirectory[] {
  const below = (base: string | null, path: string, make = others): readonly UnitDirectory[] =>
    base === null ? [] : [make(`${base}/systemd/${path}`)];
  return [
    ...below(configHome, 'user.control', own),
    ...below(runtime, 'user.control'),
    ...below(runtime, 'transient'),
    ...below(runtime, 'generator.early'),
    ...below(configHome, 'user', own),
    own('/etc/xdg/systemd/user'),
    own('/etc/systemd/user'),
    ...below(runtime, 'user'),
    others('/run/systemd/user'),
    ...below(runtime, 'generator'),
    ...below(dataHome, 'user', own),
    others('/usr/local/share/systemd/user'),
    others('/usr/share/systemd/user'),
    others('/usr/local/lib/systemd/user'),
    others('/usr/lib/systemd/user'),
    ...below(runtime, 'generator.late'),
  ];
}

/** The names whose ".d" directories are read for a unit, the nearest first: its own, its template's, its prefixes' and its type's. */
export function dropInNames(unit: string): readonly string[] {
  const at = unit.lastIndexOf('.');
  const [stem, type] = [unit.slice(0, at), unit.slice(at + 1)];
  const instance = stem.indexOf('@');
  const names = [unit];
  if (instance >= 0 && instance < stem.length - 1) names.push(`${stem.slice(0, instance + 1)}.${type}`);
  const plain = instance >= 0 ? stem.slice(0, instance) : stem;
  for (let dash = plain.lastIndexOf('-', plain.length - 2); dash > 0; dash = plain.lastIndexOf('-', dash - 1))
    names.push(`${plain.slice(0, dash + 1)}.${type}`);
  return names;
}
