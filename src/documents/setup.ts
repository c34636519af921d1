import { buildkitdFlags, type WrittenFlag } from '../buildkit/flags.ts';
import { type Flavour, flavourOf, isBuildkitImage } from '../buildkit/image.ts';
import { withoutSlashes } from '../text/slashes.ts';
import type { Container, Pod } from './container.ts';
import { readShell } from './shell.ts';
import type { At, Place } from './tree.ts';

/** A flag that buildkitd gets, and where it is written. */
export interface Flag extends WrittenFlag {
  readonly at: Place;
}

/**
 * What a container starts. `daemon`: buildkitd for others. `daemonless`: buildkitd for one build. `client`: buildctl of
 * another's. `idle`: nothing that the file tells.
 */
export type Role = 'daemon' | 'daemonless' | 'client' | 'idle' | 'dind';

/** A container of BuildKit: what starts in it, as whom, and with which flags. */
export interface Setup {
  readonly container: Container;
  readonly role: Role;
  readonly flavour: Flavour;
  /** Of the official image: its account, paths and environment are known. */
  readonly official: boolean;
  readonly privileged: boolean;
  /** In a user namespace of the pod's own (hostUsers: false). */
  readonly userns: boolean;
  /** The uid that it starts as; null: not known. */
  readonly uid: number | null;
  /** rootlesskit makes the namespaces, without any privilege. */
  readonly unprivileged: boolean;
  readonly flags: readonly Flag[];
  /** The words that the flags were read from, with what is no flag. */
  readonly words: readonly At<string>[];
  /** Flags may come from a place that is not read. */
  readonly openFlags: boolean;
  /** A setting may stand in a file that is not this one. */
  readonly unsure: boolean;
  /** What starts instead of the image's entrypoint, where that matters. */
  readonly entrypoint: 'image' | 'rootlesskit' | 'buildkitd' | 'flag' | 'script' | 'other';
}

const USERS: { readonly [name: string]: number } = { root: 0, user: 1000, nobody: 65534, rootless: 1000 };

export function setupsOf(pods: readonly Pod[]): readonly Setup[] {
  return pods.flatMap(({ containers }) => containers.flatMap((container) => setupOf(container) ?? []));
}

function setupOf(container: Container): Setup | null {
  const { image, security, pod } = container;
  const started = startOf(container);
  const official = image !== null && isBuildkitImage(image.value);
  const dind =
    image !== null &&
    /(?:^|\/)docker$/.test(image.value.repository) &&
    /dind/.test(image.value.tag ?? '') &&
    startsDocker(container);
  const named = image === null && /buildkit/.test(`${container.name ?? ''} ${pod.patches ?? ''}`);
  if (!official && !dind && !named && !started.runsBuildkitd) return null;
  const privileged = security.privileged?.value ?? false;
  const user = security.user === null ? null : (USERS[security.user.value] ?? toNumber(security.user.value));
  const flavour =
    image !== null && (official || dind)
      ? flavourOf(image.value)
      : started.rootlesskit || (named && user === 1000)
        ? 'rootless'
        : 'unknown';
  const uid =
    security.user === null && official ? (flavour === 'rootless' ? 1000 : flavour === 'rootful' ? 0 : null) : user;
  return {
    container,
    role: dind ? 'dind' : started.role,
    flavour,
    official: official || (named && flavour === 'rootless'),
    privileged,
    userns: pod.hostUsers?.value === false,
    uid,
    unprivileged: flavour === 'rootless' && !privileged && uid !== 0,
    flags: started.flags,
    words: started.words,
    openFlags: started.openFlags,
    unsure: pod.partial || flavour === 'unknown' || container.engine === 'ci',
    entrypoint: started.entrypoint,
  };
}

/** Does the image of Docker in Docker start it? Its entrypoint runs another program that it is given. */
function startsDocker({ entrypoint, args, script }: Container): boolean {
  const words = [...(entrypoint ?? []), ...(args ?? []), ...(script === null ? [] : [script])];
  if (words.some(({ value }) => /\bdockerd\b/.test(value))) return true;
  return entrypoint === null && script === null && (args?.[0]?.value ?? '-').startsWith('-');
}

