import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { identity } from '../target/identity.ts';
import { loadsInSession } from '../target/pam-stack.ts';
import { type ReadingBudget, readingBudget } from '../target/reading-budget.ts';
import { unit } from '../target/unit.ts';
import { type LimitsFile, type LoginLimits, limitsFor } from './limits-conf.ts';

/** Services by one of which a person logs in. */
const LOGINS = ['sshd', 'login', 'su-l', 'su'];
const VENDOR = ['/usr/etc/security', '/usr/share/security'];

/** What pam_limits gives to whoever starts buildkitd by way of a login or a session of PAM; null: no such session starts it. */
export const loginLimits: Fact<LoginLimits | null> = {
  id: 'login-limits',
  async read(look) {
    const { target } = await look.get(identity);
    const budget = readingBudget(look.host, 'the limits of logins', 'self');
    const services = await sessionsOf(look);
    if (!(await anyLimits(budget, services))) return null;
    return limitsFor(await limitsFiles(look, budget), target, await groupNames(look));
  },
};

/** The PAM services whose session buildkitd would be started in. */
async function sessionsOf(look: Look): Promise<readonly string[]> {
  const service = await look.get(unit);
  if (service === null) return LOGINS;
  if (service.scope === 'user') return ['systemd-user'];
  const named = service.directives.Service?.PAMName?.at(-1)?.value ?? '';
  return named === '' ? [] : [named];
}

async function anyLimits(budget: ReadingBudget, services: readonly string[]): Promise<boolean> {
  for (const service of services) if (await loadsInSession(budget, service, 'pam_limits')) return true;
  return false;
}

async function limitsFiles({ host }: Look, budget: ReadingBudget): Promise<readonly LimitsFile[]> {
  const names = (await host.list('/etc/security/limits.d', 'self').catch(asAbsent)) ?? [];
  const dropped = names.filter((name) => name.endsWith('.conf')).map((name) => `/etc/security/limits.d/${name}`);
  const main = await firstOf(budget, ['/etc/security', ...VENDOR]);
  const files = main === null ? [] : [main];
  for (const path of dropped) {
    const text = await budget.read(path, 'text');
    if (text !== null) files.push({ path, text });
  }
  return files;
}

async function firstOf(budget: ReadingBudget, directories: readonly string[]): Promise<LimitsFile | null> {
  for (const directory of directories) {
    const path = `${directory}/limits.conf`;
    const text = await budget.read(path, 'text');
    if (text !== null) return { path, text };
  }
  return null;
}

async function groupNames({ host }: Look): Promise<ReadonlySet<string>> {
  const { target } = host.identity;
  const text = (await host.read('/etc/group', 'self', 8 * 1024 * 1024).catch(asAbsent))?.text ?? '';
  const names = text.split('\n').flatMap((line) => {
    const [name = '', , gid, members = ''] = line.split(':');
    const isIn = Number(gid) === target.gid || target.groups.includes(Number(gid));
    return gid !== undefined && (isIn || members.split(',').includes(target.name ?? '')) ? [name] : [];
  });
  return new Set(names);
}
