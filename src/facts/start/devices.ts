import type { Account, Fact, Stat } from '../../model/look.ts';
import { identity } from '../target/identity.ts';

/** Device nodes that a runtime gives to every RUN step, with mknod(1)'s words for them; programs open the first by themselves. */
export const DEVICES = {
  null: 'c 1 3',
  zero: 'c 1 5',
  full: 'c 1 7',
  random: 'c 1 8',
  urandom: 'c 1 9',
  tty: 'c 5 0',
} as const;

export type DeviceName = keyof typeof DEVICES;

/** A device node as it is on this host. */
export interface DeviceNode {
  readonly name: DeviceName;
  /** Null: it is missing, or a link that leads nowhere. */
  readonly stat: Stat | null;
  /** The target may open it for reading and writing, by its mode. */
  readonly permitted: boolean;
  /** The mount that it lies on makes no device of it. */
  readonly nodev: boolean;
}

export const devices: Fact<readonly DeviceNode[]> = {
  id: 'devices',
  async read({ host, get }) {
    const { target } = await get(identity);
    const names = Object.keys(DEVICES) as DeviceName[];
    // Root sees as much here as the target; a process of the target could not be started without /dev/null.
    const [mount, ...stats] = await Promise.all([
      host.mountOf('/dev/null', 'self'),
      ...names.map((name) => host.stat(`/dev/${name}`, 'self')),
    ]);
    return names.map((name, at) => {
      const stat = stats[at] ?? null;
      return {
        name,
        stat,
        permitted: stat !== null && mayUse(stat, target),
        nodev: stat?.kind === 'character' && mount?.options.includes('nodev') === true,
      };
    });
  },
};

function mayUse({ mode, uid, gid }: Stat, { uid: own, gid: group, groups }: Account): boolean {
  if (own === 0) return true;
  const shift = uid === own ? 6 : gid === group || groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & 6) === 6;
}
