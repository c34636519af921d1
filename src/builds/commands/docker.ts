import { joined } from '../model/paths.ts';
import type { Asked, BuildRequest, Client, FlagTrouble, ReadRequest, Word } from '../model/request.ts';
import { lackingValue, replacedDevices } from './buildctl.ts';
import {
  BUILDX_BUILD,
  type ClientFlag,
  DOCKER_CLASSIC,
  DOCKER_OWN_BUILDKIT,
  NERDCTL_BUILD,
  tableOf,
} from './client-flags.ts';
import { contextTroubles, valueTroubles } from './docker-values.ts';
import { askedFrom, type FlagTable, type GivenFlag, pflags, type ReadFlags } from './flag-reader.ts';
import type { ShellCommand } from './script.ts';

const GLOBAL: FlagTable = {
  ...Object.fromEntries('debug tls tlsverify version help'.split(' ').map((name) => [name, 'alone' as const])),
  ...Object.fromEntries(
    'config context host log-level tlscacert tlscert tlskey'.split(' ').map((name) => [name, 'value' as const]),
  ),
};
const GLOBAL_SHORT = { D: 'debug', H: 'host', c: 'context', l: 'log-level', v: 'version' };
const SHORT = { t: 'tag', f: 'file', o: 'output', q: 'quiet', m: 'memory', c: 'cpu-shares', D: 'debug' };
const DROPPED = ['security-opt', 'isolation', 'squash', 'compress'];
const GLOBAL_DOCKER = { table: GLOBAL, short: GLOBAL_SHORT };

interface Dialect {
  readonly client: Client;
  readonly flags: readonly ClientFlag[];
}

/** How docker build builds: by buildx, by what Docker had for BuildKit before, or without BuildKit. */
export type DockerBuilder = 'buildx' | 'own' | 'classic';

