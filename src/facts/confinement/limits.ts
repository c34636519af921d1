import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { mounts } from '../machine/mounts.ts';
import { readSysctlNumber } from '../machine/sysctl.ts';
import { type Directives, lastOf } from '../target/directives.ts';
import { identity } from '../target/identity.ts';
import { managerSettings } from '../target/manager-environment.ts';
import { readingBudget } from '../target/reading-budget.ts';
import { type Unit, unit } from '../target/unit.ts';
import { loginLimits } from './login-limits.ts';
import { processLimits, type Rlimits } from './process-limits.ts';
import { slicesFromFiles, slicesOf } from './slices.ts';
import { groupLimitOf } from './unit-limits.ts';
import type { By } from './unit-mounts.ts';

/** How much of a user's key quota is used (keyrings(7)). */
export interface KeyUse {
  readonly keys: number;
  readonly bytes: number;
}
/** The tightest limit of a control group and those above it. */
export interface GroupLimit {
  readonly limit: number;
  readonly current: number | null;
  /** The file that has it: of the control group, or of the unit that sets it. */
  readonly path: string;
  readonly by: By | null;
}
export interface Limits {
  readonly keys: {
    /** root_maxkeys and root_maxbytes hold for root. */
    readonly prefix: '' | 'root_';
    readonly maxKeys: number | null;
    readonly maxBytes: number | null;
    /** Null: /proc/key-users is missing; zeros: the user has no key yet. */
    readonly used: KeyUse | null;
  };
  readonly process: Rlimits;
  /** What PAM forbids whoever logs in to gain. */
  readonly noNewPrivileges: By | null;
  readonly pids: GroupLimit | null;
  readonly memory: GroupLimit | null;
}

/** The line of one uid: "1000: 5 5/5 4/200 98/20000"; zeros when there is none. */
export function parseKeyUsers(text: string, uid: number): KeyUse {
  for (const line of text.split('\n')) {
    const found = /^\s*(\d+):\s+\d+\s+\d+\/\d+\s+(\d+)\/\d+\s+(\d+)\/\d+/.exec(line);
    if (found !== null && Number(found[1]) === uid) return { keys: Number(found[2]), bytes: Number(found[3]) };
  }
  return { keys: 0, bytes: 0 };
}

/** Directories of the group of a controller and of the groups above it, innermost first. */
export function groupDirectories(
  cgroup: string,
  controller: string,
  mount: string,
  unified: boolean,
): readonly string[] {
  const line = cgroup.split('\n').find((one) => {
    const [, names] = one.split(':', 2);
    return unified ? one.startsWith('0::') : names?.split(',').includes(controller);
  });
  const path = line?.split(':').slice(2).join(':') ?? '/';
  const parts = path.split('/').filter((part) => part !== '' && part !== '..');
  return parts.map((_, index) => `${mount}/${parts.slice(0, parts.length - index).join('/')}`).concat(mount);
}

export const limits: Fact<Limits> = {
  id: 'limits',
  async read(look) {
    const { host } = look;
    const [{ self, target }, service, keyUsers, process, cgroup, listed] = await Promise.all([
      look.get(identity),
      look.get(unit),
      host.read('/proc/key-users', 'self').catch(asAbsent),
      look.get(processLimits),
      host.read('/proc/self/cgroup', 'target').catch(asAbsent),
      look.get(mounts).catch(asAbsent),
    ]);
    const mounted = listed ?? [];
    const root = target.uid === 0 ? 'root_' : '';
    const [maxKeys, maxBytes] = await Promise.all([
      readSysctlNumber(look, `kernel.keys.${root}maxkeys`).catch(asAbsent),
      readSysctlNumber(look, `kernel.keys.${root}maxbytes`).catch(asAbsent),
    ]);
    const own = self.uid === target.uid && service === null;
    const unified = mounted.some(({ fstype, point }) => fstype === 'cgroup2' && point === '/sys/fs/cgroup');
    const group = own ? (cgroup?.text ?? null) : groupOutside(service, target.uid);
    const tightest = async (controller: 'pids' | 'memory'): Promise<GroupLimit | null> => {
      const mount = unified
        ? '/sys/fs/cgroup'
        : mounted.find(({ fstype, superOptions }) => fstype === 'cgroup' && superOptions.includes(controller))?.point;
      if (mount === undefined || group === null) return null;
      const names =
        controller === 'pids'
          ? (['pids.max', 'pids.current'] as const)
          : unified
            ? (['memory.max', 'memory.current'] as const)
            : (['memory.limit_in_bytes', 'memory.usage_in_bytes'] as const);
      const text = own ? group : `0:${unified ? '' : controller}:${group}`;
      return tightestOf(look, groupDirectories(text, controller, mount, unified), names);
    };
    const [pids, memory, login, ofUnit] = await Promise.all([
      tightest('pids'),
      tightest('memory'),
      own || service?.scope === 'system' ? null : look.get(loginLimits),
      service === null ? null : groupsOfUnit(look, service, unified),
    ]);
    const barred = login?.nonewprivs?.soft ?? login?.nonewprivs?.hard;
    return {
      keys: {
        prefix: root,
        maxKeys,
        maxBytes,
        used: keyUsers === null ? null : parseKeyUsers(keyUsers.text, target.uid),
      },
      process,
      noNewPrivileges: barred?.value ? { option: 'limits.conf', value: barred.text, at: barred.at } : null,
      pids: lower(ofUnit?.pids ?? null, pids),
      memory: lower(ofUnit?.memory ?? null, memory),
    };
  },
};

