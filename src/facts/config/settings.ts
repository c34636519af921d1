import { positionOf } from '../../buildkit/config/position.ts';
import { valueAt } from '../../buildkit/config/read.ts';
import type { Flags } from '../../buildkit/flags.ts';
import type { Position } from '../../model/decide.ts';
import type { Fact, Look, Request } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { tooMuch, Unseen } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { start } from '../target/start.ts';
import { fromStart } from '../target/start-directory.ts';
import { buildkitdFlags } from './buildkitd-flags.ts';
import { type ConfigText, configFile, usesRootlessPaths } from './config-file.ts';
import { CONTAINERD, GENERAL, OCI, type Row, type Surroundings, TLS } from './settings-table.ts';

/** A setting with where it came from; `key` is the dotted key of buildkitd.toml that holds it. */
export interface Setting<T> {
  readonly value: T;
  readonly source: Source;
  readonly key: string;
  /** Where the file sets it; null when something else does. */
  readonly at: Position | null;
}

/** What either worker has, for its RUN steps. */
export interface StepSettings {
  readonly networkMode: Setting<string>;
  readonly cniConfigPath: Setting<string>;
  readonly cniBinaryPath: Setting<string>;
  readonly apparmorProfile: Setting<string | null>;
  readonly selinux: Setting<boolean>;
}

/** What decides a start, after command line, unit, file and defaults. Paths may be relative if written so, and nothing tells where buildkitd is started. */
export interface Settings {
  readonly root: Setting<string>;
  readonly addresses: Setting<readonly string[]>;
  readonly debugAddress: Setting<string | null>;
  readonly otelSocket: Setting<string>;
  readonly socketUid: Setting<number | null>;
  readonly socketGid: Setting<number | string | null>;
  readonly tls: {
    readonly cert: Setting<string | null>;
    readonly key: Setting<string | null>;
    readonly ca: Setting<string | null>;
  };
  readonly entitlements: Setting<readonly string[]>;
  readonly oci: {
    /** Null: automatic, on when runc or buildkit-runc is on PATH. */
    readonly enabled: Setting<boolean | null>;
    readonly snapshotter: Setting<string>;
    readonly proxySnapshotterPath: Setting<string | null>;
    readonly noProcessSandbox: Setting<boolean>;
    readonly rootless: Setting<boolean>;
    readonly binary: Setting<string | null>;
  } & StepSettings;
  readonly containerd: {
    readonly enabled: Setting<boolean | null>;
    readonly address: Setting<string>;
    readonly snapshotter: Setting<string>;
    readonly namespace: Setting<string>;
  } & StepSettings;
  /** Options of rootlesskit, as far as whoever starts it is known. */
  readonly rootlesskitArgs: readonly string[];
  readonly rootlesskitFlags: Flags;
  /** Every flag that buildkitd gets. */
  readonly flags: Flags;
  readonly rootlessPaths: boolean;
}

/** Of the worker that builds where no build asks for another: the first that is on. */
export const stepsOf = ({ oci, containerd }: Settings): StepSettings =>
  oci.enabled.value === false ? containerd : oci;

/** Was it given as a flag? No edit of the file overrules one. */
export const isFlag = (source: Source): boolean =>
  source === 'process' || source === 'unit' || source === 'environment';

/** Each is tried. */
const MOST_ADDRESSES = 100;

/** A row of the table for every setting of a group. */
type Rows<G> = { readonly [K in keyof G]: G[K] extends Setting<infer T> ? Row<T> : never };
type General = Pick<Settings, keyof typeof GENERAL>;

export const settings: Fact<Settings> = {
  id: 'settings',
  async read(look) {
    const [who, { values }, started, flags, config] = await Promise.all([
      look.get(identity),
      look.get(environment),
      look.get(start),
      look.get(buildkitdFlags),
      look.get(configFile),
    ]);
    // By what buildkitd would do without it, the wrong host would be judged.
    if (config.unseen?.tooMuch === true) throw new Unseen(config.unseen.why, undefined, true);
    const rootlessPaths = usesRootlessPaths(who.mode, values);
    const from: Sources = {
      request: look.request,
      flags,
      flagsFrom: started?.source ?? 'unit',
      file: config,
      where: await surroundings(look, who.mode, rootlessPaths ? values : null),
    };
    const general = pickAll<General>(GENERAL, from);
    if (general.addresses.value.length > MOST_ADDRESSES)
      throw tooMuch(`buildkitd is to listen on more than ${MOST_ADDRESSES} addresses`);
    return {
      ...general,
      root: { ...general.root, value: await fromStart(look, general.root.value) },
      tls: pickAll<Settings['tls']>(TLS, from),
      oci: pickAll<Settings['oci']>(OCI, from),
      containerd: pickAll<Settings['containerd']>(CONTAINERD, from),
      rootlesskitArgs: started?.rootlesskit?.args ?? [],
      rootlesskitFlags: started?.rootlesskit?.flags ?? {},
      flags,
      rootlessPaths,
    };
  },
};

/** What appdefaults makes of the environment; `values` null: the paths are those of a daemon of the system. */
async function surroundings(
  look: Look,
  mode: Surroundings['mode'],
  values: { readonly [name: string]: string } | null,
): Promise<Surroundings> {
  const { XDG_RUNTIME_DIR = '', XDG_DATA_HOME = '', XDG_CONFIG_HOME = '', HOME = '' } = values ?? {};
  const runtime = XDG_RUNTIME_DIR.split(':')[0];
  const dataHome = XDG_DATA_HOME.split(':')[0] || (HOME && `${HOME}/.local/share`);
  const configHome = XDG_CONFIG_HOME || (HOME && `${HOME}/.config`);
  return {
    mode,
    root: dataHome ? `${dataHome}/buildkit` : '/var/lib/buildkit',
    runDirectory: runtime ? await fromStart(look, `${runtime}/buildkit`) : '/run/buildkit',
    cniConfigPath: `${configHome || '/etc'}/buildkit/cni.json`,
  };
}

/** What a setting may come from, and what its default depends on. */
interface Sources {
  readonly request: Request;
  readonly flags: Flags;
  readonly flagsFrom: Source;
  readonly file: ConfigText;
  readonly where: Surroundings;
}

function pick<T>({ key, option, flag, parse, is, byDefault }: Row<T>, from: Sources): Setting<T> {
  const asked = option?.(from.request) ?? null;
  if (asked !== null) return { value: asked, source: 'option', key, at: null };
  const given = [flag ?? []]
    .flat()
    .map((name) => from.flags[name])
    .find((values) => values !== undefined);
  if (given !== undefined) return { value: parse(given), source: from.flagsFrom, key, at: null };
  const written = valueAt(from.file.content.document, key.split('.'));
  if (is(written, from.where)) return { value: written as T, source: 'file', key, at: positionOf(from.file, key) };
  return { value: byDefault(from.where), source: 'default', key, at: null };
}

function pickAll<G>(rows: Rows<G>, from: Sources): G {
  const named = Object.entries(rows) as readonly [string, Row<unknown>][];
  return Object.fromEntries(named.map(([name, row]) => [name, pick(row, from)])) as G;
}
