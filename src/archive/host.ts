import { isUtf8 } from 'node:buffer';
import { posix } from 'node:path';
import { crypto } from '../host/looks/crypto.ts';
import type { FsStat, HostReader, Identity, Mount, Reading, Stat } from '../model/look.ts';
import { tooMuch, Unanswered, Unseen } from '../model/unseen.ts';
import { parseMountInfo } from '../text/mountinfo.ts';
import { fullnessIn } from './filesystems.ts';
import { finderIn } from './find.ts';
import { filesOf, programsOf } from './packages.ts';
import { DIRECTORY, type Node, type Tree } from './tree.ts';
import { isWhole } from './whole.ts';

export interface ArchiveOptions {
  readonly identity: Identity;
  /** What the archive lacks counts as not there: for problems that stand in what it has. */
  readonly onlyShown: boolean;
}

const LIMIT = 1024 * 1024;
const ROOTS_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const WHOLE_MAP = '         0          0 4294967295\n';
/** Reports are made by root of the host, which stands in the namespaces that the kernel makes first. */
const NAMESPACES: { readonly [name: string]: string } = { user: 'user:[4026531837]', mnt: 'mnt:[4026531840]' };
const NAMESPACE = /^\/proc\/(?:self|1)\/ns\/(user|mnt)$/;

/** What every host has, for what is read beside it. */
const ANY_HOST: { readonly [path: string]: string } = {
  '/proc/self/status': 'Name:\tinit\n',
  '/proc/self/mountinfo':
    '1 0 8:1 / / rw - ext4 /dev/root rw\n2 1 0:4 / /proc rw - proc proc rw\n3 1 0:5 / /sys rw - sysfs sysfs rw\n',
};

/** The looks at its files that all others are made of. */
function looksAt(tree: Tree, onlyShown: boolean) {
  const whole = isWhole(tree.nodes);
  const isAbsent = (path: string): boolean => whole(path) || onlyShown;
  const lacking = (path: string): Unseen => {
    const why = `${path} is not in the archive`;
    // It only adds words to what other files say.
    return path === '/proc/version' ? new Unseen(why) : new Unanswered(why);
  };
  const notIn = (what: string) => async (): Promise<never> => {
    const why = `the archive does not show ${what}`;
    throw onlyShown ? new Unseen(why) : new Unanswered(why);
  };

  const find = finderIn(tree, isAbsent);
  function there(asked: string, followLast = true): { readonly path: string; readonly node: Node } | null {
    let found = find(asked, followLast);
    // The collector's own process is not the target's; what it has of the host, the first process has.
    if (found.node === null && asked.startsWith('/proc/self/')) found = find(asked.replace('self', '1'), followLast);
    if (found.node !== null) return found;
    if (found.absent) return null;
    throw lacking(asked);
  }
  function content(path: string, node: Node, limit: number): Buffer {
    if (node.kind !== 'file') throw new Unseen(`${path} is a ${node.kind}, not a regular file`);
    if (node.size > limit) throw tooMuch(`${path} is longer than ${limit} bytes`);
    const bytes = node.content();
    if (bytes === null) throw new Unanswered(`the content of ${path} is not in the archive`);
    return bytes;
  }
  const stat = async (path: string, followLast: boolean): Promise<Stat | null> => {
    const found = there(path, followLast);
    if (found === null) return null;
    const { kind, mode, uid, gid, size, mtimeMs } = found.node;
    return { kind, mode, uid, gid, size, mtimeMs, nlink: 1, ino: 0, dev: 0 };
  };

  return { isAbsent, notIn, find, there, content, stat };
}

