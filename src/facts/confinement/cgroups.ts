import type { Fact, Look } from '../../model/look.ts';
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
  /** Limits of the group that RUN steps of root are made in, or of what is above it, by which none can be made or started. */
  readonly steps: readonly StepLimit[];
}
/** A file of a control group that keeps RUN steps from running. */
export interface StepLimit {
  readonly path: string;
  readonly kind: 'memory' | 'pids' | 'frozen' | 'devices' | 'descendants' | 'depth';
  readonly value: string;
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
        steps: target.uid === 0 ? await limitsOfSteps(look, '/sys/fs/cgroup', V2) : [],
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
      steps:
        target.uid === 0
          ? (
              await Promise.all(
                Object.entries(V1_LIMITS).map(async ([controller, files]) => {
                  const mount = legacy.find(({ superOptions }) => superOptions.includes(controller));
                  return mount === undefined ? [] : limitsOfSteps(look, mount.point, files);
                }),
              )
            ).flat()
          : [],
    };
  },
};

/** containerd's namespace, in which BuildKit puts what it runs. */
const GROUP = 'buildkit';
/** What runc and the smallest program were seen to need: 4 MiB were enough, and 6 tasks; 3 MiB and 4 tasks were not. */
const LEAST = { memory: 4 * 1024 ** 2, pids: 5 };

type Judge = readonly [file: string, kind: StepLimit['kind'], hinders: (text: string) => boolean];

const below =
  (least: number) =>
  (text: string): boolean =>
    /^\d+$/.test(text) && Number(text) < least;

/** Of the group of all steps, which may have been made and limited before. */
const V2: readonly Judge[] = [
  ['memory.max', 'memory', below(LEAST.memory)],
  ['pids.max', 'pids', below(LEAST.pids)],
  ['cgroup.freeze', 'frozen', (text) => text === '1'],
  ['cgroup.max.descendants', 'descendants', (text) => text === '0'],
  ['cgroup.max.depth', 'depth', (text) => text === '0'],
];
const V1_LIMITS: { readonly [controller: string]: readonly Judge[] } = {
  memory: [['memory.limit_in_bytes', 'memory', below(LEAST.memory)]],
  pids: [['pids.max', 'pids', below(LEAST.pids)]],
  freezer: [['freezer.state', 'frozen', (text) => /^FR/.test(text)]],
  // A step must have what its group has not: without /dev/null nothing starts.
  devices: [['devices.list', 'devices', (text) => !/^(?:a \*:\*|c (?:\*|1):(?:\*|3)) rwm$/m.test(text)]],
};

async function limitsOfSteps({ host }: Look, mount: string, files: readonly Judge[]): Promise<readonly StepLimit[]> {
  const group = `${mount}/${GROUP}`;
  const exists = (await host.stat(group, 'target').catch(asAbsent))?.kind === 'directory';
  const above = files === V2 ? await limitsAbove(host, mount, exists) : [];
  if (!exists) return above;
  const found = await Promise.all(
    files.map(async ([file, kind, hinders]) => {
      const path = `${group}/${file}`;
      const text = (await host.read(path, 'target').catch(asAbsent))?.text.trim();
      return text === undefined || !hinders(text) ? [] : [{ path, kind, value: text.split('\n')[0] ?? '' }];
    }),
  );
  return [...above, ...found.flat()];
}

/** How many groups, and how deep, may be made below the root of what is seen; the root of all has no such limits. */
async function limitsAbove(host: Look['host'], mount: string, exists: boolean): Promise<readonly StepLimit[]> {
  const numberIn = async (file: string, pattern = /^(\d+)/): Promise<number | null> => {
    const found = pattern.exec((await host.read(`${mount}/${file}`, 'target').catch(asAbsent))?.text ?? '')?.[1];
    return found === undefined ? null : Number(found);
  };
  const [most, now, depth] = await Promise.all([
    numberIn('cgroup.max.descendants'),
    numberIn('cgroup.stat', /^nr_descendants (\d+)/m),
    numberIn('cgroup.max.depth'),
  ]);
  const found: StepLimit[] = [];
  if (most !== null && (now ?? 0) + (exists ? 1 : 2) > most)
    found.push({ path: `${mount}/cgroup.max.descendants`, kind: 'descendants', value: String(most) });
  if (depth !== null && depth < 2)
    found.push({ path: `${mount}/cgroup.max.depth`, kind: 'depth', value: String(depth) });
  return found;
}
