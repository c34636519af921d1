import type { Fact } from '../model.ts';
import { osRelease } from './os-release.ts';

/** Until when a release gets its free updates, from the vendors' published dates. */
export interface Support {
  readonly name: string;
  /** ISO date of the last day; null: not known, or still supported for long. */
  readonly ended: string | null;
}

const ENDS: { readonly [idAndVersion: string]: string } = {
  'debian 8': '2020-06-30',
  'debian 9': '2022-06-30',
  'debian 10': '2024-06-30',
  'debian 11': '2026-08-31',
  'ubuntu 14.04': '2019-04-25',
  'ubuntu 16.04': '2021-04-30',
  'ubuntu 18.04': '2023-05-31',
  'ubuntu 20.04': '2025-05-31',
  'ubuntu 22.04': '2027-06-01',
  'centos 6': '2020-11-30',
  'centos 7': '2024-06-30',
  'centos 8': '2024-05-31',
  'rhel 7': '2024-06-30',
  'ol 7': '2024-12-31',
  'amzn 2': '2026-06-30',
  'opensuse-leap 15.5': '2024-12-31',
  'opensuse-leap 15.4': '2023-12-07',
  'opensuse-leap 15.3': '2022-12-31',
};

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
