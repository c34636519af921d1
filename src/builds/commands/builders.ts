import { parseRelease, type Release } from '../../buildkit/version.ts';
import { driverOptions, flagWords } from '../../documents/commands.ts';
import { linesOf } from '../../documents/lines.ts';
import { type Cursor, field, fields, items, rootOf, switchAt, textOf } from '../../documents/tree.ts';
import { readYaml } from '../../documents/yaml.ts';
import { type Daemon, daemonConfig, PLAIN_CONFIG } from '../model/daemon.ts';
import type { BuildRequest } from '../model/request.ts';
import { subcommand } from './docker.ts';
import { type FlagTable, pflags } from './flag-reader.ts';
import type { ShellCommand } from './script.ts';

/** A builder of buildx that a script or a workflow makes. */
export interface MadeBuilder {
  readonly file: string;
  readonly line: number;
  readonly name: string | null;
  /** Whether builds behind it use it without naming it. */
  readonly used: boolean;
  readonly driver: string;
  readonly image: string | null;
  /** Whether its container shares the network of the host. */
  readonly hostNetwork: boolean;
  /** Entitlements that its buildkitd is started with; null where that is not known. */
  readonly granted: readonly string[] | null;
  /** The path of its configuration, or the configuration itself. */
  readonly config: { readonly path: string } | { readonly text: string } | null;
}

const CREATE: FlagTable = {
  ...Object.fromEntries(
    ['append', 'bootstrap', 'leave', 'use', 'debug', 'help'].map((name) => [name, 'alone' as const]),
  ),
  ...Object.fromEntries(
    ['name', 'node', 'driver', 'driver-opt', 'platform', 'buildkitd-flags', 'flags', 'buildkitd-config', 'config'].map(
      (name) => [name, 'value' as const],
    ),
  ),
};

/** The builders that a text makes, in its order. */
export function buildersIn(path: string, text: string, commands: readonly ShellCommand[]): readonly MadeBuilder[] {
  const made = commands.flatMap((command) => createdBy(command, path) ?? []);
  const used = new Set(commands.flatMap((command) => usedBy(command) ?? []));
  const all = [...made, ...(text.includes('docker/setup-buildx-action') ? ofActions(path, text) : [])];
  return all.map((builder) => (builder.name !== null && used.has(builder.name) ? { ...builder, used: true } : builder));
}

const isBuildx = (program: string): boolean => /(?:^|\/)(?:docker|docker-buildx|buildx)$/.test(program);

function createdBy(command: ShellCommand, file: string): MadeBuilder | null {
  const [program, ...words] = command.words;
  if (program === undefined || !isBuildx(program.text)) return null;
  const called = subcommand(words);
  if (called.path.at(-1) !== 'create') return null;
  const { flags, operands, open } = pflags(called.rest, file, CREATE, { D: 'debug' });
  const values = (...names: readonly string[]): readonly string[] =>
    flags.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value.value] : []));
  const known = !open && flags.every(({ value }) => value?.known !== false);
  const config = values('buildkitd-config', 'config').at(-1);
  return {
    file,
    line: program.line,
    name: values('name').at(-1) ?? null,
    used: flags.some(({ name }) => name === 'use'),
    ...described(
      values('driver').at(-1) ?? (operands.length > 0 && values('driver').length === 0 ? 'docker-container' : ''),
      values('driver-opt'),
    ),
    granted: known ? grantedBy(values('buildkitd-flags', 'flags')) : null,
    config: config === undefined ? null : { path: config },
  };
}

function usedBy(command: ShellCommand): string | null {
  const [program, ...words] = command.words;
  if (program === undefined || !isBuildx(program.text)) return null;
  const at = words.findIndex(({ text }) => text === 'use');
  return at < 0 || at > 1 ? null : (words.slice(at + 1).find(({ text }) => !text.startsWith('-'))?.text ?? null);
}

const NOWHERE = { path: '', span: { start: 0, end: 0 } };

function described(driver: string, options: readonly string[]): Pick<MadeBuilder, 'driver' | 'image' | 'hostNetwork'> {
  const parts = options.flatMap((value) => driverOptions({ ...NOWHERE, value }));
  const option = (name: string): string | null => parts.findLast((part) => part.name === name)?.value ?? null;
  return {
    driver: driver === '' ? 'docker-container' : driver,
    image: option('image'),
    hostNetwork: option('network') === 'host',
  };
}

