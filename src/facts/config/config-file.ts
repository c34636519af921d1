import { type ConfigReading, NO_CONFIG, readConfig } from '../../buildkit/config/read.ts';
import { ANY_RELEASE, type Bracket, surelyBefore } from '../../buildkit/version.ts';
import type { Fact, FileKind, Json, Look, Reading, Stat, UnseenReason } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { asAbsent, decidesNothing, reasonOf, seen, tooMuch } from '../../model/unseen.ts';
import { buildkitdVersion } from '../programs/buildkitd-version.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { start } from '../target/start.ts';
import { fromStart } from '../target/start-directory.ts';
import { buildkitdFlags } from './buildkitd-flags.ts';

/** One file that buildkitd reads its configuration from. */
export interface ConfigText {
  readonly path: string;
  /** Null when absent: not an error, it means an empty configuration. */
  readonly file: Reading | null;
  /** Set when it exists and cannot be read as the target: buildkitd then does not start. */
  readonly unreadable: UnseenReason | null;
  /** What it is when it is no regular file; null also where that is no hindrance (/dev/null). */
  readonly odd: Exclude<FileKind, 'file' | 'symlink'> | null;
  /** After all links; null when absent or not to be seen. */
  readonly stat: Stat | null;
  readonly content: ConfigReading;
}
/** The configuration file that buildkitd will read. */
export interface ConfigFile extends ConfigText {
  readonly source: Source;
  /** The releases by which the text was judged. */
  readonly bracket: Bracket;
  /** Set when it could not be read from here although buildkitd can. */
  readonly unseen: UnseenReason | null;
  /** The default file, which is parsed before the flags are looked at; null when it is the one above. */
  readonly defaultFile: ConfigText | null;
  /** Files in other places that one might take for the configuration; buildkitd does not look there. */
  readonly elsewhere: readonly string[];
}

/** More than any person writes. A longer file is not looked at, nor one of more values, or with a longer text in one. */
const LIMIT = 1024 * 1024;
const MOST_VALUES = 5000;
const MOST_DOTS = 20_000;
const LONGEST_VALUE = 4096;

/** Where buildkitd looks without --config: by USER and the environment, as appdefaults does. */
export function defaultConfigPath(mode: 'rootless' | 'rootful', values: { readonly [name: string]: string }): string {
  if (mode === 'rootful') return '/etc/buildkit/buildkitd.toml';
  const { XDG_CONFIG_HOME, HOME } = values;
  if (XDG_CONFIG_HOME) return `${XDG_CONFIG_HOME}/buildkit/buildkitd.toml`;
  if (HOME) return `${HOME}/.config/buildkit/buildkitd.toml`;
  return '/etc/buildkit/buildkitd.toml';
}

/** "Rootless" paths need a USER that is neither empty nor root (isRootlessConfig, v0.13.0). */
export function usesRootlessPaths(mode: 'rootless' | 'rootful', values: { readonly [name: string]: string }): boolean {
  return mode === 'rootless' && Boolean(values.USER) && values.USER !== 'root';
}

/** Where the configuration is, without reading it. */
export const configPath: Fact<{
  readonly path: string;
  readonly source: ConfigFile['source'];
  readonly defaultPath: string;
}> = {
  id: 'config-path',
  async read(look) {
    const [who, { values }, started, flags] = await Promise.all([
      look.get(identity),
      look.get(environment),
      look.get(start),
      look.get(buildkitdFlags),
    ]);
    let rootless = usesRootlessPaths(who.mode, values);
    // Before v0.13.0 this one path did not depend on USER.
    if (who.mode === 'rootless' && !rootless)
      rootless = surelyBefore((await look.get(buildkitdVersion).catch(asAbsent)) ?? ANY_RELEASE, [0, 13, 0]);
    const defaultPath = await fromStart(look, defaultConfigPath(rootless ? 'rootless' : 'rootful', values));
    if (look.request.config !== null)
      return { path: await fromStart(look, look.request.config), source: 'option', defaultPath };
    const given = flags.config?.at(-1);
    if (given) return { path: await fromStart(look, given), source: started?.source ?? 'unit', defaultPath };
    return { path: defaultPath, source: 'default', defaultPath };
  },
};

export const configFile: Fact<ConfigFile> = {
  id: 'config-file',
  async read(look) {
    const { path, source, defaultPath } = await look.get(configPath);
    const [main, other, elsewhere] = await Promise.all([
      readText(look, path),
      path === defaultPath ? null : readText(look, defaultPath),
      strayFiles(look, [path, defaultPath]),
    ]);
    const bracket =
      main.text.file === null && other?.text.file == null
        ? ANY_RELEASE
        : ((await seen(look.get(buildkitdVersion))).value ?? ANY_RELEASE);
    const judge = ({ text, unseen }: Looked): Looked => {
      if (text.file === null) return { text, unseen };
      const refuse = (why: string): Looked => ({ text, unseen: reasonOf(tooMuch(`${text.path} ${why}`)) });
      if (hasManyValues(text.file.text)) return refuse(`may hold more than ${MOST_VALUES} values`);
      const content = readConfig(text.file.text, bracket, text.file.utf8);
      if (content.values.some(({ value }) => hasLongText(value)))
        return refuse(`holds a text of more than ${LONGEST_VALUE} characters`);
      return { text: { ...text, content }, unseen };
    };
    const judged = judge(main);
    const first = other === null ? null : judge(other);
    return {
      ...judged.text,
      source,
      bracket,
      unseen: judged.unseen ?? (first?.unseen?.tooMuch === true ? first.unseen : null),
      defaultFile: first?.text ?? null,
      elsewhere,
    };
  },
};