const toNumber = (text: string): number | null => (/^\d+$/.test(text) ? Number(text) : null);

interface Started extends Pick<Setup, 'role' | 'flags' | 'words' | 'openFlags' | 'entrypoint'> {
  readonly runsBuildkitd: boolean;
  readonly rootlesskit: boolean;
}

const WAITING = /^(?:cat|sleep|tail|top|true|pause|tini|dumb-init)$/;
const baseName = (word: string): string => word.slice(word.lastIndexOf('/') + 1);

function startOf(container: Container): Started {
  const { entrypoint, args, script } = container;
  const words = [...(entrypoint ?? []), ...(args ?? [])];
  const first = baseName(entrypoint?.[0]?.value ?? '');
  const shell = shellText(words) ?? script;
  if (entrypoint === null && script === null) return daemon(args ?? [], 'image');
  if (first === 'rootlesskit') return daemon(words.slice(1), 'rootlesskit');
  if (first === 'buildkitd' || first === 'buildkitd-entrypoint')
    return daemon(words.slice(1), first === 'buildkitd' ? 'buildkitd' : 'image');
  if (first.startsWith('-')) return daemon(words, 'flag');
  if (first === 'buildctl-daemonless.sh') return daemonless(container, null);
  if (first === 'buildctl') return nothing('client');
  if (shell !== null && !(WAITING.test(first) && script === null)) return scripted(container, shell);
  if (isForBuilds(container)) return daemonless(container, null);
  return nothing(WAITING.test(first) || first === '' ? 'idle' : 'client');
}

/** It waits until something else runs a build in it. */
function isForBuilds({ env, pod }: Container): boolean {
  return pod.usedForBuilds || env.some(({ name }) => name === 'BUILDKITD_FLAGS');
}

const nothing = (role: Role): Started => ({
  role,
  flags: [],
  words: [],
  openFlags: false,
  entrypoint: 'other',
  runsBuildkitd: false,
  rootlesskit: false,
});

/** The text behind `sh -c`. */
function shellText(words: readonly At<string>[]): At<string> | null {
  if (!/^(?:ba|da|a)?sh$/.test(baseName(words[0]?.value ?? ''))) return null;
  const flag = words.findIndex(({ value }) => /^-\w*c$/.test(value));
  return flag < 0 ? null : (words[flag + 1] ?? null);
}

function daemon(words: readonly At<string>[], entrypoint: Setup['entrypoint']): Started {
  // rootlesskit's own flags stand before the name of buildkitd.
  const start = words.findLastIndex(({ value }) => /(?:^|\/)(?:buildkitd|rootlesskit)$/.test(value));
  return {
    role: 'daemon',
    ...flagsIn(words.slice(start + 1)),
    openFlags: false,
    entrypoint,
    runsBuildkitd: entrypoint === 'rootlesskit' || entrypoint === 'buildkitd' || start >= 0,
    rootlesskit: entrypoint === 'rootlesskit',
  };
}

function flagsIn(words: readonly At<string>[]): Pick<Started, 'flags' | 'words'> {
  const flags = buildkitdFlags(words.map(({ value }) => value)).flatMap((flag) => {
    const at = words[flag.last] ?? words[flag.first];
    return at === undefined ? [] : [{ ...flag, at: { path: at.path, span: at.span } }];
  });
  return { flags, words };
}

