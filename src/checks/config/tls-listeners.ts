import { parseIp, parseListenAddress, splitHostPort } from '../../buildkit/address.ts';
import { keyText } from '../../buildkit/config/schema-tree.ts';
import type { Listener } from '../../facts/config/listeners.ts';
import type { Condition } from '../../model/decide.ts';
import type { TlsCase, TlsEvidence } from './tls-case.ts';

/** Which listeners are open to others, and to whom. */
export function judgeListeners(tls: TlsCase): void {
  const { all, ownNetwork, published } = tls.listeners;
  if (ownNetwork && published.length === 0) return;
  for (const listener of all) if (isExposed(listener)) judgeOpen(tls, listener);
}

function judgeOpen({ found, settings, on }: TlsCase, { text, key, use, at }: Listener): void {
  const add = (condition: Condition, what: TlsEvidence['what'], message: string): void =>
    found.add(
      condition,
      'warning',
      text,
      message,
      { what, key: keyText(key.split('.')), file: null, prints: null, mode: null },
      at,
    );
  if (use === 'debug')
    add(
      'tls.server-missing',
      'open-debug',
      `The debug address ${text} is open to the network and never has TLS: it shows memory and stacks of buildkitd to everybody.`,
    );
  else if (!on)
    add(
      'tls.server-missing',
      'open',
      `${text} is open to the network without TLS: everybody who reaches it builds with the rights of buildkitd.`,
    );
  else if (settings.tls.ca.value === null)
    add(
      'tls.clients-unverified',
      'unverified-clients',
      `${text} has TLS, but without grpc.tls.ca no client has to show a certificate: everybody who reaches it may build.`,
    );
}

/** Can others than this host reach it? */
function isExposed({ use, address, text }: Listener): boolean {
  if (address.scheme !== 'tcp' || use === 'otel') return false;
  const hostPort = text.includes('://') ? parseListenAddress(text) : address;
  if (hostPort.scheme !== 'tcp') return false;
  const split = splitHostPort(hostPort.hostPort);
  if (split.error !== null) return false;
  if (split.host === 'localhost') return false;
  const ip = parseIp(split.host);
  if (ip === null) return true;
  const four = ip.bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 255));
  const loopback = four ? ip.bytes[12] === 127 : ip.bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
  return !loopback;
}
