import { type Flags, parseBuildkitdArgs, parseRootlesskitArgs } from '../../buildkit/flags.ts';
import type { Fact, Look } from '../../model/look.ts';
import { tooMuch, unlessTooMuch } from '../../model/unseen.ts';
import { splitWords } from '../../secrets/split-words.ts';
import { isListed } from '../../secrets/variables.ts';
import { identity } from './identity.ts';
import { type ReadingBudget, readingBudget } from './reading-budget.ts';

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

/** Settings that systemd can only make with seccomp, for which an ordinary user's process needs no_new_privs. */
const FILTERING = ['SystemCallFilter', 'SystemCallArchitectures', 'SystemCallLog', 'RestrictAddressFamilies'];
const FILTERING_SWITCHES = [
  'RestrictNamespaces',
  'PrivateDevices',
  'ProtectKernelTunables',
  'ProtectKernelModules',
  'ProtectKernelLogs',
  'ProtectClock',
  'ProtectHostname',
  'MemoryDenyWriteExecute',
  'RestrictRealtime',
  'RestrictSUIDSGID',
  'LockPersonality',
];

interface Section {
  readonly [key: string]: readonly string[];
}

/** Parses the [Service] section of unit text and drop-ins, in order; an empty assignment resets its key (systemd.unit(5)). */
export function parseService(texts: readonly string[]): Section {
  const values: { [key: string]: string[] } = Object.create(null);
  for (const text of texts) {
    let section = '';
    for (const line of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
      const header = /^\[(.+)\]$/.exec(trimmed);
      if (header?.[1] !== undefined) {
        section = header[1];
        continue;
      }
      const at = trimmed.indexOf('=');
      if (section !== 'Service' || at < 0) continue;
      const key = trimmed.slice(0, at).trim();
      const value = trimmed.slice(at + 1).trim();
      if (value === '') delete values[key];
      else {
        const list = values[key];
        if (list === undefined) values[key] = [value];
        else list.push(value);
      }
    }
  }
  return values;
}

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
  const { target: account, mode } = host.identity;
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
  const service = parseService(texts);
  const line = service.ExecStart?.at(-1);
  if (line === undefined) return null;
  const specifiers: { [letter: string]: string } = {
    h: account.home ?? '',
    u: account.name ?? '',
    U: String(account.uid),
    n: file,
    N: file.replace(/\.service$/, ''),
    t: scope === 'user' ? `/run/user/${account.uid}` : '/run',
    S: scope === 'user' ? `${account.home ?? ''}/.config` : '/var/lib',
    C: scope === 'user' ? `${account.home ?? ''}/.cache` : '/var/cache',
    E: scope === 'user' ? `${account.home ?? ''}/.config` : '/etc',
    '%': '%',
  };
  const expand = (text: string): string =>
    text.replace(/%(.)/g, (whole, letter: string) => specifiers[letter] ?? whole);
  const few = (words: readonly string[], of: string): readonly string[] => {
    if (words.length > MOST_WORDS) throw tooMuch(`${of} of ${path} has more than ${MOST_WORDS} words`);
    return words;
  };
  const argv = few(splitWords(line.replace(/^[-@:+!]+/, '')), 'ExecStart').map(expand);
  const start = argv.findIndex((word) => base(word) === 'buildkitd');
  if (start < 0) return null;
  const kit = argv.slice(0, start).findIndex((word) => base(word) === 'rootlesskit');
  const runsAs = service.User?.at(-1);
  if (scope === 'system') {
    const wanted =
      mode === 'rootless'
        ? runsAs !== undefined && (runsAs === account.name || runsAs === String(account.uid))
        : runsAs === undefined || runsAs === 'root' || runsAs === '0';
    if (!wanted) return null;
  }
  const environment: { [name: string]: string } = {};
  const assigned = few(service.Environment ?? [], 'Environment').flatMap(splitWords);
  for (const word of few(assigned, 'Environment')) {
    const at = word.indexOf('=');
    const name = word.slice(0, at);
    if (isListed(name)) environment[name] = expand(word.slice(at + 1));
  }
  for (const named of service.EnvironmentFile ?? []) {
    const from = expand(named.replace(/^-/, ''));
    const text = await budget.read(from, 'environment-file');
    if (text !== null) files.push(from);
    for (const row of few((text ?? '').split(/\r?\n/), `The environment file ${from}`)) {
      const found = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(row);
      if (found?.[1] !== undefined && isListed(found[1])) environment[found[1]] = splitWords(found[2] ?? '').join(' ');
    }
  }
  const directoryOf = service.WorkingDirectory?.at(-1);
  const isOn = (key: string): boolean => /^(yes|true|1|on)$/i.test(service[key]?.at(-1) ?? '');
  const noNewPrivilegesBy = isOn('NoNewPrivileges')
    ? 'NoNewPrivileges'
    : scope === 'user'
      ? ([...FILTERING.filter((key) => service[key] !== undefined), ...FILTERING_SWITCHES.filter(isOn)][0] ?? null)
      : null;
  const kitArgs = kit < 0 ? null : parseRootlesskitArgs(argv.slice(kit + 1, start));
  const daemon = parseBuildkitdArgs(argv.slice(start + 1));
  return {
    path,
    scope,
    files,
    argv,
    rootlesskit:
      kitArgs === null
        ? null
        : { path: argv[kit] ?? 'rootlesskit', args: argv.slice(kit + 1, start), flags: kitArgs.flags },
    buildkitd: { path: argv[start] ?? 'buildkitd', args: argv.slice(start + 1), flags: daemon.flags },
    environment,
    workingDirectory: directoryOf === undefined ? null : expand(directoryOf.replace(/^-/, '')),
    noNewPrivileges: noNewPrivilegesBy !== null,
    noNewPrivilegesBy,
  };
}
