import { listeners } from '../../facts/config/listeners.ts';
import { type DockerClient, dockerClient } from '../../facts/programs/docker-client.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';

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
  readonly uid: number;
  readonly address: string | null;
}

const needs = { dockerClient, identity, listeners };

export const clientDocker: Check<typeof needs, DockerEvidence> = {
  id: 'client/docker',
  title: 'Docker and buildx build where they seem to',
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
  examine({ dockerClient: found, identity: { target }, listeners: heard }) {
    const { config, daemon, buildx, variables } = found;
    if (found.cli === null && !config.exists && buildx.builders.length === 0)
      return { notApplicable: 'the docker command is not in PATH' };
    const problems: Problem<DockerEvidence>[] = [];
    const { dockerBuild, buildxBuild } = buildersOf(found);
    const address = heard.all.find(({ use, address: at }) => use === 'grpc' && at.scheme === 'unix')?.text ?? null;
    const add = (
      condition: Condition,
      severity: Severity,
      subject: string,
      message: string,
      more: Pick<DockerEvidence, 'what'> & Partial<DockerEvidence>,
    ): void => {
      problems.push({
        condition,
        severity,
        subject,
        message,
        evidence: { path: null, names: [], dockerBuild, buildxBuild, owner: null, uid: target.uid, address, ...more },
      });
    };

    if (found.cli !== null) {
      judgeVariables();
      judgePlugin();
      judgeEndpoint();
    }
    judgeFiles();
    judgeBuildx();
    if (found.cli !== null && dockerBuild !== null)
      add(
        'client.builds-with',
        'info',
        'docker build',
        `docker build uses ${dockerBuild}${buildxBuild === null || buildxBuild === dockerBuild ? '' : `; docker buildx build uses ${buildxBuild}`}`,
        { what: 'builds-with' },
      );
    return { problems, unseen: [] };

    function judgeVariables(): void {
      if (found.wanted === 'invalid')
        add(
          'env.docker-buildkit',
          'warning',
          'DOCKER_BUILDKIT',
          `DOCKER_BUILDKIT is "${variables.DOCKER_BUILDKIT ?? ''}", which is no boolean: docker build ends with an error`,
          { what: 'variable' },
        );
      else if (found.wanted === false)
        add(
          'env.docker-buildkit',
          'info',
          'DOCKER_BUILDKIT',
          'DOCKER_BUILDKIT=0 makes docker build use the deprecated builder inside dockerd, without BuildKit',
          { what: 'variable' },
        );
      if (variables.BUILDKIT_HOST !== null && !buildx.builders.some(({ driver }) => driver === 'remote'))
        add(
          'env.buildkit-host-wrong',
          'info',
          'BUILDKIT_HOST',
          'BUILDKIT_HOST has no effect on docker build; only docker buildx create reads it',
          { what: 'ignored' },
        );
    }

    function judgePlugin(): void {
      if (buildx.plugin !== null) return;
      const where = buildx.notExecutable === null ? 'is not installed' : `is not executable (${buildx.notExecutable})`;
      add(
        'buildx.plugin-missing',
        found.wanted === true || buildx.builders.length > 0 ? 'warning' : 'info',
        'docker-buildx',
        found.wanted === true
          ? `DOCKER_BUILDKIT is set, but the buildx plugin ${where}: docker build ends with "the buildx component is missing or broken"`
          : `The buildx plugin ${where}: docker build falls back to the deprecated builder inside dockerd`,
        { what: 'plugin', path: buildx.notExecutable },
      );
    }

    function judgeEndpoint(): void {
      const { context, endpoint, answers } = found;
      if (!context.exists) {
        add(
          'env.docker-host-wrong',
          'warning',
          context.name,
          `the Docker context "${context.name}" (from ${context.from}) does not exist`,
          { what: 'context', path: config.path },
        );
        return;
      }
      const error = answers?.error ?? null;
      if (error === null) return;
      const asked = context.from === 'default' ? endpoint : `${endpoint} (from ${context.from})`;
      if (error === 'EACCES' || error === 'EPERM')
        add(
          'socket.docker-permission',
          'info',
          endpoint,
          `${asked} may not be used by this account, so docker build cannot reach dockerd`,
          { what: 'permission', path: endpoint },
        );
      else
        add(
          context.from === 'default' ? 'daemon.not-running' : 'env.docker-host-wrong',
          context.from === 'default' ? 'info' : 'warning',
          endpoint,
          `no dockerd answers at ${asked}: ${error === 'ENOENT' ? 'there is no such socket' : error}`,
          { what: 'endpoint', path: endpoint },
        );
    }

    function judgeFiles(): void {
      if (config.broken !== null)
        add(
          'config.client-json-invalid',
          'warning',
          config.path,
          `${config.path} cannot be used: ${config.broken}; docker ignores it, with its logins and contexts`,
          { what: 'client-config', path: config.path },
        );
      if (config.badFeatures.length > 0)
        add(
          'config.client-json-invalid',
          'warning',
          config.path,
          `features.${config.badFeatures.join(', features.')} in ${config.path} is not a string, so docker ignores the whole file; features.buildkit belongs to /etc/docker/daemon.json`,
          { what: 'features', path: config.path, names: config.badFeatures },
        );
      if (config.idle.length > 0)
        add(
          'config.unknown-key',
          'info',
          config.path,
          `${config.idle.join(', ')} in ${config.path} has no effect: docker has no such setting`,
          { what: 'idle', path: config.path, names: config.idle },
        );
      if (config.missingHelpers.length > 0)
        add(
          'env.credential-helper-missing',
          'warning',
          config.path,
          `${config.path} names ${config.missingHelpers.map((name) => `docker-credential-${name}`).join(', ')}, which is not in PATH: pulls and pushes end with "error getting credentials"`,
          { what: 'helper', path: config.path, names: config.missingHelpers },
        );
      if (daemon.broken !== null)
        add(
          'config.daemon-json-invalid',
          'warning',
          daemon.path,
          `${daemon.path} cannot be used: ${daemon.broken}; dockerd does not start with it`,
          { what: 'daemon-config', path: daemon.path },
        );
      if (daemon.buildkit !== undefined && typeof daemon.buildkit !== 'boolean')
        add(
          'config.daemon-json-invalid',
          'warning',
          daemon.path,
          `features.buildkit in ${daemon.path} is not true or false, so dockerd does not start`,
          {
            what: 'daemon-config',
            path: daemon.path,
            names: ['features.buildkit'],
          },
        );
      if (daemon.unknown.length > 0)
        add(
          'config.daemon-json-invalid',
          'warning',
          daemon.path,
          `dockerd has no setting ${daemon.unknown.join(', ')} (${daemon.path}) and does not start with it`,
          {
            what: 'daemon-config',
            path: daemon.path,
            names: daemon.unknown,
          },
        );
    }

    function isBuilder(name: string): boolean {
      return buildx.builders.some((one) => one.name === name);
    }
    function judgeBuildx(): void {
      if (buildx.broken !== null)
        add(
          'buildx.builder-misconfigured',
          'warning',
          buildx.directory,
          `A file of buildx cannot be used: ${buildx.broken}`,
          { what: 'builder', path: buildx.directory },
        );
      const named = variables.BUILDX_BUILDER;
      const isContext = named === null || named === 'default' || named === found.context.name;
      const gone = named === null ? buildx.lost : isContext || isBuilder(named) ? null : named;
      if (gone !== null)
        add(
          'buildx.builder-misconfigured',
          'warning',
          gone,
          named === null
            ? `the builder "${gone}", chosen by docker buildx use, is not in ${buildx.directory}/instances: buildx builds inside dockerd instead`
            : `the builder "${gone}" (from BUILDX_BUILDER) is not in ${buildx.directory}/instances: buildx ends with an error`,
          { what: 'builder', names: [gone], path: buildx.directory },
        );
      if (!buildx.directoryWritable)
        add(
          'buildx.config-dir-permission',
          'warning',
          buildx.directory,
          `${buildx.directory} belongs to ${buildx.directoryOwner === 0 ? 'root' : `uid ${buildx.directoryOwner ?? '?'}`}, and buildx cannot write there`,
          { what: 'directory', path: buildx.directory, owner: buildx.directoryOwner },
        );
    }
  },
};

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
  if (buildx.plugin === null)
    return { dockerBuild: wanted === true ? null : 'the deprecated builder inside dockerd', buildxBuild };
  // The client sets the builder of the context itself, unless a variable or the alias of "docker buildx install" is there.
  return {
    dockerBuild: variables.BUILDX_BUILDER !== null || config.builderAlias !== null ? describe(chosen) : inDocker,
    buildxBuild,
  };
}
