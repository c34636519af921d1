import type { Release } from '../../buildkit/version.ts';
import type { Position } from '../../model/decide.ts';
import type { Fact, Json, Look } from '../../model/look.ts';
import { asAbsent, tooMuch } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { binaries } from './binaries.ts';
import { asTable, asText, type Document, faultOf, readDocument, type Written, written } from './docker-document.ts';
import { findInPath } from './find-in-path.ts';

export interface DockerConfig {
  readonly path: string;
  readonly exists: boolean;
  readonly broken: string | null;
  readonly brokenAt: Position | null;
  readonly currentContext: string | null;
  /** Programs "docker-credential-NAME" that it names. */
  readonly credentialHelpers: readonly string[];
  /** Those of them that PATH does not have. */
  readonly missingHelpers: Written;
  /** The builder alias: "buildx" makes `docker build` use buildx's current builder. */
  readonly builderAlias: string | null;
  readonly pluginDirectories: readonly string[];
  /** Keys of `features` whose value is not a string: the client then ignores the whole file. */
  readonly badFeatures: Written;
  /** Keys that look like settings of BuildKit and that no client reads. */
  readonly idle: Written;
}
export interface DaemonConfig {
  readonly path: string;
  readonly exists: boolean;
  readonly broken: string | null;
  readonly brokenAt: Position | null;
  /** `features.buildkit` as written; undefined where it is not. */
  readonly buildkit: Json | undefined;
  readonly buildkitAt: Position | null;
  /** Keys that dockerd does not have: it refuses to start with them. */
  readonly unknown: Written;
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
  /** Its release, asked for only where there is no buildx plugin; null: not asked, or not told. */
  readonly release: Release | null;
  readonly directory: string;
  readonly config: DockerConfig;
  readonly daemon: DaemonConfig;
  /** Name of the context in force, and what decides it. */
  readonly context: {
    readonly name: string;
    readonly from: 'DOCKER_HOST' | 'DOCKER_CONTEXT' | 'config.json' | 'default';
    readonly exists: boolean;
    /** Where config.json names it; null when something else does. */
    readonly at: Position | null;
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
    /** A file of its own that cannot be used. */
    readonly broken: { readonly path: string; readonly why: string; readonly at: Position | null } | null;
  };
  /** DOCKER_BUILDKIT as Go's ParseBool reads it; "invalid" stops every build. */
  readonly wanted: boolean | 'invalid' | null;
  readonly variables: {
    readonly DOCKER_BUILDKIT: string | null;
    readonly BUILDX_BUILDER: string | null;
    readonly BUILDKIT_HOST: string | null;
  };
}

/** Each program is looked for in PATH, each directory for plugins. */
const MOST_NAMED = 500;

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
    const config: DockerConfig = { ...given, missingHelpers: written(lacking.flat(), (one) => helperAt(client, one)) };
    const context = await contextOf(look, values, directory, config.currentContext);
    const { name, from, exists } = context;
    const endpoint = context.endpoint;
    const socket = /^unix:\/\/(\/.*)$/.exec(endpoint)?.[1];
    const answers =
      socket === undefined || !request.probe
        ? null
        : await host.probe('connect', { path: socket }, 'target', {}).catch(asAbsent);
    const cli = found.docker?.executable ? found.docker.path : null;
    const buildx = await buildxOf(look, values, directory, config.pluginDirectories, context);
    return {
      cli,
      release: cli !== null && buildx.plugin === null ? await releaseOf(look, cli) : null,
      directory,
      config,
      daemon: daemonOf(daemon),
      context: { name, from, exists, at: from === 'config.json' ? client.placeOf('currentContext') : null },
      endpoint,
      answers,
      buildx,
      wanted: booleanOf(values.DOCKER_BUILDKIT),
      variables: {
        DOCKER_BUILDKIT: values.DOCKER_BUILDKIT || null,
        BUILDX_BUILDER: values.BUILDX_BUILDER || null,
        BUILDKIT_HOST: values.BUILDKIT_HOST || null,
      },
    };
  },
};

