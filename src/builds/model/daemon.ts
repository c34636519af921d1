import { readConfig, valueAt } from '../../buildkit/config/read.ts';
import { type Bracket, isSince, NEWEST, type Release } from '../../buildkit/version.ts';
import type { Mode } from '../../model/look.ts';

/** The daemon that is asked, as far as it is known. */
export interface Daemon {
  readonly release: Release;
  /** The release is nobody's choice: one that a file names counts more. */
  readonly assumed?: boolean;
  /** Docker's release, where the daemon is Docker's own. */
  readonly engine: string | null;
  readonly mode: Mode;
  /** What its configuration says; null where none is known, so that nothing of it can be told. */
  readonly config: DaemonConfig | null;
  /** What is known of its host; null where nothing is. */
  readonly host: KnownHost | null;
}

export interface DaemonConfig {
  readonly file: string | null;
  readonly entitlements: readonly string[];
  /** Whether builds may name a frontend image of their own. */
  readonly gateway: boolean;
  /** The frontend images that are allowed; null where all are. */
  readonly allowedRepositories: readonly string[] | null;
  readonly dockerfileFrontend: boolean;
  readonly cdi: boolean;
  /** Mirrors by the registry that they stand for, where images are looked for on a host; absent elsewhere. */
  readonly mirrors?: ReadonlyMap<string, readonly Mirror[]>;
}

/** A mirror as buildkitd asks it. */
export interface Mirror {
  /** With its port and path. */
  readonly host: string;
  readonly speaks: 'https' | 'http' | 'unverified';
}

export interface KnownHost {
  /** Processors whose programs run without an emulator, such as `amd64`; null or absent where it is not known. */
  readonly native?: readonly string[] | null;
  /** Platforms that an emulator is registered for, such as `linux/arm64` or `arm64`; null where it is not known. */
  readonly emulators: readonly string[] | null;
  /** How many subordinate ids a rootless daemon has. */
  readonly subids: number | null;
  /** Names of registered CDI devices. */
  readonly cdi: readonly string[] | null;
  readonly sshAgent: boolean | null;
  readonly registry: 'reachable' | 'unreachable' | null;
  /** Tags of docker/dockerfile that the registry has. */
  readonly frontendTags: readonly string[] | null;
}

/** A daemon without a configuration file. */
export const PLAIN_CONFIG: DaemonConfig = {
  file: null,
  entitlements: [],
  gateway: true,
  allowedRepositories: null,
  dockerfileFrontend: true,
  cdi: true,
};

/** The newest release with nothing known of it. */
export const PLAIN_DAEMON: Daemon = {
  release: NEWEST,
  engine: null,
  mode: 'rootful',
  config: PLAIN_CONFIG,
  host: null,
};

/** What a buildkitd.toml means for builds. */
export function daemonConfig(text: string, file: string, release: Release): DaemonConfig {
  const by: Bracket = { min: release, max: release, text: null };
  const { document } = readConfig(text, by);
  const at = (...path: readonly string[]): unknown => valueAt(document, path) ?? undefined;
  const list = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  const allowed = list(at('frontend', 'gateway.v0', 'allowedRepositories'));
  const frontends = isSince(release, [0, 14, 0]);
  return {
    file,
    entitlements: list(at('insecure-entitlements')),
    gateway: !frontends || at('frontend', 'gateway.v0', 'enabled') !== false,
    allowedRepositories: frontends && allowed.length > 0 ? allowed : null,
    dockerfileFrontend: !frontends || at('frontend', 'dockerfile.v0', 'enabled') !== false,
    cdi: at('cdi', 'disabled') !== true,
  };
}

/** The mirrors of a configuration; of a text that buildkitd does not read as such, none. */
export function mirrorsOf(text: string, release: Release): ReadonlyMap<string, readonly Mirror[]> {
  const { document } = readConfig(text, { min: release, max: release, text: null });
  const table = valueAt(document, ['registry']);
  if (typeof table !== 'object' || table === null || Array.isArray(table)) return new Map();
  return new Map(
    Object.keys(table).flatMap((registry) => {
      const names = valueAt(document, ['registry', registry, 'mirrors']);
      const hosts = Array.isArray(names) ? names.filter((name) => typeof name === 'string' && name !== '') : [];
      return hosts.length === 0 ? [] : [[registry, hosts.map((name) => mirrorNamed(`${name}`))] as const];
    }),
  );

  function mirrorNamed(name: string): Mirror {
    // Before v0.12 the whole text is the host, which config/registries tells.
    const host = name.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
    const own = ['registry', host.replace(/\/.*$/s, '')];
    const http = valueAt(document, [...own, 'http']);
    if (valueAt(document, [...own, 'insecure']) === true) return { host, speaks: 'unverified' };
    const plain =
      http === true || (http !== false && /^(?:localhost|127\.[\d.]+|\[?::1\]?)(?::\d+)?(?:\/|$)/.test(host));
    return { host, speaks: plain ? 'http' : 'https' };
  }
}

/** Docker Engine's releases and the BuildKit that is built into each. */
export const ENGINES: readonly (readonly [engine: readonly [number, number], buildkit: Release])[] = [
  [
    [20, 10],
    [0, 8, 3],
  ],
  [
    [23, 0],
    [0, 10, 6],
  ],
  [
    [24, 0],
    [0, 11, 6],
  ],
  [
    [25, 0],
    [0, 12, 5],
  ],
  [
    [26, 0],
    [0, 13, 1],
  ],
  [
    [27, 0],
    [0, 14, 1],
  ],
  [
    [27, 1],
    [0, 15, 0],
  ],
  [
    [27, 3],
    [0, 16, 0],
  ],
  [
    [27, 4],
    [0, 17, 3],
  ],
  [
    [27, 5],
    [0, 18, 2],
  ],
  [
    [28, 0],
    [0, 20, 0],
  ],
  [
    [28, 1],
    [0, 21, 0],
  ],
  [
    [28, 2],
    [0, 22, 0],
  ],
  [
    [28, 3],
    [0, 23, 0],
  ],
  [
    [28, 4],
    [0, 24, 0],
  ],
  [
    [28, 5],
    [0, 25, 0],
  ],
  [
    [29, 0],
    [0, 25, 2],
  ],
  [
    [29, 1],
    [0, 26, 0],
  ],
  [
    [29, 2],
    [0, 27, 0],
  ],
  [
    [29, 3],
    [0, 28, 0],
  ],
  [
    [29, 4],
    [0, 29, 0],
  ],
  [
    [29, 5],
    [0, 30, 0],
  ],
  [
    [29, 6],
    [0, 31, 0],
  ],
  [
    [29, 7],
    [0, 32, 0],
  ],
];

/** The BuildKit inside a release of Docker Engine; null before 18.09, or where the text is no version. */
export function buildkitOfEngine(engine: string): Release | null {
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(engine) ?? [];
  if (major === '') return null;
  const asked = Number(major) * 100 + Number(minor);
  if (asked < 1809) return null;
  return ENGINES.findLast(([[first, second]]) => first * 100 + second <= asked)?.[1] ?? [0, 8, 3];
}

/** The first Docker Engine with at least this BuildKit, such as `23.0`; null where none has it yet. */
export function engineWith(release: Release): string | null {
  const found = ENGINES.find(([, has]) => isSince(has, release));
  return found === undefined ? null : found[0].join('.');
}
