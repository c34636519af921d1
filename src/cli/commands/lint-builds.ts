import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { NEWEST, parseRelease, type Release, releaseText } from '../../buildkit/version.ts';
import { buildkitOfEngine, type Daemon, type KnownHost } from '../../builds/model/daemon.ts';
import type { Findings } from '../../examine/documents.ts';
import { createLook } from '../../examine/look.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { dockerVersion } from '../../facts/programs/docker-client.ts';
import type { FoundDocument } from '../../host/documents.ts';
import { openHost } from '../../host/open.ts';
import { UsageError } from '../../host/usage-error.ts';
import type { Mode } from '../../model/look.ts';
import { globalsOf } from '../call/globals.ts';
import { remark } from '../call/outlet.ts';
import { existingFile } from '../call/private-file.ts';
import type { Session } from '../call/session.ts';
import { oneOf } from '../call/wording.ts';

/** For which daemon builds are judged. */
export interface BuildWishes {
  readonly release: Release | null;
  readonly engine: string | null;
  readonly mode: Mode;
  readonly context: string | null;
  readonly host: KnownHost | null;
  readonly quiet: boolean;
}

export function addBuildOptions(command: Command): void {
  const group = 'Builds:';
  for (const [flags, words] of [
    ['--buildkit <version>', 'the release of buildkitd that builds (default: the one on PATH, else the newest known)'],
    ['--engine <version>', 'the release of Docker Engine that builds'],
    ['--context <dir>', 'the build context of Dockerfiles that no command names'],
    ['--build <command>', 'the command that builds, as one argument'],
    [
      '--host <file>',
      'what is known of the host that builds, as JSON: emulators, subids, cdi, ssh_auth_sock, registry, frontend_tags',
    ],
  ] as const)
    command.addOption(new Option(flags, words).helpGroup(group));
  command.addOption(
    new Option('--mode <mode>', 'rootless or rootful: how buildkitd runs (default: rootful)')
      .argParser((given) => oneOf('--mode', given, ['rootless', 'rootful']))
      .helpGroup(group),
  );
}

/** Throws UsageError for a version or a description of a host that cannot be read. */
export function buildWishes(command: Command): BuildWishes {
  const given = command.opts<{ buildkit?: string; engine?: string; mode?: Mode; context?: string; host?: string }>();
  if (given.buildkit !== undefined && given.engine !== undefined)
    throw new UsageError('--buildkit and --engine say the same thing: give one of them');
  const engine = given.engine ?? null;
  if (engine !== null) versionOf('--engine', engine, buildkitOfEngine(engine));
  return {
    release:
      given.buildkit === undefined ? null : versionOf('--buildkit', given.buildkit, parseRelease(given.buildkit)),
    engine,
    mode: given.mode ?? 'rootful',
    context: given.context ?? null,
    host: given.host === undefined ? null : knownHost(existingFile('--host', given.host)),
    quiet: globalsOf(command).quiet,
  };
}

function versionOf(flag: string, given: string, release: Release | null): Release {
  if (release === null) throw new UsageError(`${flag}: ${given} is no release: write v0.32.0 or the like`);
  return release;
}

function knownHost(path: string): KnownHost {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new UsageError(`--host: ${path} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`--host: ${path} holds no object`);
  const fields = new Map<string, unknown>(Object.entries(value));
  const texts = (name: string): readonly string[] | null => {
    const list = fields.get(name);
    if (list === undefined || list === null) return null;
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string'))
      throw new UsageError(`--host: ${name} is a list of strings`);
    return list;
  };
  const subids = fields.get('subids');
  const agent = fields.get('ssh_auth_sock');
  const registry = fields.get('registry');
  return {
    emulators: texts('emulators'),
    cdi: texts('cdi'),
    frontendTags: texts('frontend_tags'),
    subids: typeof subids === 'number' ? subids : null,
    sshAgent: typeof agent === 'boolean' ? agent : null,
    registry: registry === 'reachable' ? 'reachable' : typeof registry === 'string' ? 'unreachable' : null,
  };
}

/** What is found in each file of the builds that all of them describe. */
export async function buildsOf(
  documents: readonly FoundDocument[],
  wishes: BuildWishes,
  session: Session,
): Promise<(path: string) => Findings> {
  const [{ buildsAmong }, { buildTextKind }, { namedFiles }] = await Promise.all([
    import('../../builds/subject.ts'),
    import('../../builds/project.ts'),
    import('../../host/build-files.ts'),
  ]);
  const texts = documents.flatMap(({ name, text }) => (text === null ? [] : [{ path: name, text }]));
  const concerned = texts.some((text) => buildTextKind(text) === 'dockerfile');
  const chosen = wishes.release ?? (wishes.engine === null ? null : buildkitOfEngine(wishes.engine));
  const found: AtHand =
    chosen === null && concerned ? await atHand(wishes, session) : { release: chosen ?? NEWEST, engine: wishes.engine };
  const daemon: Daemon = {
    ...found,
    assumed: chosen === null,
    mode: wishes.mode,
    config: null,
    host: wishes.host,
  };
  const context = wishes.context === null ? null : resolve(wishes.context);
  return buildsAmong(texts, { daemon, files: namedFiles(process.cwd()), context });
}

type AtHand = Pick<Daemon, 'release' | 'engine'>;

/** The buildkitd or the Docker of this machine, else the newest release known. */
async function atHand({ quiet }: BuildWishes, { streams }: Session): Promise<AtHand> {
  const request = { mode: null, user: null, env: {}, config: null, root: null, addresses: null, probe: false };
  const opened = await openHost(request, { record: false, replay: null, env: streams.env });
  const look = createLook({ host: opened.host, request });
  const { max, docker } = await look
    .get(buildkitdVersion)
    .then(async (version) => ({
      max: version.max,
      docker: version.max === null ? await look.get(dockerVersion) : null,
    }))
    // Whatever hinders the look: it only chooses what is said to be chosen.
    .catch(() => ({ max: null, docker: null }))
    .finally(() => opened.close());
  if (max !== null) return { release: max, engine: null };
  const inside = docker === null ? null : buildkitOfEngine(docker);
  if (!quiet)
    await remark(
      streams.stderr,
      `bk-doctor: builds are judged for ${inside === null ? `buildkitd ${releaseText(NEWEST)}, the newest known` : `Docker ${docker}, which is here`}; name another with --buildkit or --engine\n`,
    );
  return inside === null ? { release: NEWEST, engine: null } : { release: inside, engine: docker };
}
