import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { mounts } from '../machine/mounts.ts';
import { identity } from '../target/identity.ts';

/** The control groups that an OCI runtime would find. */
export interface Cgroups {
  /** `unified` is cgroup v2 at /sys/fs/cgroup; `legacy` the v1 hierarchies; null: neither. */
  readonly layout: 'unified' | 'legacy' | null;
  /** v1 controllers that are mounted. */
  readonly controllers: readonly string[];
  /** Hierarchies that runc would make a group in and that are mounted read-only. */
  readonly readOnly: readonly string[];
  /** Controllers of a v2 hierarchy that stands beside v1 ones; crun refuses that. Empty without it. */
  readonly hybrid: readonly string[];
  /** Controllers delegated to the user's systemd; null: no such group, or it cannot be seen. */
  readonly delegated: readonly string[] | null;
}

/** Magic of cgroup2 (statfs(2)). */
const CGROUP2 = 0x63677270;
const V1 = [
  'cpuset',
  'devices',
  'memory',
  'cpu',
  'cpuacct',
  'pids',
  'blkio',
  'hugetlb',
  'net_cls',
  'net_prio',
  'perf_event',
  'freezer',
];

export const cgroups: Fact<Cgroups> = {
  id: 'cgroups',
  async read(look) {
    const { host } = look;
    const [{ target }, mounted, root] = await Promise.all([
      look.get(identity),
      look.get(mounts),
      host.statfs('/sys/fs/cgroup', 'target').catch(asAbsent),
    ]);
    const isReadOnly = ({ options, superOptions }: (typeof mounted)[number]): boolean =>
      options.includes('ro') || superOptions.includes('ro');
    const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter(Boolean);
    const group = `/sys/fs/cgroup/user.slice/user-${target.uid}.slice/user@${target.uid}.service/cgroup.controllers`;
    const two = mounted.filter(({ fstype, point }) => fstype === 'cgroup2' && point === '/sys/fs/cgroup').at(-1);
    if (root?.type === CGROUP2 || (root === null && two !== undefined)) {
      const delegated = await host.read(group, 'self').catch(asAbsent);
      return {
        layout: 'unified',
        controllers: [],
        readOnly: two !== undefined && isReadOnly(two) ? ['/sys/fs/cgroup'] : [],
        hybrid: [],
        delegated: delegated === null ? null : words(delegated.text),
      };
    }
    const legacy = mounted.filter(({ fstype }) => fstype === 'cgroup');
    const controllers = V1.filter((name) => legacy.some(({ superOptions }) => superOptions.includes(name)));
    const beside = mounted.find(({ fstype }) => fstype === 'cgroup2');
    const hybrid =
      beside === undefined ? null : await host.read(`${beside.point}/cgroup.controllers`, 'target').catch(asAbsent);
    return {
      layout: controllers.length === 0 ? null : 'legacy',
      controllers,
      readOnly: legacy
        .filter((mount) => isReadOnly(mount) && V1.some((name) => mount.superOptions.includes(name)))
        .map(({ point }) => point),
      hybrid: words(hybrid?.text),
      delegated: null,
    };
  },
};
