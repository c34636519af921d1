import coerce from 'semver/functions/coerce.js';
import type { Bracket, Release } from '../../buildkit/version.ts';
import { type Crash, crashIn } from '../../knowledge/errors/crash.ts';
import type { Fact, Look, ProgramAnswer, Ran, ReadOnlyTool } from '../../model/look.ts';
import { asAbsent, decidesNothing } from '../../model/unseen.ts';
import { settings } from '../config/settings.ts';
import { binaries } from '../programs/binaries.ts';
import { buildkitdAnswer, buildkitdVersion } from '../programs/buildkitd-version.ts';
import type { Binary } from '../programs/find-in-path.ts';
import { runtimeBinary } from './runtime-binary.ts';

/** A program and what it prints as its version. */
export interface Program {
  readonly path: string;
  /** The words of its version line after its name; null when it printed none. */
  readonly text: string | null;
  /** Null when the text holds no release, such as "0.0.0+unknown". */
  readonly release: Release | null;
  /** Null when it ran. Exit codes count: a program that cannot print its version is broken. */
  readonly failed: Failure | null;
  /** May the target read it? */
  readonly readable: boolean;
}
/** Why a program could not be run: what its file is, or how it ended. */
export type Failure =
  | { readonly by: 'file'; readonly obstacle: NonNullable<ProgramAnswer['obstacle']> }
  /** `code` is null when a signal ended it; `last` is the line that says why, or the last one; `limit`: what it ran into. */
  | {
      readonly by: 'end';
      readonly code: number | null;
      readonly signal: string | null;
      readonly last: string;
      readonly limit: Crash['limit'];
    };
/** Versions of what is judged by them. Null: not found, not executable, not configured, or not a program that may be asked. */
export interface Software {
  readonly buildkitd: Program | null;
  readonly rootlesskit: Program | null;
  /** The OCI runtime that the worker would execute; where there is none, crun, which could take its place. */
  readonly runtime: Program | null;
  readonly slirp4netns: Program | null;
  readonly pasta: Program | null;
}

/** The first version in a line, however a distribution decorates it; null for "0.0.0+unknown" and for text without numbers. */
export function releaseIn(text: string): Release | null {
  const found = coerce(text);
  if (found === null) return null;
  const release = [found.major, found.minor, found.patch] as const;
  return release.every((part) => part === 0) ? null : release;
}

/** pasta's releases are dates: "pasta 2023_06_25.32660ce" or Debian's "pasta 0.0~git20230309.7c7625d". Null when it has none. */
export function parsePastaDate(text: string): number | null {
  const found = /(20\d{2})_?(\d{2})_?(\d{2})/.exec(text);
  return found === null ? null : Number(`${found[1]}${found[2]}${found[3]}`);
}

async function ask(look: Look, binary: Binary | null, tool: ReadOnlyTool): Promise<Program | null> {
  if (!binary?.executable) return null;
  const [ran, file] = await Promise.all([
    look.host.run(tool, ['--version'], 'target', binary.path.slice(0, binary.path.lastIndexOf('/'))),
    shapeOf(look, binary),
  ]);
  if (ran === null) return null;
  const [line = ''] = (ran.stdout.trim() || ran.stderr.trim()).split('\n');
  // buildkitd prints its package path before the version; the others "NAME version X".
  const text = line.replace(/^\S+\s+(?:version\s+)?(?:github\.com\/\S+\s+)?/, '').trim();
  const failed = failureOf(ran, file);
  return {
    path: binary.path,
    text: failed === null && text !== '' ? text : null,
    release: failed === null ? releaseIn(text) : null,
    failed,
    readable: file?.readable ?? true,
  };
}

async function shapeOf({ host }: Look, { path }: Binary): Promise<ProgramAnswer | null> {
  return host.probe('program', { path }, 'target', {}).catch(asAbsent);
}

/** Why a program cannot be started, or is broken; null when it answers. */
function failureOf(ran: Ran, file: ProgramAnswer | null): Failure | null {
  const obstacle = file?.obstacle ?? null;
  // A shell runs these two as scripts of its own; rootlesskit and buildkitd do not.
  if (obstacle?.kind === 'empty' || obstacle?.kind === 'no-program') return { by: 'file', obstacle };
  // Where no process at all can be made, that is not the program's fault.
  if (ran.code === 0 || (ran.code === null && /^\/dev\/null: |: (EPERM|EAGAIN|ENOMEM|EMFILE|ENFILE)$/.test(ran.stderr)))
    return null;
  if (obstacle !== null) return { by: 'file', obstacle };
  const crash = crashIn(ran.stderr);
  return {
    by: 'end',
    code: ran.code,
    signal: ran.signal ?? null,
    last: crash?.words ?? ran.stderr.trim().split('\n').at(-1) ?? '',
    limit: crash?.limit ?? null,
  };
}

