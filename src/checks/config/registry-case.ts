import { positionIn, positionOf } from '../../buildkit/config/position.ts';
import type { ConfigValue, TextPosition } from '../../buildkit/config/read.ts';
import { keyText } from '../../buildkit/config/schema-tree.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { type Registry, registries } from '../../facts/config/registries.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Condition, FactsOf, Position, Severity } from '../../model/decide.ts';
import { type Findings, findings } from '../findings.ts';
import type { ConfigEvidence } from './evidence.ts';
import { mirrorName } from './registry-names.ts';

/** Evidence of config/registries. */
export interface RegistriesEvidence extends ConfigEvidence {
  readonly what:
    | 'table-name'
    | 'no-host'
    | 'scheme'
    | 'own-mirror'
    | 'mirror-path'
    | 'http-certificates'
    | 'insecure-ca'
    | 'http-insecure'
    | 'ca-file'
    | 'key-pair'
    | 'directory-missing'
    | 'directory-key'
    | 'directory-names';
  /** As the file names the registry. */
  readonly host: string;
  /** A mirror as the file has it; null where it is about none. */
  readonly mirror: string | null;
  /** Its place in a list; null where it is about none. */
  readonly index: number | null;
  /** The file or directory concerned; null where none is named. */
  readonly file: string | null;
}

export const needs = { config: configFile, registries, identity };

/** The registries of a file, and what has been found of them so far. */
export interface RegistryCase extends FactsOf<typeof needs> {
  readonly found: Findings<RegistriesEvidence>;
  /** Hosts that are told to be spoken to without TLS. */
  readonly plainHosts: ReadonlySet<string>;
  /** Hosts of all mirrors. */
  readonly mirrorHosts: ReadonlySet<string>;
  readonly values: {
    readonly byPath: ReadonlyMap<string, ConfigValue>;
    /** The first value in the table of each host. */
    readonly firstOf: ReadonlyMap<string, ConfigValue>;
  };
}

export function registryCase(facts: FactsOf<typeof needs>): RegistryCase {
  const { config, registries: all } = facts;
  const firstOf = new Map<string, ConfigValue>();
  for (const value of config.content.values) {
    const [table, host] = value.path;
    if (table === 'registry' && host !== undefined && !firstOf.has(host)) firstOf.set(host, value);
  }
  return {
    ...facts,
    found: findings<RegistriesEvidence>(),
    plainHosts: plainHostsOf(all),
    mirrorHosts: new Set(all.flatMap(({ mirrors }) => mirrors.map((mirror) => mirrorName(mirror).host))),
    values: { byPath: new Map(config.content.values.map((value) => [value.path.join('\0'), value])), firstOf },
  };
}

export const plainHostsOf = (all: readonly Registry[]): ReadonlySet<string> =>
  new Set(all.flatMap(({ host, http }) => (http === true ? [host] : [])));

/** Adds a problem of a registry's table, of a key below it, or of an element of its list. */
export function addTo(
  registry: RegistryCase,
  condition: Condition,
  severity: Severity,
  path: readonly string[],
  message: string,
  evidence: Pick<RegistriesEvidence, 'what'> & Partial<RegistriesEvidence>,
): void {
  const index = evidence.index ?? null;
  registry.found.add(
    condition,
    severity,
    keyText(index === null ? path : [...path, String(index)]),
    message,
    {
      key: keyText(path),
      versions: null,
      prints: null,
      host: path[1] ?? '',
      mirror: null,
      index,
      file: null,
      ...evidence,
    },
    positionAt(registry, path, index),
  );
}

function positionAt(
  { config, values: { byPath, firstOf } }: RegistryCase,
  path: readonly string[],
  index: number | null,
): Position | null {
  const entry = byPath.get(path.join('\0'));
  const first = path.length === 2 ? firstOf.get(path[1] ?? '') : undefined;
  const at: TextPosition | undefined =
    (entry === undefined || index === null ? undefined : entry.items[index]) ??
    entry ??
    first ??
    config.content.values.find((value) => path.every((part, depth) => value.path[depth] === part));
  return at === undefined ? positionOf(config, path.join('.')) : positionIn(config, at);
}
