import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { ReadingBudget } from './reading-budget.ts';

const DIRECTORIES = ['/etc/pam.d', '/usr/lib/pam.d', '/usr/share/pam.d'];
const MOST_FILES = 20;

/** Does a session of this PAM service register with logind, and so get a runtime directory? */
export async function opensSession({ host }: Look, budget: ReadingBudget, service: string): Promise<boolean> {
  // Where logind does not run, the module does nothing; before systemd runs, it will.
  const [systemd, logind] = await Promise.all([
    host.stat('/run/systemd/system', 'self').catch(asAbsent),
    host.stat('/run/systemd/seats', 'self').catch(asAbsent),
  ]);
  if (systemd !== null && logind === null) return false;
  const open = [service];
  const seen = new Set<string>();
  for (let name = open.shift(); name !== undefined && seen.size < MOST_FILES; name = open.shift()) {
    if (seen.has(name) || name.includes('/')) continue;
    seen.add(name);
    const text = await firstText(budget, name);
    for (const row of text.split('\n')) {
      if (/^\s*-?session\s.*\bpam_systemd\.so\b/.test(row)) return true;
      const included = /^\s*(?:@include\s+|-?session\s+(?:include|substack)\s+)(\S+)/.exec(row)?.[1];
      if (included !== undefined) open.push(included);
    }
  }
  return false;
}

async function firstText(budget: ReadingBudget, name: string): Promise<string> {
  for (const directory of DIRECTORIES) {
    const text = await budget.read(`${directory}/${name}`, 'text');
    if (text !== null) return text;
  }
  return '';
}
