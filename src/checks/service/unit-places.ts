import type { UnitPlace } from '../../facts/start/unit-places.ts';
import type { Condition } from '../../model/decide.ts';
import { written } from './unit-words.ts';

/** Places that are lost in one way by one directive. */
type Group = readonly [UnitPlace, ...UnitPlace[]];

/** One group for a directive, however many paths it takes; what buildkitd is configured by stands apart. */
export function togetherLost(places: readonly UnitPlace[]): readonly Group[] {
  const groups = new Map<string, [UnitPlace, ...UnitPlace[]]>();
  for (const place of places) {
    const { at, option } = place.by;
    const key = `${at.path}:${at.line}:${option}:${place.obstacle}:${isOnlyConfiguration(place)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [place]);
    else if (!group.some(({ path }) => path === place.path)) group.push(place);
  }
  return [...groups.values()];
}

/** An account that may not look where the configuration would be does not start buildkitd; otherwise it only starts with another. */
export function isOnlyConfiguration({ purpose, obstacle }: UnitPlace): boolean {
  return purpose === 'configuration' && obstacle !== 'hidden';
}

export function conditionOfPlaces([{ purpose, obstacle }]: Group): Condition {
  if (obstacle !== 'read-only' || purpose === 'processes') return 'service.confined';
  return purpose === 'control-groups' ? 'cgroup.read-only' : 'storage.read-only';
}

const OBSTACLES: { readonly [O in UnitPlace['obstacle']]: string } = {
  hidden: 'hides from buildkitd',
  empty: 'puts something else in the place of',
  'read-only': 'makes read-only',
  noexec: 'forbids to execute',
  unwritable: 'puts a directory that this account may not write to in the place of',
  'out-of-sight': 'keeps from every client outside of the unit',
};
const PURPOSES: { readonly [P in UnitPlace['purpose']]: (path: string) => string } = {
  program: (path) => `the program ${path}`,
  runtime: (path) => `the OCI runtime ${path}`,
  helper: (path) => `${path}, which maps ids`,
  state: (path) => `the state directory ${path}`,
  temporary: (path) => `${path} for temporary files`,
  'runtime-directory': (path) => `the runtime directory ${path}`,
  socket: (path) => `the socket ${path}`,
  configuration: (path) => `the configuration ${path}`,
  'subordinate-ids': (path) => `${path}, by which ids are mapped`,
  notification: (path) => `${path}, by which Type=notify learns that buildkitd is ready`,
  device: (path) => path,
  processes: (path) => `${path}, where newuidmap writes the map of ids`,
  'control-groups': (path) => `${path}, the control groups that runc needs for every RUN step`,
};

/** A sentence without its full stop. */
export function placesWords(group: Group): string {
  const [{ by, obstacle }] = group;
  return `${written(by)} ${OBSTACLES[obstacle]} ${group.map(({ purpose, path }) => PURPOSES[purpose](path)).join(', ')}`;
}
