import type { Report } from '../model/say.ts';
import { maskText } from '../secrets/text.ts';

/** What must not leave the house, as far as the caller knows it. */
export interface Private {
  readonly users: readonly string[];
  readonly homes: readonly string[];
  readonly hosts: readonly string[];
}

/** Account names that name a purpose and no person; they are kept, because they are also words of the report. */
const GENERIC = new Set(
  (
    'root user users admin nobody daemon build builder buildkit buildkitd docker podman rootless runner ci node test ' +
    'ubuntu debian fedora centos rocky alma alpine arch core vagrant ec2-user github gitlab gitlab-runner jenkins ' +
    'default localhost localdomain'
  ).split(' '),
);
/** Domains that everybody uses: their hosts tell nothing of whoever names them. */
const PUBLIC_DOMAINS = (
  'docker.io docker.com gcr.io ghcr.io quay.io k8s.io mcr.microsoft.com public.ecr.aws pkg.dev mirror.gcr.io ' +
  'github.com github.io githubusercontent.com mobyproject.org rootlesscontaine.rs containerd.io opencontainers.org ' +
  'kernel.org debian.org ubuntu.com launchpad.net fedoraproject.org redhat.com centos.org opensuse.org suse.com ' +
  'archlinux.org alpinelinux.org nixos.org freedesktop.org systemd.io apparmor.net nodejs.org localhost'
).split(' ');

function isPublic(host: string): boolean {
  return PUBLIC_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** Fields whose text is bk-doctor's own vocabulary. */
const VOCABULARY = new Set(
  (
    'schema id check condition status severity decides docs risk needs until result level mode launcher source do as ' +
    'edit change expects digest kernel arch name version startedAt transaction snapshotter title'
  ).split(' '),
);
/** Evidence fields that hold the name of an account, and of a machine. */
const USER_FIELDS = new Set('user users owner owners account accounts login'.split(' '));
const HOST_FIELDS = new Set('host hostname registry mirror server domain proxy'.split(' '));

/** Fields that hold what programs said, or what was made of it. */
const SAID = new Set('message reason tell why log subject'.split(' '));

/** Any answer with credentials masked and all else as it is; `hide` knows the secrets of this host. */
export function withoutSecrets<T>(answer: T, hide: (text: string) => string = (text) => text): T {
  return mapText(answer, (text, key, inEvidence) => {
    const masked = maskText(text);
    return inEvidence || SAID.has(key) ? hide(masked) : masked;
  });
}

/** What stands where a text could not be redacted. */
export const LEFT_OUT = '(left out: could not be redacted)';

/** The report as strangers may see it; `hide` does the same to any other text, with the same names. */
export interface Redacted {
  readonly report: Report;
  readonly hide: (text: string) => string;
}
/** Changes a text; where it stands tells what it may be. */
type Change = (text: string, key: string, inEvidence: boolean) => string;

/**
 * Puts stable names (`<user1>`, `<home1>`, `<host1>`, `<ip1>`) for accounts, homes, machines and addresses, and masks
 * credentials. Numeric ids, versions and everything below neutral paths stay, because a diagnosis needs them. A text in
 * which a home directory is left is left out as a whole.
 */
export function redact(report: Report, known: Private): Redacted {
  const hide = redactor({
    users: [
      ...(report.target.user === null ? [] : [report.target.user]),
      ...valuesOf(report, ['USER', 'LOGNAME']),
      ...known.users,
      ...evidenceIn(report, USER_FIELDS).filter((name) => /^[A-Za-z_][\w.@-]*\$?$/.test(name)),
    ],
    homes: [...valuesOf(report, ['HOME']), ...known.homes],
    hosts: [
      ...known.hosts,
      ...evidenceIn(report, HOST_FIELDS)
        .map(hostOf)
        .filter((host) => host !== ''),
    ],
  });
  return { report: redacted(report, hide), hide };
}

/** Hides these names in any text, each under one name of its own; a text that resists is left out. */
export function redactor(known: Private): (text: string) => string {
  const hideNames = hiderOf(known);
  return (text) => checked(() => hideNames(maskText(text)));
}

/** Any answer with its texts hidden, but those that are bk-doctor's own vocabulary. */
export function redacted<T>(answer: T, hide: (text: string) => string): T {
  return mapText(answer, (text, key, inEvidence) =>
    inEvidence || !VOCABULARY.has(key) ? hide(text) : checked(() => text),
  );
}

function checked(hidden: () => string): string {
  try {
    const text = hidden();
    return /\/home\/(?!<)[^/\s"'`:,;)]/.test(text) ? LEFT_OUT : text;
  } catch {
    return LEFT_OUT;
  }
}

function valuesOf({ target }: Report, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => target.environment[name]?.value ?? []);
}

/** The texts in these fields of the evidence. */
function evidenceIn({ checks }: Report, fields: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (fields.has(key)) found.push(value);
    } else if (Array.isArray(value)) for (const each of value) visit(each, key);
    else if (typeof value === 'object' && value !== null)
      for (const [name, each] of Object.entries(value)) visit(each, name);
  };
  for (const { problems } of checks) for (const { evidence } of problems) visit(evidence, '');
  return found;
}

