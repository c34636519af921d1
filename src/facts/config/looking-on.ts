import type { As, Look, Stat } from '../../model/look.ts';
import { settings } from './settings.ts';

/** Is this where buildkitd keeps its state by itself, or where root's own command line says that it is? The target's files say neither. */
export async function isOwnState(look: Look, path: string): Promise<boolean> {
  const { home } = look.host.identity.target;
  const { root } = await look.get(settings);
  return root.source === 'option' || (home !== null && path === `${home}/.local/share/buildkit`);
}

/**
 * As whom to look below a directory on the way to the state directory that is closed to the target. Root looks on with
 * its own rights only in a directory of the target's own and where buildkitd keeps its state; anything else is seen as
 * the target sees it.
 */
export async function looksOnAs(look: Look, path: string, closed: Stat | null): Promise<As> {
  const { self, target } = look.host.identity;
  if (self.uid !== 0) return 'target';
  return target.uid === 0 || closed?.uid === target.uid || (await isOwnState(look, path)) ? 'self' : 'target';
}
