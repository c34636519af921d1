import type { UnitEvidence } from '../../checks/service/unit.ts';
import type { Position } from '../../model/decide.ts';
import type { Fix } from '../../model/plan.ts';
import { unitWords } from '../../text/unit-words.ts';
import { advice } from '../advice.ts';

/** Which of its protections a unit gives up is for whoever hardened it to say: the lines that give back what a build needs are told. */
export const loosenUnit: Fix<Record<never, never>, UnitEvidence> = {
  needs: {},
  title: 'Give the unit what a build needs',
  plan: (problems) => problems.map(({ evidence, at }, index) => advice([index], ...unitAdvice(evidence, at))),
};

/** What is typed, and what it overrides. */
export function unitAdvice(
  { unit, scope, directives, lacks }: UnitEvidence,
  at: Position | undefined,
): readonly string[] {
  const systemctl = scope === 'user' ? 'systemctl --user' : 'systemctl';
  return [
    [
      `Run "${systemctl} edit ${unit}", write the following lines, and then run "${systemctl} restart ${unit}".`,
      '[Service]',
      ...directives.flatMap(({ option, value }) => overriding(option, value, lacks)),
    ].join('\n'),
    ...(isLater(at)
      ? [`${at?.path} is read after the file that "edit" writes (override.conf): change the line there instead.`]
      : []),
  ];
}

/** Drop-ins are read in the order of their names. */
function isLater(at: Position | undefined): boolean {
  const name = at?.path.slice(at.path.lastIndexOf('/') + 1) ?? '';
  return name.endsWith('.conf') && name > 'override.conf';
}

/** More names than anybody wants in one line. */
const MANY = 12;

/** The lines that give back what an option takes. */
function overriding(option: string, value: string, lacks: readonly string[]): readonly string[] {
  switch (option) {
    case 'ProtectSystem':
      return [`ProtectSystem=${value === 'strict' ? 'full' : 'no'}`];
    case 'CapabilityBoundingSet':
      return [lacks.length === 0 ? 'CapabilityBoundingSet=~' : `CapabilityBoundingSet=${lacks.join(' ')}`];
    case 'SystemCallFilter':
      return [`SystemCallFilter=${lacks.length > MANY ? '' : lacks.join(' ')}`];
    case 'RestrictAddressFamilies':
      return ['RestrictAddressFamilies=', 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK'];
    case 'UMask':
      return ['UMask=0022'];
    case 'ProcSubset':
      return ['ProcSubset=all'];
    case 'DevicePolicy':
    case 'DeviceAllow':
      return lacks.includes('null') ? ['DevicePolicy=closed'] : lacks.map((name) => `DeviceAllow=/dev/${name} rw`);
    default:
      if (/(?:Paths|Directories|FileSystem)$/.test(option)) return [`${option}=`, ...others(option, value, lacks)];
      return [EMPTIED.has(option) ? `${option}=` : `${option}=no`];
  }
}

/** What is no boolean, and falls back to its default when it is set to nothing. */
const EMPTIED: ReadonlySet<string> = new Set([
  'SecureBits',
  'AmbientCapabilities',
  'Group',
  'User',
  'IPAddressDeny',
  'RootDirectory',
  'RootImage',
  'SystemCallArchitectures',
  'SystemCallLog',
]);

/** The words of a list of paths that take nothing, to be written again after the empty line. */
function others(option: string, value: string, lacks: readonly string[]): readonly string[] {
  const takes = (word: string): boolean => {
    const [from = '', to = from] = word.replace(/^[-+]+/, '').split(':');
    const path = (option.startsWith('Bind') ? to : from).replace(/(.)\/$/, '$1');
    return lacks.some((lost) => lost === path || path === '/' || lost.startsWith(`${path}/`));
  };
  const words = unitWords(value).words;
  const kept = words.filter((word) => !takes(word));
  return kept.length === 0 || kept.length === words.length ? [] : [`${option}=${kept.join(' ')}`];
}
