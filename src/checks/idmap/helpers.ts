import { osRelease } from '../../facts/machine/os-release.ts';
import { CAP, hasCapability, processStatus } from '../../facts/machine/process-status.ts';
import type { Binary } from '../../facts/programs/find-in-path.ts';
import { grants, type IdmapHelper, installedHelpers } from '../../facts/start/idmap-helpers.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { unitConfinement } from '../../facts/start/unit-confinement.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { familyOf } from '../../knowledge/packages.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import { explains, optional } from '../../model/unseen.ts';
import { octal } from '../../text/octal.ts';
import { type Findings, findings } from '../findings.ts';
import type { UnitEvidence } from '../service/unit.ts';
import { written } from '../service/unit-words.ts';

const needs = {
  launcher,
  helpers: installedHelpers,
  os: explains(osRelease),
  status: optional(processStatus),
  confinement: optional(unitConfinement),
  namespace: optional(namespace),
};

/** What keeps a helper from mapping ids. */
export type HelperObstacle =
  | 'no-new-privs'
  | 'missing'
  | 'outside-path'
  | 'noexec'
  | 'not-executable'
  | 'nosuid'
  | 'bounding-set'
  | 'setuid-and-capabilities'
  | 'setuid-without-capabilities'
  | 'unprivileged';
export interface HelpersEvidence {
  readonly helpers: readonly IdmapHelper['name'][];
  /** Of the helper, or of the unit that takes its privilege. */
  readonly path: string | null;
  readonly obstacle: HelperObstacle;
  /** Capabilities that the bounding set lacks. */
  readonly lacks: readonly string[];
  /** The directives of a unit that take the privilege. */
  readonly unit?: UnitEvidence;
}

const CAPABILITY = { SETUID: CAP.setuid, SETGID: CAP.setgid, SYS_ADMIN: CAP.sysAdmin, DAC_OVERRIDE: CAP.dacOverride };
type CapabilityName = keyof typeof CAPABILITY;

/** What each of them needs for its work. */
export const OWN: {
  readonly [N in IdmapHelper['name']]: { readonly capability: string; readonly flag: CapabilityName };
} = {
  newuidmap: { capability: 'cap_setuid', flag: 'SETUID' },
  newgidmap: { capability: 'cap_setgid', flag: 'SETGID' },
};

type Facts = FactsOf<typeof needs>;
type Found = Findings<HelpersEvidence>;

export const idmapHelpers: Check<typeof needs, HelpersEvidence> = {
  id: 'idmap/helpers',
  title: 'newuidmap and newgidmap can map ids',
  why: 'An ordinary user may map only its own id; newuidmap and newgidmap map the subordinate ones, and need a privilege of their own for that.',
  decides: true,
  conditions: ['idmap.newuidmap-missing', 'idmap.newuidmap-not-setuid', 'idmap.no-new-privs'],
  needs,
  examine(facts) {
    if (facts.launcher === 'none')
      return { notApplicable: 'buildkitd is started as root here, so nobody maps ids for it' };
    const found = findings<HelpersEvidence>();
    const { namespace, helpers, os, status } = facts;
    const launch = namespace.value?.launch;
    judgeNoNewPrivs(found, facts, launch?.ok === true);
    // Both have just done their work.
    if (launch?.ok !== true) {
      const around: Surroundings = {
        family: os.value === undefined ? null : familyOf(os.value),
        bounding: status.value?.capabilityBounding ?? null,
        refused: launch?.ok === false && launch.stage === 'map' && launch.errno === 'EPERM',
        said: launch?.ok === false ? launch.message : '',
        noNewPrivs: status.value?.noNewPrivs === true,
      };
      judgeHelper(found, helpers.newuidmap, around);
      judgeHelper(found, helpers.newgidmap, around);
    }
    return { problems: found.problems, unseen: found.unseen };
  },
};

function judgeNoNewPrivs(found: Found, { confinement, status }: Facts, launched: boolean): void {
  const service = confinement.value ?? null;
  const [by] = service?.noNewPrivileges ?? [];
  const seen = { helpers: ['newuidmap', 'newgidmap'], obstacle: 'no-new-privs', lacks: [] } as const;
  if (service !== null && by !== undefined) {
    const { name, path, scope } = service.unit;
    const directives = service.noNewPrivileges.map(({ option, value }) => ({ option, value }));
    found.add(
      'idmap.no-new-privs',
      'error',
      name,
      `${name} starts buildkitd with no_new_privs (${service.noNewPrivileges.map(written).join(', ')}), so newuidmap and newgidmap get no privilege under it.`,
      { ...seen, path, unit: { unit: name, scope, directives, lacks: [] } },
      by.at,
    );
  } else if (!launched && status.value?.noNewPrivs === true)
    found.add(
      'idmap.no-new-privs',
      'error',
      'no_new_privs',
      'no_new_privs is set on this process, so newuidmap and newgidmap get no privilege when they are run.',
      { ...seen, path: null },
    );
}

interface Surroundings {
  readonly family: ReturnType<typeof familyOf>;
  readonly bounding: bigint | null;
  /** A launch was refused the right to write the map. */
  readonly refused: boolean;
  /** What the launch failed with. */
  readonly said: string;
  readonly noNewPrivs: boolean;
}

/**
 * Does a setuid helper write the map as root? Built with libcap it becomes the user again first and keeps one capability,
 * like one with file capabilities (write_mapping in shadow's lib/idmapping.c): Alpine's is, Debian's and Ubuntu's are not.
 * Its own words tell, else the file; one that is closed to readers is not as Debian ships it.
 */
