import { formatIp, type Ip, isIpv4, isLoopback, isWildcard, sameIp } from '../../buildkit/address.ts';
import type { Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { LISTEN, parseFibTrie, parseIfInet6, type TcpRow } from '../machine/proc-net.ts';
import { hasCapability, processStatus } from '../machine/process-status.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';
import type { Wanted } from './port-wanted.ts';

const CAP_NET_BIND_SERVICE = 10;

/** Whether an address can be bound: the errno, or why it cannot be told. Both null: it can. */
export interface Bound {
  readonly error: string | null;
  readonly unseen: string | null;
}

/** Really binds them all at once, as one daemon would; without a probe the kernel's tables are judged. */
export async function bind(
  look: Look,
  wanted: readonly Wanted[],
  rows: readonly TcpRow[] | null,
  start: number,
): Promise<readonly Bound[]> {
  if (wanted.length === 0) return [];
  if (look.request.probe) {
    const addresses = wanted.map(({ host, port }) => ({ host: host === null ? '' : formatIp(host), port }));
    const tried = await look.host.probe('bind', { addresses }, 'target', {}).catch(asAbsent);
    if (tried !== null) return tried.errors.map((error) => ({ error, unseen: null }));
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
    look.get(processStatus).catch(asAbsent),
    host.read('/proc/self/net/fib_trie', 'target').catch(asAbsent),
    host.read('/proc/self/net/if_inet6', 'target').catch(asAbsent),
    host.read('/proc/sys/net/ipv4/ip_nonlocal_bind', 'target').catch(asAbsent),
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
export function standingInTheWay(rows: readonly TcpRow[] | null, one: Wanted): readonly TcpRow[] {
  const sure = rowsOf(rows, one);
  if (sure.length > 0) return sure;
  return (rows ?? []).filter(({ state, port, ip }) => state === LISTEN && port === one.port && isWildcard(ip));
}
