import { ENDS } from '../../knowledge/support-dates.ts';
import type { Fact } from '../../model/look.ts';
import { osRelease } from './os-release.ts';

/** Until when a release gets its free updates, from the vendors' published dates. */
export interface Support {
  readonly name: string;
  /** ISO date of the last day; null: not known, or still supported for long. */
  readonly ended: string | null;
}

/** What this host's release is, and the day its updates ended if that has passed. */
export const support: Fact<Support> = {
  id: 'support',
  async read(look) {
    const os = await look.get(osRelease);
    const version = os.version ?? '';
    const end = ENDS[`${os.id} ${version}`] ?? ENDS[`${os.id} ${version.split('.')[0]}`] ?? null;
    const today = new Date(look.host.now()).toISOString().slice(0, 10);
    return { name: os.name, ended: end !== null && end < today ? end : null };
  },
};
