import { INSISTED, NAMESPACED, NEEDED_CAPABILITIES, SYSTEMD } from '../../knowledge/unit-options.ts';
import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { unitWords } from '../../text/unit-words.ts';
import { allSet, setTo, takenCapabilities } from '../confinement/unit-filters.ts';
import type { By, Covering } from '../confinement/unit-mounts.ts';
import { type Directives, lastOf } from '../target/directives.ts';
import { withoutLinks } from './unit-places.ts';

/** Why systemd does not start a unit for what it is to do with its processes. */
export type Refusal = 'missing-path' | 'no-namespace' | 'capabilities' | 'securebits' | 'credentials';
/** By what systemd does not start a unit, and why. */
export interface UnitRefusal {
  readonly by: By;
  readonly why: Refusal;
  readonly path: string | null;
}

/** `version`: of the systemd of a user; null for the system's. */
export async function refusalsOf(
  look: Look,
  directives: Directives,
  version: number | null,
  coverings: readonly Covering[],
): Promise<readonly UnitRefusal[]> {
  if (version !== null) {
    // A namespace of the user's own makes up for it since then.
    const madeUpFor = ({ option }: By): boolean => version >= SYSTEMD.userUnitsInNamespaces && option in NAMESPACED;
    const insisted = allSet(directives, INSISTED).find((one) => !bindsToItself(one) && !madeUpFor(one)) ?? null;
    const taken = takenCapabilities(directives, ALL_SHRUNK)[0]?.by ?? setTo(directives, 'AmbientCapabilities');
    const bits = setTo(directives, 'SecureBits');
    const { name, uid } = look.host.identity.target;
    const own = (by: By | null): boolean =>
      version >= SYSTEMD.ownUser && (by?.value === name || by?.value === String(uid));
    const credentials = [setTo(directives, 'User'), setTo(directives, 'SupplementaryGroups')].find(
      (by) => by !== null && !own(by),
    );
    return [
      ...(credentials == null ? [] : [{ by: credentials, why: 'credentials' as const, path: null }]),
      ...(insisted === null ? [] : [{ by: insisted, why: 'no-namespace' as const, path: null }]),
      ...(taken === null || taken === undefined ? [] : [{ by: taken, why: 'capabilities' as const, path: null }]),
      ...(bits === null ? [] : [{ by: bits, why: 'securebits' as const, path: null }]),
    ];
  }
  const missing = await Promise.all(
    coverings.map(async ({ path, source, optional, by, content }) => {
      const needed = content === 'bound' ? source : path;
      if (optional || needed === null || (await exists(look, needed))) return [];
      return [{ by, why: 'missing-path' as const, path: needed }];
    }),
  );
  const root = setTo(directives, 'RootDirectory');
  const command = unitWords(lastOf(directives, 'ExecStart')?.value ?? '').words[0]?.replace(/^[-@:!|+]+/, '');
  const inRoot = root === null || command === undefined ? null : `${root.value.replace(/^-/, '')}${command}`;
  return [
    ...missing.flat(),
    ...(root === null || root.value === '/' || inRoot === null || (await exists(look, inRoot))
      ? []
      : [{ by: root, why: 'missing-path' as const, path: inRoot }]),
  ];
}

/** What is passed over since its path does not exist changes nothing; what may not be looked at may exist. */
export async function presentOf(look: Look, coverings: readonly Covering[]): Promise<readonly Covering[]> {
  const kept = await Promise.all(
    coverings.map(async ({ path, source, optional, made, content }) => {
      if (!optional || made || content === 'empty' || content === 'own') return true;
      return (await exists(look, source ?? path).catch(asAbsent)) !== false;
    }),
  );
  return coverings.filter((_, index) => kept[index]);
}

/** Such a bind changes nothing that cannot be left out. */
function bindsToItself({ option, value }: By): boolean {
  const same = (word: string): boolean => {
    const [from, to] = word.replace(/^-/, '').split(':');
    return to === undefined || to === from;
  };
  return option.startsWith('Bind') && unitWords(value).words.every(same);
}

/** Names that stand for the whole set: a user's manager may take away none. */
const ALL_SHRUNK = [
  ...NEEDED_CAPABILITIES,
  'CAP_SYS_MODULE',
  'CAP_SYSLOG',
  'CAP_SYS_TIME',
  'CAP_SYS_RAWIO',
  'CAP_WAKE_ALARM',
];

async function exists(look: Look, path: string): Promise<boolean> {
  const as = look.host.identity.self.uid === 0 ? 'self' : 'target';
  return (await look.host.stat(await withoutLinks(look, path), as)) !== null;
}
