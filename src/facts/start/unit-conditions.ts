import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { container } from '../confinement/container.ts';
import type { Directive, Directives } from '../target/directives.ts';
import type { Unit } from '../target/unit.ts';

/** A Condition…= or Assert…= of a unit. `holds`: null where it is not told from here. */
export interface UnitCondition extends Directive {
  readonly key: string;
  readonly holds: boolean | null;
}
/** What the conditions of a unit come to. */
export interface Conditions {
  /** Those by which systemd does not start it. */
  readonly failed: readonly UnitCondition[];
  /** Those that would decide, and could not be looked at. */
  readonly unknown: readonly UnitCondition[];
}

/** All conditions have to hold, and of those with "|" at least one (systemd.unit(5)). */
export async function conditionsOf(look: Look, unit: Unit): Promise<Conditions> {
  const failed: UnitCondition[] = [];
  const unknown: UnitCondition[] = [];
  for (const kind of ['Condition', 'Assert']) {
    const all = await Promise.all(written(unit.directives, kind).map((one) => evaluated(look, unit, one)));
    const must = all.filter(({ value }) => !value.startsWith('|'));
    failed.push(...must.filter(({ holds }) => holds === false));
    unknown.push(...must.filter(({ holds }) => holds === null));
    const any = all.filter(({ value }) => value.startsWith('|'));
    if (any.length === 0 || any.some(({ holds }) => holds === true)) continue;
    (any.some(({ holds }) => holds === null) ? unknown : failed).push(...any.slice(0, 1));
  }
  return { failed, unknown };
}

/** An empty assignment of any of them resets them all, whatever their kind. */
function written(unit: Directives, kind: string): readonly Omit<UnitCondition, 'holds'>[] {
  return Object.entries(unit.Unit ?? {})
    .filter(([key]) => key.startsWith(kind))
    .flatMap(([key, values]) => values.filter(({ value }) => value !== '').map((one) => ({ ...one, key })));
}

async function evaluated(look: Look, unit: Unit, condition: Omit<UnitCondition, 'holds'>): Promise<UnitCondition> {
  const text = condition.value.replace(/^\|/, '').trim();
  const negated = text.startsWith('!');
  const told = await truthOf(
    look,
    unit,
    condition.key.replace(/^(?:Condition|Assert)/, ''),
    text.replace(/^!/, '').trim(),
  );
  return { ...condition, holds: told === null ? null : told !== negated };
}

/** As the unit's manager would see it: root, or the user itself. */
async function truthOf(look: Look, { scope }: Unit, kind: string, value: string): Promise<boolean | null> {
  const { host } = look;
  const { self, target } = host.identity;
  const as = scope === 'system' && self.uid === 0 ? 'self' : 'target';
  const stat = async () => host.stat(value, as).catch(asAbsent);
  switch (kind) {
    case 'PathExists':
      return (await stat()) !== null;
    case 'PathIsDirectory':
      return (await stat())?.kind === 'directory';
    case 'PathIsSymbolicLink':
      return (await host.lstat(value, as).catch(asAbsent))?.kind === 'symlink';
    case 'PathIsMountPoint':
      return (await stat()) !== null && (await host.mountOf(value, as).catch(asAbsent))?.point === value;
    case 'PathIsReadWrite': {
      if ((await stat()) === null) return false;
      const mount = await host.mountOf(value, as).catch(asAbsent);
      return mount === null ? null : !mount.options.includes('ro') && !mount.superOptions.includes('ro');
    }
    case 'PathExistsGlob':
      return matches(look, value, as);
    case 'DirectoryNotEmpty':
      return ((await host.list(value, as).catch(asAbsent)) ?? []).length > 0;
    case 'FileNotEmpty': {
      const found = await stat();
      return found?.kind === 'file' && found.size > 0;
    }
    case 'FileIsExecutable': {
      const found = await stat();
      return found?.kind === 'file' && (found.mode & 0o111) !== 0;
    }
    case 'User': {
      const [uid, name] = scope === 'system' ? [0, 'root'] : [target.uid, target.name];
      return value === '@system' ? uid < 1000 : value === String(uid) || value === name;
    }
    case 'Host': {
      const name = (await host.read('/proc/sys/kernel/hostname', 'self').catch(asAbsent))?.text.trim();
      return name === undefined || /[*?[]|^[0-9a-f]{32}$/.test(value) ? null : name === value;
    }
    case 'Security':
      return security(look, value);
    case 'Virtualization':
      return inContainer(look, value);
    default:
      return null;
  }
}

async function matches({ host }: Look, pattern: string, as: 'self' | 'target'): Promise<boolean | null> {
  const slash = pattern.lastIndexOf('/');
  const [directory, name] = [pattern.slice(0, slash) || '/', pattern.slice(slash + 1)];
  if (/[*?[]/.test(directory) || name.includes('[')) return null;
  const parts = name
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[.+^${}()|\\]/g, '\\$&')));
  const wanted = new RegExp(`^${parts.join('')}$`, 's');
  const names = (await host.list(directory, as).catch(asAbsent)) ?? [];
  return names.some((one) => (name.startsWith('.') || !one.startsWith('.')) && wanted.test(one));
}

async function security({ host }: Look, name: string): Promise<boolean | null> {
  if (name === 'selinux') return (await host.stat('/sys/fs/selinux/enforce', 'self').catch(asAbsent)) !== null;
  if (name !== 'apparmor') return null;
  const enabled = await host.read('/sys/module/apparmor/parameters/enabled', 'self').catch(asAbsent);
  return enabled?.text.startsWith('Y') === true;
}

async function inContainer(look: Look, value: string): Promise<boolean | null> {
  if (value !== 'container') return null;
  return (await look.get(container)).kind !== null;
}
