import type { Builder, Mount, Pod, StrayLine } from './container.ts';
import { containerOf, looseGroup, type Option } from './options.ts';
import { expanded, readShell, type Script, splitWord, type Word } from './shell.ts';
import type { At, Place } from './tree.ts';

/** What shell text starts: containers, builders; and lines that no longer belong to their command. */
export interface Started {
  readonly pods: readonly Pod[];
  readonly builders: readonly Builder[];
  readonly strays: readonly StrayLine[];
  readonly script: Script;
}

/** Options that stand alone; every other one takes a value. */
const SWITCHES = new Set(
  (
    'detach d interactive i tty t rm privileged init read-only no-healthcheck publish-all P sig-proxy quiet q ' +
    'oom-kill-disable disable-content-trust replace rmi env-host http-proxy no-hosts passwd read-only-tmpfs rootfs ' +
    'tls-verify help use append bootstrap leave debug D all it dit ti dti idt itd'
  ).split(' '),
);
const SHORT: { readonly [letter: string]: string } = {
  e: 'env',
  v: 'volume',
  u: 'user',
  p: 'publish',
  w: 'workdir',
  h: 'hostname',
  l: 'label',
  m: 'memory',
};

/** Reads what a shell text starts. `count` numbers the commands of a file. */
export function readCommands(
  text: string,
  base: number,
  { counts, prefix, variables, usedForBuilds }: Reading,
): Started {
  const script = readShell(text, base);
  const known = new Map([...variables, ...script.variables]);
  const pods: Pod[] = [];
  const builders: Builder[] = [];
  const strays: StrayLine[] = [];
  const given = givenAway(script, known);
  let last: string | null = null;
  let imageless = false;
  for (const command of script.commands) {
    const found = engineCommand(command.words.flatMap((word) => splitWord(word, known)));
    if (found === null) {
      const inner = shellArgument(command.words);
      if (inner !== null) {
        const more = readCommands(inner.text, inner.span.start + 1, {
          counts,
          prefix,
          variables: known,
          usedForBuilds,
        });
        pods.push(...more.pods);
        builders.push(...more.builders);
      }
      const first = command.words[0]?.text ?? '';
      if (last !== null && isStray(first, imageless) && !(command.words[0]?.quoted ?? true))
        strays.push({ path: last, span: command.span, words: first, command: last });
      last = null;
      continue;
    }
    const { engine, verb, rest } = found;
    last = `${prefix}${engine} ${verb}`;
    const at = { path: numbered(last, verb, counts), span: command.span };
    if (verb === 'buildx create') builders.push(readBuilder({ ...at, path: last }, rest, known));
    else {
      const pod = readRun(engine, at, rest, known, { usedForBuilds, given });
      imageless = pod.containers[0]?.image == null;
      pods.push(pod);
    }
  }
  return { pods, builders, strays, script };
}

/** Words that begin no command of their own: options; behind a command that lacks its image, the image. */
const isStray = (first: string, imageless: boolean): boolean =>
  /^--?[a-z]/.test(first) ||
  (imageless && /^[a-z0-9][\w.-]*(?::\d+)?(?:\/[\w.-]+)+(?::[\w.-]+)?(?:@\S+)?$/.test(first));

/** Directories that a script gives to uid 1000, or to everybody. */
function givenAway({ commands }: Script, variables: ReadonlyMap<string, string>): readonly string[] {
  return commands.flatMap(({ words }) => {
    const texts = words.map(({ text }) => expanded(text, variables));
    const start = texts.findIndex((text) => /(?:^|\/)(?:chown|chmod|install)$/.test(text));
    const arguments_ = texts.slice(start + 1);
    const isGiven = arguments_.some((text) => /^(?:1000(?::\w*)?|[0-7]?777|(?:a|o|ugo)?\+\w*w\w*)$/.test(text));
    return start < 0 || start > 2 || !isGiven ? [] : arguments_.filter((text) => /[/.~$]/.test(text));
  });
}

export interface Reading {
  readonly counts: Map<string, number>;
  readonly prefix: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly usedForBuilds: boolean;
}

function numbered(name: string, verb: string, counts: Map<string, number>): string {
  if (verb === 'buildx create') return name;
  const number = (counts.get(name) ?? 0) + 1;
  counts.set(name, number);
  return `${name}#${number}`;
}

function shellArgument(words: readonly Word[]): Word | null {
  const shell = words.findIndex(({ text }) => /(?:^|\/)(?:ba|da|a)?sh$/.test(text));
  const flag = words.findIndex(({ text }, index) => index > shell && /^-\w*c$/.test(text));
  const word = shell < 0 || flag < 0 ? undefined : words[flag + 1];
  return word?.quoted && /\s/.test(word.text) ? word : null;
}

