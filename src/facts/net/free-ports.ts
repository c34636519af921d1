import type { Fact, Look } from '../../model/look.ts';
import { decidesNothing } from '../../model/unseen.ts';
import { LISTEN, type TcpRow } from '../machine/proc-net.ts';
import { tcpTable } from '../start/instance.ts';
import { type Port, ports } from './ports.ts';

/** How many ports are tried, one after another by number. */
const CANDIDATES = 24;

/** For each address that cannot be bound, the next free port by number that this account may bind; for a plan alone. */
export const freePorts: Fact<ReadonlyMap<Port, number>> = {
  id: 'free-ports',
  async read(look) {
    const { all, unprivilegedStart } = await look.get(ports);
    const free = new Map<Port, number>();
    const taken = new Set(all.map(({ port }) => port));
    const table = await look.get(tcpTable);
    for (const one of all) {
      if (one.error !== 'EADDRINUSE' && one.error !== 'EACCES' && one.duplicateOf === null) continue;
      const from = one.error === 'EACCES' ? unprivilegedStart : one.port + 1;
      const least = look.host.identity.target.uid === 0 ? 1 : unprivilegedStart;
      const found = await nextFree(look, one, taken, table, Math.max(from, least, 1));
      if (found === null) continue;
      taken.add(found);
      free.set(one, found);
    }
    return free;
  },
};

async function nextFree(
  look: Look,
  { host, use }: Port,
  taken: ReadonlySet<number>,
  rows: readonly TcpRow[] | null,
  from: number,
): Promise<number | null> {
  if (use === 'published') return null;
  const candidates: number[] = [];
  for (let port = from; port <= 65535 && candidates.length < CANDIDATES; port++)
    if (!taken.has(port) && !(rows ?? []).some((row) => row.state === LISTEN && row.port === port))
      candidates.push(port);
  if (!look.request.probe) return candidates[0] ?? null;
  const addresses = candidates.map((port) => ({ host: host ?? '', port }));
  const answer = await look.host.probe('bind', { addresses }, 'target', {}).catch(decidesNothing);
  return (answer === null ? candidates[0] : candidates.find((_, at) => answer.errors[at] === null)) ?? null;
}
