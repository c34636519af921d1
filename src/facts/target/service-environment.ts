import type { Account } from '../../model/look.ts';
import { tooMuch, Unseen } from '../../model/unseen.ts';
import { matchesGlob } from '../../text/glob.ts';
import { unitWords } from '../../text/unit-words.ts';
import { type Directive, type Directives, lastOf, listOf } from './directives.ts';
import { environmentFile } from './environment-file.ts';
import type { ReadingBudget } from './reading-budget.ts';
import type { UnitScope } from './unit-paths.ts';

/** The environment that systemd gives a service (systemd.exec(5)), every variable of it; secrets are masked. */
export interface ServiceEnvironment {
  readonly values: { readonly [name: string]: string };
  /** What the unit itself assigns, and its files. */
  readonly assigned: { readonly [name: string]: string };
  /** Files of EnvironmentFile= that were read. */
  readonly files: readonly string[];
  /** One that is not there or may not be read, without the "-" that allows it: the service does not start. */
  readonly missing: (Directive & { readonly refused: boolean }) | null;
}

/** More words than any environment that a person wrote. */
const MOST_WORDS = 1000;

function few<T>(found: readonly T[], of: string): readonly T[] {
  if (found.length > MOST_WORDS) throw tooMuch(`${of} has more than ${MOST_WORDS} words`);
  return found;
}

/** What a manager starts its services with, before the unit says anything. */
export interface ManagerEnvironment {
  readonly [name: string]: string;
}

const RUNTIME_DIRECTORIES = [
  ['RuntimeDirectory', 'RUNTIME_DIRECTORY', 't'],
  ['StateDirectory', 'STATE_DIRECTORY', 'S'],
  ['CacheDirectory', 'CACHE_DIRECTORY', 'C'],
  ['LogsDirectory', 'LOGS_DIRECTORY', 'L'],
  ['ConfigurationDirectory', 'CONFIGURATION_DIRECTORY', 'E'],
] as const;

/** A directory that systemd makes for a service, and gives to its account. */
export interface OwnDirectory {
  readonly key: (typeof RUNTIME_DIRECTORIES)[number][0];
  readonly variable: string;
  readonly path: string;
  /** The directory of all of that kind. */
  readonly base: string;
  readonly at: Directive['at'];
}

/** The directories that a unit asks for; `baseOf` tells what a specifier stands for. */
export function ownDirectories(unit: Directives, baseOf: (specifier: string) => string): readonly OwnDirectory[] {
  return RUNTIME_DIRECTORIES.flatMap(([key, variable, letter]) =>
    listOf(unit, key).flatMap(({ value, at }) =>
      unitWords(value).words.map((word) => ({
        key,
        variable,
        path: `${baseOf(letter)}/${word.split(':')[0] ?? ''}`,
        base: baseOf(letter),
        at,
      })),
    ),
  );
}

/** As exec_child() of systemd puts it together, what comes later winning. */
export async function serviceEnvironment(
  unit: Directives,
  place: {
    readonly name: string;
    readonly scope: UnitScope;
    readonly target: Account;
    readonly manager: ManagerEnvironment;
    readonly directories: readonly OwnDirectory[];
    /** PAM opens a session for it. */
    readonly session: boolean;
  },
  budget: ReadingBudget,
): Promise<ServiceEnvironment> {
  const { name, scope, target, manager, directories, session } = place;
  const values: { [variable: string]: string } = { ...manager };
  if (lastOf(unit, 'User') !== null && scope === 'system') Object.assign(values, accountOf(target));
  if (session) values.XDG_RUNTIME_DIR ??= `/run/user/${target.uid}`;
  for (const { variable, path } of directories)
    values[variable] = values[variable] === undefined ? path : `${values[variable]}:${path}`;
  if (/^notify/.test(lastOf(unit, 'Type')?.value ?? '')) values.NOTIFY_SOCKET = '/run/systemd/notify';
  const search = listOf(unit, 'ExecSearchPath').map(({ value }) => value);
  if (search.length > 0) values.PATH = search.join(':');
  const assigned: { [variable: string]: string } = {};
  const words = listOf(unit, 'Environment').flatMap(({ value }) => unitWords(value).words);
  for (const word of few(words, `Environment of ${name}`)) assign(assigned, word);
  const { files, missing } = await readFiles(unit, name, assigned, budget);
  Object.assign(values, assigned);
  for (const word of listOf(unit, 'UnsetEnvironment').flatMap(({ value }) => unitWords(value).words)) {
    const at = word.indexOf('=');
    const variable = at < 0 ? word : word.slice(0, at);
    if (at < 0 || values[variable] === word.slice(at + 1)) delete values[variable];
  }
  return { values, assigned, files, missing };
}

function accountOf({ name, home, shell }: Account): { readonly [variable: string]: string } {
  return {
    ...(name === null ? {} : { USER: name, LOGNAME: name }),
    ...(home === null ? {} : { HOME: home }),
    ...(shell === null || /\/(?:nologin|false)$/.test(shell) ? {} : { SHELL: shell }),
  };
}

function assign(values: { [name: string]: string }, word: string): void {
  const at = word.indexOf('=');
  if (at > 0 && /^[A-Za-z_]\w*$/.test(word.slice(0, at))) values[word.slice(0, at)] = word.slice(at + 1);
}

async function readFiles(
  unit: Directives,
  name: string,
  values: { [variable: string]: string },
  budget: ReadingBudget,
): Promise<Pick<ServiceEnvironment, 'files' | 'missing'>> {
  const files: string[] = [];
  let missing: ServiceEnvironment['missing'] = null;
  for (const directive of listOf(unit, 'EnvironmentFile')) {
    const written = directive.value.replace(/^-/, '');
    if (!written.startsWith('/')) continue;
    const paths = await matching(written, name, budget);
    const isNeeded = !directive.value.startsWith('-');
    if (paths.length === 0 && isNeeded) missing ??= { ...directive, value: written, refused: false };
    for (const path of paths) {
      const text = await budget.read(path, 'environment-file');
      if (text === null) {
        if (isNeeded) missing ??= { ...directive, value: path, refused: budget.refused(path) };
        continue;
      }
      files.push(path);
      const assigned = few(environmentFile(text), `The environment file ${path} of ${name}`);
      for (const [variable, value] of assigned) values[variable] = value;
    }
  }
  return { files, missing };
}

/** The files that a path with wildcards names, in the order of their names; a path without them is itself. */
async function matching(path: string, name: string, budget: ReadingBudget): Promise<readonly string[]> {
  if (!/[*?[]/.test(path)) return [path];
  const slash = path.lastIndexOf('/');
  const directory = path.slice(0, slash) || '/';
  if (/[*?[]/.test(directory))
    throw new Unseen(
      `which files ${path} of ${name} names was not looked at: a wildcard stands in its directory`,
      `systemctl show --property=EnvironmentFiles ${name}`,
    );
  const names = (await budget.list(directory)) ?? [];
  return names.filter((one) => matchesGlob(path.slice(slash + 1), one)).map((one) => `${directory}/${one}`);
}
