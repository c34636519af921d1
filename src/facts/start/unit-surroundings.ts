import { KEYS_KNOWN_UP_TO, SERVICE_KEYS } from '../../knowledge/unit-keys.ts';
import { ALLOWED_DEVICES, PRIVATE_DEVICES, UNTOLD } from '../../knowledge/unit-options.ts';
import type { Look } from '../../model/look.ts';
import { unitWords } from '../../text/unit-words.ts';
import { settings } from '../config/settings.ts';
import { setBy, setTo, type Taken } from '../confinement/unit-filters.ts';
import { type By, byOf } from '../confinement/unit-mounts.ts';
import { systemdVersion } from '../machine/systemd-version.ts';
import { type Directives, isOn, lastOf, listOf } from '../target/directives.ts';
import { identity } from '../target/identity.ts';

/** Device nodes that a start opens and that the unit has not, or may not open. */
export async function devicesOf(look: Look, directives: Directives): Promise<readonly Taken[]> {
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
  const given = allowed.flatMap(({ value }) => unitWords(value).words.slice(0, 1));
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
export async function groupOf(look: Look, directives: Directives): Promise<By | null> {
  const by = setTo(directives, 'Group');
  if (by === null) return null;
  const { target } = await look.get(identity);
  const text = (await look.host.read('/etc/group', 'self'))?.text ?? '';
  const named = text.split('\n').find((line) => line.startsWith(`${by.value}:`));
  const gid = /^\d+$/.test(by.value) ? by.value : named?.split(':')[2];
  return gid === undefined || Number(gid) === target.gid ? null : by;
}

/** rootlesskit must be able to open what it makes. */
export function umaskOf(directives: Directives): By | null {
  const by = setTo(directives, 'UMask');
  return by !== null && (Number.parseInt(by.value, 8) & 0o700) !== 0 ? by : null;
}

export function offlineOf(directives: Directives): By | null {
  const network = isOn(directives, 'PrivateNetwork');
  if (network !== null) return byOf('PrivateNetwork', network);
  const denied = listOf(directives, 'IPAddressDeny').find(({ value }) => /\bany\b/.test(value));
  if (denied !== undefined && listOf(directives, 'IPAddressAllow').length === 0) return byOf('IPAddressDeny', denied);
  return withoutFamilies(directives, ['AF_INET', 'AF_INET6']);
}

/** The directive by which no socket of any of these families can be made; null: one can. */
export function withoutFamilies(directives: Directives, families: readonly string[]): By | null {
  const assigned = listOf(directives, 'RestrictAddressFamilies');
  const last = assigned.at(-1);
  const words = assigned.flatMap(({ value }) => unitWords(value.replace(/^~/, '')).words);
  const without = assigned[0]?.value.startsWith('~') === true;
  const reaches = families.some((family) => words.includes(family) !== without);
  return last === undefined || reaches ? null : byOf('RestrictAddressFamilies', last);
}

/** What counts only where the kernel has that security module. */
const MODULES: { readonly [option: string]: string } = {
  AppArmorProfile: 'apparmor',
  SELinuxContext: 'selinux',
  SmackProcessLabel: 'smack',
  RestrictFileSystems: 'bpf',
};

export async function untoldOf(look: Look, directives: Directives): Promise<readonly By[]> {
  const set = Object.entries(UNTOLD).flatMap(([option, kind]) => {
    const directive = setBy(directives, option, kind);
    return directive === null ? [] : [byOf(option, directive)];
  });
  set.push(...(await newerKeys(look, directives)));
  if (set.length === 0) return [];
  const modules = (await look.host.read('/sys/kernel/security/lsm', 'self'))?.text.trim().split(',') ?? [];
  return set.filter(({ option }) => MODULES[option] === undefined || modules.includes(MODULES[option]));
}

/** Keys of a release of systemd that is newer than what is known here; an older one passes over what it does not know. */
async function newerKeys(look: Look, directives: Directives): Promise<readonly By[]> {
  const strange = Object.entries(directives.Service ?? {}).flatMap(([key, values]) => {
    const last = values.at(-1);
    return SERVICE_KEYS.has(key) || /^X-/.test(key) || last === undefined || last.value === '' ? [] : [byOf(key, last)];
  });
  if (strange.length === 0) return [];
  const version = await look.get(systemdVersion);
  return version === null || version > KEYS_KNOWN_UP_TO ? strange : [];
}
