import type { Account, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { UnitScope } from './unit-paths.ts';

/** What the specifiers of a unit stand for (systemd.unit(5)). */
export interface SpecifierPlace {
  /** With its type and instance: "buildkit@bob.service". */
  readonly name: string;
  readonly scope: UnitScope;
  /** The account of a user's manager. */
  readonly target: Account;
  readonly configHome: string | null;
  /** Its file. */
  readonly fragment: string;
}

export type Expand = (text: string) => string;

/** Those that have to be looked up, with the file that tells. */
const LOOKED_UP: { readonly [letter: string]: string } = {
  H: '/proc/sys/kernel/hostname',
  v: '/proc/sys/kernel/osrelease',
  m: '/etc/machine-id',
  b: '/proc/sys/kernel/random/boot_id',
};

/** Replaces specifiers as the unit's manager does: in a system unit %h is root's home, whatever User= says. What nothing tells stays. */
export async function specifiers({ host }: Look, place: SpecifierPlace, texts: readonly string[]): Promise<Expand> {
  const values = new Map(Object.entries(known(place)));
  for (const [letter, path] of Object.entries(LOOKED_UP)) {
    if (!texts.some((text) => text.includes(`%${letter}`))) continue;
    const told = (await host.read(path, 'self').catch(asAbsent))?.text.trim();
    if (told !== undefined) values.set(letter, letter === 'b' ? told.replaceAll('-', '') : told);
  }
  const hostName = values.get('H');
  if (hostName !== undefined) values.set('l', hostName.split('.', 1)[0] ?? hostName);
  return (text) => text.replace(/%(.)/g, (whole, letter: string) => values.get(letter) ?? whole);
}

function known({ name, scope, target, configHome, fragment }: SpecifierPlace): { readonly [letter: string]: string } {
  const stem = name.replace(/\.[^.]*$/, '');
  const at = stem.indexOf('@');
  const prefix = at < 0 ? stem : stem.slice(0, at);
  const instance = at < 0 ? '' : stem.slice(at + 1);
  const last = prefix.slice(prefix.lastIndexOf('-') + 1);
  return {
    '%': '%',
    n: name,
    N: stem,
    p: prefix,
    P: unescaped(prefix),
    i: instance,
    I: unescaped(instance),
    j: last,
    J: unescaped(last),
    f: `/${unescaped(instance === '' ? prefix : instance)}`,
    y: fragment,
    Y: fragment.slice(0, fragment.lastIndexOf('/')),
    V: '/var/tmp',
    T: '/tmp',
    ...(scope === 'user' ? ofUser(target, configHome) : OF_SYSTEM),
  };
}

const OF_SYSTEM = {
  h: '/root',
  u: 'root',
  U: '0',
  g: 'root',
  G: '0',
  s: '/bin/sh',
  t: '/run',
  S: '/var/lib',
  C: '/var/cache',
  L: '/var/log',
  E: '/etc',
} as const;

/** %S and %L are those of systemd before v254; StateDirectory= looks there first in later ones too. */
function ofUser(
  { home, name, uid, gid, shell }: Account,
  configHome: string | null,
): { readonly [letter: string]: string } {
  const own = home ?? '';
  const config = configHome ?? `${own}/.config`;
  return {
    h: own,
    u: name ?? '',
    U: String(uid),
    G: String(gid),
    s: shell ?? '/bin/sh',
    t: `/run/user/${uid}`,
    S: config,
    C: `${own}/.cache`,
    L: `${config}/log`,
    E: config,
  };
}

/** unit_name_unescape(): "-" is "/", "\x2d" a byte. */
function unescaped(text: string): string {
  return text
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
