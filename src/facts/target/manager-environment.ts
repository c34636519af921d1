import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { isListed } from '../../secrets/variables.ts';
import { unitWords } from '../../text/unit-words.ts';
import { type Directives, listOf, parseUnit } from './directives.ts';
import { environmentFile } from './environment-file.ts';
import type { ReadingBudget } from './reading-budget.ts';
import type { UnitScope } from './unit-paths.ts';

/** What systemd was built with where a distribution has not merged its directories; in others the rest are links. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CONFIGURATION = ['/etc/systemd', '/run/systemd', '/usr/local/lib/systemd', '/usr/lib/systemd'];

/** The variables that a manager hands to each of its services, as it runs or, where it does not, as its files say. */
export async function managerEnvironment(
  look: Look,
  scope: UnitScope,
  budget: ReadingBudget,
): Promise<{ readonly [name: string]: string }> {
  if (scope === 'user') {
    const told = await toldByManager(look);
    if (told !== null) return told;
  }
  const values: { [name: string]: string } = { PATH: DEFAULT_PATH };
  if (scope === 'user') Object.assign(values, ofAccount(look), await environmentD(look, budget, values));
  for (const written of await managerSettings(look, scope, budget))
    for (const { value } of listOf(written, 'DefaultEnvironment', 'Manager'))
      for (const word of unitWords(value).words) assign(values, word);
  return values;
}

/** What PAM and user@.service give to the manager of a user. */
function ofAccount({ host }: Look): { readonly [name: string]: string } {
  const { name, home, shell, uid } = host.identity.target;
  return {
    ...(name === null ? {} : { USER: name, LOGNAME: name }),
    ...(home === null ? {} : { HOME: home }),
    ...(shell === null ? {} : { SHELL: shell }),
    XDG_RUNTIME_DIR: `/run/user/${uid}`,
  };
}

function assign(values: { [name: string]: string }, word: string): void {
  const at = word.indexOf('=');
  if (at > 0) values[word.slice(0, at)] = word.slice(at + 1);
}

/** Null where the user's manager does not run, or does not answer us. */
async function toldByManager({ host }: Look): Promise<{ readonly [name: string]: string } | null> {
  const { uid } = host.identity.target;
  const socket = await host.stat(`/run/user/${uid}/systemd/private`, 'target').catch(asAbsent);
  if (socket?.kind !== 'socket') return null;
  const ran = await host.run('systemctl', ['--user', 'show-environment'], 'target').catch(asAbsent);
  if (ran === null || ran.code !== 0) return null;
  const values: { [name: string]: string } = {};
  for (const line of ran.stdout.split('\n')) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || !isListed(name)) continue;
    const quoted = /^\$'(.*)'$/.exec(value)?.[1];
    values[name] = quoted === undefined ? value : (unitWords(`'${quoted}'`).words[0] ?? '');
  }
  return values;
}

/** What each file of a manager's own settings says, in the order in which they count. */
export async function managerSettings(
  look: Look,
  scope: UnitScope,
  budget: ReadingBudget,
): Promise<readonly Directives[]> {
  const found: Directives[] = [];
  for (const path of await configurationFiles(look, `${scope}.conf`)) {
    const text = await budget.read(path, 'unit');
    if (text !== null) found.push(parseUnit([{ path, text }]));
  }
  return found;
}

/** The main file of systemd-system.conf(5), then what is dropped in, by name. */
async function configurationFiles({ host }: Look, name: string): Promise<readonly string[]> {
  const byName = new Map<string, string>();
  let main: string | null = null;
  for (const directory of CONFIGURATION) {
    const names = await host.list(directory, 'target').catch(asAbsent);
    if (names === null) continue;
    if (names.includes(name)) main ??= `${directory}/${name}`;
    if (!names.includes(`${name}.d`)) continue;
    for (const file of (await host.list(`${directory}/${name}.d`, 'target').catch(asAbsent)) ?? [])
      if (file.endsWith('.conf') && !byName.has(file)) byName.set(file, `${directory}/${name}.d/${file}`);
  }
  const dropIns = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  return main === null ? dropIns : [main, ...dropIns];
}

/** environment.d(5), which the manager of a user reads when it starts. */
async function environmentD(
  { host, request }: Look,
  budget: ReadingBudget,
  before: { readonly [name: string]: string },
): Promise<{ readonly [name: string]: string }> {
  const { home } = host.identity.target;
  const configHome = request.env.XDG_CONFIG_HOME ?? (home === null ? null : `${home}/.config`);
  const directories = [
    ...(configHome === null ? [] : [`${configHome}/environment.d`]),
    ...['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((above) => `${above}/environment.d`),
  ];
  const byName = new Map<string, string>();
  for (const directory of directories)
    for (const file of (await host.list(directory, 'target').catch(asAbsent)) ?? [])
      if (file.endsWith('.conf') && !byName.has(file)) byName.set(file, `${directory}/${file}`);
  const values: { [name: string]: string } = { ...before, ...ofAccount({ host, request } as Look) };
  for (const [, path] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const text = await budget.read(path, 'environment-file');
    for (const [name, value] of environmentFile(text ?? '')) values[name] = expandedIn(value, values);
  }
  return values;
}

/** "$NAME", "${NAME}", "${NAME:-other}" and "${NAME:+other}". */
function expandedIn(text: string, values: { readonly [name: string]: string }): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (_, plain?: string, braced?: string, how?: string, other = '') => {
      const value = values[plain ?? braced ?? ''] ?? '';
      if (how === '+') return value === '' ? '' : other;
      return value === '' && how === '-' ? other : value;
    },
  );
}