/** The build that a docker, buildx or nerdctl command asks for; null where it asks for none that is told on the command line. */
export function dockerRequest(command: ShellCommand, file: string, builder: DockerBuilder): ReadRequest | null {
  const [program, ...words] = command.words;
  if (program === undefined) return null;
  const called = subcommand(words);
  const dialect = dialectOf(program.text.replace(/^.*\//, ''), called.path, builder);
  if (dialect === null) return null;
  const read = pflags(called.rest, file, tableOf(dialect.flags), SHORT);
  return {
    request: requestOf(dialect, read, command, program, file),
    troubles: troublesOf(dialect, read, program, file),
  };
}

/** The words of the subcommand behind the global flags. */
export function subcommand(words: readonly Word[]): {
  readonly path: readonly string[];
  readonly rest: readonly Word[];
} {
  const path: string[] = [];
  let at = 0;
  for (; at < words.length; at++) {
    const text = words[at]?.text ?? '';
    if (/^(?:buildx|builder|image|compose)$/.test(text) && path.length === 0) path.push(text);
    else if (/^(?:build|b|bake|create|f)$/.test(text))
      return { path: [...path, text === 'b' ? 'build' : text === 'f' ? 'bake' : text], rest: words.slice(at + 1) };
    else if (text.startsWith('-')) {
      const name = /^-[^-]/.test(text)
        ? GLOBAL_DOCKER.short[text.charAt(1) as keyof typeof GLOBAL_SHORT]
        : text.slice(2).replace(/=.*$/s, '');
      const takes =
        name === 'builder' || name === 'file' || name === 'namespace' || name === 'address'
          ? 'value'
          : GLOBAL_DOCKER.table[name ?? ''];
      if (takes === 'value' && !text.includes('=')) at++;
    } else return { path: [], rest: [] };
  }
  return { path: [], rest: [] };
}

function dialectOf(program: string, path: readonly string[], builder: DockerBuilder): Dialect | null {
  const called = path.join(' ');
  if (program === 'nerdctl')
    return called === 'build' || called === 'builder build' ? { client: 'nerdctl', flags: NERDCTL_BUILD } : null;
  if (
    (program === 'docker' && called === 'buildx build') ||
    ((program === 'buildx' || program === 'docker-buildx') && called === 'build')
  )
    return { client: 'buildx', flags: BUILDX_BUILD };
  if (program !== 'docker' || !['build', 'image build', 'builder build'].includes(called)) return null;
  switch (builder) {
    case 'classic':
      return { client: 'classic', flags: DOCKER_CLASSIC };
    case 'own':
      return { client: 'docker', flags: DOCKER_OWN_BUILDKIT };
    case 'buildx':
      return { client: 'docker', flags: BUILDX_BUILD };
  }
}

function requestOf(
  { client }: Dialect,
  read: ReadFlags,
  command: ShellCommand,
  program: Word,
  file: string,
): BuildRequest {
  const values = (name: string): readonly Asked[] =>
    read.flags.flatMap((flag) => (flag.known && flag.name === name && flag.value !== null ? [flag.value] : []));
  const context = read.operands.at(-1) ?? null;
  const local = context?.known === true && !isRemote(context.text) ? context.text : null;
  const named = values('file').at(-1);
  const network = values('network').at(-1);
  const allow = [...values('allow')];
  if (network?.value === 'host' && client !== 'classic') allow.push({ ...network, value: 'network.host' });
  const options = optionsFrom(values, network);
  const asked = requestId(read, file);
  return {
    client,
    at: { file, line: program.line, column: program.column },
    frontend: null,
    options: asked === null ? options : new Map([...options, ['requestid', asked]]),
    locals: new Map(),
    secrets: values('secret'),
    ssh: values('ssh'),
    allow,
    outputs: values('output'),
    pushes: switchedOn(read, 'push', file),
    tags: values('tag'),
    exportCaches: values('cache-to'),
    importCaches: values('cache-from'),
    context: local,
    dockerfile:
      named !== undefined
        ? named.known && named.value !== '-'
          ? joined('.', named.value)
          : null
        : local === null
          ? null
          : joined(local, 'Dockerfile'),
    open: read.open,
    environment: command.environment,
    builder: values('builder').at(-1) ?? null,
  };
}

/** A switch that is on, with its place. */
function switchedOn({ flags }: ReadFlags, name: string, file: string): Asked | null {
  const found = flags.findLast((flag) => flag.known && flag.name === name);
  if (found === undefined || /^(?:0|f|F|FALSE|false|False)$/.test(found.value?.value ?? '')) return null;
  return found.value ?? askedFrom(found.written, file);
}

/** What is asked of the frontend in place of a build. */
const CALLS: { readonly [call: string]: string } = {
  check: 'frontend.lint',
  lint: 'frontend.lint',
  outline: 'frontend.outline',
  targets: 'frontend.targets',
};

function requestId(read: ReadFlags, file: string): Asked | null {
  const check = switchedOn(read, 'check', file);
  if (check !== null) return { ...check, value: 'frontend.lint' };
  const call = read.flags.findLast(({ name }) => name === 'call' || name === 'print')?.value ?? null;
  const wanted = CALLS[call?.value.replace(/,.*$/s, '') ?? ''];
  return call === null || wanted === undefined ? null : { ...call, value: wanted };
}

export function optionsFrom(
  values: (name: string) => readonly Asked[],
  network: Asked | undefined,
): ReadonlyMap<string, Asked> {
  const options = new Map<string, Asked>();
  for (const [flag, option] of [
    ['target', 'target'],
    ['platform', 'platform'],
  ] as const) {
    const all = values(flag);
    const last = all.at(-1);
    if (last !== undefined)
      options.set(option, {
        ...last,
        value: option === 'platform' ? all.map(({ value }) => value).join(',') : last.value,
      });
  }
  for (const [flag, prefix] of [
    ['build-arg', 'build-arg:'],
    ['build-context', 'context:'],
    ['label', 'label:'],
  ] as const)
    for (const asked of values(flag)) {
      const sign = asked.value.indexOf('=');
      const name = sign < 0 ? asked.value : asked.value.slice(0, sign);
      options.set(prefix + name, {
        ...asked,
        value: sign < 0 ? '' : asked.value.slice(sign + 1),
        known: asked.known && sign >= 0,
      });
    }
  if (network !== undefined) options.set('force-network-mode', network);
  return options;
}

/** A context that is fetched: a repository, an archive, or standard input. */
export function isRemote(context: string): boolean {
  return context === '-' || /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(context);
}

function troublesOf({ client, flags }: Dialect, read: ReadFlags, program: Word, file: string): readonly FlagTrouble[] {
  return [
    ...read.flags.flatMap((flag) => {
      if (!flag.known) return [unknownFlag(client, flags, flag, file)];
      if (flag.lacking === true) return [lackingValue(flag, file)];
      if (client === 'classic' || !DROPPED.includes(flag.name)) return [];
      return [droppedFlag(client, flag, file)];
    }),
    ...replacedDevices(read, 'metadata-file', 'buildx', file),
    ...(client === 'nerdctl' ? [] : contextTroubles(read, program, file)),
    ...(client === 'buildx' || client === 'docker' ? valueTroubles(read, file) : []),
  ];
}

const SHOWN: { readonly [client in Client]: string } = {
  buildctl: 'buildctl build',
  buildx: 'docker buildx build',
  docker: 'docker build (buildx)',
  classic: 'docker build without BuildKit',
  bake: 'docker buildx bake',
  compose: 'docker compose build',
  nerdctl: 'nerdctl build',
};

function unknownFlag(
  client: Client,
  flags: readonly ClientFlag[],
  { name, written }: GivenFlag,
  file: string,
): FlagTrouble {
  const shown = written.text.replace(/=.*$/s, '');
  const newer = flags !== BUILDX_BUILD && BUILDX_BUILD.some(({ flag }) => flag === name);
  return {
    condition: 'build.flag-unknown',
    severity: 'error',
    file,
    line: written.line,
    column: written.column,
    message: `${flags === DOCKER_OWN_BUILDKIT ? 'docker build before Docker 23' : SHOWN[client]} has no flag ${shown}: it ends with "unknown flag: ${shown}".`,
    remedy: [
      !newer || client === 'nerdctl'
        ? remedyFor(name, written)
        : client === 'classic'
          ? 'Set DOCKER_BUILDKIT=1, or install the buildx plugin and build with docker buildx build.'
          : 'Install the buildx plugin, and build with docker buildx build.',
    ],
  };
}

function remedyFor(name: string, written: Word): string {
  if (/^(?:privileged|cap-add|device)$/.test(name))
    return 'Write RUN --security=insecure in the Dockerfile for the step that needs it, and give the build --allow security.insecure.';
  if (/^(?:-v|volume|mount)$/.test(name))
    return 'Write RUN --mount=type=bind in the Dockerfile: builds mount from their context, not from the host.';
  return `Leave out ${written.text}.`;
}

function droppedFlag(client: Client, { name, written }: GivenFlag, file: string): FlagTrouble {
  return {
    condition: 'build.flag-ignored',
    severity: 'warning',
    file,
    line: written.line,
    column: written.column,
    message: `${SHOWN[client]} takes --${name} and does nothing with it: it belongs to the builder before BuildKit.`,
    remedy: [
      name === 'security-opt'
        ? 'Leave it out; a step that needs more than the sandbox allows says RUN --security=insecure, and the build --allow security.insecure.'
        : 'Leave it out.',
    ],
  };
}
