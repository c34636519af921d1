import { familyOf } from '../../knowledge/packages.ts';
import {
  ALLOWED_DEVICES,
  FILTERING,
  INSISTED,
  NAMESPACED,
  NEEDED_BY_HELPERS,
  NEEDED_CAPABILITIES,
  NEEDED_NAMESPACES,
  PRIVATE_DEVICES,
  SYSTEMD,
  UNTOLD,
} from '../../knowledge/unit-options.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent, Unseen } from '../../model/unseen.ts';
import { splitWords } from '../../secrets/split-words.ts';
import { settings } from '../config/settings.ts';
import {
  allSet,
  type RefusedCalls,
  refusedCalls,
  setBy,
  type Taken,
  takenCapabilities,
  takenNamespaces,
} from '../confinement/unit-filters.ts';
import { type By, byOf, type Covering, coveringsOf } from '../confinement/unit-mounts.ts';
import { osRelease } from '../machine/os-release.ts';
import { systemdVersion } from '../machine/systemd-version.ts';
import { binaries } from '../programs/binaries.ts';
import { boolean, type Directives, isOn, lastOf, listOf, rawOf } from '../target/directives.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';
import { type Unit, unit } from '../target/unit.ts';
import { lostPlaces, type UnitPlace, withoutLinks } from './unit-places.ts';

/** What the options of a unit take from the processes that it starts. Null and empty: nothing of that kind. */
export interface UnitConfinement {
  readonly unit: Pick<Unit, 'name' | 'path' | 'scope'>;
  /** Each of them sets no_new_privs. */
  readonly noNewPrivileges: readonly By[];
  /** By each of them they run in a user namespace in which only their own ids are. */
  readonly userNamespace: readonly By[];
  /** By what systemd does not start it at all, and why. */
  readonly refusals: readonly { readonly by: By; readonly why: Refusal; readonly path: string | null }[];
  readonly places: readonly UnitPlace[];
  readonly capabilities: readonly Taken[];
  /** Root, and what is setuid root, has no privilege. */
  readonly powerless: By | null;
  readonly namespaces: Taken | null;
  readonly calls: readonly RefusedCalls[];
  readonly devices: readonly Taken[];
  /** /proc has nothing but processes. */
  readonly processesOnly: By | null;
  /** The group that newuidmap refuses, since it is not the account's own. */
  readonly group: By | null;
  readonly umask: By | null;
  /** No registry can be reached; local builds do not mind. */
  readonly offline: By | null;
  /** Files may not get a setuid bit, which images have. */
  readonly noSetuidFiles: By | null;
  /** What it does cannot be told from here. */
  readonly untold: readonly By[];
  /** Something of this was only reasoned about: no probe ran under it. */
  readonly modelled: boolean;
}
export type Refusal = 'missing-path' | 'no-namespace' | 'capabilities' | 'securebits' | 'credentials';

