import { type Flags, parseBuildkitdArgs, parseRootlesskitArgs } from '../../buildkit/flags.ts';
import type { Account, Fact, HostReader, Identity, Look } from '../../model/look.ts';
import { tooMuch, unlessTooMuch } from '../../model/unseen.ts';
import { splitWords } from '../../secrets/split-words.ts';
import { isListed } from '../../secrets/variables.ts';
import { identity } from './identity.ts';
import { type ReadingBudget, readingBudget } from './reading-budget.ts';
import { noNewPrivilegesOf, parseService, type ServiceSection } from './service-section.ts';

/** The systemd unit that starts buildkitd for the target, with what it decides. */
export interface Unit {
  readonly path: string;
  readonly scope: 'system' | 'user';
  /** Every file that it was read from: the unit, what is dropped in, and the files of variables. */
  readonly files: readonly string[];
  readonly argv: readonly string[];
  /** Null when the unit starts buildkitd without rootlesskit. */
  readonly rootlesskit: { readonly path: string; readonly args: readonly string[]; readonly flags: Flags } | null;
  readonly buildkitd: { readonly path: string; readonly args: readonly string[]; readonly flags: Flags };
  /** Of `Environment=` and `EnvironmentFile=`, by the allow-list. */
  readonly environment: { readonly [name: string]: string };
  /** WorkingDirectory=, "~" for the home directory; null when the unit leaves it to systemd. */
  readonly workingDirectory: string | null;
  readonly noNewPrivileges: boolean;
  /** The setting that does so: NoNewPrivileges itself, or one that implies it in a user's unit (systemd.exec(5)). */
  readonly noNewPrivilegesBy: string | null;
}

/** So many units of a directory are read, those that BuildKit's name stands in first. */
const MOST_UNITS = 1000;
/** More words than any command line or environment that a person wrote. */
const MOST_WORDS = 1000;

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const unit: Fact<Unit | null> = {
  id: 'unit',
  async read(look) {
    const who = await look.get(identity);
    const { home, uid, name } = who.target;
    const user = ['/etc/systemd/user', '/usr/local/lib/systemd/user', '/usr/lib/systemd/user'];
    const system = [
      '/etc/systemd/system',
      '/run/systemd/system',
      '/usr/local/lib/systemd/system',
      '/usr/lib/systemd/system',
      '/lib/systemd/system',
    ];
    const configHome = look.request.env.XDG_CONFIG_HOME ?? (home === null ? null : `${home}/.config`);
    const places: [directory: string, scope: 'system' | 'user'][] = [];
    if (who.mode === 'rootless') {
      if (configHome !== null) places.push([`${configHome}/systemd/user`, 'user']);
      for (const directory of user) places.push([directory, 'user']);
    }
    for (const directory of system) places.push([directory, 'system']);
    const budget = readingBudget(look.host, `the units that may start buildkitd for ${name ?? `user ${uid}`}`);
    for (const [directory, scope] of places) {
      const names = (await look.host.list(directory, 'target').catch(unlessTooMuch)) ?? [];
      const own = directory.startsWith('/etc/') || directory.startsWith(`${configHome}/`);
      const candidates = names
        .filter((file) => file.endsWith('.service') && (own || file.includes('buildkit')))
        .sort((a, b) => Number(b.includes('buildkit')) - Number(a.includes('buildkit')) || (a < b ? -1 : 1));
      for (const [index, file] of candidates.entries()) {
        if (index === MOST_UNITS) throw tooMuch(`${directory} has more than ${MOST_UNITS} units`);
        const found = await readUnit(look, budget, directory, file, scope);
        if (found !== null) return found;
      }
    }
    return null;
  },
};

/** One unit; null where it does not start the target's buildkitd. */
export async function readUnit(
  { host }: Look,
  budget: ReadingBudget,
  directory: string,
  file: string,
  scope: Unit['scope'],
): Promise<Unit | null> {
  const path = `${directory}/${file}`;
  const found = await readMerged(host, budget, directory, file, scope);
  if (found === null) return null;
  const service = parseService(found.texts);
  const expand = expander(host.identity.target, file, scope);
  const command = commandOf(service, path, expand);
  if (command === null || (scope === 'system' && !runsAsTarget(service, host.identity))) return null;
  const variables = await variablesOf(service, path, expand, budget);
  const directoryOf = service.WorkingDirectory?.at(-1);
  const noNewPrivilegesBy = noNewPrivilegesOf(service, scope);
  return {
    path,
    scope,
    files: [...found.files, ...variables.files],
    ...command,
    environment: variables.environment,
    workingDirectory: directoryOf === undefined ? null : expand(directoryOf.replace(/^-/, '')),
    noNewPrivileges: noNewPrivilegesBy !== null,
    noNewPrivilegesBy,
  };
}