/** Above the unit, or above the sessions of the account. */
function groupOutside(service: Unit | null, uid: number): string {
  const sessions = `/user.slice/user-${uid}.slice`;
  if (service === null) return sessions;
  const slices = slicesOf(service);
  if (service.scope === 'system') return slices.length === 0 ? '/system.slice' : `/${slices.join('/')}`;
  return [sessions, `user@${uid}.service`, ...slices].join('/');
}

const lower = (a: GroupLimit | null, b: GroupLimit | null): GroupLimit | null =>
  a === null || b === null ? (a ?? b) : a.limit <= b.limit ? a : b;

/** A user's manager has no controllers of cgroup v1. */
async function groupsOfUnit(look: Look, service: Unit, unified: boolean): Promise<Pick<Limits, 'pids' | 'memory'>> {
  const { directives, scope } = service;
  if (scope === 'user' && !unified) return { pids: null, memory: null };
  const budget = readingBudget(look.host, `the settings of the manager of ${service.name}`);
  const [settings, slices, tasks, memory] = await Promise.all([
    lastOf(directives, 'TasksMax') === null ? managerSettings(look, scope, budget) : [],
    slicesFromFiles(look, service),
    wholeOf(look, directives, 'TasksMax', '/proc/sys/kernel/threads-max', /^(\d+)/),
    wholeOf(look, directives, 'MemoryMax', '/proc/meminfo', /^MemTotal:\s+(\d+) kB/m),
  ]);
  const limit = (options: readonly string[], whole: number | null): GroupLimit | null => {
    const found = [
      groupLimitOf(directives, options, whole),
      ...slices.map((slice) => groupLimitOf(slice, options, whole, 'Slice')),
    ];
    return found
      .map((one) => one && { ...one, current: null, path: one.by.at.path })
      .reduce<GroupLimit | null>(lower, null);
  };
  const byDefault = settings.map((one) => groupLimitOf(one, ['DefaultTasksMax'], null, 'Manager')).findLast(Boolean);
  return {
    pids: lower(
      limit(['TasksMax'], tasks),
      byDefault ? { ...byDefault, current: null, path: byDefault.by.at.path } : null,
    ),
    memory: limit(unified ? ['MemoryMax'] : ['MemoryMax', 'MemoryLimit'], memory === null ? null : memory * 1024),
  };
}

/** What a percentage is of; null where none is written. */
async function wholeOf(
  { host }: Look,
  directives: Directives,
  option: string,
  file: string,
  number: RegExp,
): Promise<number | null> {
  if (lastOf(directives, option)?.value.endsWith('%') !== true) return null;
  const found = number.exec((await host.read(file, 'self'))?.text ?? '')?.[1];
  return found === undefined ? null : Number(found);
}

async function tightestOf(
  { host }: Look,
  directories: readonly string[],
  [limitName, currentName]: readonly [string, string],
): Promise<GroupLimit | null> {
  let tightest: GroupLimit | null = null;
  for (const directory of directories) {
    const path = `${directory}/${limitName}`;
    const text = (await host.read(path, 'target').catch(asAbsent))?.text.trim();
    if (text === undefined || !/^\d+$/.test(text)) continue;
    const limit = Number(text);
    // cgroup v1 writes "no limit" as the largest page-aligned number.
    if (limit >= 2 ** 62 || (tightest !== null && tightest.limit <= limit)) continue;
    const current = (await host.read(`${directory}/${currentName}`, 'target').catch(asAbsent))?.text.trim() ?? '';
    tightest = { limit, current: /^\d+$/.test(current) ? Number(current) : null, path, by: null };
  }
  return tightest;
}
