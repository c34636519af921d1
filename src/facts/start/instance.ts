import { splitHostPort } from '../../buildkit/address.ts';
import type { Fact, Look, Reading } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { normalise } from '../config/cache-directory.ts';
import { configFile } from '../config/config-file.ts';
import { type Listener, listeners } from '../config/listeners.ts';
import { settings } from '../config/settings.ts';
import {
  LISTEN,
  parseLocks,
  parseTcpTable,
  parseUnixTable,
  type TcpRow,
  type UnixListener,
} from '../machine/proc-net.ts';
import { changedSince, type Daemon, family } from '../target/daemon.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';
import { ownDaemon, unitIsNewer } from '../target/own-daemon.ts';
import { unit } from '../target/unit.ts';

/** Of one path: it can stand in the table once for each mount namespace. */
const MOST_ROWS = 20;

/** A process as /proc tells it; what another account may not see is null. */
export interface Holder {
  readonly pid: number | null;
  readonly command: string | null;
  readonly uid: number | null;
}
/** Somebody answers on a Unix address that buildkitd would listen on. */
export interface LiveSocket {
  readonly path: string;
  readonly use: Listener['use'];
  readonly holder: Holder | null;
}
/** Is a buildkitd running on the same state directory or the same sockets, and is it the target's own? */
export interface Instance {
  /** The target's own buildkitd is up: its ports, sockets and lock are no conflict. */
  readonly running: boolean;
  readonly pid: number | null;
  /** The daemon and the launchers above it. */
  readonly pids: readonly number[];
  /** Files that decide its next start, and were changed after this one. */
  readonly newer: readonly string[];
  readonly lock: { readonly path: string; readonly held: boolean; readonly holder: Holder | null };
  /** rootlesskit's own lock, where its --state-dir is given: two of them cannot share one. */
  readonly launcherLock: { readonly path: string; readonly held: boolean; readonly holder: Holder | null } | null;
  /** Configured Unix addresses on which somebody answers. */
  readonly live: readonly LiveSocket[];
}

/** What listens on TCP in our network namespace; null when this kernel or container does not say. Reading it walks the kernel's whole table. */
export const tcpTable: Fact<readonly TcpRow[] | null> = {
  id: 'tcp-table',
  async read(look) {
    const [tcp, tcp6] = await Promise.all([quietly(look, '/proc/self/net/tcp'), quietly(look, '/proc/self/net/tcp6')]);
    return tcp === null ? null : [...parseTcpTable(tcp.text), ...parseTcpTable(tcp6?.text ?? '')];
  },
};

/** What listens on Unix sockets; null when this kernel or container does not say. */
const unixTable: Fact<readonly UnixListener[] | null> = {
  id: 'unix-table',
  async read(look) {
    const unix = await quietly(look, '/proc/self/net/unix');
    return unix === null ? null : parseUnixTable(unix.text);
  },
};

function quietly({ host }: Look, path: string): Promise<Reading | null> {
  return host.read(path, 'target', 8 * 1024 * 1024).catch(asAbsent);
}

async function holderOf({ host }: Look, pid: number | null): Promise<Holder | null> {
  if (pid === null) return null;
  const [comm, status] = await Promise.all([
    host.read(`/proc/${pid}/comm`, 'self').catch(asAbsent),
    host.read(`/proc/${pid}/status`, 'self').catch(asAbsent),
  ]);
  const uid = /^Uid:\s*(\d+)/m.exec(status?.text ?? '')?.[1];
  return { pid, command: comm?.text.trim() ?? null, uid: uid === undefined ? null : Number(uid) };
}

async function lockOf(look: Look, path: string): Promise<{ held: boolean; pid: number | null }> {
  const stat = await look.host.stat(path, 'target').catch(asAbsent);
  if (stat === null || stat.kind !== 'file') return { held: false, pid: null };
  const tried = look.request.probe ? await look.host.probe('lock', { path }, 'target', {}).catch(asAbsent) : null;
  if (tried !== null) return tried;
  const text = (await look.host.read('/proc/locks', 'self', 8 * 1024 * 1024).catch(asAbsent))?.text ?? '';
  // st_dev as glibc packs it; on file systems with anonymous devices (btrfs) the numbers differ and nothing is found.
  const [major, minor] = [
    Math.floor(stat.dev / 256) & 0xfff,
    (stat.dev & 0xff) | (Math.floor(stat.dev / 1048576) << 8),
  ];
  const lock = parseLocks(text).find((row) => row.inode === stat.ino && row.major === major && row.minor === minor);
  return { held: lock !== undefined, pid: lock?.pid ?? null };
}

