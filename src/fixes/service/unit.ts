import type { UnitEvidence } from '../../checks/service/unit.ts';
import { OUR_DROP_IN, type UnitEdit, unitEdit } from '../../facts/rights/unit-edit.ts';
import { lastOf } from '../../facts/target/directives.ts';
import { unit } from '../../facts/target/unit.ts';
import type { Position } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { unitWords } from '../../text/unit-words.ts';
import { advice } from '../advice.ts';
import { dropIn, reread } from './drop-in.ts';
import { isManner, mendManners } from './manners.ts';

const needs = { edit: optional(unitEdit), unit };

/** What makes a unit a good service is dropped in; its protections are given up as far as a build needs it, and only where somebody agrees. */
export const loosenUnit: Fix<typeof needs, UnitEvidence> = {
  needs,
  title: 'Give the unit what a build and a service need',
  plan(problems, { edit, unit }) {
    const place = edit.value ?? null;
    const type = unit === null ? null : lastOf(unit.directives, 'Type');
    const waits = type?.value.startsWith('notify') === true;
    const indexes = problems.map((_, index) => index);
    const isOurs = (index: number): boolean => place !== null && !isLater(problems[index]?.at);
    const manners = indexes.filter((index) => isOurs(index) && isMannerly(problems[index]?.evidence));
    const takers = indexes.filter((index) => isOurs(index) && !manners.includes(index));
    const told = indexes.filter((index) => !isOurs(index));
    const wanted = manners.flatMap((index) => directivesOf(problems[index]?.evidence));
    return [
      ...told.flatMap((index) => {
        const problem = problems[index];
        return problem === undefined ? [] : [advice([index], ...unitAdvice(problem.evidence, problem.at))];
      }),
      ...(place === null || takers.length === 0
        ? []
        : [
            loosened(
              place,
              takers,
              takers.flatMap((index) => problems[index]?.evidence ?? []),
              'sandbox',
            ),
          ]),
      ...(place === null || manners.length === 0
        ? []
        : [{ for: manners, risk: 'safe', until: 'restart', steps: mendManners(place, wanted, waits) } as const]),
    ];
  },
};

const directivesOf = (evidence: UnitEvidence | undefined) =>
  (evidence?.directives ?? []).map((one) => ({ ...one, unit: evidence?.unit ?? '' }));

const isMannerly = (evidence: UnitEvidence | undefined): boolean =>
  evidence !== undefined && evidence.lacks.length === 0 && evidence.directives.every(({ option }) => isManner(option));

/** Gives back in one drop-in what these directives take. */
export function loosened(
  edit: UnitEdit,
  indexes: readonly number[],
  evidences: readonly UnitEvidence[],
  topic: string,
): Treatment {
  const options = [...new Set(evidences.flatMap(({ directives }) => directives.map(({ option }) => option)))];
  return {
    for: indexes,
    risk: 'risky',
    until: 'restart',
    consequence: `${evidences[0]?.unit ?? 'The unit'} loses the protection of ${options.join(', ')}.`,
    steps: reread(edit, dropIn(edit, evidences[0]?.unit ?? '', topic, { Service: linesFor(evidences) })),
  };
}

function linesFor(evidences: readonly UnitEvidence[]): readonly string[] {
  return [
    ...new Set(
      evidences.flatMap(({ directives, lacks }) =>
        directives.flatMap(({ option, value }) => overriding(option, value, lacks).join('\n')),
      ),
    ),
  ];
}

/** What is typed, and what it overrides; also for what other checks blame a unit for. */
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
export function isLater(at: Position | undefined): boolean {
  const name = at?.path.slice(at.path.lastIndexOf('/') + 1) ?? '';
  return name.endsWith('.conf') && name > `${OUR_DROP_IN}-sandbox.conf`;
}

/** More names than anybody wants in one line. */
const MANY = 12;

/** The lines that give back what an option takes. */
function overriding(option: string, value: string, lacks: readonly string[]): readonly string[] {
  switch (option) {
    case 'ProtectSystem':
      return [`ProtectSystem=${value === 'strict' ? 'full' : 'no'}`];
    case 'CapabilityBoundingSet':
      return lacks.length === 0
        ? ['CapabilityBoundingSet=', 'CapabilityBoundingSet=~']
        : [`CapabilityBoundingSet=${lacks.join(' ')}`];
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
