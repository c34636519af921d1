import { formatIp, hostsCollide } from '../../buildkit/address.ts';
import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { listeners } from '../config/listeners.ts';
import type { TcpRow } from '../machine/proc-net.ts';
import { binaries } from '../programs/binaries.ts';
import { type Holder, instance, tcpTable } from '../start/instance.ts';
import { type Bound, bind, standingInTheWay } from './port-binding.ts';
import { parsePublished, readAll, type Wanted } from './port-wanted.ts';

/** A TCP address that buildkitd (or rootlesskit for it) will listen on, and whether it can. */
export interface Port extends Omit<Wanted, 'host'> {
  /** Null: every address. Meaningless where `invalid` or `unresolved` is set. */
  readonly host: string | null;
  /** For one inside: rootlesskit publishes this port on the host. */
  readonly published: boolean;
  /** The errno of binding, ENETDOWN where nobody could connect; null when it can be bound, or is held by the target's own buildkitd. */
  readonly error: string | null;
  /** Why it could not be told whether it can be bound. */
  readonly unseen: string | null;
  /** The earlier entry of the same configuration that takes it. */
  readonly duplicateOf: string | null;
  readonly holder: Holder | null;
  readonly own: boolean;
}
export interface Ports {
  readonly all: readonly Port[];
  /** net.ipv4.ip_unprivileged_port_start: lower ports need CAP_NET_BIND_SERVICE over the network namespace. */
  readonly unprivilegedStart: number;
  /** net.ipv4.ip_local_port_range: ports that outgoing connections take. */
  readonly ephemeral: readonly [low: number, high: number] | null;
}

export const ports: Fact<Ports> = {
  id: 'ports',
  async read(look) {
    const { host } = look;
    const [{ all, ownNetwork, published }, own, start, range] = await Promise.all([
      look.get(listeners),
      look.get(instance),
      host.read('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'target').catch(asAbsent),
      host.read('/proc/sys/net/ipv4/ip_local_port_range', 'target').catch(asAbsent),
    ]);
    const [low, high] = (range?.text ?? '').trim().split(/\s+/).map(Number);
    const ephemeral = low !== undefined && high !== undefined && low > 0 && high >= low ? ([low, high] as const) : null;
    // 1024 on kernels before 4.11, which have no such setting.
    const unprivilegedStart = /^\d+\s*$/.test(start?.text ?? '') ? Number(start?.text) : 1024;
    const tcp = all.filter(({ address }) => address.scheme === 'tcp');
    if (tcp.length === 0 && published.length === 0) return { all: [], unprivilegedStart, ephemeral };
    const table = await look.get(tcpTable);

    const wanted = await readAll(look, tcp, published, ownNetwork);
    const duplicates = wanted.map((one, at) => wanted.slice(0, at).find((earlier) => collides(earlier, one)));
    const bindable = wanted.filter((one, at) => !one.inside && isReadable(one) && duplicates[at] === undefined);
    const answers = new Map<Wanted, Bound>();
    const bound = await bind(look, bindable, table, unprivilegedStart);
    for (const [at, one] of bindable.entries()) {
      const answer = bound[at];
      if (answer !== undefined) answers.set(one, answer);
    }
    const result: Port[] = [];
    for (const [at, one] of wanted.entries()) {
      const answer = answers.get(one);
      const error = answer?.error === 'EACCES' && (await mayPublish(look, one)) ? null : (answer?.error ?? null);
      const rows = error === 'EADDRINUSE' ? standingInTheWay(table, one) : [];
      const holder = await holderOfRows(look, rows);
      const mine =
        own.running &&
        error === 'EADDRINUSE' &&
        (holder === null
          ? table === null
          : holder.pid === null
            ? holder.uid === host.identity.target.uid
            : own.pids.includes(holder.pid));
      result.push({
        use: one.use,
        text: one.text,
        key: one.key,
        index: one.index,
        at: one.at,
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
      });
    }
    return { all: result, unprivilegedStart, ephemeral };
  },
};

const isReadable = ({ invalid, unresolved }: Wanted): boolean => invalid === null && unresolved === null;

function collides(a: Wanted, b: Wanted): boolean {
  return (
    isReadable(a) &&
    isReadable(b) &&
    a.inside === b.inside &&
    a.port === b.port &&
    a.port !== 0 &&
    hostsCollide(a.host, b.host)
  );
}

/** rootlesskit publishes low ports when its own binary carries the capability. */
async function mayPublish(look: Look, { use }: Wanted): Promise<boolean> {
  if (use !== 'published') return false;
  const { rootlesskit } = await look.get(binaries);
  if (rootlesskit === null) return false;
  const ran = await look.host.run('getcap', [rootlesskit.realpath], 'self').catch(asAbsent);
  return /\bcap_net_bind_service\b/.test(ran?.stdout ?? '');
}

async function holderOfRows({ host }: Look, rows: readonly TcpRow[]): Promise<Holder | null> {
  const [row] = rows;
  if (row === undefined) return null;
  for (const { inode } of rows) {
    const holder = await host.socketHolder(inode).catch(asAbsent);
    if (holder !== null) return holder;
  }
  return { pid: null, command: null, uid: row.uid };
}