/** docker|podman|nerdctl … run|create, docker buildx create: with the words behind it. */
function engineCommand(
  words: readonly Word[],
): { readonly engine: 'docker' | 'podman' | 'nerdctl'; readonly verb: string; readonly rest: readonly Word[] } | null {
  if (/^@?(?:echo|printf|#|grep|which|command)$/.test(words[0]?.text ?? '')) return null;
  const start = words.findIndex(({ text }) => /^(?:[@-]*|.*\/)(?:docker|podman|nerdctl|buildx)$/.test(text));
  const name = /(docker|podman|nerdctl|buildx)$/.exec(words[start]?.text ?? '')?.[1];
  if (name === undefined) return null;
  let at = start + 1;
  while (words[at]?.text.startsWith('-')) at += /=|^-D$|^--(?:debug|tls)/.test(words[at]?.text ?? '') ? 1 : 2;
  const verbs = words.slice(at, at + 2).map(({ text }) => text);
  const [first = '', second = ''] = verbs;
  const engine = name === 'buildx' ? 'docker' : (name as 'docker' | 'podman' | 'nerdctl');
  if (name === 'buildx' ? first === 'create' : first === 'buildx' && second === 'create')
    return { engine, verb: 'buildx create', rest: words.slice(at + (name === 'buildx' ? 1 : 2)) };
  if (first === 'run' || first === 'create') return { engine, verb: first, rest: words.slice(at + 1) };
  if (first === 'container' && (second === 'run' || second === 'create'))
    return { engine, verb: second, rest: words.slice(at + 2) };
  return null;
}

interface Split {
  readonly options: readonly Option[];
  readonly rest: readonly Word[];
}

/** Options before the first word that is none. `all`: options also stand behind it. */
function split(words: readonly Word[], path: string, variables: ReadonlyMap<string, string>, all: boolean): Split {
  const options: Option[] = [];
  const rest: Word[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    const [, dashes, name, value] = /^(--?)([\w.-]+)(?:=([\s\S]*))?$/.exec(word.text) ?? [];
    if (name === undefined || dashes === undefined) {
      rest.push(word);
      if (all) continue;
      rest.push(...words.slice(at + 1));
      break;
    }
    const add = (option: string, text: string, end: number): void => {
      const span = { start: word.span.start, end };
      options.push({ name: option, path: `${path} --${option}`, span, value: expanded(text, variables) });
    };
    const short =
      dashes === '-' && SHORT[name[0] ?? ''] !== undefined && !SWITCHES.has(name) ? SHORT[name[0] ?? ''] : undefined;
    if (value !== undefined && short === undefined) add(name, value, word.span.end);
    else if (short !== undefined && word.text.length > 2)
      add(short, word.text.slice(2).replace(/^=/, ''), word.span.end);
    else if (SWITCHES.has(name) || (dashes === '-' && /^[dit]+$/.test(name))) add(name, 'true', word.span.end);
    else {
      const next = words[++at];
      add(short ?? name, next?.text ?? '', next?.span.end ?? word.span.end);
    }
  }
  return { options, rest };
}

/** `--security-opt seccomp=unconfined -e A=b`, all at the place of the text. */
export function optionsIn(given: At<string>): readonly Option[] {
  const words = readShell(given.value, 0).commands.flatMap((command) => command.words);
  return split(words, given.path, new Map(), true).options.map((option) => ({
    ...option,
    path: given.path,
    span: given.span,
  }));
}

export const atWord =
  (path: string, variables: ReadonlyMap<string, string>) =>
  (word: Word): At<string> => ({
    path,
    span: word.span,
    value: expanded(word.text, variables),
  });

function readRun(
  engine: 'docker' | 'podman' | 'nerdctl',
  at: Place,
  words: readonly Word[],
  variables: ReadonlyMap<string, string>,
  { usedForBuilds, given }: { usedForBuilds: boolean; given: readonly string[] },
): Pod {
  const { options, rest } = split(words, at.path, variables, false);
  const kind = engine === 'podman' ? 'podman' : 'docker';
  const pod = looseGroup(kind, at, usedForBuilds);
  const [image, ...args] = rest.map(atWord(at.path, variables));
  const entrypoint = options.findLast(({ name }) => name === 'entrypoint');
  const owns = (mount: Mount): Mount =>
    mount.volume?.kind === 'bind' && given.some((path) => path === mount.volume?.source)
      ? { ...mount, volume: { ...mount.volume, owned: true } }
      : mount;
  const container = containerOf(
    {
      engine: kind,
      at,
      name: options.find(({ name }) => name === 'name')?.value ?? null,
      image: image ?? null,
      options,
      entrypoint: entrypoint === undefined || entrypoint.value === '' ? null : [entrypoint],
      args: args.length === 0 ? null : args,
    },
    pod,
  );
  pod.containers.push({ ...container, mounts: container.mounts.map(owns) });
  return pod;
}

/** The options of `docker buildx create`, those of its driver one by one. */
function readBuilder(at: Place, words: readonly Word[], variables: ReadonlyMap<string, string>): Builder {
  const { options } = split(words, at.path, variables, true);
  const last = (...names: readonly string[]): Option | null =>
    options.findLast(({ name }) => names.includes(name)) ?? null;
  return {
    ...at,
    driver: last('driver'),
    options: options.filter(({ name }) => name === 'driver-opt').flatMap(driverOptions),
    flags: options.filter(({ name }) => /^(?:buildkitd-)?flags$/.test(name)).flatMap(flagWords),
    config: last('buildkitd-config', 'config'),
  };
}

/** buildx reads them as a line of CSV. */
export function driverOptions(option: At<string>): Builder['options'] {
  const parts = option.value.match(/(?:"[^"]*"|[^,"]+)+/g) ?? [];
  return parts.map((part) => {
    const [name = '', ...value] = part.trim().replaceAll('"', '').split('=');
    return { name, value: value.join('='), path: `${option.path} ${name}`, span: option.span };
  });
}

/** The flags that buildkitd gets. */
export const flagWords = (option: At<string>): readonly At<string>[] =>
  readShell(option.value, 0)
    .commands.flatMap(({ words }) => words)
    .map(({ text }) => ({ ...option, value: text }));
