import type { Fact, Json, Look } from '../../model/look.ts';
import { tooMuch, Unseen } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { binaries } from './binaries.ts';
import { findInPath } from './find-in-path.ts';

type Table = { readonly [key: string]: Json | undefined };

/** A JSON file of Docker's. Never its credentials: only what is named here is taken from it. */
interface Document {
  readonly path: string;
  readonly exists: boolean;
  /** Why it cannot be used; null when it is absent or an object. */
  readonly broken: string | null;
  readonly table: Table;
}
export interface DockerConfig {
  readonly path: string;
  readonly exists: boolean;
  readonly broken: string | null;
  readonly currentContext: string | null;
  /** Programs "docker-credential-NAME" that it names. */
  readonly credentialHelpers: readonly string[];
  /** Those of them that PATH does not have. */
  readonly missingHelpers: readonly string[];
  /** The builder alias: "buildx" makes `docker build` use buildx's current builder. */
  readonly builderAlias: string | null;
  readonly pluginDirectories: readonly string[];
  /** Keys of `features` whose value is not a string: the client then ignores the whole file. */
  readonly badFeatures: readonly string[];
  /** Keys that look like settings of BuildKit and that no client reads. */
  readonly idle: readonly string[];
}
export interface DaemonConfig {
  readonly path: string;
  readonly exists: boolean;
  readonly broken: string | null;
  /** `features.buildkit` as written; undefined where it is not. */
  readonly buildkit: Json | undefined;
  /** Keys that dockerd does not have: it refuses to start with them. */
  readonly unknown: readonly string[];
}
/** A builder of buildx (~/.docker/buildx/instances/NAME). */
export interface Builder {
  readonly name: string;
  readonly driver: string;
  readonly endpoints: readonly string[];
}
export interface DockerClient {
  /** Path of the docker program; null: not in PATH. */
  readonly cli: string | null;
  readonly directory: string;
  readonly config: DockerConfig;
  readonly daemon: DaemonConfig;
  /** Name of the context in force, and what decides it. */
  readonly context: {
    readonly name: string;
    readonly from: 'DOCKER_HOST' | 'DOCKER_CONTEXT' | 'config.json' | 'default';
    readonly exists: boolean;
  };
  /** Docker's own address. */
  readonly endpoint: string;
  /** For a Unix socket: the errno of connecting (null: it answers); undefined: not a socket of this host, or not tried. */
  readonly answers: { readonly error: string | null } | null;
  readonly buildx: {
    /** The plugin that the client would run; null: none. */
    readonly plugin: string | null;
    readonly notExecutable: string | null;
    readonly directory: string;
    readonly directoryOwner: number | null;
    readonly directoryWritable: boolean;
    readonly builders: readonly Builder[];
    /** The builder chosen by `docker buildx use` for the context in force, or for all. */
    readonly current: string | null;
    /** One that was chosen so and is no more: buildx then builds in the context. */
    readonly lost: string | null;
    readonly broken: string | null;
  };
  /** DOCKER_BUILDKIT as Go's ParseBool reads it; "invalid" stops every build. */
  readonly wanted: boolean | 'invalid' | null;
  readonly variables: {
    readonly DOCKER_BUILDKIT: string | null;
    readonly BUILDX_BUILDER: string | null;
    readonly BUILDKIT_HOST: string | null;
  };
}

const asTable = (value: Json | undefined): Table =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Table) : {};
const asText = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** Each program is looked for in PATH, each directory for plugins. */
const MOST_NAMED = 500;

/** Only buildx minds an empty file, and only dockerd takes a byte order mark. */
type Reader = 'docker' | 'dockerd' | 'buildx';

async function readDocument({ host }: Look, path: string, by: Reader): Promise<Document> {
  try {
    const file = await host.read(path, 'target', undefined, 'json');
    if (file === null) return { path, exists: false, broken: null, table: {} };
    const text = by === 'dockerd' ? file.text.replace(/^\ufeff/, '') : file.text;
    if (by !== 'buildx' && text.trim() === '') return { path, exists: true, broken: null, table: {} };
    const value = JSON.parse(text) as Json;
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return { path, exists: true, broken: 'it is not a JSON object', table: {} };
    return { path, exists: true, broken: null, table: value as Table };
  } catch (error) {
    // What may not be read is not known to be wrong.
    if (error instanceof Unseen) return { path, exists: false, broken: null, table: {} };
    if (error instanceof SyntaxError) return { path, exists: true, broken: 'it is not valid JSON', table: {} };
    throw error;
  }
}

