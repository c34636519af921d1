import { familyOf } from '../../knowledge/packages.ts';
import {
  FILTERING,
  NAMESPACED,
  NEEDED_BY_HELPERS,
  NEEDED_CAPABILITIES,
  NEEDED_NAMESPACES,
  SYSTEMD,
} from '../../knowledge/unit-options.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent, Unseen } from '../../model/unseen.ts';
import { unitWords } from '../../text/unit-words.ts';
import { cgroups } from '../confinement/cgroups.ts';
import {
  allSet,
  type RefusedCalls,
  refusedCalls,
  setBy,
  setTo,
  switchedOn,
  type Taken,
  takenCapabilities,
  takenNamespaces,
} from '../confinement/unit-filters.ts';
import { type By, byOf, type Covering, coveringsOf } from '../confinement/unit-mounts.ts';
import { osRelease } from '../machine/os-release.ts';
import { systemdVersion } from '../machine/systemd-version.ts';
import { binaries } from '../programs/binaries.ts';
import { boolean, type Directives, isOn, lastOf } from '../target/directives.ts';
import { launcher } from '../target/launcher.ts';
import { type Unit, unit } from '../target/unit.ts';
import { lostPlaces, type UnitPlace } from './unit-places.ts';
import { presentOf, refusalsOf, type UnitRefusal } from './unit-refusals.ts';
import { devicesOf, groupOf, offlineOf, umaskOf, untoldOf, withoutFamilies } from './unit-surroundings.ts';

/** What the options of a unit take from the processes that it starts. Null and empty: nothing of that kind. */
export interface UnitConfinement {
  readonly unit: Pick<Unit, 'name' | 'path' | 'scope'>;
  /** Each of them sets no_new_privs. */
  readonly noNewPrivileges: readonly By[];
  /** By each of them they run in a user namespace in which only their own ids are. */
  readonly userNamespace: readonly By[];
  /** Not root runs it, but an account of the unit's own. */
  readonly otherAccount: By | null;
  /** By what systemd does not start it at all, and why. */
  readonly refusals: readonly UnitRefusal[];
  readonly places: readonly UnitPlace[];
  readonly capabilities: readonly Taken[];
  /** Root, and what is setuid root, has no privilege. */
  readonly powerless: By | null;
  readonly namespaces: Taken | null;
  readonly calls: readonly RefusedCalls[];
  readonly devices: readonly Taken[];
  /** Mounts below /proc by which the kernel refuses a new /proc in a user namespace, unless another one is whole. */
  readonly maskedProcesses: readonly By[];
  /** /proc has nothing but processes. */
  readonly processesOnly: By | null;
  /** The group that newuidmap refuses, since it is not the account's own. */
  readonly group: By | null;
  readonly umask: By | null;
  /** No Unix socket can be made. */
  readonly noSockets: By | null;
  /** No registry can be reached; local builds do not mind. */
  readonly offline: By | null;
  /** Files may not get a setuid bit, which images have. */
  readonly noSetuidFiles: By | null;
  /** What it does cannot be told from here. */
  readonly untold: readonly By[];
  /** Something of this was only reasoned about: no probe ran under it. */
  readonly modelled: boolean;
}

export const unitConfinement: Fact<UnitConfinement | null> = {
  id: 'unit-confinement',
  async read(look) {
    const service = await look.get(unit);
    // "+" takes a command out of the sandbox.
    if (service === null || /^[-@:!|]*\+/.test(lastOf(service.directives, 'ExecStart')?.value ?? '')) return null;
    const { directives, scope, name, path } = service;
    const [version, by] = await Promise.all([versionFor(look, service), look.get(launcher)]);
    const rootless = by === 'rootlesskit';
    const coverings = coveringsOf(directives);
    const isUser = scope === 'user';
    const userNamespace = userNamespaceOf(directives, isUser, version);
    const noNewPrivileges = rootless ? noNewPrivilegesOf(directives, isUser, version) : [];
    // What an older manager of a user cannot do, it leaves out.
    const applied = isUser ? [] : await presentOf(look, coverings);
    const layout = (await look.get(cgroups)).layout;
    const namespaces = [
      ...(rootless ? ['user'] : []),
      ...NEEDED_NAMESPACES,
      ...(layout === 'unified' ? ['cgroup'] : []),
    ];
    const filters = filtersOf(directives, namespaces, noNewPrivileges);
    const confinement = {
      unit: { name, path, scope },
      noNewPrivileges,
      userNamespace,
      otherAccount: rootless || lastOf(directives, 'User') !== null ? null : switchedOn(directives, 'DynamicUser'),
      refusals: await refusalsOf(look, directives, isUser ? version : null, applied),
      maskedProcesses: rootless ? maskingProcesses(applied) : [],
      places: await lostPlaces(look, service, applied),
      ...capabilitiesOf(directives, isUser, rootless ? await helpersNeeds(look) : null),
      ...filters,
      devices: isUser ? [] : await devicesOf(look, directives),
      processesOnly:
        !isUser && lastOf(directives, 'ProcSubset')?.value === 'pid' ? setTo(directives, 'ProcSubset') : null,
      group: rootless ? await groupOf(look, directives) : null,
      umask: rootless ? umaskOf(directives) : null,
      noSockets: noNewPrivileges.length > 0 ? null : withoutFamilies(directives, ['AF_UNIX']),
      offline: isUser ? null : offlineOf(directives),
      untold: [...(await untoldOf(look, directives)), ...filters.untold],
    };
    return { ...confinement, modelled: applied.some(takes) || allSet(directives, RESTRAINING).length > 0 };
  },
};

