import { type Flags, parseBuildkitdArgs, parseRootlesskitArgs } from '../../buildkit/flags.ts';
import { shellStart } from './shell-start.ts';
import type { Values } from './unit-words.ts';

/** How a command line comes to buildkitd. */
export interface StartChain {
  readonly argv: readonly string[];
  /** Null when it starts buildkitd without rootlesskit. */
  readonly rootlesskit: { readonly path: string; readonly args: readonly string[]; readonly flags: Flags } | null;
  readonly buildkitd: { readonly path: string; readonly args: readonly string[]; readonly flags: Flags };
  /** What wrappers set before; null: took away. */
  readonly environment: { readonly [name: string]: string | null };
  readonly directory: string | null;
  /** A program before rootlesskit and buildkitd of which nobody here knows what it does to them. */
  readonly wrapper: string | null;
  /** It enters the namespaces of another rootlesskit, as containerd-rootless-setuptool.sh does. */
  readonly enters: string | null;
}
/** Where a command line could not be followed: a script to be read, or what stays unknown. */
export type Stop =
  | { readonly stop: 'script'; readonly path: string; readonly args: readonly string[]; readonly so: Surroundings }
  | { readonly stop: 'unread'; readonly what: string }
  | { readonly stop: 'elsewhere' };

/** What was found on the way. */
export interface Surroundings {
  readonly rootlesskit: StartChain['rootlesskit'];
  readonly environment: StartChain['environment'];
  readonly directory: string | null;
  readonly values: Values;
  readonly enters: string | null;
}

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const SHELL = /^(?:ba|da|a|k|z)?sh$/;
/** Programs that only start another one, with the options of theirs that take a word. */
const STARTERS: { readonly [name: string]: RegExp } = {
  nice: /^(?:-n|--adjustment)$/,
  ionice: /^(?:-c|-n|-p|--class|--classdata)$/,
  nohup: /^$/,
  setsid: /^$/,
  stdbuf: /^-[ioe]$/,
  exec: /^-a$/,
  tini: /^-[pe]$/,
  'dumb-init': /^(?:-r|--rewrite)$/,
  catatonit: /^$/,
  'systemd-cat': /^(?:-t|-p|--identifier|--priority|--stderr-priority)$/,
  'systemd-inhibit': /^$/,
};

/** Programs that start another one with other rights, another account or other namespaces, as their options say. */
const CHANGING =
  /^(?:setpriv|prlimit|unshare|nsenter|chroot|capsh|bwrap|firejail|nsjail|systemd-run|sudo|su|runuser|doas|gosu|su-exec|aa-exec|runcon|cgexec|softlimit|chpst|s6-setuidgid)$/;

/** Follows a command line, through shells and programs that only start another, to buildkitd. */
export function followStart(argv: readonly string[], so: Surroundings, depth = 0): StartChain | Stop {
  const [program, ...rest] = argv;
  if (program === undefined || depth > 20) return { stop: 'elsewhere' };
  const name = base(program);
  const on = (next: readonly string[], changed: Partial<Surroundings> = {}): StartChain | Stop =>
    followStart(next, { ...so, ...changed }, depth + 1);
  if (name === 'buildkitd') return arrived(argv, program, rest, so);
  if (name === 'rootlesskit' && so.rootlesskit === null) {
    const { flags, args, command } = parseRootlesskitArgs(rest);
    return on(command, { rootlesskit: { path: program, args, flags } });
  }
  if (name === 'busybox' && SHELL.test(rest[0] ?? '')) return on(rest);
  if (SHELL.test(name)) return throughShell(rest, so, depth);
  if (name === 'env') return throughEnv(rest, so, depth);
  if (name === 'containerd-rootless-setuptool.sh' && rest[0] === 'nsenter')
    return on(rest.slice(rest[1] === '--' ? 2 : 1), { enters: program });
  const takesWord = STARTERS[name];
  if (takesWord !== undefined) return on(withoutOptions(rest, takesWord));
  const at = rest.findIndex((word) => base(word) === 'buildkitd');
  if (at >= 0 && CHANGING.test(name)) return { stop: 'unread', what: `buildkitd by ${name}` };
  if (at < 0) return { stop: 'script', path: program, args: rest, so };
  const kit = rest.slice(0, at).findIndex((word) => base(word) === 'rootlesskit');
  const found = on(rest.slice(kit < 0 ? at : kit));
  return 'stop' in found ? found : { ...found, argv, wrapper: program };
}

function arrived(
  argv: readonly string[],
  path: string,
  args: readonly string[],
  { rootlesskit, environment, directory, enters }: Surroundings,
): StartChain {
  const { flags } = parseBuildkitdArgs(args);
  return { argv, rootlesskit, buildkitd: { path, args, flags }, environment, directory, wrapper: null, enters };
}

function withoutOptions(words: readonly string[], takesWord: RegExp): readonly string[] {
  let at = 0;
  for (; words[at]?.startsWith('-'); at++) {
    if (words[at] === '--') return words.slice(at + 1);
    if (takesWord.test(words[at] ?? '')) at++;
  }
  return words.slice(at);
}

function throughEnv(words: readonly string[], so: Surroundings, depth: number): StartChain | Stop {
  const environment: { [name: string]: string | null } = { ...so.environment };
  let values: { [name: string]: string } = { ...so.values };
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    const assigned = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word);
    if (assigned?.[1] !== undefined) {
      environment[assigned[1]] = assigned[2] ?? '';
      values[assigned[1]] = assigned[2] ?? '';
    } else if (word === '-u' || word === '--unset') {
      const name = words[++at] ?? '';
      environment[name] = null;
      delete values[name];
    } else if (word === '-i' || word === '-' || word === '--ignore-environment') {
      for (const name of Object.keys(values)) environment[name] = null;
      values = {};
    } else if (word === '--') {
      at++;
      break;
    } else if (word.startsWith('-')) return { stop: 'unread', what: `env ${word}` };
    else break;
  }
  return followStart(words.slice(at), { ...so, environment, values }, depth + 1);
}

function throughShell(words: readonly string[], so: Surroundings, depth: number): StartChain | Stop {
  let command = false;
  let at = 0;
  for (; /^[-+]/.test(words[at] ?? ''); at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    if (word.startsWith('--') || /^-\w*[li]/.test(word)) return { stop: 'unread', what: `a shell with ${word}` };
    if (/^-\w*c/.test(word)) command = true;
    if (/^[-+]\w*o$/.test(word)) at++;
  }
  const [text = '', ...args] = words.slice(at);
  if (!command) return text === '' ? { stop: 'elsewhere' } : { stop: 'script', path: text, args, so };
  return throughScript(text, args.length === 0 ? ['sh'] : args, so, depth);
}

/** The text of a script; `args` begin with its own name. */
export function throughScript(text: string, args: readonly string[], so: Surroundings, depth = 0): StartChain | Stop {
  const started = shellStart(text, args, so.values);
  if (started === null)
    return /\bbuildkitd\b/.test(text) ? { stop: 'unread', what: 'a shell script' } : { stop: 'elsewhere' };
  const environment = { ...so.environment, ...started.environment };
  const values = Object.fromEntries(
    Object.entries({ ...so.values, ...started.environment }).filter(
      (pair): pair is [string, string] => pair[1] !== null,
    ),
  );
  return followStart(
    started.argv,
    { ...so, environment, values, directory: started.directory ?? so.directory },
    depth + 1,
  );
}
