import type { CheckReport, Report, Status } from '../../model/say.ts';

/** One link of the way from the kernel to a build. */
export interface Link {
  readonly name: string;
  /** The worst of its checks; skip where none applies. */
  readonly status: Status;
  readonly checks: readonly CheckReport[];
}

/** The links in the order in which a build needs them; a check belongs to the first link that names its area or id. */
const LINKS: readonly (readonly [name: string, ...parts: readonly string[]])[] = [
  ['Kernel', 'kernel', 'lsm'],
  ['Session and service', 'runtime/session', 'service'],
  ['Subordinate ids', 'idmap'],
  ['Namespaces', 'userns', 'net/driver'],
  ['Cache directory', 'storage'],
  ['Snapshotter', 'snapshotter'],
  ['Configuration', 'config'],
  ['buildkitd', 'runtime/binaries', 'runtime/instance'],
  ['RUN steps', 'runtime'],
  ['Sockets and ports', 'net'],
  ['Clients and builds', 'client', 'build'],
];
const WORST: readonly Status[] = ['fail', 'unknown', 'warn', 'pass', 'skip'];

const belongs = (id: string, part: string): boolean => id === part || id.startsWith(`${part}/`);

/** The start-up chain, link by link; a check of an area that nobody thought of ends in a link of its own. */
export function chainOf({ checks }: Pick<Report, 'checks'>): readonly Link[] {
  const linkOf = (id: string): string => {
    const exact = LINKS.find(([, ...parts]) => parts.includes(id));
    return (exact ?? LINKS.find(([, ...parts]) => parts.some((part) => belongs(id, part))))?.[0] ?? 'Others';
  };
  return [...LINKS.map(([name]) => name), 'Others'].flatMap((name) => {
    const own = checks.filter(({ id }) => linkOf(id) === name);
    const status = WORST.find((each) => own.some((check) => check.status === each));
    return status === undefined ? [] : [{ name, status, checks: own }];
  });
}
