import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { loadsInSession } from './pam-stack.ts';
import type { ReadingBudget } from './reading-budget.ts';

/** Does a session of this PAM service register with logind, and so get a runtime directory? */
export async function opensSession({ host }: Look, budget: ReadingBudget, service: string): Promise<boolean> {
  // Where logind does not run, the module does nothing; before systemd runs, it will.
  const [systemd, logind] = await Promise.all([
    host.stat('/run/systemd/system', 'self').catch(asAbsent),
    host.stat('/run/systemd/seats', 'self').catch(asAbsent),
  ]);
  if (systemd !== null && logind === null) return false;
  return loadsInSession(budget, service, 'pam_systemd');
}
