import { type Ip, isLoopback, parseIp, splitHostPort } from './address.ts';

type Values = { readonly [name: string]: string };

/** The variable by which a Go client sends a connection with `host:port` through a proxy (x/net/http/httpproxy); null: it does not. */
export function proxyFor(hostPort: string, values: Values): string | null {
  const variable = ['HTTPS_PROXY', 'https_proxy'].find((name) => (values[name] ?? '') !== '');
  if (variable === undefined) return null;
  const split = splitHostPort(hostPort);
  if (split.error !== null || split.host === '') return null;
  const host = split.host.toLowerCase().replace(/\.$/, '');
  const ip = parseIp(host);
  if (host === 'localhost' || (ip !== null && isLoopback(ip))) return null;
  const excepted = (values.NO_PROXY || values.no_proxy || '').split(',').map((entry) => entry.trim().toLowerCase());
  return excepted.some((entry) => matches(entry, host, ip, split.port)) ? null : variable;
}

function matches(entry: string, host: string, ip: Ip | null, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return ip !== null && isInside(entry, ip);
  const written = splitHostPort(entry);
  const [name, wanted] = written.error === null ? [written.host, written.port] : [entry, ''];
  if (wanted !== '' && wanted !== port) return false;
  const own = parseIp(name);
  if (own !== null) return ip !== null && own.bytes.every((byte, index) => byte === ip.bytes[index]);
  const suffix = name.replace(/^\*/, '');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function isInside(range: string, ip: Ip): boolean {
  const [address = '', length = ''] = range.split('/');
  const base = parseIp(address);
  if (base === null || !/^\d{1,3}$/.test(length)) return false;
  const bits = Number(length) + (address.includes(':') ? 0 : 96);
  return base.bytes.every((byte, index) => {
    const covered = Math.max(0, Math.min(8, bits - index * 8));
    const mask = (0xff << (8 - covered)) & 0xff;
    return (byte & mask) === ((ip.bytes[index] ?? 0) & mask);
  });
}
