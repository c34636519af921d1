import type { Fact, Look, Source } from '../model.ts';
import {
  formatIp,
  type Host,
  hostsCollide,
  type Ip,
  isIpv4,
  isLoopback,
  isWildcard,
  parseIp,
  parseServices,
  resolvePort,
  sameIp,
  splitHostPort,
} from './address.ts';
import { binaries } from './binaries.ts';
import { identity } from './identity.ts';
import { type Holder, instance, socketTables } from './instance.ts';
import { type Listener, listeners } from './listeners.ts';
import { launcher } from './namespace.ts';
import { LISTEN, parseFibTrie, parseIfInet6, type TcpRow } from './proc-net.ts';
import { hasCapability, processStatus } from './process-status.ts';
import { Unseen } from './unseen.ts';

/** A TCP address that buildkitd (or rootlesskit for it) will listen on, and whether it can. */
export interface Port {
  readonly use: 'grpc' | 'debug' | 'published';
  /** As written. */
  readonly text: string;
  readonly key: string;
  readonly index: number | null;
  readonly source: Source;
  /** Null: every address. Meaningless where `invalid` or `unresolved` is set. */
  readonly host: string | null;
  /** 0: the kernel chooses one anew at every start. */
  readonly port: number;
  /** Go's words for an address that it refuses. */
  readonly invalid: string | null;
  /** A name that /etc/hosts does not know; whether DNS does is not asked. */
  readonly unresolved: string | null;
  /** In a network namespace of its own: the host's ports are no concern, nor are the host's clients served. */
  readonly inside: boolean;
  /** For one inside: rootlesskit publishes this port on the host. */
  readonly published: boolean;
  /** The errno of binding; null when it can be bound, or is held by the target's own buildkitd. */
  readonly error: string | null;
  /** Why it could not be told whether it can be bound. */
  readonly unseen: string | null;
  /** The earlier entry of the same configuration that takes it. */
  readonly duplicateOf: string | null;
  readonly holder: Holder | null;
  readonly own: boolean;
  /** Where in use: the next free port by number that this account may bind. */
  readonly free: number | null;
}
export interface Ports {
  readonly all: readonly Port[];
  /** net.ipv4.ip_unprivileged_port_start: lower ports need CAP_NET_BIND_SERVICE over the network namespace. */
  readonly unprivilegedStart: number;
  /** net.ipv4.ip_local_port_range: ports that outgoing connections take. */
  readonly ephemeral: readonly [low: number, high: number] | null;
}

const CAP_NET_BIND_SERVICE = 10;

interface Wanted {
  readonly use: Port['use'];
  readonly text: string;
  readonly key: string;
  readonly index: number | null;
  readonly source: Source;
  readonly inside: boolean;
  readonly host: Host;
  readonly port: number;
  readonly invalid: string | null;
  readonly unresolved: string | null;
}

/** First IPv4 address of a name in /etc/hosts, else its first IPv6 address, as Go prefers them. */
export function lookUpHost(hosts: string, name: string): Ip | null {
  const found: Ip[] = [];
  for (const line of hosts.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const ip = address === undefined ? null : parseIp(address);
    if (ip !== null && names.some((known) => known.toLowerCase() === name.toLowerCase())) found.push(ip);
  }
  return found.find(isIpv4) ?? found[0] ?? null;
}

/** rootlesskit's --publish: [PARENT_IP:]PARENT_PORT:[CHILD_IP:]CHILD_PORT/PROTOCOL. Null for other protocols and shapes. */
export function parsePublished(
  text: string,
): { readonly host: string; readonly port: string; readonly inner: string } | null {
  const found = /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d+):(?:(?:\[[^\]]+\]|[^:[\]]+):)?(\d+)\/tcp[46]?$/.exec(text);
  if (found?.[2] === undefined || found[3] === undefined) return null;
  return { host: (found[1] ?? '').replace(/^\[|\]$/g, ''), port: found[2], inner: found[3] };
}

