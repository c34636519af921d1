import type { Position } from '../../model/decide.ts';
import type { Fact, FileKind, IdRange, Look, NamespaceAnswer, Stat } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { asAbsent } from '../../model/unseen.ts';
import { type Listener, listeners } from '../config/listeners.ts';
import { settings } from '../config/settings.ts';
import { type Holder, instance } from '../start/instance.ts';
import { namespace } from '../start/namespace.ts';
import { holderOf, isMapped, mappedIds, type Obstacle, type Passed, reach } from '../start/reach.ts';
import { accounts, othersInGroup } from '../target/accounts.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';

/** A Unix socket that buildkitd will make, and what stands in its way. */
export interface SocketPath {
  readonly use: Listener['use'];
  readonly text: string;
  readonly key: string;
  readonly at: Position | null;
  readonly index: number | null;
  readonly source: Source;
  readonly needed: boolean;
  readonly path: string;
  /** In bytes, as it is written; buildkitd takes at most 104. */
  readonly length: number;
  /** False: a relative path, which depends on where buildkitd is started. The rest is then not known. */
  readonly absolute: boolean;
  readonly obstacle: Obstacle | null;
  /** The directory in which buildkitd makes the socket, or the first of the missing directories above it. */
  readonly directory: Passed | null;
  /** The socket's own directory exists. */
  readonly directoryExists: boolean;
  readonly writable: boolean;
  readonly readOnly: boolean;
  readonly clientStop: Passed | null;
  /** What stands at the path now. */
  readonly stat: Stat | null;
  readonly kind: FileKind | null;
  /** May buildkitd remove what stands there? It always does before it listens. */
  readonly removable: boolean;
  /** Somebody answers there: `own` is the target's own buildkitd. */
  readonly live: boolean;
  readonly own: boolean;
  readonly holder: Holder | null;
  /** Other accounts can replace names in the directory that leads to it: the first such directory. */
  readonly replaceable: Passed | null;
  /** Every directory on the way lets every account pass. */
  readonly openToAll: boolean;
}
export interface Sockets {
  readonly all: readonly SocketPath[];
  /** `grpc.uid` and `grpc.gid` (or --group) as written, and what they are outside; null outside: not mapped. */
  readonly owner: { readonly inner: number | null; readonly outer: number | null };
  readonly group: {
    readonly inner: number | string | null;
    readonly outer: number | null;
    /** A group name that does not exist. */
    readonly unknown: boolean;
    /** Other accounts in it. */
    readonly others: readonly string[];
  };
  /** False where the map of the namespace is not known, so that `outer` could not be told. */
  readonly mapKnown: boolean;
}

/** Byte length of a string in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}

type UidMap = NamespaceAnswer['uidMap'];
/** The id outside of a namespace for one inside; null when it is not mapped. */
export function outside(map: UidMap, inner: number): number | null {
  for (const [start, outer, count] of map) if (inner >= start && inner < start + count) return outer + inner - start;
  return null;
}

export const sockets: Fact<Sockets> = {
  id: 'sockets',
  async read(look) {
    const [{ target }, { all }, options, by, known, running] = await Promise.all([
      look.get(identity),
      look.get(listeners),
      look.get(settings),
      look.get(launcher),
      look.get(accounts),
      look.get(instance),
    ]);
    const answer = by === 'rootlesskit' ? await look.get(namespace).catch(asAbsent) : null;
    const mapKnown = by === 'none' || (answer?.launch.ok === true && answer.uidMap.length > 0);
    const outer = (map: UidMap | undefined, id: number): number | null => (by === 'none' ? id : outside(map ?? [], id));

    const written = options.socketGid.value;
    const named = typeof written === 'string' && !/^\d+$/.test(written);
    const entry = named ? known.groups.find(({ name }) => name === written) : undefined;
    const gid = written === null ? null : named ? (entry?.gid ?? null) : Number(written);
    const uid = options.socketUid.value;
    const outerGid = gid === null ? target.gid : outer(answer?.gidMap, gid);
    const list: SocketPath[] = [];
    for (const listener of all) {
      const { address } = listener;
      if (address.scheme !== 'unix' && address.scheme !== 'npipe') continue;
      list.push(await socketAt(look, listener, address.path, running));
    }
    return {
      all: list,
      owner: { inner: uid, outer: uid === null ? target.uid : outer(answer?.uidMap, uid) },
      group: {
        inner: written,
        outer: outerGid,
        unknown: named && entry === undefined,
        others: outerGid === null ? [] : othersInGroup(known, outerGid, target.uid),
      },
      mapKnown,
    };
  },
};

