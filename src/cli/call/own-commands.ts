import { readFileSync, realpathSync } from 'node:fs';
import type { Request } from '../../model/look.ts';
import type { TargetReport } from '../../model/say.ts';
import { ownStart } from '../../package/form.ts';
import type { Commands } from '../../report/summary.ts';
import { commandLine } from '../../text/shell.ts';
import { findProgram } from './appearance.ts';

/** What a person who repeats the question must type, beyond the command. */
export interface Question {
  readonly request: Request;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** True for a recording. */
  readonly elsewhere: boolean;
  readonly verify: boolean;
  /** What repairs is another command than `fix`, with flags of its own. */
  readonly verb?: readonly string[];
}

/** Directories that every account has in its PATH, or whose programs root finds as well. */
const USUAL = /^\/(usr\/(local\/)?)?(s?bin|games)$|^\/snap\/bin$/;
/** Variables that decide where buildkitd's things are; root, asking for somebody else, would not have them. */
const CARRIED = ['XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR', 'TMPDIR', 'BUILDKITD_FLAGS'];

/** Command lines for the next step, complete with the flags that repeat the question. */
export function commandsOf(question: Question, target: TargetReport, env: NodeJS.ProcessEnv): Commands {
  const { request, elsewhere } = question;
  const isRoot = process.geteuid?.() === 0;
  const start = elsewhere ? null : ownStart();
  const own = elsewhere ? ['bk-doctor'] : ownWords(env);
  const who = request.user === null && target.uid !== 0 ? ['--user', target.user ?? String(target.uid)] : [];
  const verb = question.verb ?? ['fix'];
  const wordsOf = (command: string): readonly string[] => (command === 'fix' || command === verb[0] ? verb : [command]);
  const asRoot = (command: string): string => {
    const words = [
      ...(start?.words ?? ['bk-doctor']),
      command,
      ...who,
      ...flagsOf(question, command),
      ...carried(target),
    ];
    const hasSudo = elsewhere || findProgram('sudo', '/usr/bin:/bin:/usr/local/bin:/run/wrappers/bin') !== null;
    // The shell that the caller types into puts its own PATH there; inside su -c another one would.
    if (hasSudo) return ['sudo', commandLine(words), ...(isPathOwn(target) ? ['--env "PATH=$PATH"'] : [])].join(' ');
    const path = isPathOwn(target) ? ['--env', `PATH=${target.environment.PATH?.value ?? ''}`] : [];
    return commandLine(['su', '-c', commandLine([...words, ...path])]);
  };
  const bySudo = isRoot && (env.SUDO_USER ?? '') !== '';
  const here = (command: string): string =>
    bySudo ? asRoot(command) : commandLine([...own, ...wordsOf(command), ...flagsOf(question, command)]);
  return {
    check: here('check'),
    fix: here('fix'),
    checkAsRoot: asRoot('check'),
    fixAsRoot: asRoot('fix'),
    script: commandLine([...own, ...verb, '--script', ...flagsOf(question, 'fix')]),
    undo: commandLine([...own, 'undo']),
    show: commandLine([...own, 'show']),
    // It has a root and a socket of its own.
    verify:
      question.verify && !elsewhere
        ? commandLine([...own, 'verify', ...placeFlags({ ...request, root: null, addresses: null })])
        : null,
    setup: request.daemonless === true ? null : target.uid === 0 && !isRoot ? asRoot('setup') : here('setup'),
    isRoot,
    elsewhere,
  };
}

/** How a script calls this program: the words that start it here, and the flags that repeat the question whoever runs the script. */
export function callOf(
  { request, elsewhere }: Pick<Question, 'request' | 'elsewhere'>,
  target: TargetReport,
): { readonly program: readonly string[] | null; readonly flags: readonly string[] } {
  const start = elsewhere ? null : ownStart();
  const who =
    request.user !== null
      ? []
      : target.uid !== 0
        ? ['--user', target.user ?? String(target.uid)]
        : request.mode === null
          ? ['--mode', target.mode]
          : [];
  const path = isPathOwn(target) ? ['--env', `PATH=${target.environment.PATH?.value ?? ''}`] : [];
  return {
    program: start?.words ?? null,
    flags: [...who, ...placeFlags(request), ...carried(target), ...path, ...(request.probe ? [] : ['--no-probe'])],
  };
}

function placeFlags(request: Request): readonly string[] {
  const given = (flag: string, value: string | null): readonly string[] => (value === null ? [] : [flag, value]);
  return [
    ...given('--mode', request.mode),
    ...given('--user', request.user),
    ...Object.entries(request.env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...given('--config', request.config),
    ...given('--root', request.root),
    ...(request.addresses ?? []).flatMap((address) => ['--address', address]),
  ];
}

function flagsOf({ request, only, skip }: Question, command: string): readonly string[] {
  return [
    ...placeFlags(request),
    // A service is more than some of the checks.
    ...(only.length === 0 || command === 'setup' ? [] : ['--only', only.join(',')]),
    ...(skip.length === 0 ? [] : ['--skip', skip.join(',')]),
    ...(request.daemonless === true ? ['--daemonless'] : []),
    ...(request.build === undefined || command !== 'check' ? [] : ['--build', request.build.given]),
    ...(request.probe ? [] : ['--no-probe']),
  ];
}

/** What the caller's own environment decided, beside PATH. */
function carried({ environment, uid }: TargetReport): readonly string[] {
  return CARRIED.flatMap((name) => {
    const variable = environment[name];
    if (variable?.source !== 'process' || variable.value === '') return [];
    if (name === 'XDG_RUNTIME_DIR' && variable.value === `/run/user/${uid}`) return [];
    return ['--env', `${name}=${variable.value}`];
  });
}

/** Does the caller's PATH lead to places where root, asking for him, would not look? */
function isPathOwn({ environment: { PATH: path } }: TargetReport): boolean {
  return path?.source === 'process' && path.value.split(':').some((part) => part.startsWith('/') && !USUAL.test(part));
}

/** What starts this program here: its name where the shell finds it, else the way to it. */
export function ownWords(env: NodeJS.ProcessEnv): readonly string[] {
  const start = ownStart();
  if (start === null || isInPath(start.file, env)) return ['bk-doctor'];
  return npxWords(start.file, env) ?? start.words;
}

/** npx keeps what it fetched beside the name by which it was asked; without one it is a package of the directory. */
function npxWords(file: string, env: NodeJS.ProcessEnv): readonly string[] | null {
  if (env.npm_command !== 'exec') return null;
  const fetched = /^(.*\/_npx\/[^/]+)\//.exec(file)?.[1];
  if (fetched === undefined) return ['npx', 'bk-doctor'];
  try {
    const { _npx } = JSON.parse(readFileSync(`${fetched}/package.json`, 'utf8')) as { _npx?: { packages?: unknown } };
    const [name, ...more] = Array.isArray(_npx?.packages) ? _npx.packages : [];
    if (typeof name !== 'string' || more.length > 0) return null;
    return /^bk-doctor(@[\w.-]+)?$/.test(name) ? ['npx', name] : ['npx', `--package=${name}`, 'bk-doctor'];
  } catch {
    return null;
  }
}

function isInPath(file: string, env: NodeJS.ProcessEnv): boolean {
  const found = findProgram('bk-doctor', env.PATH ?? '');
  return found !== null && realpathSync(found) === file;
}