export const ports: Fact<Ports> = {
  id: 'ports',
  async read(look) {
    const { host } = look;
    const [{ all, ownNetwork, published }, own, tables, start, range] = await Promise.all([
      look.get(listeners),
      look.get(instance),
      look.get(socketTables),
      host.read('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'target').catch(() => null),
      host.read('/proc/sys/net/ipv4/ip_local_port_range', 'target').catch(() => null),
    ]);
    const [low, high] = (range?.text ?? '').trim().split(/\s+/).map(Number);
    const ephemeral = low !== undefined && high !== undefined && low > 0 && high >= low ? ([low, high] as const) : null;
    // 1024 on kernels before 4.11, which have no such setting.
    const unprivilegedStart = /^\d+\s*$/.test(start?.text ?? '') ? Number(start?.text) : 1024;
    const tcp = all.filter(({ address }) => address.scheme === 'tcp');
    if (tcp.length === 0 && published.length === 0) return { all: [], unprivilegedStart, ephemeral };

    const wanted = await readAll(look, tcp, published, ownNetwork);
    const duplicates = wanted.map((one, at) =>
      one.invalid !== null || one.unresolved !== null || one.port === 0
        ? undefined
        : wanted
            .slice(0, at)
            .find(
              (other) =>
                other.inside === one.inside &&
                other.port === one.port &&
                other.invalid === null &&
                other.unresolved === null &&
                hostsCollide(other.host, one.host),
            ),
    );
    const bindable = wanted.filter(
      (one, at) => !one.inside && one.invalid === null && one.unresolved === null && duplicates[at] === undefined,
    );
    const answers = new Map<Wanted, Bound>();
    const bound = await bind(look, bindable, tables.tcp, unprivilegedStart);
    for (const [at, one] of bindable.entries()) {
      const answer = bound[at];
      if (answer !== undefined) answers.set(one, answer);
    }
    const taken = new Set(wanted.map(({ port }) => port));
    const result: Port[] = [];
    for (const [at, one] of wanted.entries()) {
      const answer = answers.get(one);
      const error = answer?.error === 'EACCES' && (await mayPublish(look, one)) ? null : (answer?.error ?? null);
      const rows = error === 'EADDRINUSE' ? standingInTheWay(tables.tcp, one) : [];
      const holder = await holderOfRows(look, rows);
      const mine =
        own.running &&
        holder !== null &&
        (holder.pid === null ? holder.uid === host.identity.target.uid : own.pids.includes(holder.pid));
      const free =
        (error === 'EADDRINUSE' && !mine) || error === 'EACCES' || duplicates[at] !== undefined
          ? await nextFree(
              look,
              one,
              taken,
              tables.tcp,
              error === 'EACCES' ? unprivilegedStart : one.port + 1,
              unprivilegedStart,
            )
          : null;
      if (free !== null) taken.add(free);
      result.push({
        use: one.use,
        text: one.text,
        key: one.key,
        index: one.index,
        source: one.source,
        host: one.host === null ? null : formatIp(one.host),
        port: one.port,
        invalid: one.invalid,
        unresolved: one.unresolved,
        inside: one.inside,
        published: one.inside && published.some((spec) => parsePublished(spec)?.inner === String(one.port)),
        error: mine ? null : error,
        unseen: answer?.unseen ?? null,
        duplicateOf: duplicates[at]?.text ?? null,
        holder: mine ? null : holder,
        own: mine,
        free,
      });
    }
    return { all: result, unprivilegedStart, ephemeral };
  },
};

async function readAll(
  { host }: Look,
  tcp: readonly Listener[],
  published: readonly string[],
  ownNetwork: boolean,
): Promise<readonly Wanted[]> {
  const [services, hosts] = await Promise.all([
    host.read('/etc/services', 'target').catch(() => null),
    host.read('/etc/hosts', 'target').catch(() => null),
  ]);
  const names = parseServices(services?.text ?? '');
  const read = (hostPort: string): Pick<Wanted, 'host' | 'port' | 'invalid' | 'unresolved'> => {
    const split = splitHostPort(hostPort);
    if (split.error !== null) return { host: null, port: 0, invalid: split.error, unresolved: null };
    const port = resolvePort(split.port, names);
    if (port.error !== null) return { host: null, port: 0, invalid: port.error, unresolved: null };
    if (split.host === '') return { host: null, port: port.port, invalid: null, unresolved: null };
    const ip = parseIp(split.host) ?? lookUpHost(hosts?.text ?? '', split.host);
    if (ip === null) {
      // Names that no resolver is asked about: Go gives up on them at once.
      const impossible = !/^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?$/i.test(split.host) || /^[0-9.]+$/.test(split.host);
      return {
        host: null,
        port: port.port,
        invalid: impossible ? `lookup ${split.host}: no such host` : null,
        unresolved: impossible ? null : split.host,
      };
    }
    return { host: isWildcard(ip) ? null : ip, port: port.port, invalid: null, unresolved: null };
  };
  return [
    ...tcp.map(
      (listener): Wanted => ({
        use: listener.use === 'debug' ? 'debug' : 'grpc',
        text: listener.text,
        key: listener.key,
        index: listener.index,
        source: listener.source,
        inside: ownNetwork,
        ...read(listener.address.scheme === 'tcp' ? listener.address.hostPort : ''),
      }),
    ),
    ...published.flatMap((text): Wanted[] => {
      const spec = parsePublished(text);
      if (spec === null) return [];
      const given = read(`${spec.host.includes(':') ? `[${spec.host}]` : spec.host}:${spec.port}`);
      return [
        { use: 'published', text, key: 'rootlesskit --publish', index: null, source: 'unit', inside: false, ...given },
      ];
    }),
  ];
}

interface Bound {
  readonly error: string | null;
  readonly unseen: string | null;
}

async function bind(
  look: Look,
  wanted: readonly Wanted[],
  rows: readonly TcpRow[] | null,
  start: number,
): Promise<readonly Bound[]> {
  if (wanted.length === 0) return [];
  if (look.request.probe) {
    try {
      const addresses = wanted.map(({ host, port }) => ({ host: host === null ? '' : formatIp(host), port }));
      const { errors } = await look.host.probe('bind', { addresses }, 'target', {});
      return errors.map((error) => ({ error, unseen: null }));
    } catch (error) {
      if (!(error instanceof Unseen)) throw error;
    }
  }
  return judgeByFiles(look, wanted, rows, start);
}

/** Without a probe: the kernel's rules, from its tables. */
async function judgeByFiles(
  look: Look,
  wanted: readonly Wanted[],
  rows: readonly TcpRow[] | null,
  start: number,
): Promise<readonly Bound[]> {
  const { host } = look;
  const [{ target }, by, status, trie, six, nonlocal] = await Promise.all([
    look.get(identity),
    look.get(launcher),
    look.get(processStatus).catch(() => null),
    host.read('/proc/self/net/fib_trie', 'target').catch(() => null),
    host.read('/proc/self/net/if_inet6', 'target').catch(() => null),
    host.read('/proc/sys/net/ipv4/ip_nonlocal_bind', 'target').catch(() => null),
  ]);
  const local = [...parseFibTrie(trie?.text ?? ''), ...parseIfInet6(six?.text ?? '')];
  return wanted.map((one): Bound => {
    const { host: at, port } = one;
    // 127.0.0.0/8 is always local; ::1 goes away with disable_ipv6.
    if (at !== null && !(isIpv4(at) && isLoopback(at)) && nonlocal?.text.trim() !== '1') {
      const known = isIpv4(at) ? trie !== null : six !== null;
      if (!known)
        return { error: null, unseen: `it cannot be told whether ${formatIp(at)} is an address of this host` };
      if (!local.some((ip) => sameIp(ip, { ...at, zone: null }))) return { error: 'EADDRNOTAVAIL', unseen: null };
    }
    if (port !== 0 && port < start) {
      if (by === 'rootlesskit' || target.uid !== 0) return { error: 'EACCES', unseen: null };
      if (hasCapability(status?.capabilityEffective ?? null, CAP_NET_BIND_SERVICE) === false)
        return { error: 'EACCES', unseen: null };
      if (status === null || status.inUserNamespace)
        return {
          error: null,
          unseen: `it cannot be told without trying whether port ${port} may be bound in this user namespace`,
        };
    }
    if (port === 0) return { error: null, unseen: null };
    if (rows === null)
      return { error: null, unseen: 'which ports are in use cannot be seen: /proc/net/tcp is missing' };
    if (rowsOf(rows, one).length > 0) return { error: 'EADDRINUSE', unseen: null };
    const maybe =
      at !== null &&
      isIpv4(at) &&
      rows.some((row) => row.state === LISTEN && row.port === port && isSixWildcard(row.ip));
    return maybe
      ? {
          error: null,
          unseen: `a listener on [::]:${port} may take ${formatIp(at)}:${port} too; its file does not say`,
        }
      : { error: null, unseen: null };
  });
}

const isSixWildcard = (ip: Ip): boolean => isWildcard(ip) && !isIpv4(ip);

/** Listeners that surely stand in the way; a wildcard of Go is one socket for both families. */
function rowsOf(rows: readonly TcpRow[] | null, { host, port }: Pick<Wanted, 'host' | 'port'>): readonly TcpRow[] {
  return (rows ?? []).filter(
    ({ state, port: other, ip }) =>
      state === LISTEN &&
      other === port &&
      (host === null ||
        sameIp(ip, { ...host, zone: null }) ||
        (isWildcard(ip) && isIpv4(ip) === isIpv4(host)) ||
        // Reached only after a failed bind, or where the address is IPv6 itself.
        (isSixWildcard(ip) && !isIpv4(host))),
  );
}

/** After a failed bind: a dual-stack wildcard may be what took an IPv4 address. */
function standingInTheWay(rows: readonly TcpRow[] | null, one: Wanted): readonly TcpRow[] {
  const sure = rowsOf(rows, one);
  if (sure.length > 0) return sure;
  return (rows ?? []).filter(({ state, port, ip }) => state === LISTEN && port === one.port && isWildcard(ip));
}

/** rootlesskit publishes low ports when its own binary carries the capability. */
async function mayPublish(look: Look, { use }: Wanted): Promise<boolean> {
  if (use !== 'published') return false;
  const { rootlesskit } = await look.get(binaries);
  if (rootlesskit === null) return false;
  const ran = await look.host.run('getcap', [rootlesskit.realpath], 'self').catch(() => null);
  return /\bcap_net_bind_service\b/.test(ran?.stdout ?? '');
}

async function holderOfRows({ host }: Look, rows: readonly TcpRow[]): Promise<Holder | null> {
  const [row] = rows;
  if (row === undefined) return null;
  for (const { inode } of rows) {
    const holder = await host.socketHolder(inode).catch(() => null);
    if (holder !== null) return holder;
  }
  return { pid: null, command: null, uid: row.uid };
}

const CANDIDATES = 24;

async function nextFree(
  look: Look,
  { host, use }: Wanted,
  taken: ReadonlySet<number>,
  rows: readonly TcpRow[] | null,
  from: number,
  start: number,
): Promise<number | null> {
  if (use === 'published') return null;
  const rooted = look.host.identity.target.uid === 0;
  const candidates: number[] = [];
  for (let port = Math.max(from, rooted ? 1 : start, 1); port <= 65535 && candidates.length < CANDIDATES; port++)
    if (!taken.has(port) && !(rows ?? []).some((row) => row.state === LISTEN && row.port === port))
      candidates.push(port);
  if (!look.request.probe) return candidates[0] ?? null;
  const addresses = candidates.map((port) => ({ host: host === null ? '' : formatIp(host), port }));
  const answer = await look.host.probe('bind', { addresses }, 'target', {}).catch((error: unknown) => {
    if (error instanceof Unseen) return null;
    throw error;
  });
  return (answer === null ? candidates[0] : candidates.find((_, at) => answer.errors[at] === null)) ?? null;
}