export const instance: Fact<Instance> = {
  id: 'instance',
  async read(look) {
    const { host, request } = look;
    const [{ target }, { root, rootlesskitFlags }, { all, ownNetwork }, by] = await Promise.all([
      look.get(identity),
      look.get(settings),
      look.get(listeners),
      look.get(launcher),
    ]);
    const own = await look.get(ownDaemon);
    const path = `${normalise(root.value)}/buildkitd.lock`;
    const lock = path.startsWith('/') ? await lockOf(look, path) : { held: false, pid: null };
    const { held } = lock;
    const pid = lock.pid ?? (held ? (own?.pid ?? null) : null);
    const pids = pid === null ? [] : await family(look, pid);

    const live: LiveSocket[] = [];
    for (const { use, address } of all) {
      if (address.scheme !== 'unix' || !address.path.startsWith('/')) continue;
      const stat = await host.stat(address.path, 'target').catch(asAbsent);
      if (stat?.kind !== 'socket') continue;
      const rows = ((await look.get(unixTable)) ?? []).filter((listener) => listener.path === address.path);
      const answers = request.probe
        ? (await host.probe('connect', { path: address.path }, 'target', {}).catch(asAbsent))?.error === null
        : rows.length > 0;
      if (!answers) continue;
      // The table has the paths of every mount namespace: of several alike only the one that holds the lock is told apart.
      const holders = await Promise.all(rows.slice(0, MOST_ROWS).map(({ inode }) => host.socketHolder(inode)));
      const known = holders.find((one) => one !== null && pids.includes(one.pid));
      live.push({ path: address.path, use, holder: known ?? (holders.length === 1 ? (holders[0] ?? null) : null) });
    }

    const holder = held ? await holderOf(look, pid) : null;
    const mine = holder?.uid == null || holder.uid === target.uid;
    const grpc = all.filter(({ use }) => use === 'grpc');
    const sockets = grpc.filter(({ address }) => address.scheme === 'unix');
    // Where it serves tells a daemon of this set-up from one that only shares the state directory.
    const serves =
      (own !== null && own.pid === pid && request.addresses === null) ||
      (sockets.length === 0
        ? ownNetwork || (held && (await servesTcp(look, pids, target.uid, portsOf(grpc))))
        : live.some(
            ({ use, holder: by }) => use === 'grpc' && (by?.pid == null || pid === null || pids.includes(by.pid)),
          ));
    const running = held && mine && serves;
    const directory = by === 'rootlesskit' ? rootlesskitFlags['state-dir']?.at(-1) : undefined;
    const kit = directory?.startsWith('/') ? `${normalise(directory)}/lock` : null;
    const kitLock = kit === null ? null : await lockOf(look, kit);
    return {
      running,
      pid: running ? pid : null,
      pids: running ? pids : [],
      newer: running && own !== null ? await changedFiles(look, own) : [],
      lock: { path, held, holder },
      launcherLock:
        kit === null || kitLock === null
          ? null
          : { path: kit, held: kitLock.held, holder: await holderOf(look, kitLock.pid) },
      live,
    };
  },
};

async function changedFiles(look: Look, daemon: Daemon): Promise<readonly string[]> {
  const [config, service, newer] = await Promise.all([look.get(configFile), look.get(unit), look.get(unitIsNewer)]);
  return [...(changedSince(config.stat, daemon) ? [config.path] : []), ...(newer && service ? [service.path] : [])];
}

/** The ports of TCP addresses, as far as they are written as numbers. */
function portsOf(listening: readonly Listener[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { address } of listening) {
    const split = address.scheme === 'tcp' ? splitHostPort(address.hostPort) : null;
    if (split?.error === null && /^\d{1,5}$/.test(split.port)) found.add(Number(split.port));
  }
  return found;
}

/** Does the holder of the lock listen on a configured port? Processes that cannot be seen count by their account; without a table, every one. */
async function servesTcp(
  look: Look,
  pids: readonly number[],
  uid: number,
  ports: ReadonlySet<number>,
): Promise<boolean> {
  const rows = await look.get(tcpTable);
  if (rows === null) return true;
  for (const row of rows) {
    if (row.state !== LISTEN || row.uid !== uid || (ports.size > 0 && !ports.has(row.port))) continue;
    const holder = await look.host.socketHolder(row.inode);
    if (holder === null || pids.includes(holder.pid)) return true;
  }
  return false;
}