function daemonless(container: Container, script: At<string> | null): Started {
  const variable = container.env.findLast(({ name }) => name === 'BUILDKITD_FLAGS');
  const assigned = /\bBUILDKITD_FLAGS=(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(script?.value ?? '');
  const text = assigned?.[1] ?? assigned?.[2] ?? assigned?.[3] ?? variable?.value ?? '';
  const at: Place = assigned !== null && script !== null ? script : (variable ?? container);
  const words = text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((value) => ({ path: at.path, span: at.span, value }));
  return {
    role: 'daemonless',
    ...flagsIn(words),
    openFlags: (variable === undefined && container.openEnv) || variable?.value === null || /[$]/.test(text),
    entrypoint: 'script',
    runsBuildkitd: true,
    rootlesskit: false,
  };
}

/** What a script does with BuildKit; a daemon that it starts gets its flags there. */
function scripted(container: Container, script: At<string>): Started {
  const { value } = script;
  if (/buildctl-daemonless/.test(value)) return daemonless(container, script);
  if (/\b(?:buildkitd|rootlesskit)\b/.test(value)) {
    const commands = readShell(value, 0).commands.map(({ words }) => words.map(({ text }) => text));
    const found = commands.find(
      (words) =>
        words.some((word) => /(?:^|\/)buildkitd$/.test(word)) &&
        !/^(?:pkill|pgrep|kill|killall|which|echo|docker|kubectl|until|while)$/.test(words[0] ?? ''),
    );
    if (found !== undefined) {
      const start = found.findLastIndex((word) => /(?:^|\/)buildkitd$/.test(word));
      const words = found.slice(start + 1).map((word) => ({ path: script.path, span: script.span, value: word }));
      const rootlesskit = found.slice(0, start).some((word) => /(?:^|\/)rootlesskit$/.test(word));
      return {
        role: 'daemon',
        ...flagsIn(words),
        openFlags: /[$]/.test(value),
        entrypoint: rootlesskit ? 'rootlesskit' : 'script',
        runsBuildkitd: true,
        rootlesskit,
      };
    }
  }
  if (isForBuilds(container)) return daemonless(container, null);
  return nothing(/\bbuildctl\b/.test(value) ? 'client' : 'idle');
}

export const flagOf = ({ flags }: Setup, name: string): Flag | undefined =>
  flags.findLast((flag) => flag.name === name);

export const isOff = (flag: Flag | undefined): boolean => flag !== undefined && !/^(?:false|0|f)$/i.test(flag.value);

/** Builds share buildkitd's process namespace, so that nobody has to mount /proc. */
export const withoutSandbox = (setup: Setup): boolean => isOff(flagOf(setup, 'oci-worker-no-process-sandbox'));

export const RUNTIME_DIRECTORY = '/run/user/1000';
const DEFAULT_ROOTLESS = `unix://${RUNTIME_DIRECTORY}/buildkit/buildkitd.sock`;
const DEFAULT_ROOTFUL = 'unix:///run/buildkit/buildkitd.sock';

/** Where it listens without being told; null where that is not known. */
export function defaultAddress(setup: Setup): string | null {
  const { flavour, uid } = setup;
  if (flavour === 'unknown') return null;
  if (flavour !== 'rootless' || uid === 0) return DEFAULT_ROOTFUL;
  const directory = directoryOf(setup, 'XDG_RUNTIME_DIR', RUNTIME_DIRECTORY);
  return directory === null ? null : `unix://${directory}/buildkit/buildkitd.sock`;
}

/** A directory that a variable names, else the image's; null where its value is not known. */
export function directoryOf({ container }: Setup, variable: string, otherwise: string): string | null {
  const given = container.env.findLast(({ name }) => name === variable);
  if (given === undefined || given.value === '') return otherwise;
  return given.value === null || /[$]/.test(given.value) ? null : withoutSlashes(given.value);
}

/** Addresses that the flags name. */
export const addressesOf = ({ flags }: Setup): readonly Flag[] => flags.filter(({ name }) => name === 'addr');

/** All addresses on which it answers. */
export function listensOn(setup: Setup): readonly string[] {
  const given = addressesOf(setup).map(({ value }) => value);
  const own = defaultAddress(setup);
  return given.length > 0 ? given : own === null ? [] : [own];
}

/** Where buildctl in this container asks unless it is told. */
export function asksAt({
  container,
  flavour,
  official,
}: Pick<Setup, 'container' | 'flavour' | 'official'>): string | null {
  const variable = container.env.findLast(({ name }) => name === 'BUILDKIT_HOST');
  if (variable !== undefined) return variable.value;
  if (!official || flavour === 'unknown') return null;
  return flavour === 'rootless' ? DEFAULT_ROOTLESS : DEFAULT_ROOTFUL;
}