/** Besides what covers paths: options under which a launch of ours does not run. */
const RESTRAINING = {
  ...FILTERING,
  NoNewPrivileges: 'switch',
  DynamicUser: 'switch',
  PrivateUsers: 'choice',
  CapabilityBoundingSet: 'list',
  SecureBits: 'list',
  DevicePolicy: 'list',
  DeviceAllow: 'list',
} as const;

const takes = ({ content, readOnly, noexec }: Covering): boolean => content !== 'kept' || readOnly || noexec;

/** Asked only where an option does something else in another release; else 0. */
async function versionFor(look: Look, { directives, scope }: Unit): Promise<number> {
  const matters = { ...FILTERING, ...NAMESPACED, ...(scope === 'user' ? { User: 'list' as const } : {}) };
  if (allSet(directives, matters).length === 0) return 0;
  const version = await look.get(systemdVersion);
  if (version === null)
    throw new Unseen(
      'which release of systemd starts the unit cannot be told, and its sandbox depends on that',
      'systemctl --version',
    );
  return version;
}

function userNamespaceOf(directives: Directives, isUser: boolean, version: number): readonly By[] {
  const own = setBy(directives, 'PrivateUsers', 'choice');
  return [
    ...(own === null || own.value === 'full' ? [] : [byOf('PrivateUsers', own)]),
    ...(isUser && version >= SYSTEMD.userUnitsInNamespaces ? allSet(directives, NAMESPACED) : []),
  ];
}

function noNewPrivilegesOf(directives: Directives, isUser: boolean, version: number): readonly By[] {
  // Since then the filters of a system unit are set with a right that is given up afterwards, if they let it be given up.
  const kept = !isUser && version >= SYSTEMD.filtersWithoutNoNewPrivileges && letsDropPrivileges(directives);
  return allSet(directives, { ...PLAIN, ...(kept ? {} : FILTERING) });
}

const PLAIN = { NoNewPrivileges: 'switch', DynamicUser: 'switch' } as const;

/** seccomp_allows_drop_privileges of systemd. */
function letsDropPrivileges(directives: Directives): boolean {
  const { refused } = refusedCalls(directives);
  return refused === null || !['capget', 'capset', 'prctl'].some((call) => refused.names.includes(call));
}

/** One for a directive. */
function maskingProcesses(coverings: readonly Covering[]): readonly By[] {
  const below = coverings.filter(({ path }) => path.startsWith('/proc/')).map(({ by }) => by);
  return below.filter((by, index) => below.findIndex(({ at }) => at === by.at) === index);
}

/** What newuidmap and newgidmap must have: as root more than with file capabilities, which every unit leaves them. */
async function helpersNeeds(look: Look): Promise<{ readonly asRoot: boolean; readonly names: readonly string[] }> {
  const [{ newuidmap }, os] = await Promise.all([look.get(binaries), look.get(osRelease).catch(asAbsent)]);
  const isSetuid = newuidmap !== null && (newuidmap.stat.mode & 0o4000) !== 0;
  const asRoot = isSetuid && (os === null || familyOf(os) !== 'alpine');
  return { asRoot, names: asRoot ? NEEDED_BY_HELPERS.asRoot : NEEDED_BY_HELPERS.always };
}

/** `helpers`: what they need; null where nobody maps ids. */
function capabilitiesOf(
  directives: Directives,
  isUser: boolean,
  helpers: { readonly asRoot: boolean; readonly names: readonly string[] } | null,
): Pick<UnitConfinement, 'capabilities' | 'powerless'> {
  if (isUser) return { capabilities: [], powerless: null };
  const bits = setTo(directives, 'SecureBits');
  const losesRoot = bits !== null && helpers?.asRoot !== false && unitWords(bits.value).words.includes('noroot');
  return {
    capabilities: takenCapabilities(directives, helpers?.names ?? NEEDED_CAPABILITIES),
    powerless: losesRoot ? bits : null,
  };
}

function filtersOf(
  directives: Directives,
  needed: readonly string[],
  noNewPrivileges: readonly By[],
): Pick<UnitConfinement, 'namespaces' | 'calls' | 'noSetuidFiles' | 'untold'> {
  // Without privilege for newuidmap nothing comes as far as these.
  if (noNewPrivileges.length > 0) return { namespaces: null, calls: [], noSetuidFiles: null, untold: [] };
  const namespaces = takenNamespaces(directives, needed);
  const { refused, untold } = refusedCalls(directives);
  const hostname = setBy(directives, 'ProtectHostname', 'choice');
  const setuid = isOn(directives, 'RestrictSUIDSGID');
  return {
    namespaces,
    calls: [
      ...(refused === null ? [] : [refused]),
      ...(hostname === null || boolean(hostname.value) !== true
        ? []
        : [{ names: ['sethostname'], by: byOf('ProtectHostname', hostname), ends: false }]),
    ],
    noSetuidFiles: setuid && byOf('RestrictSUIDSGID', setuid),
    untold: untold === null ? [] : [untold.by],
  };
}
