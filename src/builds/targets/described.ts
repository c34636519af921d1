import { named } from '../commands/buildctl.ts';
import { isRemote } from '../commands/docker.ts';
import { joined } from '../model/paths.ts';
import type { Asked, BuildRequest, Client, Place, Word } from '../model/request.ts';

/** A build as a file describes it, in the words of buildx's flags. */
export interface Described {
  readonly client: Client;
  readonly at: Place;
  readonly context: string;
  /** Null where its text stands in the file of targets. */
  readonly dockerfile: string | null;
  readonly target: Asked | null;
  readonly platforms: readonly Asked[];
  /** `name=value` each. */
  readonly args: readonly Asked[];
  readonly contexts: readonly Asked[];
  readonly labels: readonly Asked[];
  readonly network: Asked | null;
  readonly allow: readonly Asked[];
  readonly secrets: readonly Asked[];
  readonly ssh: readonly Asked[];
  readonly outputs: readonly Asked[];
  readonly pushes: Asked | null;
  readonly tags: readonly Asked[] | null;
  readonly exportCaches: readonly Asked[];
  readonly importCaches: readonly Asked[];
  readonly open: boolean;
  readonly environment: ReadonlyMap<string, Word>;
  readonly builder: Asked | null;
  /** The directory that its paths are relative to. */
  readonly directory: string;
}

export function requestFrom(about: Described): BuildRequest {
  const unknown = isRemote(about.context) || about.context.includes('${');
  const local = unknown ? null : joined(about.directory, about.context) || '.';
  const { dockerfile } = about;
  return {
    client: about.client,
    at: about.at,
    frontend: null,
    options: optionsOf(about),
    locals: new Map(),
    secrets: about.secrets,
    ssh: about.ssh,
    allow: about.allow,
    outputs: about.outputs,
    pushes: about.pushes,
    tags: about.tags,
    exportCaches: about.exportCaches,
    importCaches: about.importCaches,
    context: local,
    dockerfile:
      local === null || dockerfile === null || dockerfile.includes('${') || isRemote(dockerfile)
        ? null
        : joined(local, dockerfile),
    open: about.open,
    environment: about.environment,
    builder: about.builder,
  };
}

function optionsOf(about: Described): ReadonlyMap<string, Asked> {
  const options = new Map<string, Asked>();
  if (about.target !== null) options.set('target', about.target);
  const [platform] = about.platforms;
  if (platform !== undefined)
    options.set('platform', {
      ...platform,
      value: about.platforms.map(({ value }) => value).join(','),
      known: about.platforms.every(({ known }) => known),
    });
  // A name alone takes its value from where the command runs.
  for (const [values, prefix] of [
    [about.args, 'build-arg:'],
    [about.contexts, 'context:'],
    [about.labels, 'label:'],
  ] as const)
    for (const [name, value] of named(values))
      options.set(prefix + name, value.bare === true ? { ...value, known: false } : value);
  if (about.network !== null) options.set('force-network-mode', about.network);
  return options;
}
