import { positionOf } from '../../buildkit/config/line-of.ts';
import { type ConfigDocument, valueAt } from '../../buildkit/config/read.ts';
import { type Flags, parseBuildkitdArgs } from '../../buildkit/flags.ts';
import type { Position } from '../../model/decide.ts';
import type { Fact, Json } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { tooMuch, Unseen } from '../../model/unseen.ts';
import { splitWords } from '../../secrets/split-words.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { fromStart } from '../target/start-directory.ts';
import { unit } from '../target/unit.ts';
import { configFile, usesRootlessPaths } from './config-file.ts';

/** A setting with where it came from; `key` is the dotted key of buildkitd.toml that holds it. */
export interface Setting<T> {
  readonly value: T;
  readonly source: Source;
  readonly key: string;
  /** Where the file sets it; null when something else does. */
  readonly at: Position | null;
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
    readonly networkMode: Setting<string>;
    readonly cniConfigPath: Setting<string>;
    readonly cniBinaryPath: Setting<string>;
    readonly apparmorProfile: Setting<string | null>;
    readonly selinux: Setting<boolean>;
  };
  readonly containerd: {
    readonly enabled: Setting<boolean | null>;
    readonly address: Setting<string>;
    readonly snapshotter: Setting<string>;
  };
  /** Options of rootlesskit, as the unit gives them; none without a unit. */
  readonly rootlesskitArgs: readonly string[];
  readonly rootlesskitFlags: Flags;
  /** Every flag buildkitd will get, from the unit or BUILDKITD_FLAGS. */
  readonly flags: Flags;
  readonly rootlessPaths: boolean;
}

/** Each is tried. */
const MOST_ADDRESSES = 100;

const isString = (value: Json | undefined): value is string => typeof value === 'string';
const isStrings = (value: Json | undefined): value is readonly string[] =>
  Array.isArray(value) && value.every(isString);
const isBoolean = (value: Json | undefined): value is boolean => typeof value === 'boolean';
const isNumber = (value: Json | undefined): value is number => typeof value === 'number' || typeof value === 'bigint';

/** strconv.ParseBool, with what buildkitd's tri-state worker flags add: "auto" is null. */
function flagBoolean(text: string): boolean | null {
  return /^(1|t|true)$/i.test(text) ? true : /^(0|f|false)$/i.test(text) ? false : null;
}