/** A host as an archive shows it: what is not in it is unseen, and absent only where the archive holds all there was. */
export function archiveHost(given: Tree, { identity, onlyShown }: ArchiveOptions): HostReader {
  const tree = onlyShown ? withImplied(given) : given;
  const { isAbsent, notIn, find, there, content, stat } = looksAt(tree, onlyShown);
  const mountsIn = (): readonly Mount[] => {
    const table = there('/proc/self/mountinfo');
    return table === null
      ? []
      : parseMountInfo(content('/proc/self/mountinfo', table.node, 8 * LIMIT).toString('utf8'));
  };
  const fstypeAt = (point: string): string | null => mountsIn().findLast((one) => one.point === point)?.fstype ?? null;
  let known: ReadonlyMap<string, FsStat> | null = null;
  const full = (): ReadonlyMap<string, FsStat> => {
    known ??= fullnessIn(tree.nodes, fstypeAt);
    return known;
  };
  return {
    identity,
    now: () => tree.madeMs,
    async env() {
      if (!onlyShown) throw new Unanswered('the archive does not show the environment');
      return { PATH: ROOTS_PATH, HOME: '/root', USER: 'root' };
    },
    async read(path, _as, limit = LIMIT) {
      if (/^\/proc\/self\/[ug]id_map$/.test(path)) return readingOf(Buffer.from(WHOLE_MAP));
      if (onlyShown && path in ANY_HOST && find(path).node === null && find(path.replace('self', '1')).node === null)
        return readingOf(Buffer.from(ANY_HOST[path] ?? ''));
      const found = there(path);
      return found === null ? null : readingOf(content(path, found.node, limit));
    },
    stat: (path) => stat(path, true),
    lstat: (path) => stat(path, false),
    async readlink(path) {
      const namespace = NAMESPACE.exec(path)?.[1];
      if (namespace !== undefined) return NAMESPACES[namespace] ?? null;
      return there(path, false)?.node.link ?? null;
    },
    realpath: async (path) => there(path)?.path ?? null,
    async list(directory) {
      const found = there(directory);
      if (found === null || found.node.kind !== 'directory') return null;
      if (!isAbsent(`${found.path}/`)) throw new Unanswered(`the archive may not have everything of ${directory}`);
      const start = `${found.path}/`;
      return [...tree.nodes.keys()]
        .filter((name) => name.startsWith(start) && !name.includes('/', start.length))
        .map((name) => posix.basename(name))
        .sort();
    },
    async access(path, mode, as) {
      const found = there(path);
      return found !== null && permits(found.node, mode, identity[as]);
    },
    async mountOf(path) {
      const { path: real } = find(path);
      return mountAt(mountsIn(), real);
    },
    async statfs(path) {
      const { path: real } = find(path);
      const stat = full().get(mountAt(mountsIn(), real)?.point ?? '');
      return stat ?? notIn('how full file systems are')();
    },
    run: async (tool) => (onlyShown ? null : notIn(`what ${tool} prints`)()),
    survey: notIn('whom the files of the cache belong to'),
    socketHolder: notIn('who holds sockets'),
    hardware: async () => null,
    probe: notIn('what only works when it is tried'),
  };
}

/** With what must have been there: programs of installed packages, and what something is mounted on. No check passes by these. */
function withImplied(tree: Tree): Tree {
  const table = tree.nodes.get('/proc/self/mountinfo') ?? tree.nodes.get('/proc/1/mountinfo');
  const mounts = parseMountInfo((table?.kind === 'file' ? table.content()?.toString('utf8') : null) ?? '');
  const nodes = new Map([...filesOf(programsOf(tree.nodes)), ...tree.nodes]);
  for (const path of [...nodes.keys(), ...mounts.map(({ point }) => `${point}/`)])
    for (let above = posix.dirname(`${path}.`); above !== '/' && !nodes.has(above); above = posix.dirname(above))
      nodes.set(above, DIRECTORY);
  return { ...tree, nodes };
}

function readingOf(bytes: Buffer): Reading {
  return {
    text: bytes.toString('utf8'),
    utf8: isUtf8(bytes),
    get digest() {
      return crypto().createHash('sha256').update(bytes).digest('hex');
    },
  };
}

const BITS = { r: 4, w: 2, x: 1, wx: 3 } as const;

function permits({ mode, uid, gid, kind }: Node, wanted: keyof typeof BITS, who: Identity['target']): boolean {
  const bits = BITS[wanted];
  if (who.uid === 0) return wanted === 'r' || wanted === 'w' || kind === 'directory' || (mode & 0o111) !== 0;
  const shift = uid === who.uid ? 6 : who.groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

/** The last one that is mounted over the path, or over what it is in. */
function mountAt(mounts: readonly Mount[], path: string): Mount | null {
  const over = mounts.filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(...over.map(({ point }) => point.length));
  return over.findLast(({ point }) => point.length === longest) ?? null;
}
