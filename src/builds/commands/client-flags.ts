import { type Bracket, type Release, surelyBefore } from '../../buildkit/version.ts';
import type { Arity, FlagTable } from './flag-reader.ts';

/** A flag of a client with the release that brought it, where not all that are in use have it. */
export interface ClientFlag {
  readonly flag: string;
  readonly arity: Arity;
  readonly since?: Release;
  /** The first release without it. */
  readonly until?: Release;
}

const rows = (arity: Arity, names: string, times: Pick<ClientFlag, 'since' | 'until'> = {}): readonly ClientFlag[] =>
  names.split(' ').map((flag) => ({ flag, arity, ...times }));

/** Flags of buildctl in front of its subcommand; from v0.31 on they may stand behind it too. */
export const BUILDCTL_GLOBAL: readonly ClientFlag[] = [
  ...rows('alone', 'debug'),
  ...rows('value', 'addr tlsservername tlscacert tlscert tlskey tlsdir timeout'),
  ...rows('alone', 'wait', { since: [0, 12, 0] }),
  ...rows('value', 'log-format', { since: [0, 13, 0] }),
];

export const BUILDCTL_BUILD: readonly ClientFlag[] = [
  ...rows('alone', 'no-cache'),
  ...rows('value', 'output o progress trace local frontend opt export-cache import-cache secret allow ssh'),
  ...rows('value', 'exporter exporter-opt frontend-opt export-cache-opt', { until: [0, 11, 0] }),
  ...rows('value', 'metadata-file', { since: [0, 9, 0] }),
  ...rows('value', 'oci-layout source-policy-file', { since: [0, 11, 0] }),
  ...rows('value', 'ref-file', { since: [0, 11, 2] }),
  ...rows('value', 'registry-auth-tlscontext debug-json-cache-metrics', { since: [0, 13, 0] }),
  ...rows('alone', 'proxy-network', { since: [0, 31, 0] }),
];

/** Flags of docker buildx build, by the release of buildx. */
export const BUILDX_BUILD: readonly ClientFlag[] = [
  ...rows('alone', 'load no-cache pull push quiet compress squash rm force-rm debug help check'),
  ...rows(
    'value',
    'add-host build-arg builder cache-from cache-to cgroup-parent cpu-period cpu-quota cpu-shares cpuset-cpus cpuset-mems file iidfile isolation label memory memory-swap network output platform progress secret security-opt shm-size ssh tag target ulimit print',
  ),
  ...rows('value', 'allow', { since: [0, 3, 0] }),
  ...rows('value', 'metadata-file', { since: [0, 6, 0] }),
  ...rows('value', 'build-context no-cache-filter', { since: [0, 8, 0] }),
  ...rows('value', 'attest provenance sbom', { since: [0, 10, 0] }),
  ...rows('value', 'annotation', { since: [0, 12, 0] }),
  ...rows('value', 'call', { since: [0, 15, 0] }),
  ...rows('value', 'policy', { since: [0, 31, 0] }),
  ...rows('value', 'resource', { since: [0, 35, 0] }),
];

/** Flags of docker buildx bake. */
export const BUILDX_BAKE: readonly ClientFlag[] = [
  ...rows('alone', 'load push no-cache pull print debug check help list-targets list-variables'),
  ...rows('value', 'file set progress builder'),
  ...rows('value', 'metadata-file', { since: [0, 6, 0] }),
  ...rows('value', 'provenance sbom', { since: [0, 10, 0] }),
  ...rows('value', 'call', { since: [0, 15, 0] }),
  ...rows('value', 'allow', { since: [0, 17, 0] }),
  ...rows('value', 'list', { since: [0, 20, 0] }),
  ...rows('value', 'var policy', { since: [0, 31, 0] }),
];

/** Flags of docker build where it builds without BuildKit. */
export const DOCKER_CLASSIC: readonly ClientFlag[] = [
  ...rows('alone', 'compress disable-content-trust force-rm no-cache pull quiet rm squash stream help'),
  ...rows(
    'value',
    'add-host build-arg cache-from cgroup-parent cpu-period cpu-quota cpu-shares cpuset-cpus cpuset-mems file iidfile isolation label memory memory-swap network platform security-opt shm-size tag target ulimit',
  ),
];

/** Flags that docker build had for the BuildKit of its own, before Docker 23 handed builds to buildx. */
export const DOCKER_OWN_BUILDKIT: readonly ClientFlag[] = [
  ...DOCKER_CLASSIC,
  ...rows('value', 'secret ssh output progress'),
];

export const NERDCTL_BUILD: readonly ClientFlag[] = [
  ...rows('alone', 'no-cache pull quiet rm help'),
  ...rows(
    'value',
    'add-host allow attest build-arg build-context buildkit-host cache-from cache-to file iidfile label network output platform progress provenance sbom secret ssh tag target',
  ),
];

/** Flags of docker compose build. */
export const COMPOSE_BUILD_FLAGS: readonly ClientFlag[] = [
  ...rows(
    'alone',
    'push quiet pull with-dependencies parallel compress force-rm no-cache no-rm print check dry-run help',
  ),
  ...rows('value', 'build-arg ssh builder provenance sbom memory progress'),
];

/** The flags that a client has, whatever its release: of one that is known, those that it may have. */
export function tableOf(flags: readonly ClientFlag[], client: Bracket | null = null): FlagTable {
  return Object.fromEntries(
    flags
      .filter(({ since, until }) => client === null || mayHave(client, since, until))
      .map(({ flag, arity }) => [flag, arity]),
  );
}

const mayHave = (client: Bracket, since: Release | undefined, until: Release | undefined): boolean =>
  !(since !== undefined && surelyBefore(client, since)) && (until === undefined || surelyBefore(client, until));