/** "Docker version 20.10.24+dfsg1, build 297e128"; Podman's stand-in says "podman version". */
async function releaseOf(look: Look, cli: string): Promise<Release | null> {
  const ran = await look.host
    .run('docker', ['--version'], 'target', cli.slice(0, cli.lastIndexOf('/')))
    .catch(asAbsent);
  const [, major, minor] = /^Docker version (\d+)\.(\d+)/m.exec(ran?.stdout ?? '') ?? [];
  return major === undefined ? null : [Number(major), Number(minor), 0];
}

/** The release of the docker command in PATH, as `28.2`; null where there is none. */
export const dockerVersion: Fact<string | null> = {
  id: 'docker-version',
  async read(look) {
    const cli = (await look.get(binaries)).docker?.path ?? null;
    const release = cli === null ? null : await releaseOf(look, cli);
    return release === null ? null : `${release[0]}.${release[1]}`;
  },
};

/** strconv.ParseBool; unset and empty are no wish. */
export function booleanOf(text: string | undefined): boolean | 'invalid' | null {
  if (text === undefined || text === '') return null;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : 'invalid';
}

/** The key whose value names a credential helper. */
function helperAt({ table, placeOf }: Document, name: string): Position | null {
  if (table.credsStore === name) return placeOf('credsStore');
  const [registry] = Object.entries(asTable(table.credHelpers)).find(([, helper]) => helper === name) ?? [];
  return registry === undefined ? null : placeOf('credHelpers', registry);
}

function configOf(document: Document): Omit<DockerConfig, 'missingHelpers'> {
  const { path, exists, broken, brokenAt, table, placeOf } = document;
  const features = asTable(table.features);
  const helpers = [asText(table.credsStore), ...Object.values(asTable(table.credHelpers)).map((one) => asText(one))];
  const extra = Array.isArray(table.cliPluginsExtraDirs) ? table.cliPluginsExtraDirs : [];
  if (helpers.length > MOST_NAMED || extra.length > MOST_NAMED)
    throw tooMuch(`${path} names more than ${MOST_NAMED} programs or directories`);
  return {
    path,
    exists,
    broken,
    brokenAt,
    currentContext: asText(table.currentContext),
    credentialHelpers: [...new Set(helpers.filter((one) => one !== null))].sort(),
    builderAlias: asText(asTable(table.aliases).builder),
    pluginDirectories: extra.filter((one): one is string => typeof one === 'string' && one.startsWith('/')),
    badFeatures: written(
      Object.keys(features).filter((key) => typeof features[key] !== 'string'),
      (key) => placeOf('features', key),
    ),
    idle: written(
      IDLE.filter((key) => table[key] !== undefined),
      placeOf,
    ),
  };
}

function daemonOf({ path, exists, broken, brokenAt, table, placeOf }: Document): DaemonConfig {
  const { buildkit } = asTable(table.features);
  return {
    path,
    exists,
    broken,
    brokenAt,
    buildkit,
    buildkitAt: buildkit === undefined ? null : placeOf('features', 'buildkit'),
    unknown: written(
      REFUSED.filter((key) => table[key] !== undefined),
      placeOf,
    ),
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
  for (const entry of ((await look.host.list(root, 'target').catch(asAbsent)) ?? []).slice(0, 200)) {
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
    const stat = await host.stat(path, 'target').catch(asAbsent);
    if (stat?.kind !== 'file') continue;
    if (await host.access(path, 'x', 'target')) {
      plugin = path;
      break;
    }
    notExecutable ??= path;
  }
  const state = values.BUILDX_CONFIG || `${directory}/buildx`;
  const [stat, writable, names, chosen] = await Promise.all([
    host.stat(state, 'target').catch(asAbsent),
    host.access(state, 'wx', 'target'),
    host.list(`${state}/instances`, 'target').catch(asAbsent),
    readDocument(look, `${state}/current`, 'buildx'),
  ]);
  const builders: Builder[] = [];
  let broken = faultOf(chosen);
  for (const name of (names ?? []).slice(0, 200)) {
    const document = await readDocument(look, `${state}/instances/${name}`, 'buildx');
    const { table } = document;
    broken ??= faultOf(document);
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
