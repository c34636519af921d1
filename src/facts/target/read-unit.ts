import type { Identity, Look } from '../../model/look.ts';
import { asAbsent, tooMuch, Unseen } from '../../model/unseen.ts';
import { isListed } from '../../secrets/variables.ts';
import { type Directive, type Directives, lastOf, listOf, parseUnit, rawOf, type UnitText } from './directives.ts';
import { managerEnvironment } from './manager-environment.ts';
import { opensSession } from './pam-session.ts';
import type { ReadingBudget } from './reading-budget.ts';
import {
  type OwnDirectory,
  ownDirectories,
  type ServiceEnvironment,
  serviceEnvironment,
} from './service-environment.ts';
import { type Expand, specifiers } from './specifiers.ts';
import { followStart, type StartChain, type Stop, type Surroundings, throughScript } from './start-chain.ts';
import { type Command, commandsOf, type Dropped } from './start-line.ts';
import { isNamed } from './unit-candidates.ts';
import type { UnitFiles } from './unit-files.ts';
import { type UnitScope, userPlaces } from './unit-paths.ts';
import { withVariables } from './unit-words.ts';

/** The systemd unit that starts buildkitd for the target, with what it decides. */
export interface Unit extends Omit<StartChain, 'environment' | 'directory'> {
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
  /** A link to /dev/null takes the unit's place: systemd does not start it. */
  readonly masked: Directive['at'] | null;
  /** The line that starts it, as it is written. */
  readonly command: Command;
  /** The variables of the allow-list that buildkitd gets, and no others. */
  readonly environment: { readonly [name: string]: string };
  /** It has the socket by which Type=notify hears of it. */
  readonly notifies: boolean;
  /** Of those, what the unit and its files themselves say. */
  readonly assigned: { readonly [name: string]: string };
  /** The file of EnvironmentFile= that is not there. */
  readonly missingEnvironment: ServiceEnvironment['missing'];
  /** What systemd makes for it before the start. */
  readonly directories: readonly OwnDirectory[];
  /** WorkingDirectory=, "~" for the home directory; null when the unit leaves it to systemd. */
  readonly workingDirectory: string | null;
}

/** More words than any command line that a person wrote. */
const MOST_WORDS = 1000;
const LONGEST_SCRIPT = 64 * 1024;

/** One unit; null where it does not start the target's buildkitd. Throws Unseen where it may, and cannot be followed. */
export async function readUnit(look: Look, budget: ReadingBudget, files: UnitFiles): Promise<Unit | null> {
  const { host } = look;
  const { name, scope } = files;
  const found = await readMerged(look, budget, files);
  if (found === null) return null;
  const { texts, fragment, masked } = found;
  const written = parseUnit(texts);
  if (!isNamed(name) && !rawOf(written, 'ExecStart').some(({ value }) => value.includes('buildkitd'))) return null;
  const { target } = host.identity;
  const { configHome } = userPlaces(look);
  const expand = await specifiers(
    look,
    { name, scope, target, configHome, fragment },
    texts.map(({ text }) => text),
  );
  const directives = expanded(written, expand);
  if (scope === 'system' && !runsAsTarget(directives, host.identity)) return null;
  const command = lastCommand(written, expand);
  if (command === null) return null;
  const directories = ownDirectories(directives, (letter) => expand(`%${letter}`));
  const manager = await managerEnvironment(look, scope, budget);
  const pam = lastOf(directives, 'PAMName')?.value;
  const session = pam !== undefined && (await opensSession(look, budget, pam));
  const place = { name, scope, target, manager, directories, session };
  const service = await serviceEnvironment(directives, place, budget);
  const chain = await startOf(look, budget, command, service.values, name);
  if (chain === null) return null;
  const { environment: changed, directory, ...start } = chain;
  const values = { ...service.values, ...changed };
  const workingDirectory = lastOf(directives, 'WorkingDirectory')?.value.replace(/^-/, '');
  return {
    name,
    path: files.fragment,
    scope,
    user: scope === 'system' ? (lastOf(directives, 'User')?.value ?? null) : null,
    directives,
    source: files,
    files: [...texts.map(({ path }) => path), ...service.files],
    masked,
    command,
    ...start,
    environment: listed(values),
    notifies: typeof values.NOTIFY_SOCKET === 'string',
    assigned: listed({ ...service.assigned, ...changed }),
    missingEnvironment: service.missing,
    directories,
    workingDirectory: directory ?? workingDirectory ?? null,
  };
}

function listed(values: { readonly [name: string]: string | null }): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== null && isListed(pair[0])),
  );
}

interface Merged {
  readonly texts: readonly UnitText[];
  /** The file whose text it is. */
  readonly fragment: string;
  readonly masked: Unit['masked'];
}