export const unitConfinement: Fact<UnitConfinement | null> = {
  id: 'unit-confinement',
  async read(look) {
    const service = await look.get(unit);
    // "+" takes a command out of the sandbox.
    if (service === null || /^[-@:!|]*\+/.test(lastOf(service.directives, 'ExecStart')?.value ?? '')) return null;
    const { directives, scope, name, path } = service;
    const [version, by] = await Promise.all([versionFor(look, directives), look.get(launcher)]);
    const rootless = by === 'rootlesskit';
    const coverings = coveringsOf(directives);
    const isUser = scope === 'user';
    const userNamespace = userNamespaceOf(directives, isUser, version);
    const noNewPrivileges = rootless ? noNewPrivilegesOf(directives, isUser, version) : [];
    // What an older manager of a user cannot do, it leaves out.
    const applied = isUser ? [] : await presentOf(look, coverings);
    const filters = filtersOf(directives, rootless, noNewPrivileges);
    const confinement = {
      unit: { name, path, scope },
      noNewPrivileges,
      userNamespace,
      refusals: await refusalsOf(look, directives, isUser, applied),
      places: await lostPlaces(look, service, applied),
      ...capabilitiesOf(directives, isUser, rootless ? await helpersNeeds(look) : null),
      ...filters,
      devices: isUser ? [] : await devicesOf(look, directives),
      processesOnly:
        !isUser && lastOf(directives, 'ProcSubset')?.value === 'pid' ? found(directives, 'ProcSubset') : null,
      group: rootless ? await groupOf(look, directives) : null,
      umask: rootless ? umaskOf(directives) : null,
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

const found = (directives: Directives, option: string): By | null => {
  const last = lastOf(directives, option);
  return last && byOf(option, last);
};

/** Asked only where an option does something else in another release; else 0. */
async function versionFor(look: Look, directives: Directives): Promise<number> {
  if (allSet(directives, { ...FILTERING, ...NAMESPACED }).length === 0) return 0;
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

async function refusalsOf(
  look: Look,
  directives: Directives,
  isUser: boolean,
  coverings: readonly Covering[],
): Promise<UnitConfinement['refusals']> {
  if (isUser) {
    const insisted = allSet(directives, INSISTED).find((one) => !bindsToItself(one)) ?? null;
    const taken = takenCapabilities(directives, ALL_SHRUNK)[0]?.by ?? found(directives, 'AmbientCapabilities');
    const bits = found(directives, 'SecureBits');
    const credentials = found(directives, 'User') ?? found(directives, 'SupplementaryGroups');
    return [
      ...(credentials === null ? [] : [{ by: credentials, why: 'credentials' as const, path: null }]),
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
  const root = found(directives, 'RootDirectory');
  const command = splitWords(lastOf(directives, 'ExecStart')?.value ?? '')[0]?.replace(/^[-@:!|+]+/, '');
  const inRoot = root === null || command === undefined ? null : `${root.value.replace(/^-/, '')}${command}`;
  return [
    ...missing.flat(),
    ...(root === null || root.value === '/' || inRoot === null || (await exists(look, inRoot))
      ? []
      : [{ by: root, why: 'missing-path' as const, path: inRoot }]),
  ];
}

/** What is passed over since its path does not exist changes nothing; what may not be looked at may exist. */
async function presentOf(look: Look, coverings: readonly Covering[]): Promise<readonly Covering[]> {
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
  return option.startsWith('Bind') && splitWords(value).every(same);
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
  const bits = found(directives, 'SecureBits');
  const losesRoot = bits !== null && helpers?.asRoot !== false && splitWords(bits.value).includes('noroot');
  return {
    capabilities: takenCapabilities(directives, helpers?.names ?? NEEDED_CAPABILITIES),
    powerless: losesRoot ? bits : null,
  };
}

function filtersOf(
  directives: Directives,
  rootless: boolean,
  noNewPrivileges: readonly By[],
): Pick<UnitConfinement, 'namespaces' | 'calls' | 'noSetuidFiles' | 'untold'> {
  // Without privilege for newuidmap nothing comes as far as these.
  if (noNewPrivileges.length > 0) return { namespaces: null, calls: [], noSetuidFiles: null, untold: [] };
  const namespaces = takenNamespaces(directives, rootless ? ['user', ...NEEDED_NAMESPACES] : NEEDED_NAMESPACES);
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

/** Device nodes that a start opens and that the unit has not, or may not open. */
async function devicesOf(look: Look, directives: Directives): Promise<readonly Taken[]> {
  const { oci, rootlesskitFlags } = await look.get(settings);
  const net = rootlesskitFlags.net?.at(-1) ?? 'host';
  const needed = [
    'null',
    ...(oci.snapshotter.value === 'fuse-overlayfs' ? ['fuse'] : []),
    ...(net === 'host' || net === 'none' ? [] : ['net/tun']),
  ];
  const hidden = isOn(directives, 'PrivateDevices');
  const policy = lastOf(directives, 'DevicePolicy');
  const allowed = listOf(directives, 'DeviceAllow');
  const given = allowed.flatMap(({ value }) => splitWords(value).slice(0, 1));
  const isStrict = policy?.value === 'strict';
  const closed = policy !== null && policy.value !== 'auto' ? byOf('DevicePolicy', policy) : null;
  const by = closed ?? (allowed[0] === undefined ? null : byOf('DeviceAllow', allowed[0]));
  const opens = (device: string): boolean =>
    (!isStrict && ALLOWED_DEVICES.includes(device)) ||
    given.some((one) => one === `/dev/${device}` || /^(?:\/dev\/char\/|char-)/.test(one));
  const refused = by === null ? [] : needed.filter((device) => !opens(device));
  const absent = hidden === null ? [] : needed.filter((device) => !PRIVATE_DEVICES.includes(device));
  return [
    ...(by === null || refused.length === 0 ? [] : [{ names: refused, by }]),
    ...(hidden === null || absent.length === 0 ? [] : [{ names: absent, by: byOf('PrivateDevices', hidden) }]),
  ];
}

/** newuidmap compares the group of the process with the account's own. */
async function groupOf(look: Look, directives: Directives): Promise<By | null> {
  const by = found(directives, 'Group');
  if (by === null) return null;
  const { target } = await look.get(identity);
  const text = (await look.host.read('/etc/group', 'self'))?.text ?? '';
  const named = text.split('\n').find((line) => line.startsWith(`${by.value}:`));
  const gid = /^\d+$/.test(by.value) ? by.value : named?.split(':')[2];
  return gid === undefined || Number(gid) === target.gid ? null : by;
}

/** rootlesskit must be able to open what it makes. */
function umaskOf(directives: Directives): By | null {
  const by = found(directives, 'UMask');
  return by !== null && (Number.parseInt(by.value, 8) & 0o700) !== 0 ? by : null;
}

function offlineOf(directives: Directives): By | null {
  const network = isOn(directives, 'PrivateNetwork');
  if (network !== null) return byOf('PrivateNetwork', network);
  const denied = listOf(directives, 'IPAddressDeny').find(({ value }) => /\bany\b/.test(value));
  if (denied !== undefined && listOf(directives, 'IPAddressAllow').length === 0) return byOf('IPAddressDeny', denied);
  const families = rawOf(directives, 'RestrictAddressFamilies').filter(({ value }) => value !== '');
  const last = families.at(-1);
  const words = families.flatMap(({ value }) => splitWords(value.replace(/^~/, '')));
  const without = families[0]?.value.startsWith('~') === true;
  const reaches = (family: string): boolean => words.includes(family) !== without;
  return last === undefined || reaches('AF_INET') || reaches('AF_INET6') ? null : byOf('RestrictAddressFamilies', last);
}

/** What counts only where the kernel has that security module. */
const MODULES: { readonly [option: string]: string } = {
  AppArmorProfile: 'apparmor',
  SELinuxContext: 'selinux',
  SmackProcessLabel: 'smack',
  RestrictFileSystems: 'bpf',
};

async function untoldOf(look: Look, directives: Directives): Promise<readonly By[]> {
  const set = Object.entries(UNTOLD).flatMap(([option, kind]) => {
    const directive = setBy(directives, option, kind);
    return directive === null ? [] : [byOf(option, directive)];
  });
  if (set.length === 0) return [];
  const modules = (await look.host.read('/sys/kernel/security/lsm', 'self'))?.text.trim().split(',') ?? [];
  return set.filter(({ option }) => MODULES[option] === undefined || modules.includes(MODULES[option]));
}
