import {
  type Host,
  type Ip,
  isIpv4,
  isWildcard,
  parseIp,
  parseServices,
  resolvePort,
  splitHostPort,
} from '../../buildkit/address.ts';
import type { Position } from '../../model/decide.ts';
import type { Look } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { asAbsent } from '../../model/unseen.ts';
import type { Listener } from '../config/listeners.ts';

/** A TCP address that shall be listened on, read as Go reads it. */
export interface Wanted {
  readonly use: 'grpc' | 'debug' | 'published';
  /** As written. */
  readonly text: string;
  readonly key: string;
  readonly index: number | null;
  readonly at: Position | null;
  readonly source: Source;
  /** In a network namespace of its own: the host's ports are no concern, nor are the host's clients served. */
  readonly inside: boolean;
  /** Null: every address of both families. */
  readonly host: Host;
  /** 0: the kernel chooses one anew at every start. */
  readonly port: number;
  /** Go's words for an address that it refuses. */
  readonly invalid: string | null;
  /** A name that /etc/hosts does not know; whether DNS does is not asked. */
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

/** Every TCP address of the configuration, then what rootlesskit publishes. */
export async function readAll(
  { host }: Look,
  tcp: readonly Listener[],
  published: readonly string[],
  ownNetwork: boolean,
): Promise<readonly Wanted[]> {
  const [services, hosts] = await Promise.all([
    host.read('/etc/services', 'target').catch(asAbsent),
    host.read('/etc/hosts', 'target').catch(asAbsent),
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
        at: listener.at,
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
        {
          use: 'published',
          text,
          key: 'rootlesskit --publish',
          index: null,
          at: null,
          source: 'unit',
          inside: false,
          ...given,
        },
      ];
    }),
  ];
}
