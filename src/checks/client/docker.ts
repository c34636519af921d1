import { isSince } from '../../buildkit/version.ts';
import { type DockerClient, dockerClient } from '../../facts/programs/docker-client.ts';
import type { Check } from '../../model/decide.ts';
import { type Findings, findings } from '../findings.ts';

export interface DockerEvidence {
  readonly what:
    | 'builds-with'
    | 'client-config'
    | 'features'
    | 'idle'
    | 'daemon-config'
    | 'context'
    | 'endpoint'
    | 'permission'
    | 'plugin'
    | 'variable'
    | 'builder'
    | 'directory'
    | 'helper'
    | 'ignored';
  readonly path: string | null;
  readonly names: readonly string[];
  /** What `docker build` and `docker buildx build` use. */
  readonly dockerBuild: string | null;
  readonly buildxBuild: string | null;
  readonly owner: number | null;
}

const needs = { dockerClient };

export const clientDocker: Check<typeof needs, DockerEvidence> = {
  id: 'client/docker',
  title: 'Docker and buildx build with the builder that they name',
  why: 'docker build and docker buildx build choose their builder from files, contexts and variables of their own; buildkitd.toml and BUILDKIT_HOST do not reach them.',
  decides: false,
  conditions: [
    'client.builds-with',
    'config.client-json-invalid',
    'config.unknown-key',
    'config.daemon-json-invalid',
    'env.docker-host-wrong',
    'daemon.not-running',
    'socket.docker-permission',
    'buildx.plugin-missing',
    'buildx.builder-misconfigured',
    'buildx.config-dir-permission',
    'env.credential-helper-missing',
    'env.docker-buildkit',
    'env.buildkit-host-wrong',
  ],
  needs,
  examine({ dockerClient: client }) {
    if (client.cli === null && !client.config.exists && client.buildx.builders.length === 0)
      return { notApplicable: 'the docker command is not in PATH' };
    const found: Found = { ...findings<DockerEvidence>(), builders: buildersOf(client) };
    if (client.cli !== null) {
      judgeVariables(client, found);
      judgePlugin(client, found);
      judgeEndpoint(client, found);
    }
    judgeClientFile(client, found);
    judgeDaemonFile(client, found);
    judgeBuilders(client, found);
    judgeDirectory(client, found);
    if (client.cli !== null) tellBuilders(found);
    return { problems: found.problems, unseen: found.unseen };
  },
};

type Found = Findings<DockerEvidence> & { readonly builders: ReturnType<typeof buildersOf> };

/** What was seen, beside which builders are in use. */
function seen(
  { builders }: Found,
  what: DockerEvidence['what'],
  more: Partial<Pick<DockerEvidence, 'path' | 'names' | 'owner'>> = {},
): DockerEvidence {
  return { what, path: null, names: [], ...builders, owner: null, ...more };
}

function tellBuilders(found: Found): void {
  const { dockerBuild, buildxBuild } = found.builders;
  if (dockerBuild === null) return;
  const other = buildxBuild === null || buildxBuild === dockerBuild ? '' : `; docker buildx build uses ${buildxBuild}`;
  found.add(
    'client.builds-with',
    'info',
    'docker build',
    `docker build uses ${dockerBuild}${other}`,
    seen(found, 'builds-with'),
  );
}

function judgeVariables({ wanted, variables, buildx }: DockerClient, found: Found): void {
  const { add } = found;
  if (wanted === 'invalid')
    add(
      'env.docker-buildkit',
      'warning',
      'DOCKER_BUILDKIT',
      `DOCKER_BUILDKIT is "${variables.DOCKER_BUILDKIT ?? ''}", which is no boolean: docker build ends with an error`,
      seen(found, 'variable'),
    );
  else if (wanted === false)
    add(
      'env.docker-buildkit',
      'info',
      'DOCKER_BUILDKIT',
      'DOCKER_BUILDKIT=0 makes docker build use the deprecated builder inside dockerd, without BuildKit',
      seen(found, 'variable'),
    );
  if (variables.BUILDKIT_HOST !== null && !buildx.builders.some(({ driver }) => driver === 'remote'))
    add(
      'env.buildkit-host-wrong',
      'info',
      'BUILDKIT_HOST',
      'BUILDKIT_HOST has no effect on docker build; only docker buildx create reads it',
      seen(found, 'ignored'),
    );
}