/** The unit's text and what is dropped in, in the order in which it counts; null without the unit itself. */
async function readMerged(look: Look, budget: ReadingBudget, files: UnitFiles): Promise<Merged | null> {
  const { host } = look;
  let { fragment } = files;
  let masked: Unit['masked'] = null;
  let main = await budget.read(fragment, 'unit');
  if (main === null || main === '') {
    if (!isNamed(files.name)) return null;
    const real = await host.realpath(fragment, 'target').catch(asAbsent);
    if (main === '' || real === '/dev/null') {
      masked = { path: fragment, line: 1, column: 1 };
      // What would start were it not for the mask tells whose buildkitd it is.
      for (const below of files.below) {
        main = await budget.read(below, 'unit');
        if (main === null) continue;
        fragment = below;
        break;
      }
    } else if (real !== null && budget.refused(fragment))
      throw new Unseen(`${fragment} may start buildkitd, and may not be read`, `sudo systemctl cat ${files.name}`);
  }
  if (main === null || main === '') return null;
  const texts = [{ path: fragment, text: main }];
  for (const path of files.dropIns) {
    const text = await budget.read(path, 'unit');
    if (text !== null) texts.push({ path, text });
    else if (budget.refused(path) && (await host.realpath(path, 'target').catch(asAbsent)) !== '/dev/null')
      throw new Unseen(`${path} belongs to ${files.name}, and may not be read`, `sudo systemctl cat ${files.name}`);
  }
  return { texts, fragment, masked };
}

function expanded(written: Directives, expand: Expand): Directives {
  const each = <T, R>(of: { readonly [key: string]: T }, change: (value: T) => R): { readonly [key: string]: R } =>
    Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));
  return each(written, (keys) =>
    each(keys, (values) => values.map((directive) => ({ ...directive, value: expand(directive.value) }))),
  );
}

/** Does the system start this service as the account that will run buildkitd? */
function runsAsTarget(service: Directives, { target, mode }: Identity): boolean {
  const runsAs = lastOf(service, 'User')?.value;
  // Meant for the system, although DynamicUser= gives it an account of the unit's own name.
  return mode === 'rootless'
    ? runsAs !== undefined && (runsAs === target.name || runsAs === String(target.uid))
    : runsAs === undefined || runsAs === 'root' || runsAs === '0';
}

/** The last command of ExecStart= that systemd takes; the last that it drops where it takes none; null without any. */
function lastCommand(written: Directives, expand: Expand): Command | null {
  const taken = (one: readonly Command[] | Dropped): readonly Command[] => (typeof one === 'string' ? [] : one);
  return (
    listOf(written, 'ExecStart')
      .flatMap((directive) => taken(commandsOf(directive, expand)))
      .at(-1) ?? null
  );
}

/** The start followed to buildkitd; null where it leads elsewhere. */
async function startOf(
  look: Look,
  budget: ReadingBudget,
  command: Command,
  values: { readonly [name: string]: string },
  name: string,
): Promise<StartChain | null> {
  if (command.argv.length > MOST_WORDS)
    throw tooMuch(`ExecStart of ${command.at.path} has more than ${MOST_WORDS} words`);
  const { argv, unread } = command.verbatim ? { argv: command.argv, unread: [] } : withVariables(command.argv, values);
  const so: Surroundings = { rootlesskit: null, environment: {}, directory: null, values, enters: null };
  let found: StartChain | Stop = followStart([command.path, ...argv.slice(1)], so);
  for (let depth = 0; 'stop' in found && found.stop === 'script' && depth < 5; depth++) {
    const text = isNamed(name) ? await scriptAt(look, budget, found.path) : null;
    if (text === null) break;
    found = throughScript(text, [found.path, ...found.args], found.so);
  }
  const follow = (what: string): Unseen =>
    new Unseen(
      `${name} starts ${what}, and what that starts cannot be told from its text`,
      `systemctl ${command.at.path.includes('/user/') ? '--user ' : ''}status ${name}`,
    );
  if (!('stop' in found)) {
    if (unread.length > 0) throw follow(`buildkitd with the words of ${unread.join(' and ')}, which are not shown`);
    return found;
  }
  if (found.stop === 'unread') throw follow(found.what);
  return null;
}

/** The text of a shell script; null where it is something else. */
async function scriptAt({ host }: Look, budget: ReadingBudget, path: string): Promise<string | null> {
  if (!path.startsWith('/')) return null;
  const stat = await host.stat(path, 'target').catch(asAbsent);
  if (stat?.kind !== 'file' || stat.size > LONGEST_SCRIPT) return null;
  const text = await budget.read(path, 'text');
  return text !== null && /^#!\s*(?:\/\S*\/)?(?:env\s+)?(?:ba|da|a)?sh\b/.test(text) ? text : null;
}