/** Owners that a user namespace hides, real root among them, all look like this one. */
const OVERFLOW = 65534;

const within = (ranges: readonly IdRange[], id: number): boolean =>
  ranges.some(({ start, count }) => id >= start && id < start + count);

async function socketAt(
  look: Look,
  { use, text, key, index, at, source, needed }: Listener,
  path: string,
  running: {
    readonly running: boolean;
    readonly pids: readonly number[];
    readonly live: readonly { path: string; holder: Holder | null }[];
  },
): Promise<SocketPath> {
  const given = { use, text, key, index, at, source, needed, path, length: utf8Length(path) };
  const nothing = {
    obstacle: null,
    directory: null,
    directoryExists: false,
    writable: false,
    readOnly: false,
    clientStop: null,
    stat: null,
    kind: null,
    removable: false,
    live: false,
    own: false,
    holder: null,
    replaceable: null,
    openToAll: false,
  };
  if (!path.startsWith('/')) return { ...given, ...nothing, absolute: false };
  const { target } = look.host.identity;
  const [found, mapped] = await Promise.all([reach(look, path), look.get(mappedIds)]);
  const holder = holderOf(found);
  const directory = holder ?? found.passed.at(-1) ?? null;
  const answering = running.live.find((one) => one.path === path);
  const byPid = answering?.holder?.pid ?? null;
  const own =
    answering !== undefined &&
    running.running &&
    (byPid === null || running.pids.length === 0 || running.pids.includes(byPid));
  const stat = found.stat;
  const sticky = directory !== null && (directory.stat.mode & 0o1000) !== 0;
  // In a sticky directory only the owner of the file or of the directory may remove it, or root over both.
  const mayUnstick =
    !sticky ||
    target.uid === 0 ||
    directory?.stat.uid === target.uid ||
    (stat !== null && (stat.uid === target.uid || isMapped(mapped, stat))) ||
    (directory !== null && within(mapped.uids, directory.stat.uid) && within(mapped.gids, directory.stat.gid));
  const others = ({ stat: { mode, uid } }: Passed): boolean =>
    ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) ||
    (uid !== 0 && uid !== OVERFLOW && uid !== target.uid && !within(mapped.uids, uid));
  return {
    ...given,
    absolute: true,
    obstacle: found.obstacle,
    directory,
    directoryExists: holder !== null,
    writable: holder === null ? found.writable : await writableIn(look, holder, mapped),
    readOnly: found.readOnly,
    clientStop: found.clientStop,
    stat,
    kind: stat?.kind ?? null,
    removable: mayUnstick,
    live: answering !== undefined,
    own,
    holder: answering?.holder ?? null,
    replaceable: found.passed.filter(({ path: at }) => at !== found.path).find(others) ?? null,
    openToAll: found.passed.every(({ path: at, stat: { mode } }) => at === found.path || (mode & 0o001) !== 0),
  };
}

async function writableIn(
  { host }: Look,
  { path, stat }: Passed,
  mapped: Parameters<typeof isMapped>[0],
): Promise<boolean> {
  if (await host.access(path, 'wx', 'target')) return true;
  const mount = await host.mountOf(path, 'target').catch(asAbsent);
  const readOnly = mount !== null && (mount.options.includes('ro') || mount.superOptions.includes('ro'));
  return !readOnly && isMapped(mapped, stat);
}