/** Before Docker 23 the client brought BuildKit's part itself, and used it where it was wanted. */
const hasOwnBuildKit = ({ release }: DockerClient): boolean =>
  release !== null && isSince(release, [18, 9, 0]) && !isSince(release, [23, 0, 0]);

/** It builds with BuildKit without a plugin: because of the variable, or because dockerd says so (features.buildkit). */
const buildsWithoutPlugin = (client: DockerClient): boolean =>
  hasOwnBuildKit(client) && (client.wanted === true || client.daemon.buildkit === true);

function judgePlugin(client: DockerClient, found: Found): void {
  const { wanted, buildx, release } = client;
  if (buildx.plugin !== null) return;
  const where = buildx.notExecutable === null ? 'is not installed' : `is not executable (${buildx.notExecutable})`;
  const [major = 0, minor = 0] = release ?? [];
  const docker = `Docker ${major}.${String(minor).padStart(2, '0')}`;
  const effect = buildsWithoutPlugin(client)
    ? `docker build uses the BuildKit inside dockerd all the same (${docker}), docker buildx does not exist`
    : hasOwnBuildKit(client)
      ? `docker build uses the builder without BuildKit inside dockerd (${docker}), unless DOCKER_BUILDKIT=1 is set`
      : wanted === true
        ? 'DOCKER_BUILDKIT is set, and docker build ends with "the buildx component is missing or broken"'
        : 'docker build falls back to the deprecated builder inside dockerd';
  found.add(
    'buildx.plugin-missing',
    (wanted === true && !hasOwnBuildKit(client)) || buildx.builders.length > 0 ? 'warning' : 'info',
    'docker-buildx',
    `The buildx plugin ${where}: ${effect}`,
    seen(found, 'plugin', { path: buildx.notExecutable }),
  );
}

function judgeEndpoint({ context, config, endpoint, answers }: DockerClient, found: Found): void {
  if (!context.exists) {
    found.add(
      'env.docker-host-wrong',
      'warning',
      context.name,
      `the Docker context "${context.name}" (from ${context.from}) does not exist`,
      seen(found, 'context', { path: config.path }),
      context.at,
    );
    return;
  }
  const error = answers?.error ?? null;
  if (error === null) return;
  const asked = context.from === 'default' ? endpoint : `${endpoint} (from ${context.from})`;
  if (error === 'EACCES' || error === 'EPERM')
    found.add(
      'socket.docker-permission',
      'info',
      endpoint,
      `${asked} may not be used by this account, so docker build cannot reach dockerd`,
      seen(found, 'permission', { path: endpoint }),
    );
  else
    found.add(
      context.from === 'default' ? 'daemon.not-running' : 'env.docker-host-wrong',
      context.from === 'default' ? 'info' : 'warning',
      endpoint,
      `no dockerd answers at ${asked}: ${error === 'ENOENT' ? 'there is no such socket' : error}`,
      seen(found, 'endpoint', { path: endpoint }),
    );
}

function judgeClientFile({ config }: DockerClient, found: Found): void {
  const { path, badFeatures, idle, missingHelpers } = config;
  const { add } = found;
  if (config.broken !== null)
    add(
      'config.client-json-invalid',
      'warning',
      path,
      `This file cannot be used: ${config.broken}; docker ignores it, with its logins and contexts`,
      seen(found, 'client-config', { path }),
      config.brokenAt,
    );
  if (badFeatures.names.length > 0)
    add(
      'config.client-json-invalid',
      'warning',
      path,
      `features.${badFeatures.names.join(', features.')} is not a string, so docker ignores the whole file; features.buildkit belongs to /etc/docker/daemon.json`,
      seen(found, 'features', { path, names: badFeatures.names }),
      badFeatures.at,
    );
  if (idle.names.length > 0)
    add(
      'config.unknown-key',
      'info',
      path,
      `${idle.names.join(', ')} has no effect: docker has no such setting`,
      seen(found, 'idle', { path, names: idle.names }),
      idle.at,
    );
  if (missingHelpers.names.length > 0)
    add(
      'env.credential-helper-missing',
      'warning',
      path,
      `${missingHelpers.names.map((name) => `docker-credential-${name}`).join(', ')} is not in PATH: pulls and pushes end with "error getting credentials"`,
      seen(found, 'helper', { path, names: missingHelpers.names }),
      missingHelpers.at,
    );
}