/** The unit's text and what is dropped in, in the order in which it counts; null without the unit itself. */
async function readMerged(
  host: HostReader,
  budget: ReadingBudget,
  directory: string,
  file: string,
  scope: Unit['scope'],
): Promise<{ readonly texts: readonly string[]; readonly files: readonly string[] } | null> {
  const path = `${directory}/${file}`;
  const main = await budget.read(path, 'unit');
  if (main === null) return null;
  const texts = [main];
  const files = [path];
  const dropIns = [
    `${directory}/${file}.d`,
    ...(directory.startsWith('/etc/') ? [] : [`/etc/systemd/${scope}/${file}.d`]),
  ];
  for (const dropIn of dropIns) {
    for (const name of (await host.list(dropIn, budget.as).catch(unlessTooMuch)) ?? []) {
      if (!name.endsWith('.conf')) continue;
      const text = await budget.read(`${dropIn}/${name}`, 'unit');
      if (text === null) continue;
      texts.push(text);
      files.push(`${dropIn}/${name}`);
    }
  }
  return { texts, files };
}

type Expand = (text: string) => string;

/** Replaces specifiers as systemd.unit(5) does; those that tell nothing about BuildKit stay. */
function expander({ home, name, uid }: Account, file: string, scope: Unit['scope']): Expand {
  const own = home ?? '';
  const specifiers: { readonly [letter: string]: string } = {
    h: own,
    u: name ?? '',
    U: String(uid),
    n: file,
    N: file.replace(/\.service$/, ''),
    t: scope === 'user' ? `/run/user/${uid}` : '/run',
    S: scope === 'user' ? `${own}/.config` : '/var/lib',
    C: scope === 'user' ? `${own}/.cache` : '/var/cache',
    E: scope === 'user' ? `${own}/.config` : '/etc',
    '%': '%',
  };
  return (text) => text.replace(/%(.)/g, (whole, letter: string) => specifiers[letter] ?? whole);
}

/** `of` names the words in a sentence. */
function few(words: readonly string[], of: string): readonly string[] {
  if (words.length > MOST_WORDS) throw tooMuch(`${of} has more than ${MOST_WORDS} words`);
  return words;
}

/** The command line with its parts; null when it does not start buildkitd. */
function commandOf(
  service: ServiceSection,
  path: string,
  expand: Expand,
): Pick<Unit, 'argv' | 'rootlesskit' | 'buildkitd'> | null {
  const line = service.ExecStart?.at(-1);
  if (line === undefined) return null;
  const argv = few(splitWords(line.replace(/^[-@:+!]+/, '')), `ExecStart of ${path}`).map(expand);
  const start = argv.findIndex((word) => base(word) === 'buildkitd');
  if (start < 0) return null;
  const kit = argv.slice(0, start).findIndex((word) => base(word) === 'rootlesskit');
  const kitArgs = argv.slice(kit + 1, start);
  const args = argv.slice(start + 1);
  return {
    argv,
    rootlesskit:
      kit < 0 ? null : { path: argv[kit] ?? 'rootlesskit', args: kitArgs, flags: parseRootlesskitArgs(kitArgs).flags },
    buildkitd: { path: argv[start] ?? 'buildkitd', args, flags: parseBuildkitdArgs(args).flags },
  };
}

/** Does the system start this service as the account that will run buildkitd? */
function runsAsTarget(service: ServiceSection, { target, mode }: Identity): boolean {
  const runsAs = service.User?.at(-1);
  return mode === 'rootless'
    ? runsAs !== undefined && (runsAs === target.name || runsAs === String(target.uid))
    : runsAs === undefined || runsAs === 'root' || runsAs === '0';
}

/** Of `Environment=` and the files that `EnvironmentFile=` names, by the allow-list. */
async function variablesOf(
  service: ServiceSection,
  path: string,
  expand: Expand,
  budget: ReadingBudget,
): Promise<Pick<Unit, 'environment' | 'files'>> {
  const environment: { [name: string]: string } = {};
  const files: string[] = [];
  const assigned = few(service.Environment ?? [], `Environment of ${path}`).flatMap(splitWords);
  for (const word of few(assigned, `Environment of ${path}`)) {
    const at = word.indexOf('=');
    const name = word.slice(0, at);
    if (isListed(name)) environment[name] = expand(word.slice(at + 1));
  }
  for (const named of service.EnvironmentFile ?? []) {
    const from = expand(named.replace(/^-/, ''));
    const text = await budget.read(from, 'environment-file');
    if (text !== null) files.push(from);
    for (const row of few((text ?? '').split(/\r?\n/), `The environment file ${from} of ${path}`)) {
      const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(row);
      if (found?.[1] !== undefined && isListed(found[1])) environment[found[1]] = splitWords(found[2] ?? '').join(' ');
    }
  }
  return { environment, files };
}
