/** Addresses of listeners, read as buildkitd (cmd/buildkitd) and Go's net package read them. */
export type ListenAddress =
  | { readonly scheme: 'unix' | 'npipe'; readonly path: string }
  | { readonly scheme: 'tcp'; readonly hostPort: string }
  | { readonly scheme: 'fd'; readonly name: string }
  | { readonly scheme: null; readonly why: string };

/** Split at the first "://"; letter case counts, and nothing else is a scheme. */
export function parseListenAddress(text: string): ListenAddress {
  const at = text.indexOf('://');
  if (at < 0) return { scheme: null, why: `address ${text} does not contain proto, you meant unix://${text} ?` };
  const rest = text.slice(at + 3);
  switch (text.slice(0, at)) {
    case 'unix':
      return { scheme: 'unix', path: rest };
    case 'npipe':
      return { scheme: 'npipe', path: rest };
    case 'tcp':
      return { scheme: 'tcp', hostPort: rest };
    case 'fd':
      return { scheme: 'fd', name: rest };
    default:
      return { scheme: null, why: `addr ${text} not supported` };
  }
}

export type HostPort =
  | { readonly host: string; readonly port: string; readonly error: null }
  | { readonly error: string };

/** net.SplitHostPort, with Go's words for what it refuses. An address without any text is every address and any port. */
export function splitHostPort(text: string): HostPort {
  if (text === '') return { host: '', port: '', error: null };
  const refused = (why: string): HostPort => ({ error: `address ${text}: ${why}` });
  const last = text.lastIndexOf(':');
  if (last < 0) return refused('missing port in address');
  let host: string;
  let from = 0;
  let to = 0;
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    if (end < 0) return refused("missing ']' in address");
    if (end + 1 === text.length) return refused('missing port in address');
    if (end + 1 !== last)
      return refused(text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address');
    host = text.slice(1, end);
    from = 1;
    to = end + 1;
  } else {
    host = text.slice(0, last);
    if (host.includes(':')) return refused('too many colons in address');
  }
  if (text.indexOf('[', from) >= 0) return refused("unexpected '[' in address");
  if (text.indexOf(']', to) >= 0) return refused("unexpected ']' in address");
  return { host, port: text.slice(last + 1), error: null };
}

/** Ports that Go knows by name without /etc/services (net.services, tcp). */
const GO_PORTS: { readonly [name: string]: number } = {
  domain: 53,
  ftp: 21,
  ftps: 990,
  gopher: 70,
  http: 80,
  https: 443,
  imap2: 143,
  imap3: 220,
  imaps: 993,
  pop3: 110,
  pop3s: 995,
  smtp: 25,
  submissions: 465,
  ssh: 22,
  telnet: 23,
};

/** Names of tcp ports with their aliases (services(5)); lines of another shape are dropped. */
export function parseServices(text: string): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name, number, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    const found = /^(\d{1,5})\/tcp$/.exec(number ?? '');
    if (name === undefined || found?.[1] === undefined) continue;
    for (const known of [name, ...aliases]) if (!names.has(known)) names.set(known, Number(found[1]));
  }
  return names;
}

/** A port as Go reads it: empty is 0 (any), a sign and leading zeros are allowed, anything else is a service name. */
export function resolvePort(
  text: string,
  services: ReadonlyMap<string, number>,
): { readonly port: number; readonly error: null } | { readonly error: string } {
  if (text === '') return { port: 0, error: null };
  if (/^[+-]?\d+$/.test(text)) {
    const port = Number(text);
    return port >= 0 && port <= 65535 ? { port, error: null } : { error: `address ${text}: invalid port` };
  }
  const name = text.toLowerCase();
  const port = services.get(name) ?? GO_PORTS[name];
  return port === undefined ? { error: `lookup tcp/${text}: unknown port` } : { port, error: null };
}

/** An IP address as 16 bytes; IPv4 is held as ::ffff:a.b.c.d, as Go and the kernel's dual-stack sockets see it. */
export interface Ip {
  readonly bytes: readonly number[];
  readonly zone: string | null;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/** netip.ParseAddr: dotted IPv4 without leading zeros, or IPv6 with an optional zone. Null for names and everything else. */
export function parseIp(text: string): Ip | null {
  const four = parseFour(text);
  if (four !== null) return { bytes: [...MAPPED, ...four], zone: null };
  const [address = '', zone] = splitZone(text);
  if (zone === '' || !address.includes(':')) return null;
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const length = head.length + tail.length;
  if (halves.length === 2 ? length > 14 : length !== 16) return null;
  return { bytes: [...head, ...new Array<number>(16 - length).fill(0), ...tail], zone: zone ?? null };
}

function splitZone(text: string): [string, string?] {
  const at = text.indexOf('%');
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function parseFour(text: string): number[] | null {
  if (!/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(text)) return null;
  const bytes = text.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function groupsOf(text: string, mayEndInFour: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (mayEndInFour && index === groups.length - 1 && group.includes('.')) {
      const four = parseFour(group);
      if (four === null) return null;
      bytes.push(...four);
    } else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return null;
  }
  return bytes;
}

export const isIpv4 = ({ bytes }: Ip): boolean => MAPPED.every((byte, index) => bytes[index] === byte);
/** 0.0.0.0 or ::. Go listens on both families for either (net.favoriteAddrFamily). */
export const isWildcard = (ip: Ip): boolean => ip.bytes.slice(isIpv4(ip) ? 12 : 0).every((byte) => byte === 0);
export const isLoopback = (ip: Ip): boolean =>
  isIpv4(ip) ? ip.bytes[12] === 127 : ip.bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
export const sameIp = (a: Ip, b: Ip): boolean =>
  a.bytes.every((byte, index) => byte === b.bytes[index]) && (a.zone ?? '') === (b.zone ?? '');

/** As people write it: dotted, or eight groups with the longest run of zeros left out. */
export function formatIp(ip: Ip): string {
  if (isIpv4(ip)) return ip.bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((ip.bytes[2 * at] ?? 0) << 8) | (ip.bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  const text = groups.join(':');
  const short =
    run === undefined
      ? text
      : `${text.slice(0, run.index)}::${text.slice(run.index + run[0].length).replace(/^:/, '')}`;
  return ip.zone === null ? short : `${short}%${ip.zone}`;
}

/** A listen address of one TCP socket; null is every address of both families. */
export type Host = Ip | null;

/** Can two listening sockets of Go programs not stand side by side on one port? A wildcard takes both families. */
export function hostsCollide(a: Host, b: Host): boolean {
  return a === null || b === null || sameIp(a, b);
}
