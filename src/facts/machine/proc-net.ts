import { type Ip, parseIp } from '../../buildkit/address.ts';

/** One row of /proc/net/tcp or tcp6. `state` 10 is LISTEN, 6 TIME_WAIT; `inode` 0 belongs to nobody any more. */
export interface TcpRow {
  readonly ip: Ip;
  readonly port: number;
  readonly state: number;
  readonly uid: number;
  readonly inode: number;
}
export const LISTEN = 10;

/** Parses /proc/net/tcp and tcp6 of a little-endian machine (proc(5)); lines of another shape are dropped. */
export function parseTcpTable(text: string): readonly TcpRow[] {
  const rows: TcpRow[] = [];
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/\s+/);
    const local = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(columns[1] ?? '');
    const state = Number.parseInt(columns[3] ?? '', 16);
    const [uid, inode] = [Number(columns[7]), Number(columns[9])];
    if (local?.[1] === undefined || local[2] === undefined) continue;
    if (![state, uid, inode].every((value) => Number.isSafeInteger(value) && value >= 0)) continue;
    rows.push({ ip: ipOf(local[1]), port: Number.parseInt(local[2], 16), state, uid, inode });
  }
  return rows;
}

/** Each 32-bit word is printed in the machine's byte order. */
function ipOf(hex: string): Ip {
  const bytes: number[] = [];
  for (let word = 0; word < hex.length; word += 8)
    for (let byte = 6; byte >= 0; byte -= 2) bytes.push(Number.parseInt(hex.slice(word + byte, word + byte + 2), 16));
  return { bytes: bytes.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes] : bytes, zone: null };
}

/** A Unix socket with a name in the file system that somebody listens on. */
export interface UnixListener {
  readonly path: string;
  readonly inode: number;
}

/** The listening sockets of /proc/net/unix; abstract and unnamed ones are left out. */
export function parseUnixTable(text: string): readonly UnixListener[] {
  const found: UnixListener[] = [];
  for (const line of text.split('\n')) {
    const row = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ [0-9A-F]+ +(\d+) ([^@].*)$/i.exec(line);
    if (row?.[1] === undefined || row[2] === undefined || row[3] === undefined) continue;
    // __SO_ACCEPTCON (net.h): somebody called listen(2).
    if ((Number.parseInt(row[1], 16) & 0x10000) !== 0) found.push({ path: row[3], inode: Number(row[2]) });
  }
  return found;
}

/** The host's own IPv4 addresses from /proc/net/fib_trie: those whose leaf is "/32 host LOCAL". */
export function parseFibTrie(text: string): readonly Ip[] {
  const found: Ip[] = [];
  let leaf: Ip | null = null;
  for (const line of text.split('\n')) {
    const address = /\|-- (\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1];
    if (address !== undefined) leaf = parseIp(address);
    else if (/\/32 host LOCAL/.test(line) && leaf !== null) found.push(leaf);
  }
  return found;
}

/** The host's own IPv6 addresses from /proc/net/if_inet6. */
export function parseIfInet6(text: string): readonly Ip[] {
  const found: Ip[] = [];
  for (const line of text.split('\n')) {
    const hex = /^([0-9a-f]{32})\s/i.exec(line)?.[1];
    if (hex === undefined) continue;
    const bytes = Array.from({ length: 16 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
    found.push({ bytes, zone: null });
  }
  return found;
}

/** A lock of /proc/locks that keeps others from an exclusive flock(2). */
export interface FileLock {
  readonly pid: number | null;
  readonly major: number;
  readonly minor: number;
  readonly inode: number;
}
export function parseLocks(text: string): readonly FileLock[] {
  const found: FileLock[] = [];
  for (const line of text.split('\n')) {
    const row =
      /^\d+:\s+(?:FLOCK\s+\S+\s+(?:READ|WRITE)|(?:OFDLCK|POSIX)\s+\S+\s+WRITE)\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s/i.exec(
        line,
      );
    if (row === null) continue;
    const pid = Number(row[1]);
    found.push({
      pid: pid > 0 ? pid : null,
      major: Number.parseInt(row[2] ?? '', 16),
      minor: Number.parseInt(row[3] ?? '', 16),
      inode: Number(row[4]),
    });
  }
  return found;
}
