import { type Flags, parseBuildkitdArgs, parseRootlesskitArgs } from '../../buildkit/flags.ts';
import type { Fact, Identity, Look } from '../../model/look.ts';
import { tooMuch } from '../../model/unseen.ts';
import { splitWords } from '../../secrets/split-words.ts';
import { isListed } from '../../secrets/variables.ts';
import { type Directives, isOn, lastOf, listOf, parseUnit, rawOf, type UnitText } from './directives.ts';
import { identity } from './identity.ts';
import { noNewPrivilegesOf } from './no-new-privileges.ts';
import { type ReadingBudget, readingBudget } from './reading-budget.ts';
import { type Expand, specifiers } from './specifiers.ts';
import { candidatesIn } from './unit-candidates.ts';
import { listDirectories, type UnitFiles } from './unit-files.ts';
import { SYSTEM_DIRECTORIES, type UnitScope, type UserPlaces, userDirectories } from './unit-paths.ts';

/** The systemd unit that starts buildkitd for the target, with what it decides. */
export interface Unit {
  /** With its type and instance: "buildkit.service", "buildkit@bob.service". */
  readonly name: string;
  readonly path: string;
  readonly scope: UnitScope;
  /** User= of a system unit; null without one, and for a user unit. */
  readonly user: string | null;
  /** What it and its drop-ins say, with specifiers replaced. */
  readonly directives: Directives;
  readonly source: UnitFiles;
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

/** More words than any command line or environment that a person wrote. */
const MOST_WORDS = 1000;

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const unit: Fact<Unit | null> = {
  id: 'unit',
  async read(look) {
    const who = await look.get(identity);
    const { name, uid } = who.target;
    const budget = readingBudget(look.host, `the units that may start buildkitd for ${name ?? `user ${uid}`}`);
    const scopes: readonly UnitScope[] = who.mode === 'rootless' ? ['user', 'system'] : ['system'];
    for (const scope of scopes) {
      const listed = await listDirectories(
        look,
        scope === 'user' ? userDirectories(placesOf(look)) : SYSTEM_DIRECTORIES,
      );
      for (const candidate of await candidatesIn(look, budget, listed, scope)) {
        const found = await readUnit(look, budget, candidate);
        if (found !== null) return found;
      }
    }
    return null;
  },
};

function placesOf({ host, request }: Look): UserPlaces {
  const { home, uid } = host.identity.target;
  const below = (path: string): string | null => (home === null ? null : `${home}/${path}`);
  return {
    configHome: request.env.XDG_CONFIG_HOME ?? below('.config'),
    dataHome: request.env.XDG_DATA_HOME ?? below('.local/share'),
    runtime: `/run/user/${uid}`,
  };
}

/** One unit; null where it does not start the target's buildkitd. */
export async function readUnit(look: Look, budget: ReadingBudget, files: UnitFiles): Promise<Unit | null> {
  const { host } = look;
  const { name, scope, fragment } = files;
  const found = await readMerged(budget, files);
  if (found === null) return null;
  const written = parseUnit(found);
  if (!rawOf(written, 'ExecStart').some(({ value }) => value.includes('buildkitd'))) return null;
  const { target } = host.identity;
  const place = { name, scope, target, configHome: placesOf(look).configHome, fragment };
  const expand = await specifiers(
    look,
    place,
    found.map(({ text }) => text),
  );
  const directives = expanded(written, expand);
  const user = scope === 'system' ? (lastOf(directives, 'User')?.value ?? null) : null;
  const command = commandOf(written, fragment, expand);
  if (command === null || (scope === 'system' && !runsAsTarget(directives, host.identity))) return null;
  const variables = await variablesOf(written, fragment, expand, budget);
  const directoryOf = lastOf(directives, 'WorkingDirectory')?.value;
  const noNewPrivilegesBy = noNewPrivilegesOf(directives, scope);
  return {
    name,
    path: fragment,
    scope,
    user,
    directives,
    source: files,
    files: [...found.map(({ path }) => path), ...variables.files],
    ...command,
    environment: variables.environment,
    workingDirectory: directoryOf === undefined ? null : directoryOf.replace(/^-/, ''),
    noNewPrivileges: noNewPrivilegesBy !== null,
    noNewPrivilegesBy,
  };
}

/** The unit's text and what is dropped in, in the order in which it counts; null without the unit itself. */
async function readMerged(
  budget: ReadingBudget,
  { fragment, dropIns }: UnitFiles,
): Promise<readonly UnitText[] | null> {
  const main = await budget.read(fragment, 'unit');
  if (main === null) return null;
  const texts = [{ path: fragment, text: main }];
  for (const path of dropIns) {
    const text = await budget.read(path, 'unit');
    if (text !== null) texts.push({ path, text });
  }
  return texts;
}

function expanded(written: Directives, expand: Expand): Directives {
  return Object.fromEntries(
    Object.entries(written).map(([section, keys]) => [
      section,
      Object.fromEntries(
        Object.entries(keys).map(([key, values]) => [
          key,
          values.map((directive) => ({ ...directive, value: expand(directive.value) })),
        ]),
      ),
    ]),
  );
}

/** `of` names the words in a sentence. */
function few(words: readonly string[], of: string): readonly string[] {
  if (words.length > MOST_WORDS) throw tooMuch(`${of} has more than ${MOST_WORDS} words`);
  return words;
}

/** The command line with its parts; null when it does not start buildkitd. */
function commandOf(
  service: Directives,
  path: string,
  expand: Expand,
): Pick<Unit, 'argv' | 'rootlesskit' | 'buildkitd'> | null {
  const line = lastOf(service, 'ExecStart')?.value;
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
function runsAsTarget(service: Directives, { target, mode }: Identity): boolean {
  const runsAs = lastOf(service, 'User')?.value;
  // Without User= it is an account of the unit's own name.
  if (runsAs === undefined && isOn(service, 'DynamicUser') !== null) return false;
  return mode === 'rootless'
    ? runsAs !== undefined && (runsAs === target.name || runsAs === String(target.uid))
    : runsAs === undefined || runsAs === 'root' || runsAs === '0';
}

/** Of `Environment=` and the files that `EnvironmentFile=` names, by the allow-list. */
async function variablesOf(
  service: Directives,
  path: string,
  expand: Expand,
  budget: ReadingBudget,
): Promise<Pick<Unit, 'environment' | 'files'>> {
  const environment: { [name: string]: string } = {};
  const files: string[] = [];
  const assigned = few(
    listOf(service, 'Environment').map(({ value }) => value),
    `Environment of ${path}`,
  ).flatMap(splitWords);
  for (const word of few(assigned, `Environment of ${path}`)) {
    const at = word.indexOf('=');
    const name = word.slice(0, at);
    if (isListed(name)) environment[name] = expand(word.slice(at + 1));
  }
  for (const { value } of listOf(service, 'EnvironmentFile')) {
    const from = expand(value.replace(/^-/, ''));
    const text = await budget.read(from, 'environment-file');
    if (text !== null) files.push(from);
    for (const row of few((text ?? '').split(/\r?\n/), `The environment file ${from} of ${path}`)) {
      const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(row);
      if (found?.[1] !== undefined && isListed(found[1])) environment[found[1]] = splitWords(found[2] ?? '').join(' ');
    }
  }
  return { environment, files };
}