/** What the flags of buildkitd grant: both forms, `--flag value` and `--flag=value`. */
function grantedBy(flags: readonly string[]): readonly string[] {
  const words = flags.flatMap((value) => flagWords({ ...NOWHERE, value }).map((word) => word.value));
  return words.flatMap((word, index) => {
    const glued = /^--?allow-insecure-entitlement=(.*)$/s.exec(word)?.[1];
    const value = glued ?? (/^--?allow-insecure-entitlement$/.test(word) ? words[index + 1] : undefined);
    return value === undefined ? [] : value.split(',');
  });
}

function ofActions(path: string, text: string): readonly MadeBuilder[] {
  const lines = linesOf(text);
  return readYaml(text, 0).documents.flatMap((document) =>
    setupSteps(rootOf(document)).map((step): MadeBuilder => {
      const given = field(step, 'with');
      const input = (name: string): string | null => textOf(field(given, name));
      const flags = input('buildkitd-flags');
      const options = (input('driver-opts') ?? '').split('\n').filter((line) => line.trim() !== '');
      const inline = input('buildkitd-config-inline') ?? input('config-inline');
      const config = input('buildkitd-config') ?? input('config');
      return {
        file: path,
        line: lines.position(path, step.span).line,
        name: input('name'),
        used: switchAt(field(given, 'use'))?.value !== false,
        ...described(input('driver') ?? '', options),
        granted: flags?.includes('${{') === true ? null : grantedBy(flags === null ? [] : [flags]),
        config: inline !== null ? { text: inline } : config === null ? null : { path: config },
      };
    }),
  );
}

function setupSteps(at: Cursor): readonly Cursor[] {
  if (/^docker\/setup-buildx-action@/.test(textOf(field(at, 'uses')) ?? '')) return [at];
  return [...fields(at), ...items(at)].flatMap(setupSteps);
}

/** The daemon behind the builder that a request is handed to; the one at hand where none is made for it. */
export function daemonBehind(
  { client, at, builder, environment }: Pick<BuildRequest, 'client' | 'at' | 'builder' | 'environment'>,
  made: readonly MadeBuilder[],
  daemon: Daemon,
  read: (path: string) => string | null,
): Daemon {
  if (client === 'buildctl' || client === 'classic' || client === 'nerdctl') return daemon;
  const named = builder ?? environment.get('BUILDX_BUILDER') ?? null;
  const name = named === null ? null : 'value' in named ? named.value : named.text;
  const found =
    name === null
      ? client === 'docker'
        ? undefined
        : made.findLast(({ file, line, used }) => used && file === at.file && line <= at.line)
      : made.findLast((one) => one.name === name);
  return found === undefined || found.driver === 'docker' ? daemon : daemonOf(found, daemon, read);
}

function daemonOf(builder: MadeBuilder, daemon: Daemon, read: (path: string) => string | null): Daemon {
  const release = daemon.assumed === true ? (releaseIn(builder.image) ?? daemon.release) : daemon.release;
  // A daemon that runs elsewhere has a configuration of its own.
  if (builder.driver === 'remote' || builder.driver === 'cloud')
    return { ...daemon, release, engine: null, config: daemon.config?.file === null ? null : daemon.config };
  const { config } = builder;
  const text = config === null ? null : 'text' in config ? config.text : read(config.path);
  if (builder.granted === null || (config !== null && text === null))
    return { ...daemon, release, engine: null, config: null };
  const written =
    text === null
      ? (daemon.config ?? PLAIN_CONFIG)
      : daemonConfig(text, config !== null && 'path' in config ? config.path : builder.file, release);
  const granted = builder.granted.length > 0 ? builder.granted : written.entitlements;
  const addsHost = builder.granted.length === 0 ? !granted.includes('network.host') : builder.hostNetwork;
  return {
    ...daemon,
    release,
    engine: null,
    config: { ...written, entitlements: addsHost ? [...granted, 'network.host'] : granted },
  };
}

/** The release that an image of BuildKit is named by; null where its tag moves. */
function releaseIn(image: string | null): Release | null {
  const tag = /(?:^|\/)buildkit:v?(\d+\.\d+(?:\.\d+)?)/.exec(image ?? '')?.[1];
  return tag === undefined ? null : parseRelease(`v${tag}`);
}
