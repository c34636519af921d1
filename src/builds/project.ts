import { readConfig } from '../buildkit/config/read.ts';
import { adviceOnEntitlement, entitlementNamed, meantEntitlement } from '../buildkit/entitlements.ts';
import type { Release } from '../buildkit/version.ts';
import { readHcl } from '../documents/hcl.ts';
import { formOf } from '../documents/kinds.ts';
import { linesOf } from '../documents/lines.ts';
import { rootOf } from '../documents/tree.ts';
import { readYaml } from '../documents/yaml.ts';
import { actionRequests } from './commands/actions.ts';
import { buildctlRequest } from './commands/buildctl.ts';
import { buildersIn, daemonBehind } from './commands/builders.ts';
import { commandsIn } from './commands/commands-in.ts';
import { dockerRequest, subcommand } from './commands/docker.ts';
import type { ShellCommand } from './commands/script.ts';
import { judgeBuild } from './judge.ts';
import type { Files } from './model/context.ts';
import { type Daemon, daemonConfig, PLAIN_CONFIG } from './model/daemon.ts';
import type { Finding } from './model/finding.ts';
import { joined } from './model/paths.ts';
import { type BuildRequest, type FlagTrouble, placeOf, type ReadRequest } from './model/request.ts';
import { bakeBuilds } from './targets/bake.ts';
import { bakeActions } from './targets/bake-action.ts';
import { bakeCommand } from './targets/bake-command.ts';
import type { Setting } from './targets/bake-values.ts';
import { composeBuilds } from './targets/compose.ts';
import { composeCommand } from './targets/compose-command.ts';
import type { TargetBuilds, TargetFile } from './targets/target-file.ts';

/** A text that says something about a build, with the path by which people know it. */
export interface BuildText {
  readonly path: string;
  readonly text: string;
}

export type BuildTextKind = 'dockerfile' | 'script' | 'buildkitd' | 'bake' | 'compose';

/** The path of the command that the person gave as one. */
export const GIVEN = '--build';

