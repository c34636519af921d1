import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { onlyRootWrites } from '../../rights/trust.ts';

/** The first component of a path that another account than root can change, so that it could put its own program there; null: none. */
export async function writableComponent({ host }: Look, path: string): Promise<string | null> {
  const parts = path.split('/').filter(Boolean);
  for (let length = 0; length <= parts.length; length++) {
    const at = `/${parts.slice(0, length).join('/')}`;
    const stat = await host.lstat(at, 'self').catch(asAbsent);
    if (stat === null || !onlyRootWrites(stat)) return at;
  }
  return null;
}
