import type { HostReader, ProbeName, UnseenReason } from '../model/look.ts';
import { bool, listOf, name, number, oneOf, orAbsent, orNull, record, type Shape, text } from './shape.ts';
import type { Call } from './verbs.ts';

const MOST_TEXT = 2 * 1024 * 1024;
const MOST_READ = 1024 * 1024;
const MOST_PATH = 16 * 1024;
const MOST_ENTRIES = 100_000;

const path = text(MOST_PATH);
const kind = oneOf('file', 'directory', 'symlink', 'socket', 'fifo', 'character', 'block');
const stat = record({
  kind,
  mode: number,
  uid: number,
  gid: number,
  size: number,
  nlink: number,
  ino: number,
  dev: number,
  mtimeMs: number,
});
const words = listOf(path, 1000);
const mount = record({
  id: number,
  parent: number,
  root: path,
  point: path,
  options: words,
  fstype: path,
  source: path,
  superOptions: words,
});
const statfs = record({
  type: number,
  totalBytes: number,
  freeBytes: number,
  availableBytes: number,
  files: number,
  filesFree: number,
});
const ran = record({
  code: orNull(number),
  stdout: text(MOST_TEXT),
  stderr: text(MOST_TEXT),
  timedOut: bool,
  signal: orAbsent(text(20)),
});
const survey = record({
  entries: orNull(number),
  foreign: number,
  owners: (value) => record({})(value) && listOf(number, 10_000)(Object.values(value as object)),
  first: listOf(record({ path, kind, uid: orNull(number), gid: orNull(number), nlink: number }), 100),
  unentered: listOf(path, 100),
});
const outcome = orNull(record({ ok: bool, errno: orAbsent(orNull(path)), message: orAbsent(path) }));
const idMap = listOf(listOf(number, 3), 1000);
const errorOrNull = record({ error: orNull(path) });

const certificate = record({
  subject: path,
  notBefore: path,
  notAfter: path,
  isCa: bool,
  key: orAbsent(path),
  bits: orAbsent(orNull(number)),
  weakDigest: orAbsent(orNull(path)),
  negativeSerial: orAbsent(bool),
  named: orAbsent(bool),
  uses: orAbsent(orNull(words)),
  ownIssuer: orAbsent(bool),
  headers: orAbsent(bool),
});

const PROBES: { readonly [N in ProbeName]: Shape } = {
  namespace: record({
    launch: record({ ok: bool, errno: orAbsent(orNull(path)), message: orAbsent(path), stage: orAbsent(path) }),
    log: text(MOST_PATH),
    uidMap: idMap,
    gidMap: idMap,
    proc: outcome,
    isolate: orAbsent(outcome),
    overlay: outcome,
    fuseOverlay: outcome,
    fuseWrite: orAbsent(outcome),
    step: orAbsent(outcome),
    bindReadOnly: outcome,
    chown: outcome,
    files: orAbsent(outcome),
    sockets: orAbsent(outcome),
    survey: orNull(survey),
  }),
  bind: record({ errors: listOf(orNull(path), 10_000) }),
  connect: errorOrNull,
  containerd: record({
    error: orNull(path),
    snapshotters: listOf(record({ name: path, message: orNull(path), root: orNull(path) }), 1000),
    refusal: orNull(path),
  }),
  write: errorOrNull,
  dtype: record({ told: orNull(bool) }),
  lock: record({ held: bool, pid: orNull(number) }),
  program: record({
    readable: bool,
    obstacle: orNull(record({ kind: oneOf('empty', 'no-program', 'foreign', 'truncated', 'interpreter'), what: path })),
  }),
  bolt: record({ sound: orNull(bool), damage: orAbsent(oneOf('header', 'freelist', 'page', 'cut')) }),
  snapshots: record({
    known: orNull(number),
    missing: number,
    active: number,
    first: orNull(path),
    inTheWay: orNull(path),
  }),
  pem: record({
    certificates: listOf(certificate, 10_000),
    privateKeys: number,
    error: orNull(path),
    broken: orAbsent(listOf(number, 10_000)),
    key: orAbsent(orNull(path)),
    marked: orAbsent(bool),
  }),
  keypair: record({ matches: orNull(bool), error: orNull(path) }),
};

/** What an honest process answers to a call, whatever the host is like. */
function shapeOf(call: Call): Shape {
  switch (call.verb) {
    case 'read': {
      const limit = typeof call.args[1] === 'number' ? call.args[1] : MOST_READ;
      return orNull(record({ text: text(limit), digest: text(64), utf8: bool }));
    }
    case 'stat':
    case 'lstat':
      return orNull(stat);
    case 'readlink':
      return orNull(path);
    case 'realpath':
      return orNull((value) => path(value) && (value as string).startsWith('/'));
    case 'list':
      return orNull(listOf(name, MOST_ENTRIES));
    case 'statfs':
      return orNull(statfs);
    case 'mountOf':
      return orNull(mount);
    case 'access':
      return bool;
    case 'run':
      return orNull(ran);
    case 'survey':
      return survey;
    case 'probe':
      return PROBES[call.args[0]];
  }
}

/** One line of the process that looks: the call has begun to wait for something else, was answered, or cannot be. */
export type HelperAnswer =
  | { readonly id: number; readonly begun: true }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly unseen: UnseenReason };

/** Null where a line is none. */
export function helperAnswer(line: unknown): HelperAnswer | null {
  const yes = orAbsent((value) => value === true);
  const unseen = record({ why: text(MOST_PATH), command: orAbsent(text(MOST_PATH)), tooMuch: yes, unanswered: yes });
  const whole = record({ id: number, begun: yes, unseen: orAbsent(unseen) });
  return whole(line) ? (line as HelperAnswer) : null;
}

/** Has the value the shape, and no more than the size, that an answer to this call has? */
export function fits(call: Call, value: unknown): boolean {
  return shapeOf(call)(value);
}

/** The same for what a recording holds, which may have been asked for with any limit. */
export function fitsRecorded(verb: string, args: readonly unknown[], value: unknown): boolean {
  switch (verb) {
    case 'hardware':
      return orNull(hardware)(value);
    case 'socketHolder':
      return orNull(record({ pid: number, command: path, uid: number }))(value);
    case 'read':
      return fits({ verb: 'read', args: ['', Number.MAX_SAFE_INTEGER] } as Call, value);
    case 'probe':
      return typeof args[0] === 'string' && Object.hasOwn(PROBES, args[0]) && PROBES[args[0] as ProbeName](value);
    default:
      return Object.hasOwn(EVERY_VERB, verb) && fits({ verb, args } as Call, value);
  }
}

/** What is asked of a host and kept in a recording. */
export type Verb = Exclude<keyof HostReader, 'identity' | 'now' | 'env'>;

const EVERY_VERB: { readonly [V in Verb]: true } = {
  read: true,
  stat: true,
  lstat: true,
  readlink: true,
  realpath: true,
  list: true,
  statfs: true,
  mountOf: true,
  access: true,
  run: true,
  survey: true,
  socketHolder: true,
  hardware: true,
  probe: true,
};
export const VERBS = Object.keys(EVERY_VERB) as readonly Verb[];

const hardware = record({
  cpu: path,
  cores: number,
  system: path,
  hypervisor: orNull(path),
  memoryBytes: number,
  swapBytes: number,
});