/** Settings that articles give to the client, and that it has never had. */
const IDLE = ['buildkit', 'buildkitd', 'buildkit-daemon', 'buildkit-daemon.address', 'buildkit-host'];
/** Keys that articles give to dockerd, and that it refuses (daemon/config, v20.10 to v29). */
const REFUSED = [
  'buildkit',
  'buildkitd',
  'buildkit-daemon',
  'buildkit-daemon.address',
  'buildkit-host',
  'buildkit-address',
  'enable-buildkit',
  'DOCKER_BUILDKIT',
];

const PLUGIN_DIRECTORIES = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
];

export const dockerClient: Fact<DockerClient> = {
  id: 'docker-client',
  async read(look) {
    const { host, request } = look;
    const [found, { values }, { target, mode }] = await Promise.all([
      look.get(binaries),
      look.get(environment),
      look.get(identity),
    ]);
    const home = values.HOME ?? target.home ?? '/';
    const directory = values.DOCKER_CONFIG || `${home}/.docker`;
    const daemonPath =
      mode === 'rootless' && target.uid !== 0
        ? [`${values.XDG_CONFIG_HOME || `${home}/.config`}/docker/daemon.json`, '/etc/docker/daemon.json']
        : ['/etc/docker/daemon.json'];
    const [client, ...daemons] = await Promise.all([
      readDocument(look, `${directory}/config.json`, 'docker'),
      ...daemonPath.map((path) => readDocument(look, path, 'dockerd')),
    ]);
    const daemon = daemons.find(({ exists }) => exists) ?? daemons.at(-1) ?? client;
    const given = configOf(client);
    const lacking = await Promise.all(
      given.credentialHelpers.map(async (name) => {
        const program = await findInPath(look, `docker-credential-${name}`, values.PATH ?? '');
        return program?.executable ? [] : [name];
      }),
    );
    const config: DockerConfig = { ...given, missingHelpers: lacking.flat() };
    const context = await contextOf(look, values, directory, config.currentContext);
    const endpoint = context.endpoint;
    const socket = /^unix:\/\/(\/.*)$/.exec(endpoint)?.[1];
    const answers =
      socket === undefined || !request.probe
        ? null
        : await host.probe('connect', { path: socket }, 'target', {}).catch((error: unknown) => {
            if (error instanceof Unseen) return null;
            throw error;
          });
    return {
      cli: found.docker?.executable ? found.docker.path : null,
      directory,
      config,
      daemon: daemonOf(daemon),
      context: { name: context.name, from: context.from, exists: context.exists },
      endpoint,
      answers,
      buildx: await buildxOf(look, values, directory, config.pluginDirectories, context),
      wanted: booleanOf(values.DOCKER_BUILDKIT),
      variables: {
        DOCKER_BUILDKIT: values.DOCKER_BUILDKIT || null,
        BUILDX_BUILDER: values.BUILDX_BUILDER || null,
        BUILDKIT_HOST: values.BUILDKIT_HOST || null,
      },
    };
  },
};

/** strconv.ParseBool; unset and empty are no wish. */
export function booleanOf(text: string | undefined): boolean | 'invalid' | null {
  if (text === undefined || text === '') return null;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : 'invalid';
}

function configOf({ path, exists, broken, table }: Document): Omit<DockerConfig, 'missingHelpers'> {
  const features = asTable(table.features);
  const helpers = [asText(table.credsStore), ...Object.values(asTable(table.credHelpers)).map((one) => asText(one))];
  const extra = Array.isArray(table.cliPluginsExtraDirs) ? table.cliPluginsExtraDirs : [];
  if (helpers.length > MOST_NAMED || extra.length > MOST_NAMED)
    throw tooMuch(`${path} names more than ${MOST_NAMED} programs or directories`);
  return {
    path,
    exists,
    broken,
    currentContext: asText(table.currentContext),
    credentialHelpers: [...new Set(helpers.filter((one) => one !== null))].sort(),
    builderAlias: asText(asTable(table.aliases).builder),
    pluginDirectories: extra.filter((one): one is string => typeof one === 'string' && one.startsWith('/')),
    badFeatures: Object.keys(features).filter((key) => typeof features[key] !== 'string'),
    idle: IDLE.filter((key) => table[key] !== undefined),
  };
}