/** What a text is for a build, by name and content; null where it is nothing of the kind. */
export function buildTextKind({ path, text }: BuildText): BuildTextKind | null {
  const name = path.replace(/^.*\//, '');
  if (/^(?:dockerfile|containerfile)(?:[.-].*)?$|[.-](?:dockerfile|containerfile)$/i.test(name) && !OTHER.test(name))
    return 'dockerfile';
  if (name.includes('buildkitd') && name.endsWith('.toml')) return 'buildkitd';
  if (/^docker-bake(?:\.override)?\.(?:hcl|json)$|\.hcl$/.test(name)) return 'bake';
  if (/^(?:docker-)?compose.*\.ya?ml$/.test(name)) return 'compose';
  if (/uses:\s*['"]?docker\/(?:build-push|bake|setup-buildx)-action@/.test(text)) return 'script';
  if (/(?:^|[\s;&|@["',/-])(?:buildctl(?:-daemonless\.sh)?|docker|nerdctl|buildx|docker-compose)[\s"',]/m.test(text))
    return 'script';
  return /^[ \t]*FROM[ \t]+\S/im.test(text) && !name.includes('.') ? 'dockerfile' : null;
}

/** Endings that say what a file is, whatever stands in front of them. */
const OTHER = /\.(?:dockerignore|md|rst|adoc|go|ts|js|py|rb|sh|json|ya?ml|toml|hcl|tmpl|tpl|j2|erb)$/i;

export interface BuildSetting {
  readonly daemon: Daemon;
  /** What commands name, relative to where they run. */
  readonly files: Files | null;
  /** The context of Dockerfiles that no command names; null where it is not known. */
  readonly context: string | null;
  /** Reads a Dockerfile that a command names and that is not among the texts. */
  readonly open?: (path: string) => BuildText | null;
}

/** Everything that will not be done, or not as it is meant, in a set of texts that belong together. */
export function judgeTexts(texts: readonly BuildText[], setting: BuildSetting): readonly Finding[] {
  const { daemon: asked, files, context, open } = setting;
  const of = (kind: BuildTextKind): readonly BuildText[] => texts.filter((text) => buildTextKind(text) === kind);
  const [config] = of('buildkitd');
  const configured: Daemon = {
    ...asked,
    config:
      config === undefined
        ? (asked.config ?? (asked.engine === null ? PLAIN_CONFIG : null))
        : daemonConfig(config.text, config.path, asked.release),
  };
  const daemon = withEntitlements(configured, texts);
  const dockerfiles = of('dockerfile');
  const scripts = of('script').map(({ path, text }) => ({ path, text, commands: commandsIn(path, text) }));
  const read = (path: string): string | null =>
    texts.find((text) => joined('.', text.path) === joined('.', path))?.text ?? files?.read(path) ?? null;
  const builders = scripts.flatMap(({ path, text, commands }) => buildersIn(path, text, commands));
  const nearby = filesNearby(texts, dockerfiles, files);
  const used = new Set<string>();
  const judged = (request: BuildRequest, requests: number): readonly Finding[] => {
    const dockerfile = dockerfileOf(request.dockerfile, dockerfiles, requests) ?? opened(request.dockerfile, open);
    if (dockerfile !== null) used.add(dockerfile.path);
    return judgeBuild({
      dockerfile,
      request,
      daemon: daemonBehind(request, builders, daemon, read),
      files: nearby(request.at.file, dockerfile),
      context: null,
    });
  };
  const targetFiles = [...of('bake'), ...of('compose')].map(targetFile);
  const targets = targetBuilds(scripts, targetFiles, settingFrom(scripts, files), read);
  const requests = scripts.flatMap(({ path, text, commands }) => [
    ...commands.flatMap((command) => requestOf(command, path, daemon) ?? []),
    ...actionRequests(path, text),
  ]);
  return [
    ...targetFiles.flatMap(unreadable),
    ...targets.flatMap(({ builds, findings }) => [
      ...findings,
      ...builds.flatMap(({ request, findings: own }) => [...own, ...judged(request, 1)]),
    ]),
    ...requests.flatMap(({ request, troubles }) => [
      ...troubles.map(troubleFinding),
      ...judged(request, requests.length),
    ]),
    ...dockerfiles
      .filter(({ path }) => !used.has(path))
      .flatMap((dockerfile) =>
        judgeBuild({ dockerfile, request: null, daemon, files: context === null ? null : files, context }),
      ),
    ...(config === undefined ? [] : configFindings(config, asked.release)),
  ];
}

interface ScriptText extends BuildText {
  readonly commands: readonly ShellCommand[];
}

/** The builds that commands start from files of targets; files that no command reads are judged by themselves. */
function targetBuilds(
  scripts: readonly ScriptText[],
  files: readonly TargetFile[],
  setting: Setting,
  read: (path: string) => string | null,
): readonly TargetBuilds[] {
  const given = new Map(files.map((file) => [joined('.', file.path), file]));
  /** A file that a command names, also where nobody gave it. */
  const find = (path: string): TargetFile | null => {
    const known = given.get(joined('.', path));
    if (known !== undefined) return known;
    const text = /\.(?:hcl|json|ya?ml)$/.test(path) ? read(path) : null;
    return text === null ? null : targetFile({ path, text });
  };
  const ofCommands = scripts.flatMap(({ path, text, commands }) => [
    ...[...commands.flatMap((command) => bakeOf(command, path) ?? []), ...bakeActions(path, text)].map((command) => {
      const built = bakeBuilds(command, files, setting, find);
      return { ...built, findings: [...command.troubles.map(troubleFinding), ...built.findings] };
    }),
    ...commands.flatMap((command) => {
      const compose = composeCommand(command, path);
      if (compose === null) return [];
      const built = composeBuilds(compose, files, setting, find);
      return [{ ...built, findings: [...compose.troubles.map(troubleFinding), ...built.findings] }];
    }),
  ]);
  const known = new Set(ofCommands.flatMap(({ files: read }) => read));
  const left = files.filter((file) => !known.has(file));
  return [...ofCommands, bakeBuilds(null, left, setting, find), composeBuilds(null, left, setting, find)];
}

/** What variables of files of targets are set to: not known where a script speaks of them. */
function settingFrom(scripts: readonly ScriptText[], files: Files | null): Setting {
  let words: ReadonlySet<string> | null = null;
  const beside = new Map<string, string>();
  for (const line of (files?.read('.env') ?? '').split('\n')) {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=([^#\n]*)/.exec(line) ?? [];
    if (name !== undefined) beside.set(name, value.trim().replace(/^(["'])(.*)\1$/, '$2'));
  }
  return (name) => {
    words ??= new Set(scripts.flatMap(({ text }) => text.match(/[A-Za-z_]\w*/g) ?? []));
    if (words.has(name)) return 'unknown';
    const value = beside.get(name);
    return value === undefined ? 'nothing' : { value };
  };
}

/** What a text starts a daemon with, it grants: `--allow-insecure-entitlement security.insecure`. */
function withEntitlements(daemon: Daemon, texts: readonly BuildText[]): Daemon {
  const { config } = daemon;
  const granted = texts.flatMap(({ text }) =>
    [...text.matchAll(/--allow-insecure-entitlement(?:[=\s"',[\]-]{1,40})([a-z][\w.,]*)/g)].flatMap(([, names = '']) =>
      names.split(','),
    ),
  );
  return config === null || granted.length === 0
    ? daemon
    : { ...daemon, config: { ...config, entitlements: [...config.entitlements, ...granted] } };
}

/**
 * The files that the builds of a text name. A command of a pod or of a CI job runs in a file system of its own, and a script
 * alone does not say from where it is called: there nothing is known to be missing, unless its Dockerfile is at hand.
 */
function filesNearby(
  texts: readonly BuildText[],
  dockerfiles: readonly BuildText[],
  files: Files | null,
): (path: string, dockerfile: BuildText | null) => Files | null {
  const scripts = new Set(
    texts
      .filter(({ path, text }) => path === GIVEN || !/^(?:yaml|jenkinsfile)$/.test(formOf(path, text)))
      .map(({ path }) => path),
  );
  return (path, dockerfile) =>
    dockerfile !== null || path === GIVEN || (dockerfiles.length > 0 && scripts.has(path)) ? files : null;
}

function targetFile({ path, text }: BuildText): TargetFile {
  const form = /\.ya?ml$/.test(path) ? 'compose' : 'bake';
  const lines = linesOf(text);
  const hcl = path.endsWith('.hcl') ? readHcl(text) : null;
  const root = hcl?.root ?? readYaml(text, 0).documents[0] ?? readHcl('').root;
  const error = hcl?.error ?? null;
  return {
    path,
    form,
    root: rootOf(root),
    lines,
    error:
      error === null
        ? null
        : {
            message: error.message,
            ...placeOf({ file: path, ...lines.position(path, { start: error.at, end: error.at }) }),
          },
  };
}

/** What bake cannot read, which ends every build of the file. */
const unreadable = ({ error }: TargetFile): readonly Finding[] =>
  error === null
    ? []
    : [
        {
          ...placeOf(error),
          condition: 'build.opt-invalid',
          severity: 'error',
          message: `bake cannot read this file: ${error.message}`,
          needs: {},
          remedy: ['Mend the syntax of HCL at this place.'],
        },
      ];

function bakeOf(command: ShellCommand, path: string): ReturnType<typeof bakeCommand> {
  const [program, ...words] = command.words;
  if (!/(?:^|\/)(?:docker|docker-buildx|buildx)$/.test(program?.text ?? '')) return null;
  const called = subcommand(words);
  return called.path.at(-1) === 'bake' ? bakeCommand(command, called.rest, path) : null;
}

function requestOf(command: ShellCommand, path: string, { release, engine }: Daemon): ReadRequest | null {
  const program = command.words[0]?.text.replace(/^.*\//, '') ?? '';
  const client = { min: release, max: release, text: null };
  if (program === 'buildctl' || program === 'buildctl-daemonless.sh')
    return buildctlRequest(command, path, client, program !== 'buildctl');
  const switched = command.environment.get('DOCKER_BUILDKIT')?.text;
  const old = engine !== null && /^v?(?:1[0-9]|20)\./.test(engine);
  return dockerRequest(
    command,
    path,
    switched === '0' || (old && switched !== '1') ? 'classic' : old ? 'own' : 'buildx',
  );
}

/** The Dockerfile that a command means: by its path, or the only one there is. */
function dockerfileOf(path: string | null, dockerfiles: readonly BuildText[], requests: number): BuildText | null {
  const wanted = path === null ? null : joined('.', path);
  const found =
    dockerfiles.find((text) => joined('.', text.path) === wanted) ??
    (/(?:^|\/)Dockerfile$/.test(wanted ?? '')
      ? dockerfiles.find((text) => joined('.', text.path) === wanted?.replace(/Dockerfile$/, 'dockerfile'))
      : undefined);
  if (found !== undefined) return found;
  return path === null && dockerfiles.length === 1 && requests === 1 ? (dockerfiles[0] ?? null) : null;
}

function opened(path: string | null, open: BuildSetting['open']): BuildText | null {
  if (path === null || open === undefined) return null;
  return open(path) ?? (/(?:^|\/)Dockerfile$/.test(path) ? open(path.replace(/Dockerfile$/, 'dockerfile')) : null);
}

const troubleFinding = ({ remedy, ...trouble }: FlagTrouble): Finding => ({ ...trouble, needs: {}, remedy });

function configFindings({ path, text }: BuildText, release: Release): readonly Finding[] {
  const { values } = readConfig(text, { min: release, max: release, text: null });
  return values
    .filter(({ path: key }) => key[0] === 'insecure-entitlements')
    .flatMap(({ value, items, line, column }) =>
      (Array.isArray(value) ? value : []).flatMap((name, index): readonly Finding[] =>
        typeof name !== 'string' || entitlementNamed(name) !== null
          ? []
          : [
              {
                file: path,
                line: items[index]?.line ?? line,
                column: items[index]?.column ?? column,
                condition: 'entitlement.unknown',
                severity: 'warning',
                message: `There is no entitlement ${name}: buildkitd silently drops it.`,
                needs: {},
                remedy: [adviceOnEntitlement(name, meantEntitlement(name))],
              },
            ],
      ),
    );
}