export const settings: Fact<Settings> = {
  id: 'settings',
  async read(look) {
    const [who, { values }, service, config] = await Promise.all([
      look.get(identity),
      look.get(environment),
      look.get(unit),
      look.get(configFile),
    ]);
    // By what buildkitd would do without it, the wrong host would be judged.
    if (config.unseen?.tooMuch === true) throw new Unseen(config.unseen.why, undefined, true);
    const document: ConfigDocument | null = config.content.document;
    const flags: Flags = service?.buildkitd.flags ?? parseBuildkitdArgs(splitWords(values.BUILDKITD_FLAGS ?? '')).flags;
    const rootlessPaths = usesRootlessPaths(who.mode, values);
    const runtime = rootlessPaths ? (values.XDG_RUNTIME_DIR ?? '').split(':')[0] : '';
    const runDirectory = runtime ? await fromStart(look, `${runtime}/buildkit`) : '/run/buildkit';

    function pick<T extends Json>(
      key: string,
      fallback: T,
      is: (value: Json | undefined) => boolean,
      flag?: string,
      parse: (values: readonly string[]) => T = (given) => given.at(-1) as unknown as T,
      option?: T | null,
    ): Setting<T> {
      if (option !== undefined && option !== null) return { value: option, source: 'option', key, at: null };
      const given = flag === undefined ? undefined : flags[flag];
      if (given !== undefined) return { value: parse(given), source: 'unit', key, at: null };
      const written = valueAt(document, key.split('.'));
      if (is(written)) return { value: written as T, source: 'file', key, at: positionOf(config, key) };
      return { value: fallback, source: 'default', key, at: null };
    }
    const bool = (given: readonly string[]): boolean => flagBoolean(given.at(-1) ?? '') ?? false;
    const auto = (given: readonly string[]): boolean | null => flagBoolean(given.at(-1) ?? '');

    const dataHome = (values.XDG_DATA_HOME ?? '').split(':')[0];
    const defaultRoot = !rootlessPaths
      ? '/var/lib/buildkit'
      : dataHome
        ? `${dataHome}/buildkit`
        : values.HOME
          ? `${values.HOME}/.local/share/buildkit`
          : '/var/lib/buildkit';
    const configHome = values.XDG_CONFIG_HOME || (values.HOME ? `${values.HOME}/.config` : '');
    const text = (key: string, flag?: string) => pick<string | null>(key, null, (v) => isString(v) && v !== '', flag);
    const addresses = pick<readonly string[]>(
      'grpc.address',
      [`unix://${runDirectory}/buildkitd.sock`],
      (v) => isStrings(v) && v.length > 0,
      'addr',
      (given) => given,
      look.request.addresses,
    );
    if (addresses.value.length > MOST_ADDRESSES)
      throw tooMuch(`buildkitd is to listen on more than ${MOST_ADDRESSES} addresses`);
    const root = pick<string>(
      'root',
      defaultRoot,
      (v) => isString(v) && v !== '',
      'root',
      undefined,
      look.request.root,
    );
    return {
      root: { ...root, value: await fromStart(look, root.value) },
      addresses,
      debugAddress: text('grpc.debugAddress', 'debugaddr'),
      otelSocket: pick<string>(
        'otel.socketPath',
        `${runDirectory}/otel-grpc.sock`,
        (v) => isString(v) && v !== '',
        'otel-socket-path',
      ),
      socketUid: pick<number | null>('grpc.uid', null, isNumber),
      socketGid: pick<number | string | null>('grpc.gid', null, isNumber, 'group'),
      tls: {
        cert: text('grpc.tls.cert', 'tlscert'),
        key: text('grpc.tls.key', 'tlskey'),
        ca: text('grpc.tls.ca', 'tlscacert'),
      },
      entitlements: pick<readonly string[]>(
        'insecure-entitlements',
        [],
        isStrings,
        'allow-insecure-entitlement',
        (given) => given,
      ),
      oci: {
        enabled: pick<boolean | null>('worker.oci.enabled', null, isBoolean, 'oci-worker', auto),
        snapshotter: pick<string>(
          'worker.oci.snapshotter',
          'auto',
          (v) => isString(v) && v !== '',
          'oci-worker-snapshotter',
        ),
        proxySnapshotterPath: text('worker.oci.proxySnapshotterPath', 'oci-worker-proxy-snapshotter-path'),
        noProcessSandbox: pick<boolean>(
          'worker.oci.noProcessSandbox',
          false,
          isBoolean,
          'oci-worker-no-process-sandbox',
          bool,
        ),
        // Inside a user namespace buildkitd's own --rootless is on and overrules the file.
        rootless: pick<boolean>(
          'worker.oci.rootless',
          who.mode === 'rootless',
          (value) => who.mode === 'rootful' && isBoolean(value),
          'oci-worker-rootless',
          bool,
        ),
        binary: text('worker.oci.binary', 'oci-worker-binary'),
        networkMode: pick<string>('worker.oci.networkMode', 'auto', (v) => isString(v) && v !== '', 'oci-worker-net'),
        cniConfigPath: pick<string>(
          'worker.oci.cniConfigPath',
          rootlessPaths && configHome ? `${configHome}/buildkit/cni.json` : '/etc/buildkit/cni.json',
          (v) => isString(v) && v !== '',
          'oci-cni-config-path',
        ),
        cniBinaryPath: pick<string>(
          'worker.oci.cniBinaryPath',
          '/opt/cni/bin',
          (v) => isString(v) && v !== '',
          'oci-cni-binary-dir',
        ),
        apparmorProfile: text('worker.oci.apparmor-profile', 'oci-worker-apparmor-profile'),
        selinux: pick<boolean>('worker.oci.selinux', false, isBoolean, 'oci-worker-selinux', bool),
      },
      containerd: {
        enabled: pick<boolean | null>('worker.containerd.enabled', null, isBoolean, 'containerd-worker', auto),
        address: pick<string>(
          'worker.containerd.address',
          '/run/containerd/containerd.sock',
          (v) => isString(v) && v !== '',
          'containerd-worker-addr',
        ),
        snapshotter: pick<string>(
          'worker.containerd.snapshotter',
          'overlayfs',
          (v) => isString(v) && v !== '',
          'containerd-worker-snapshotter',
        ),
      },
      rootlesskitArgs: service?.rootlesskit?.args ?? [],
      rootlesskitFlags: service?.rootlesskit?.flags ?? {},
      flags,
      rootlessPaths,
    };
  },
};