function writesAsRoot(
  { libcap }: IdmapHelper,
  { stat }: Binary,
  { family, refused, said, noNewPrivs }: Surroundings,
): boolean {
  if (libcap !== null) return !libcap;
  if (/Could not set caps/.test(said)) return false;
  switch (family) {
    case 'debian':
      return (stat.mode & 0o004) !== 0 || (refused && !noNewPrivs);
    case 'alpine':
      return false;
    default:
      return refused && !noNewPrivs;
  }
}

interface Judgement {
  readonly obstacle: HelperObstacle;
  readonly message: string;
  readonly lacks?: readonly string[];
}

/** The conditions of a helper that is not there for buildkitd; the others are of its privilege. */
const ABSENT: ReadonlySet<HelperObstacle> = new Set(['missing', 'outside-path', 'noexec', 'not-executable']);

function judgeHelper(found: Found, helper: IdmapHelper, around: Surroundings): void {
  const { name, binary, elsewhere } = helper;
  const judged = binary === null ? absence(helper) : (standing(helper, binary) ?? privilege(helper, binary, around));
  if (judged === null) return;
  if ('why' in judged) {
    found.unseen.push(judged);
    return;
  }
  const { obstacle, message, lacks = [] } = judged;
  found.add(ABSENT.has(obstacle) ? 'idmap.newuidmap-missing' : 'idmap.newuidmap-not-setuid', 'error', name, message, {
    helpers: [name],
    path: binary?.realpath ?? elsewhere,
    obstacle,
    lacks,
  });
}

function absence({ name, elsewhere }: IdmapHelper): Judgement {
  if (elsewhere === null) return { obstacle: 'missing', message: `${name} is not installed.` };
  const directory = elsewhere.slice(0, elsewhere.lastIndexOf('/'));
  return {
    obstacle: 'outside-path',
    message: `${name} stands in ${directory}, which is not in the PATH that buildkitd gets.`,
  };
}

/** What the file and its mount keep it from, whatever its privilege; null: nothing. */
function standing({ mount }: IdmapHelper, { path, realpath, stat, executable }: Binary): Judgement | null {
  if (!executable)
    return mount?.options.includes('noexec') === true
      ? {
          obstacle: 'noexec',
          message: `${path} is on ${mount.point}, which is mounted noexec, so it cannot be run.`,
        }
      : { obstacle: 'not-executable', message: `${path} may not be executed (mode ${octal(stat.mode)}).` };
  if (mount?.options.includes('nosuid'))
    return {
      obstacle: 'nosuid',
      message: `${realpath} is on ${mount.point}, which is mounted nosuid: neither a setuid bit nor file capabilities count there.`,
    };
  return null;
}

/** Has it the privilege to write a map? Null: it has. */
function privilege(helper: IdmapHelper, binary: Binary, around: Surroundings): Judgement | UnseenReason | null {
  const { name, capabilities, capabilitiesKnown } = helper;
  const { realpath, stat } = binary;
  const { bounding, refused } = around;
  const lacking = (flags: readonly CapabilityName[]): readonly string[] =>
    flags.filter((flag) => hasCapability(bounding, CAPABILITY[flag]) === false);
  const { capability, flag } = OWN[name];
  if (lacking([flag]).length > 0)
    return {
      obstacle: 'bounding-set',
      message: `The capability bounding set lacks CAP_${flag}, so ${name} cannot map ids here whatever its file says.`,
      lacks: [flag],
    };
  const isCapable = grants(capabilities, capability);
  if ((stat.mode & 0o4000) !== 0 && stat.uid === 0) {
    const asRoot = writesAsRoot(helper, binary, around);
    if (capabilities !== null && (!isCapable || asRoot))
      return {
        obstacle: 'setuid-and-capabilities',
        message: `${realpath} has both a setuid bit and file capabilities (${capabilities.text}); together they leave it without the right to write the map.`,
      };
    const lacks = asRoot ? lacking(['SYS_ADMIN', 'DAC_OVERRIDE']) : [];
    if (lacks.length === 0) return null;
    return {
      obstacle: 'setuid-without-capabilities',
      message: `${realpath} is setuid root, but the bounding set lacks ${lacks.map((one) => `CAP_${one}`).join(' and ')}, without which a setuid ${name} may not write the map of another namespace.`,
      lacks,
    };
  }
  if (isCapable) return null;
  if (!capabilitiesKnown && !refused)
    return {
      why: `${realpath} has no setuid bit, and its file capabilities could not be seen (getcap is missing)`,
      command: `getcap ${realpath}`,
    };
  return { obstacle: 'unprivileged', message: unprivilegedWords(helper, binary, capability) };
}

function unprivilegedWords({ capabilities }: IdmapHelper, { realpath, stat }: Binary, wanted: string): string {
  const mode = octal(stat.mode);
  if ((stat.mode & 0o4000) !== 0) return `${realpath} is setuid, but belongs to uid ${stat.uid} and not to root.`;
  if (capabilities?.rootId != null)
    return `${realpath} has ${capabilities.text} only for a user namespace of uid ${capabilities.rootId}.`;
  if (capabilities !== null)
    return `${realpath} has the file capability ${capabilities.text}, not ${wanted}=ep, and no setuid bit (mode ${mode}).`;
  return `${realpath} has neither a setuid bit (mode ${mode}) nor the file capability ${wanted}.`;
}
