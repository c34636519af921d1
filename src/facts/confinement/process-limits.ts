import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { Directives } from '../target/directives.ts';
import { identity } from '../target/identity.ts';
import { managerSettings } from '../target/manager-environment.ts';
import { readingBudget } from '../target/reading-budget.ts';
import { type Unit, unit } from '../target/unit.ts';
import type { LoginLimit, LoginLimits } from './limits-conf.ts';
import { loginLimits } from './login-limits.ts';
import { limitOf } from './unit-limits.ts';
import type { By } from './unit-mounts.ts';

/** A resource limit; null: none. */
export interface Rlimit {
  readonly soft: number | null;
  readonly hard: number | null;
  /** The directive or the line that sets it; null: none does, it was seen of a process. */
  readonly by: By | null;
  /** Not the session or the unit has it, but what starts them: PAM at a login, or the unit's manager. */
  readonly from?: 'login' | 'manager';
}
export interface Rlimits {
  readonly openFiles: Rlimit | null;
  readonly processes: Rlimit | null;
  /** Bytes. */
  readonly addressSpace: Rlimit | null;
  /** Bytes. */
  readonly data: Rlimit | null;
  /** Bytes. */
  readonly fileSize: Rlimit | null;
}

/** As /proc/PID/limits, limits.conf(5) and systemd name each. */
const NAMES = {
  openFiles: ['Max open files', 'nofile', 'LimitNOFILE'],
  processes: ['Max processes', 'nproc', 'LimitNPROC'],
  addressSpace: ['Max address space', 'as', 'LimitAS'],
  data: ['Max data size', 'data', 'LimitDATA'],
  fileSize: ['Max file size', 'fsize', 'LimitFSIZE'],
} as const satisfies { readonly [K in keyof Rlimits]: readonly [string, string, string] };

type Each = (names: readonly [proc: string, login: string, unit: string]) => Rlimit | null;

const each = (of: Each): Rlimits => ({
  openFiles: of(NAMES.openFiles),
  processes: of(NAMES.processes),
  addressSpace: of(NAMES.addressSpace),
  data: of(NAMES.data),
  fileSize: of(NAMES.fileSize),
});

/** /proc/PID/limits (proc(5)): names are padded to columns. */
export function parseLimits(text: string): Rlimits {
  return each(([name]) => {
    const found = new RegExp(`^${name}\\s+(\\d+|unlimited)\\s+(\\d+|unlimited)`, 'm').exec(text);
    if (found === null) return null;
    const value = (word: string | undefined): number | null => (word === 'unlimited' ? null : Number(word));
    return { soft: value(found[1]), hard: value(found[2]), by: null };
  });
}

/** The limits that buildkitd is started with: those of its unit over those of its manager, or those of the session that starts it. */
export const processLimits: Fact<Rlimits> = {
  id: 'process-limits',
  async read(look) {
    const [{ self, target }, service] = await Promise.all([look.get(identity), look.get(unit)]);
    if (service !== null) return ofUnit(look, service);
    if (self.uid !== target.uid) return ofLogin(await look.get(loginLimits));
    return parseLimits((await look.host.read('/proc/self/limits', 'target').catch(asAbsent))?.text ?? '');
  },
};

function ofLogin(found: LoginLimits | null): Rlimits {
  const written = ({ soft, hard }: LoginLimit): Rlimit | null => {
    const highest = hard?.value ?? null;
    // A soft limit above the hard one is lowered to it.
    const lowered = hard !== undefined && highest !== null && (soft?.value == null || soft.value >= highest);
    const line = lowered ? hard : (soft ?? hard);
    if (line === undefined) return null;
    const low = lowered ? highest : line.value;
    return { soft: low, hard: highest, by: { option: 'limits.conf', value: line.text, at: line.at }, from: 'login' };
  };
  return each(([, item]) => {
    const limit = found?.[item];
    return limit === undefined ? null : written(limit);
  });
}

async function ofUnit(look: Look, service: Unit): Promise<Rlimits> {
  const budget = readingBudget(look.host, `the settings of the manager of ${service.name}`);
  const [settings, inherited] = await Promise.all([
    managerSettings(look, service.scope, budget),
    inheritedBy(look, service),
  ]);
  return each(([proc, , option]) => {
    const above = inherited([proc]);
    const set = limitOf(service.directives, option);
    const given = set ?? defaultOf(settings, `Default${option}`) ?? above;
    // A user's manager cannot give more than it has itself; what it cannot give it lowers without a word.
    return service.scope === 'user' && given !== null && above !== null ? within(given, above) : given;
  });
}

function defaultOf(settings: readonly Directives[], option: string): Rlimit | undefined {
  const found = settings.map((one) => limitOf(one, option, 'Manager')).findLast((limit) => limit !== undefined);
  return found && { ...found, from: 'manager' };
}

function within(limit: Rlimit, above: Rlimit): Rlimit {
  const least = (value: number | null): number | null =>
    above.hard === null ? value : value === null ? above.hard : Math.min(value, above.hard);
  const [soft, hard] = [least(limit.soft), least(limit.hard)];
  return soft === limit.soft && hard === limit.hard ? limit : { ...above, soft, hard };
}

/** What the unit's manager has itself, as it runs, or as PAM would start that of a user. */
async function inheritedBy(look: Look, { scope }: Unit): Promise<(names: readonly [proc: string]) => Rlimit | null> {
  const text = scope === 'user' ? await userManagersLimits(look) : null;
  const limits = text === null ? ofLogin(await look.get(loginLimits)) : parseLimits(text);
  const byName = new Map(
    Object.entries(NAMES).map(([key, [proc]]) => [proc as string, limits[key as keyof Rlimits]] as const),
  );
  return ([proc]) => {
    const found = byName.get(proc) ?? null;
    return found && { from: 'manager', ...found };
  };
}

const HIERARCHIES = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** /proc/PID/limits of the manager of the target; null where none runs. */
async function userManagersLimits({ host }: Look): Promise<string | null> {
  const { uid } = host.identity.target;
  for (const hierarchy of HIERARCHIES) {
    const group = `${hierarchy}/user.slice/user-${uid}.slice/user@${uid}.service/init.scope`;
    const pid = (await host.read(`${group}/cgroup.procs`, 'self').catch(asAbsent))?.text.trim().split('\n')[0];
    if (pid === undefined || !/^[1-9]\d*$/.test(pid)) continue;
    return (await host.read(`/proc/${pid}/limits`, 'self').catch(asAbsent))?.text ?? null;
  }
  return null;
}