const NOT_READ: ConfigReading = { ...NO_CONFIG, document: null };

interface Looked {
  readonly text: ConfigText;
  readonly unseen: UnseenReason | null;
}

/** May a text hold more values than anybody writes? Each stands behind one of "=,[", and each table that a key makes before a dot. */
function hasManyValues(text: string): boolean {
  let values = 0;
  let dots = 0;
  for (const char of text)
    if (char === '=' || char === ',' || char === '[') values++;
    else if (char === '.') dots++;
  return values > MOST_VALUES || dots > MOST_DOTS;
}

const hasLongText = (value: Json): boolean =>
  typeof value === 'string'
    ? value.length > LONGEST_VALUE
    : typeof value === 'object' &&
      value !== null &&
      Object.values(value).some((inner) => inner !== undefined && hasLongText(inner));

async function readText(look: Look, path: string): Promise<Looked> {
  const { host } = look;
  const who = await look.get(identity);
  const base = { path, file: null, unreadable: null, odd: null, stat: null, content: NO_CONFIG } as const;
  const refused = (reason: UnseenReason, stat: Stat | null): Looked =>
    reason.unanswered === true || reason.tooMuch === true
      ? { text: { ...base, stat, content: NOT_READ }, unseen: reason }
      : { text: { ...base, stat, unreadable: reason, content: NOT_READ }, unseen: null };
  if (!path.startsWith('/')) {
    const why = `the configuration ${path} is a relative path, and where buildkitd will be started is not known`;
    return { text: { ...base, content: NOT_READ }, unseen: { why } };
  }
  const there = await seen(host.stat(path, 'target'));
  if (there.unseen !== undefined) return refused(there.unseen, null);
  const stat = there.value;
  if (stat === null) {
    const circle = await leadsInCircle(look, path);
    return circle ? refused({ why: `the links at ${path} lead in a circle` }, null) : { text: base, unseen: null };
  }
  if (stat.kind !== 'file') {
    const real = await host.realpath(path, 'target').catch(asAbsent);
    if (real === '/dev/null') return { text: { ...base, stat }, unseen: null };
    const odd = stat.kind === 'symlink' ? null : stat.kind;
    return { text: { ...base, stat, odd, content: NOT_READ }, unseen: null };
  }
  const { value: file = null, unseen } = await seen(host.read(path, 'target', LIMIT, 'toml'));
  if (unseen === undefined)
    return { text: { ...base, stat, file, content: file === null ? NO_CONFIG : NOT_READ }, unseen: null };
  // As root of its namespace, rootless buildkitd reads whatever belongs to the user, whatever the mode says.
  const own = who.mode === 'rootless' && stat.uid === who.target.uid && stat.gid === who.target.gid;
  if (!own || unseen.tooMuch === true || unseen.unanswered === true) return refused(unseen, stat);
  const closed = await host.read(path, 'self', LIMIT, 'toml', who.target).catch(asAbsent);
  if (closed !== null) return { text: { ...base, stat, file: closed, content: NOT_READ }, unseen: null };
  return { text: { ...base, stat, content: NOT_READ }, unseen };
}

/** A link to nothing is as good as no file; one that never ends is an error for whoever opens it. */
async function leadsInCircle({ host }: Look, path: string): Promise<boolean> {
  let at: string | null = path;
  for (let steps = 0; at !== null; steps++) {
    if (steps > 40) return true;
    const to: string | null = await host.readlink(at, 'target').catch(asAbsent);
    at = to === null ? null : to.startsWith('/') ? to : `${at.slice(0, at.lastIndexOf('/'))}/${to}`;
  }
  return false;
}

async function strayFiles(look: Look, read: readonly string[]): Promise<readonly string[]> {
  const [who, { values }] = await Promise.all([look.get(identity), look.get(environment)]);
  const home = values.HOME ?? who.target.home;
  const places = [
    '/etc/buildkit/buildkitd.toml',
    '/etc/buildkitd.toml',
    ...(values.XDG_CONFIG_HOME ? [`${values.XDG_CONFIG_HOME}/buildkit/buildkitd.toml`] : []),
    ...(home === null ? [] : [`${home}/.config/buildkit/buildkitd.toml`, `${home}/.config/buildkitd.toml`]),
  ];
  const found = await Promise.all(
    [...new Set(places)]
      .filter((path) => !read.includes(path))
      // That another file is read by nobody is no more than a note.
      .map(async (path) => ((await look.host.stat(path, 'target').catch(decidesNothing)) === null ? [] : [path])),
  );
  return found.flat();
}