function judgeDaemonFile({ daemon }: DockerClient, found: Found): void {
  const { path, broken, brokenAt, buildkit, buildkitAt, unknown } = daemon;
  const { add } = found;
  if (broken !== null)
    add(
      'config.daemon-json-invalid',
      'warning',
      path,
      `This file cannot be used: ${broken}; dockerd does not start with it`,
      seen(found, 'daemon-config', { path }),
      brokenAt,
    );
  if (buildkit !== undefined && typeof buildkit !== 'boolean')
    add(
      'config.daemon-json-invalid',
      'warning',
      path,
      'features.buildkit is not true or false, so dockerd does not start',
      seen(found, 'daemon-config', { path, names: ['features.buildkit'] }),
      buildkitAt,
    );
  if (unknown.names.length > 0)
    add(
      'config.daemon-json-invalid',
      'warning',
      path,
      `dockerd has no setting ${unknown.names.join(', ')} and does not start with it`,
      seen(found, 'daemon-config', { path, names: unknown.names }),
      unknown.at,
    );
}

function judgeBuilders({ buildx, context, variables }: DockerClient, found: Found): void {
  const { directory, broken, builders, lost } = buildx;
  if (broken !== null)
    found.add(
      'buildx.builder-misconfigured',
      'warning',
      directory,
      `buildx cannot use this file: ${broken.why}`,
      seen(found, 'builder', { path: directory }),
      broken.at,
    );
  const named = variables.BUILDX_BUILDER;
  const isThere = named === 'default' || named === context.name || builders.some((one) => one.name === named);
  const gone = named === null ? lost : isThere ? null : named;
  if (gone !== null)
    found.add(
      'buildx.builder-misconfigured',
      'warning',
      gone,
      named === null
        ? `the builder "${gone}", chosen by docker buildx use, is not in ${directory}/instances: buildx builds inside dockerd instead`
        : `the builder "${gone}" (from BUILDX_BUILDER) is not in ${directory}/instances: buildx ends with an error`,
      seen(found, 'builder', { names: [gone], path: directory }),
    );
}

function judgeDirectory({ buildx }: DockerClient, found: Found): void {
  const { directory, directoryOwner, directoryWritable } = buildx;
  if (directoryWritable) return;
  found.add(
    'buildx.config-dir-permission',
    'warning',
    directory,
    `${directory} belongs to ${directoryOwner === 0 ? 'root' : `uid ${directoryOwner ?? '?'}`}, and buildx cannot write there`,
    seen(found, 'directory', { path: directory, owner: directoryOwner }),
  );
}

/** What the two build commands would use, in words. */
export function buildersOf(found: DockerClient): { dockerBuild: string | null; buildxBuild: string | null } {
  const { buildx, context, variables, wanted, config } = found;
  const inDocker = `BuildKit inside dockerd (context ${context.name})`;
  const describe = (name: string | null): string => {
    const builder = buildx.builders.find((one) => one.name === name);
    if (builder === undefined)
      return name === null || name === 'default' || name === context.name
        ? inDocker
        : `the builder "${name}", which does not exist`;
    const where = builder.endpoints.length === 0 ? '' : ` at ${builder.endpoints.join(', ')}`;
    return `the builder "${builder.name}" (driver ${builder.driver}${where})`;
  };
  const chosen = variables.BUILDX_BUILDER ?? buildx.current;
  const buildxBuild = buildx.plugin === null ? null : describe(chosen);
  if (wanted === 'invalid') return { dockerBuild: null, buildxBuild };
  if (wanted === false) return { dockerBuild: 'the deprecated builder inside dockerd', buildxBuild };
  if (buildx.plugin === null && buildsWithoutPlugin(found)) return { dockerBuild: inDocker, buildxBuild };
  if (buildx.plugin === null)
    return {
      dockerBuild: wanted === true ? null : `the ${hasOwnBuildKit(found) ? '' : 'deprecated '}builder inside dockerd`,
      buildxBuild,
    };
  // The client sets the builder of the context itself, unless a variable or the alias of "docker buildx install" is there.
  return {
    dockerBuild: variables.BUILDX_BUILDER !== null || config.builderAlias !== null ? describe(chosen) : inDocker,
    buildxBuild,
  };
}
