import type { NameKind } from './book.ts';
import { isCommon, isGeneric, isHostName, isKnownWord, isPublic, USUAL_FOLDERS } from './common.ts';

/** Is told of every name. */
export type OnName = (kind: NameKind, name: string) => void;

const HOMES = /(?:\/home\/|\/Users\/|\bUsers\\{1,2})([^/\s"'`:,;)<>{}\]|\\$%*]{1,200})/g;
const ACCOUNTS = [
  /\buser \d{1,10} \(\\?"?([^\s"\\()]{1,200})/g,
  /\b[ug]id=\d{1,10}\(([^)\s]{1,200})\)/g,
  /(?<=[=,])\d{1,10}\(([^)\s]{1,200})\)/g,
  /\b(?:USER|LOGNAME|SUDO_USER|User|Group|SocketUser|SocketGroup)=["']?([A-Za-z_][^\s"',;:()]{0,199})/g,
  /(?<![\w-])user=\\?["']?([A-Za-z_][^\s"'\\,;:()&]{0,199})/g,
  /\bfor user ([A-Za-z_][\w.@-]{0,199}):/g,
  /\bsudo (?:-[A-Za-z]{1,8} ){0,3}-u ([A-Za-z_][\w.@-]{0,199})/g,
  /\bsu (?:- |-l |-)?([A-Za-z_][\w.@-]{0,199}) -c\b/g,
  /\bchown (?:-[A-Za-z]{1,4} ){0,2}([A-Za-z_][\w.@-]{0,199})(?=[: ])/g,
  /\bchown (?:-[A-Za-z]{1,4} ){0,2}[\w.@-]{0,200}:([A-Za-z_][\w.@-]{0,199}) /g,
  /\b(?:cn|uid)=([^,"'\n=]{2,80}),(?:ou|dc|cn|o)=/gi,
  // Without the sign it is systemctl's, which takes no name.
  /--user=["']?([A-Za-z_][^\s"',;:()]{0,199})/g,
  /\b(?:user_?name|login_?name)\\?["']? ?[=:] ?\\?["']?([A-Za-z_][^\s"'\\,;:()]{0,199})/gi,
  /\barn:aws[\w-]{0,10}:(?:iam|sts):[\w-]{0,20}:\d{12}:(?:user|role|assumed-role|group)\/([\w+=.@-]{1,100})/g,
  /\b(?:user|account|owner|login) \\?["']([^\s"'\\]{1,200})/g,
  /(?<![\w.@\\-])([A-Za-z_][\w.@\\-]{0,199}\$?):\d{4,10}:\d{3,10}(?!\d)/g,
];
const AT_HOST = /(?<![\w.+%@-])([\w.+%-]{1,100})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})/g;
const URL_HOST =
  /\b(?!unix|npipe|file|fd)[a-z][a-z+-]{1,30}:\/\/(?:[^\s/@"']{0,300}@)?([\p{L}\p{N}_][\p{L}\p{N}_.-]{0,250})/giu;
const DOTTED =
  /(?<![\p{L}\p{N}_.-])[\p{L}\p{N}_][\p{L}\p{N}_-]{0,62}(?:\.[\p{L}\p{N}_-]{1,63}){1,8}(?![\p{L}\p{N}_-])/gu;
const WITH_PORT = /(?<![\w./-])([a-z][\w-]{0,62}):\d{2,5}\//g;
const LOOKUPS = /\blookup ([\w.-]{1,250})(?: on |: )/g;
const SERVER = /\bserver misbehaving|\bvalid for ([\w.*, -]{1,500}), not ([\w.-]{1,250})/g;
const SYSLOG =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+Z-]{8,30}) ([\w][\w.-]{0,250}) [\w./@-]{1,80}(?:\[\d{1,8}\])?: /gm;
const PLACES = [
  /\b(?:nodeName|kubernetes\.io\/hostname|NODE_NAME|HOSTNAME|POD_NAME|POD_NAMESPACE)["']?[:=] {0,4}["']?([A-Za-z][\w.-]{1,250})/g,
  /\b(?:namespace|serviceAccountName|subdomain|hostname): {1,4}["']?([A-Za-z][\w.-]{1,250})/g,
  /(?<![\w/])pods?\/([a-z][\w.-]{3,250})/g,
  /\bprojects\/([a-z][\w-]{4,60})\/(?:locations|zones|global|secrets|instances|regions|repositories|serviceAccounts)\b/g,
  /\barn:aws[\w-]{0,10}:[\w-]{1,30}:[\w-]{0,30}:\d{12}:[\w-]{1,40}[/:]([\w.-]{2,200})/g,
  /\bdc=([a-z][\w-]{3,60})(?=,dc=)/gi,
  /\b(?:node|pod|namespace) \\?["']([\w.-]{1,250}(?:\/[\w.-]{1,250})?)/gi,
  /\bsystem:(?:serviceaccount:([\w.-]{1,250}):([\w.-]{1,250})|node:([\w.-]{1,250}))/g,
  /^\/\/([\w.-]{2,250})\/[\w$.-]/g,
];
/** A device that somebody named, and a domain of Windows. */
const DEVICE = /\/dev\/mapper\/([\w.+-]{2,100})/g;
const WINDOWS = /,(?:domain|workgroup)=([\w.-]{2,100})/g;
/** Below these lies what people keep; the rest of such a path is theirs to name. */
const PEOPLES =
  /(?<![\w.%-]|[\w.%-]\/)\/(?:home|Users|srv|mnt|media|data|nfs|net|export|exports|volumes|projects?|workspaces?|scratch|shares?|storage)(\/[^\s"'`:,;)<>{}\]|\\$%*=?#&]{1,400})/g;
const NO_PROXY = /\bno_proxy=["']?([\w.,*:/-]{1,2000})/gi;
const V4 = /(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g;
const V6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?!\w|:\w|::)/gi;
/** As switches write them. */
const MAC_OF_FOURS = /(?<![\w.-])(?=[\d.]{0,13}[a-f])[\da-f]{4}\.[\da-f]{4}\.[\da-f]{4}(?![\w.-])/g;
/** Of an account of Windows. */
const SID = /\bS-1-5-21-[\d-]{20,60}(?!\d)/g;
const MAC = /(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])/gi;
const UUID = /(?<![\dA-Za-z_-]|[\dA-Za-z_-]pod)(?:pod)?([\da-f]{8}(?:[-_][\da-f]{4}){3}[-_][\da-f]{12})(?![\w-])/gi;
/** A container, an instance of a cloud, an account of one. */
const CONTAINER =
  /\b(?:docker|crio|cri-containerd|containerd|libpod|podman|container|sandbox|kubepods[^\s:"\\]{0,200})[-/: "\\]{1,4}([\da-f]{64})(?![\da-f])/g;
const CLOUD =
  /(?<![\w-])(i-[\da-f]{8}(?:[\da-f]{9})?)(?![\w-])|\barn:aws[\w-]{0,10}:[\w-]{1,30}:[\w-]{0,30}:(\d{12}):|(?<![\w.-])(\d{12})\.dkr\.ecr\./g;
const GUID = /\bguid=([0-9a-f]{32})(?![0-9a-f])/gi;

/** The names that a text tells by how it is written. */
export function learnText(text: string, found: OnName): void {
  for (const [, name = ''] of text.matchAll(HOMES)) account(name, found);
  for (const pattern of ACCOUNTS) for (const [, name = ''] of text.matchAll(pattern)) account(name, found);
  if (text.includes('@'))
    for (const [, name = '', host = ''] of text.matchAll(AT_HOST)) {
      if (!isHostName(host)) continue;
      hostName(host, found);
      if (!/%|^git$/.test(name)) account(name, found);
    }
  learnHosts(text, found);
  learnPaths(text, found);
  learnNumbers(text, found);
}

function learnPaths(text: string, found: OnName): void {
  for (const [, name = ''] of text.matchAll(DEVICE))
    for (const part of name.replaceAll('--', '_').split('-'))
      folder(part.replaceAll('_', name.includes('--') ? '--' : '_'), found);
  for (const [, name = ''] of text.matchAll(WINDOWS)) hostName(name, found, 'domain');
  for (const [, path = ''] of text.matchAll(PEOPLES)) for (const part of ownParts(path)) folder(part, found);
}

/** Below a directory with a dot lies what programs name. */
function ownParts(path: string): readonly string[] {
  const parts = path.split('/');
  const hidden = parts.findIndex((part) => part.startsWith('.'));
  return hidden < 0 ? parts : parts.slice(0, hidden);
}

/** A folder or a file that somebody named; what follows the last dot says what it is. */
function folder(part: string, found: OnName): void {
  const name = part.replace(/\.[a-z]\w{0,9}$/i, '');
  if (name.length > 2 && /\p{L}/u.test(name) && !isKnownWord(name)) found('folder', name);
}

function learnHosts(text: string, found: OnName): void {
  if (text.includes('://'))
    for (const [, name = ''] of text.matchAll(URL_HOST)) hostName(name.replace(/\.{1,9}$/, ''), found);
  if (text.includes('.')) for (const [name] of text.matchAll(DOTTED)) if (isHostName(name)) hostName(name, found);
  for (const [, name = ''] of text.matchAll(WITH_PORT)) hostName(name, found, 'registry');
  if (text.includes('lookup'))
    for (const [, name = ''] of text.matchAll(LOOKUPS)) hostName(name.replace(/\.{1,9}$/, ''), found);
  if (text.includes('valid for'))
    for (const [, list = '', name = ''] of text.matchAll(SERVER)) {
      hostName(name, found);
      for (const one of list.split(/[, ]+/)) hostName(one.replace(/^\*\./, ''), found);
    }
  for (const [, name = ''] of text.matchAll(SYSLOG)) hostName(name, found);
  for (const pattern of PLACES)
    for (const [, ...names] of text.matchAll(pattern))
      for (const name of names.flatMap((each) => each?.split('/') ?? [])) hostName(name, found);
  for (const [, list = ''] of text.matchAll(NO_PROXY)) learnNoProxy(list, found);
}

/** What NO_PROXY lists: hosts, domains with a dot before them, networks. */
export function learnNoProxy(list: string, found: OnName): void {
  for (const one of list.split(',')) {
    const name = one
      .trim()
      .replace(/^\*?\./, '')
      .replace(/:\d+$/, '');
    if (/^[\p{L}][\p{L}\p{N}_.-]*$/u.test(name)) hostName(name, found, one.startsWith('.') ? 'domain' : 'host');
  }
}

function learnNumbers(text: string, found: OnName): void {
  if (/\d\.\d/.test(text))
    for (const [address] of text.matchAll(V4)) if (isForeignV4(address)) found('address', address);
  if (text.includes(':') || text.includes('-')) for (const [mac] of text.matchAll(MAC)) found('mac', mac);
  for (const [mac] of text.matchAll(MAC_OF_FOURS)) found('mac', mac);
  for (const [id] of text.matchAll(SID)) found('id', id.toLowerCase());
  if (text.includes(':'))
    for (const [address] of text.matchAll(V6)) {
      // The sentence may go on behind it.
      const whole = address.replace(/([^:]):$/, '$1');
      if (isForeignV6(whole)) found('address', whole.toLowerCase());
    }
  for (const [, id = ''] of text.matchAll(UUID)) found('id', id.toLowerCase());
  for (const [, id = ''] of text.matchAll(CONTAINER)) found('id', id);
  for (const ids of text.matchAll(CLOUD)) for (const id of ids.slice(1)) if (id !== undefined) found('id', id);
  for (const [, id = ''] of text.matchAll(GUID)) found('id', id.toLowerCase());
}

/** Everybody's, and those that mean all or none. */
function isForeignV4(address: string): boolean {
  return address.split('.').every((part) => Number(part) <= 255) && !/^(?:127\.|0\.|255\.)/.test(address);
}

/** Times (12:30:45) and map lines (0:1000:1) have colons too; the loopback and the wildcard tell nothing. */
function isForeignV6(address: string): boolean {
  if (/^(?:::1?|fe80::)$/i.test(address)) return false;
  return address.includes('::') ? address.length > 3 : address.split(':').length === 8;
}

/** Who logs in, or whose files they are. */
export function account(given: string, found: OnName, kind: 'user' | 'group' = 'user'): void {
  const name = given.replace(/[.…]{1,9}$/, '');
  if (name === '' || isGeneric(name) || /^[^\p{L}_]/u.test(name) || !/\p{L}/u.test(name)) return;
  found(kind, name);
  // The home of a name that is also a word is known by its path.
  if (kind === 'user' && isCommon(name)) found('folder', `/home/${name}`);
}

const REGISTRY = /^(?:registr|hub\b|mirror|docker|harbor|nexus|artifactory|jfrog|quay|cr\d*\.|images?\.)|\.dkr\.ecr\./i;

export function hostName(given: string, found: OnName, kind: 'host' | 'registry' | 'domain' = 'host'): void {
  const name = given.replace(/^\.{1,9}|\.{1,9}$/g, '');
  if (!/\p{L}/u.test(name) || name.length < 2 || isGeneric(name) || isPublic(name) || /^\d+(?:\.\d+)*$/.test(name))
    return;
  if (/\.local(?:host|domain)$/i.test(name) || /[^\p{L}\p{N}_.-]/u.test(name)) return;
  found(kind === 'host' && REGISTRY.test(name) ? 'registry' : kind, name);
}

/** Files of a host in which names stand, as far as they could be read. */
export interface NameFiles {
  readonly passwd?: string;
  readonly group?: string;
  readonly subids?: string;
  readonly hosts?: string;
  readonly resolv?: string;
  /** The machine's own name, and its domain. */
  readonly hostnames?: readonly string[];
  readonly ids?: readonly string[];
}

export function learnFiles(files: NameFiles, found: OnName): void {
  for (const line of lines(files.passwd)) learnAccount(line.split(':'), found);
  for (const line of lines(files.group)) {
    const [name = '', , gid = '', members = ''] = line.split(':');
    if (!/^\d+$/.test(gid)) continue;
    account(name, found, 'group');
    for (const member of members.split(',')) account(member.trim(), found);
  }
  for (const line of lines(files.subids)) {
    const [name = '', start = ''] = line.split(':');
    if (/^\d+$/.test(start.trim()) && !/^[#\s]/.test(name)) account(name.trim(), found);
  }
  for (const line of lines(files.hosts)) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (/^[\da-f.:]+$/i.test(address)) for (const name of names) learnMachine(name, found);
  }
  for (const line of lines(files.resolv)) {
    const [key = '', ...names] = line.trim().split(/\s+/);
    if (key === 'search' || key === 'domain') for (const name of names) hostName(name, found, 'domain');
    learnText(line, found);
  }
  for (const name of files.hostnames ?? []) learnMachine(name.trim(), found);
  for (const id of files.ids ?? []) if (/^[0-9a-f-]{32,36}$/i.test(id.trim())) found('id', id.trim().toLowerCase());
}

/** A machine's name is known without its domain, too. */
function learnMachine(name: string, found: OnName): void {
  if (name === '' || name === '(none)') return;
  hostName(name, found);
  const [first = '', ...domain] = name.split('.');
  if (domain.length === 0) return;
  if (!isCommon(first) && first.length > 2) hostName(first, found);
  if (domain.length > 1) hostName(domain.join('.'), found, 'domain');
}

function learnAccount([name = '', , uid = '', , gecos = '', home = '']: readonly string[], found: OnName): void {
  if (!/^\d+$/.test(uid)) return;
  account(name, found);
  if (isGeneric(name) && Number(uid) < 1000) return;
  learnHome(home, name, found);
  for (const part of gecos.split(',')) {
    const words = part
      .trim()
      .split(/\s+/)
      .filter((word) => /\p{L}{2}/u.test(word) && !isCommon(word.replace(/[^\p{L}]/gu, '')));
    if (words.length === 0 && !/^\+?[\d ()/-]{5,}$/.test(part.trim())) continue;
    if (part.trim().length > 2 && !isGeneric(part.trim())) found('person', part.trim());
    for (const word of words)
      if (word.length > 2 && word !== name) found('person', word.replace(/^[^\p{L}]+|[^\p{L}\p{N}]+$/gu, ''));
  }
}

/** Folders on the way to a home that are no usual ones name a place or a firm. */
export function learnHome(home: string, name: string, found: OnName): void {
  if (/^\/(?:dev|proc|sys|nonexistent)(?:\/|$)/.test(home)) return;
  const parts = home.split('/').filter(Boolean);
  if (parts.length < 2 && !(parts.length === 1 && !USUAL_FOLDERS.has(parts[0] ?? ''))) return;
  for (const [at, part] of parts.entries()) {
    if (part === name || USUAL_FOLDERS.has(part) || isGeneric(part)) continue;
    if (!isCommon(part)) found('folder', part);
    else if (at === parts.length - 1) found('folder', `/${parts.join('/')}`);
  }
  if (isCommon(name) && !isGeneric(name) && parts.at(-1) === name) found('folder', `/${parts.join('/')}`);
}

const lines = (text: string | undefined): readonly string[] => text?.split('\n') ?? [];