const RUNTIMES = ['runc', 'buildkit-runc', 'crun'] as const;

export const software: Fact<Software> = {
  id: 'software',
  async read(look) {
    // Asked side by side: buildkitd is the slowest to answer.
    const daemon = Promise.all([look.get(buildkitdVersion), look.get(buildkitdAnswer)]);
    // Awaited at the end; until then nobody listens.
    daemon.catch(() => {});
    const [found, chosen, { rootlesskitFlags }] = await Promise.all([
      look.get(binaries),
      look.get(runtimeBinary),
      look.get(settings),
    ]);
    // Where there is none, crun may be put in its place.
    const runtime = !chosen?.executable && found.crun?.executable ? found.crun : chosen;
    const name = runtime?.path.slice(runtime.path.lastIndexOf('/') + 1);
    const tool = RUNTIMES.find((known) => known === name);
    const { net } = rootlesskitFlags;
    // Starting a program costs more than most of an examination: only what is judged by its version is asked for it.
    const [rootlesskit, oci, slirp4netns, pasta] = await Promise.all([
      ask(look, found.rootlesskit, 'rootlesskit').catch(asAbsent),
      askRuntime(look, runtime, tool).catch(asAbsent),
      net?.at(-1) === 'slirp4netns' ? ask(look, found.slirp4netns, 'slirp4netns').catch(asAbsent) : null,
      net?.at(-1) === 'pasta' ? ask(look, found.pasta, 'pasta').catch(asAbsent) : null,
    ]);
    return {
      buildkitd: await daemonOf(look, found.buildkitd, ...(await daemon)),
      rootlesskit,
      runtime: oci,
      slirp4netns,
      pasta,
    };
  },
};

/** The versions of everything at hand, for a report that asks for an inventory. */
export const inventory: Fact<{ readonly [name: string]: string | null }> = {
  id: 'inventory',
  async read(look) {
    const [found, judged] = await Promise.all([look.get(binaries), look.get(software)]);
    const versions: { [name: string]: string | null } = {};
    for (const [name, program] of Object.entries(judged)) versions[name] = program?.text ?? null;
    await Promise.all(
      (['buildctl', 'git', 'slirp4netns', 'pasta', 'fuse-overlayfs', 'docker'] as const).map(async (name) => {
        versions[name] = (await ask(look, found[name], name).catch(decidesNothing))?.text ?? null;
      }),
    );
    return versions;
  },
};

/** The version of a runtime by a known name, where programs are started; else only what its file tells. */
async function askRuntime(
  look: Look,
  runtime: Binary | null,
  tool: (typeof RUNTIMES)[number] | undefined,
): Promise<Program | null> {
  if (!runtime?.executable) return null;
  if (tool !== undefined && look.request.probe) return ask(look, runtime, tool);
  const file = await shapeOf(look, runtime);
  if (file === null) return null;
  // Without running it nobody knows whether an emulator takes it.
  const { obstacle } = file;
  const failed = obstacle === null || obstacle.kind === 'foreign' ? null : ({ by: 'file', obstacle } as const);
  return { path: runtime.path, text: null, release: null, failed, readable: file.readable };
}

/** buildkitd was asked already. It reads its configuration before its flags: what is wrong there is not its own fault. */
async function daemonOf(look: Look, binary: Binary | null, bracket: Bracket, ran: Ran | null): Promise<Program | null> {
  if (!binary?.executable || ran === null) return null;
  const { min, max, text } = bracket;
  const exact = min !== null && max !== null && min.every((part, at) => part === max[at]);
  const file = await shapeOf(look, binary);
  const failed = ran.code !== 0 && /config|toml/i.test(ran.stderr) ? null : failureOf(ran, file);
  const words = (text ?? '').replace(/^buildkitd\s+\S+\s*/, '').split(' ')[0] ?? '';
  return {
    path: binary.path,
    text: failed !== null || words === '' ? null : words,
    release: exact ? min : null,
    failed,
    readable: file?.readable ?? true,
  };
}
