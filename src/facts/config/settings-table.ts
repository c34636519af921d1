import type { Json, Mode, Request } from '../../model/look.ts';

/** What the defaults of some settings depend on. */
export interface Surroundings {
  readonly mode: Mode;
  /** The data directory when nothing sets it. */
  readonly root: string;
  readonly runDirectory: string;
  readonly cniConfigPath: string;
}

/** How one setting is found: option, flag, file and default, the first that gives it. */
export interface Row<T> {
  /** The dotted key of buildkitd.toml that holds it. */
  readonly key: string;
  readonly option?: (request: Request) => T | null;
  /** Of several, the first that is given counts. */
  readonly flag?: string | readonly string[];
  /** What the flag says, by all the values that it was given. */
  readonly parse: (given: readonly string[]) => T;
  /** May it be what the file says? Otherwise the default holds. */
  readonly is: (value: Json | undefined, where: Surroundings) => boolean;
  readonly byDefault: (where: Surroundings) => T;
}

const isString = (value: Json | undefined): value is string => typeof value === 'string';
const isText = (value: Json | undefined): boolean => isString(value) && value !== '';
const isBoolean = (value: Json | undefined): value is boolean => typeof value === 'boolean';
const isNumber = (value: Json | undefined): value is number => typeof value === 'number' || typeof value === 'bigint';
const isStrings = (value: Json | undefined): value is readonly string[] =>
  Array.isArray(value) && value.every(isString);

/** strconv.ParseBool, with what buildkitd's tri-state worker flags add: "auto" is null. */
function flagBoolean(text: string): boolean | null {
  return /^(1|t|true)$/i.test(text) ? true : /^(0|f|false)$/i.test(text) ? false : null;
}

const last = (given: readonly string[]): string => given.at(-1) ?? '';
const all = (given: readonly string[]): readonly string[] => given;
const auto = (given: readonly string[]): boolean | null => flagBoolean(last(given));
const bool = (given: readonly string[]): boolean => auto(given) ?? false;

const text = (key: string, flag: string, byDefault: string | Row<string>['byDefault']): Row<string> => ({
  key,
  flag,
  parse: last,
  is: isText,
  byDefault: typeof byDefault === 'string' ? () => byDefault : byDefault,
});
const optionalText = (key: string, flag: string): Row<string | null> => ({
  key,
  flag,
  parse: last,
  is: isText,
  byDefault: () => null,
});
const onOrOff = (key: string, flag: string): Row<boolean> => ({
  key,
  flag,
  parse: bool,
  is: isBoolean,
  byDefault: () => false,
});
const onOffOrAuto = (key: string, flag: string): Row<boolean | null> => ({
  key,
  flag,
  parse: auto,
  is: isBoolean,
  byDefault: () => null,
});

const addresses: Row<readonly string[]> = {
  key: 'grpc.address',
  option: (request) => request.addresses,
  flag: 'addr',
  parse: all,
  is: (value) => isStrings(value) && value.length > 0,
  byDefault: ({ runDirectory }) => [`unix://${runDirectory}/buildkitd.sock`],
};
const socketUid: Row<number | null> = {
  key: 'grpc.uid',
  parse: () => null,
  is: isNumber,
  byDefault: () => null,
};
const socketGid: Row<number | string | null> = {
  key: 'grpc.gid',
  flag: 'group',
  parse: last,
  is: isNumber,
  byDefault: () => null,
};
const entitlements: Row<readonly string[]> = {
  key: 'insecure-entitlements',
  flag: 'allow-insecure-entitlement',
  parse: all,
  is: isStrings,
  byDefault: () => [],
};
/** Inside a user namespace buildkitd's own --rootless is on and overrules the file. */
const ociRootless: Row<boolean> = {
  key: 'worker.oci.rootless',
  flag: ['oci-worker-rootless', 'rootless'],
  parse: bool,
  is: (value, { mode }) => mode === 'rootful' && isBoolean(value),
  byDefault: ({ mode }) => mode === 'rootless',
};

/** Those that stand in no group. */
export const GENERAL = {
  root: { ...text('root', 'root', ({ root }) => root), option: (request: Request) => request.root },
  addresses,
  debugAddress: optionalText('grpc.debugAddress', 'debugaddr'),
  otelSocket: text('otel.socketPath', 'otel-socket-path', ({ runDirectory }) => `${runDirectory}/otel-grpc.sock`),
  socketUid,
  socketGid,
  entitlements,
};

export const TLS = {
  cert: optionalText('grpc.tls.cert', 'tlscert'),
  key: optionalText('grpc.tls.key', 'tlskey'),
  ca: optionalText('grpc.tls.ca', 'tlscacert'),
};

/** Of both workers, under each one's name. */
const steps = (name: 'oci' | 'containerd') => ({
  networkMode: text(`worker.${name}.networkMode`, `${name}-worker-net`, 'auto'),
  cniConfigPath: text(`worker.${name}.cniConfigPath`, `${name}-cni-config-path`, ({ cniConfigPath }) => cniConfigPath),
  cniBinaryPath: text(`worker.${name}.cniBinaryPath`, `${name}-cni-binary-dir`, '/opt/cni/bin'),
  apparmorProfile: optionalText(`worker.${name}.apparmor-profile`, `${name}-worker-apparmor-profile`),
  selinux: onOrOff(`worker.${name}.selinux`, `${name}-worker-selinux`),
});

export const OCI = {
  enabled: onOffOrAuto('worker.oci.enabled', 'oci-worker'),
  snapshotter: text('worker.oci.snapshotter', 'oci-worker-snapshotter', 'auto'),
  proxySnapshotterPath: optionalText('worker.oci.proxySnapshotterPath', 'oci-worker-proxy-snapshotter-path'),
  noProcessSandbox: onOrOff('worker.oci.noProcessSandbox', 'oci-worker-no-process-sandbox'),
  rootless: ociRootless,
  binary: optionalText('worker.oci.binary', 'oci-worker-binary'),
  ...steps('oci'),
};

export const CONTAINERD = {
  enabled: onOffOrAuto('worker.containerd.enabled', 'containerd-worker'),
  address: text('worker.containerd.address', 'containerd-worker-addr', '/run/containerd/containerd.sock'),
  snapshotter: text('worker.containerd.snapshotter', 'containerd-worker-snapshotter', 'overlayfs'),
  namespace: text('worker.containerd.namespace', 'containerd-worker-namespace', 'buildkit'),
  ...steps('containerd'),
};