/** The machine's name in an address or a URL; empty for numbers and for what is no name. */
function hostOf(address: string): string {
  const host = address.replace(/^[a-z-]+:\/\//i, '').replace(/[/:][\s\S]*$/, '');
  return /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(host) && !/^[\d.]+$/.test(host) ? host : '';
}

/** Gives every hidden thing one name for the whole report, in the order in which they are met. */
function namer(kind: string): (thing: string) => string {
  const names = new Map<string, string>();
  return (thing) => {
    const name = names.get(thing) ?? `<${kind}${names.size + 1}>`;
    names.set(thing, name);
    return name;
  };
}

function hiderOf(known: Private): (text: string) => string {
  const user = namer('user');
  const home = namer('home');
  const host = namer('host');
  const ip = namer('ip');
  const homes = unique(known.homes).filter((path) => path.startsWith('/') && path !== '/' && path !== '/root');
  const users = unique(known.users).filter((name) => !GENERIC.has(name) && !/^\d+$/.test(name));
  const hosts = unique(known.hosts).filter((name) => !GENERIC.has(name) && !isPublic(name));
  for (const path of homes) home(path);
  for (const name of users) user(name);
  for (const name of hosts) host(name);
  const homePattern = patternOf(homes, '(?<![\\w.-])', '(?![\\w-]|\\.\\w)');
  const userPattern = patternOf(users, '(?<![\\w.-])', '(?![\\w-]|\\.\\w)');
  const hostPattern = patternOf(hosts, '(?<![\\w-])', '(?![\\w-])');
  return (text) => {
    let shown = text;
    if (homePattern !== null) shown = shown.replace(homePattern, (path) => home(path));
    shown = shown.replace(/\/home\/[^/\s"'`:,;)<]+/g, (path) => home(path));
    if (hostPattern !== null) shown = shown.replace(hostPattern, (name) => host(name));
    shown = shown.replace(
      /((?:https?|tcp|docker-container|ssh):\/\/(?:\*\*\*(?::\*\*\*)?@)?)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/g,
      (all, scheme, name) => (isPublic(name) || /^[\d.]+$/.test(name) ? all : `${scheme}${host(name)}`),
    );
    if (userPattern !== null) shown = shown.replace(userPattern, (name) => user(name));
    return hideAddresses(shown, ip);
  };
}

function hideAddresses(text: string, ip: (address: string) => string): string {
  return text
    .replace(/(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g, (address) =>
      address.split('.').some((part) => Number(part) > 255) || /^(?:127\.|0\.0\.0\.0$|255\.)/.test(address)
        ? address
        : ip(address),
    )
    .replace(/(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi, (address) =>
      isForeignIpv6(address) ? ip(address.toLowerCase()) : address,
    );
}

/** Times (12:30:45) and map lines (0:1000:1) have colons too; the loopback and the wildcard tell nothing. */
function isForeignIpv6(address: string): boolean {
  if (/^(?:::1?|fe80::)$/i.test(address)) return false;
  return address.includes('::') || address.split(':').length === 8;
}

function patternOf(words: readonly string[], before: string, after: string): RegExp | null {
  if (words.length === 0) return null;
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  return new RegExp(`${before}(?:${longestFirst.map(escaped).join('|')})${after}`, 'g');
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
const unique = (words: readonly string[]): readonly string[] => [...new Set(words)].filter((word) => word !== '');

/** The same value with every text changed. Names of evidence fields are text, too. */
function mapText<T>(value: T, change: Change): T {
  const visit = (inner: unknown, key: string, inEvidence: boolean): unknown => {
    if (typeof inner === 'string') return change(inner, key, inEvidence);
    if (Array.isArray(inner)) return inner.map((each) => visit(each, key, inEvidence));
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(
      Object.entries(inner).map(([name, each]) => [
        inEvidence ? change(name, name, true) : name,
        visit(each, name, inEvidence || name === 'evidence'),
      ]),
    );
  };
  return visit(value, '', false) as T;
}
