import { type ListenAddress, resolvePort, splitHostPort } from '../../buildkit/address.ts';
import type { Source } from '../../model/say.ts';

/** Why nothing can listen at an address, told from its text alone; null where only the host can tell. */
export function addressComplaint(address: ListenAddress): string | null {
  if (address.scheme === 'unix') return address.path === '' ? 'the path of the socket is missing' : null;
  if (address.scheme !== 'tcp') return address.scheme === null ? address.why : null;
  const split = splitHostPort(address.hostPort);
  if (split.error !== null) return split.error;
  if (/^[a-z0-9]+(?:-[a-z0-9]+)*$/i.test(split.port) && !/^\d+$/.test(split.port)) return null;
  return resolvePort(split.port, new Map()).error;
}

/** Is it config/buildkitd that says how to mend the address? */
export const isMendedInTheFile = ({ source, address }: { source: Source; address: ListenAddress }): boolean =>
  source === 'file' && addressComplaint(address) !== null;

/** The address that was probably meant; null when that cannot be told. */
export function meantAddress(text: string): string | null {
  if (/^\/(?!\/)/.test(text)) return `unix://${text}`;
  const single = /^unix:(\/[^/].*)$/.exec(text)?.[1];
  if (single !== undefined) return `unix://${single}`;
  const scheme = /^(UNIX|TCP|Unix|Tcp):\/\/(.*)$/.exec(text);
  if (scheme?.[1] !== undefined) return `${scheme[1].toLowerCase()}://${scheme[2] ?? ''}`;
  return /^[\w.*[\]:-]*:\d+$/.test(text) && !/^\w+:\/\//.test(text)
    ? `tcp://${text.replace(/^\*:/, '0.0.0.0:')}`
    : null;
}