function daemonOf({ path, exists, broken, table }: Document): DaemonConfig {
  return {
    path,
    exists,
    broken,
    buildkit: asTable(table.features).buildkit,
    unknown: REFUSED.filter((key) => table[key] !== undefined),
  };
}

async function contextOf(
  look: Look,
  values: { readonly [name: string]: string },
  directory: string,
  configured: string | null,
): Promise<{ name: string; from: DockerClient['context']['from']; exists: boolean; endpoint: string }> {
  const local = 'unix:///var/run/docker.sock';
  // The client asks for it before DOCKER_CONTEXT (cli/command/cli.go, resolveContextName).
  if (values.DOCKER_HOST)
    return { name: 'default', from: 'DOCKER_HOST', exists: true, endpoint: withoutUser(values.DOCKER_HOST) };
  const given = values.DOCKER_CONTEXT || null;
  const name = given ?? configured ?? 'default';
  const from = given !== null ? 'DOCKER_CONTEXT' : configured !== null ? 'config.json' : 'default';
  if (name === 'default') return { name, from, exists: true, endpoint: local };
  const root = `${directory}/contexts/meta`;
  for (const entry of ((await look.host.list(root, 'target').catch(() => null)) ?? []).slice(0, 200)) {
    const { table } = await readDocument(look, `${root}/${entry}/meta.json`, 'docker');
    if (asText(table.Name) !== name) continue;
    const endpoint = asText(asTable(asTable(table.Endpoints).docker).Host);
    return { name, from, exists: true, endpoint: withoutUser(endpoint ?? local) };
  }
  return { name, from, exists: false, endpoint: '' };
}

/** Endpoints may carry a user's name and password; neither is kept. */
const withoutUser = (url: string): string => url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1');

async function buildxOf(
  look: Look,
  values: { readonly [name: string]: string },
  directory: string,
  extra: readonly string[],
  context: { readonly name: string; readonly endpoint: string },
): Promise<DockerClient['buildx']> {
  const { host } = look;
  let plugin: string | null = null;
  let notExecutable: string | null = null;
  for (const place of [...extra, `${directory}/cli-plugins`, ...PLUGIN_DIRECTORIES]) {
    const path = `${place}/docker-buildx`;
    const stat = await host.stat(path, 'target').catch(() => null);
    if (stat?.kind !== 'file') continue;
    if (await host.access(path, 'x', 'target')) {
      plugin = path;
      break;
    }
    notExecutable ??= path;
  }
  const state = values.BUILDX_CONFIG || `${directory}/buildx`;
  const [stat, writable, names, chosen] = await Promise.all([
    host.stat(state, 'target').catch(() => null),
    host.access(state, 'wx', 'target'),
    host.list(`${state}/instances`, 'target').catch(() => null),
    readDocument(look, `${state}/current`, 'buildx'),
  ]);
  const builders: Builder[] = [];
  let broken = chosen.broken;
  for (const name of (names ?? []).slice(0, 200)) {
    const { table, broken: why } = await readDocument(look, `${state}/instances/${name}`, 'buildx');
    if (why !== null) broken ??= `${state}/instances/${name}: ${why}`;
    const nodes = Array.isArray(table.Nodes) ? table.Nodes.map((node) => asTable(node)) : [];
    builders.push({
      name: asText(table.Name) ?? name,
      driver: asText(table.Driver) ?? 'docker-container',
      endpoints: nodes.map((node) => withoutUser(asText(node.Endpoint) ?? '')).filter(Boolean),
    });
  }
  // A choice is kept for the name of the context, or for the endpoint of the default one (store.Txn.Current).
  const key = context.name === 'default' ? context.endpoint : context.name;
  const name = asText(chosen.table.Name);
  const counts = chosen.table.Global === true || withoutUser(asText(chosen.table.Key) ?? '') === key;
  const exists = builders.some((builder) => builder.name === name);
  return {
    plugin,
    notExecutable,
    directory: state,
    directoryOwner: stat?.uid ?? null,
    directoryWritable: stat === null || writable,
    builders,
    current: counts && exists ? name : null,
    lost: counts && !exists && name !== 'default' && name !== context.name ? name : null,
    broken,
  };
}
