import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIp } from '../../../src/buildkit/address.ts';
import {
  LISTEN,
  parseFibTrie,
  parseIfInet6,
  parseLocks,
  parseTcpTable,
  parseUnixTable,
} from '../../../src/facts/machine/proc-net.ts';

const listening = (where: { host?: string; port?: number; path?: string }) =>
  new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(where, () => resolve(server));
  });

describe('the kernel’s own tables', () => {
  test.each(['127.0.0.1', '::1'])('a real listener on %s is found with its address, port and account', async (host) => {
    const server = await listening({ host, port: 0 }).catch(() => null);
    if (server === null) return expect(host).toBe('::1'); // A machine without IPv6 has nothing to find.
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const rows = ['tcp', 'tcp6'].flatMap((name) => {
      try {
        return parseTcpTable(readFileSync(`/proc/self/net/${name}`, 'utf8'));
      } catch {
        return [];
      }
    });
    server.close();
    const row = rows.find((one) => one.port === port && one.state === LISTEN);
    expect(row === undefined ? null : formatIp(row.ip)).toBe(host);
    expect(row?.uid).toBe(process.getuid?.());
    expect(row?.inode).toBeGreaterThan(0);
  });

  test('a real Unix listener is found by its path', async () => {
    const path = join(tmpdir(), `bk-doctor-test-${process.pid}.sock`);
    const server = await listening({ path });
    const found = parseUnixTable(readFileSync('/proc/self/net/unix', 'utf8')).filter((one) => one.path === path);
    server.close();
    expect(found).toHaveLength(1);
    expect(found[0]?.inode).toBeGreaterThan(0);
  });
});

test('words of four bytes in the machine’s order, both families', () => {
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:04D2 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0',
    '   1: 0A02000A:D431 08080808:01BB 06 00000000:00000000 03:00000AC2 00000000     0        0 0 3 0',
    '   0: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  0        0 12 1',
    '   1: 000080FE00000000FF005450F8ECDAFE:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  0        0 13 1',
  ].join('\n');
  expect(parseTcpTable(text).map(({ ip, port, state, uid, inode }) => [formatIp(ip), port, state, uid, inode])).toEqual(
    [
      ['127.0.0.1', 1234, 10, 1000, 4711],
      ['10.0.2.10', 54321, 6, 0, 0],
      ['127.0.0.1', 8080, 10, 0, 12],
      ['fe80::5054:ff:feda:ecf8', 80, 10, 0, 13],
    ],
  );
});

test('only names in the file system that somebody listens on', () => {
  const text = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000000: 00000002 00000000 00010000 0001 01 20 /run/user/1000/buildkit/buildkitd.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 21 @/tmp/abstract',
    '0000000000000000: 00000003 00000000 00000000 0001 03 22 /run/connected.sock',
    '0000000000000000: 00000003 00000000 00000000 0001 03 23',
    '0000000000000000: 00000002 00000000 00010000 0001 01 24 /run/with space.sock',
  ].join('\n');
  expect(parseUnixTable(text)).toEqual([
    { path: '/run/user/1000/buildkit/buildkitd.sock', inode: 20 },
    { path: '/run/with space.sock', inode: 24 },
  ]);
});

test('addresses of the host', () => {
  const trie =
    'Local:\n  +-- 10.0.2.0/24 2 0 2\n     |-- 10.0.2.0\n        /24 link UNICAST\n     |-- 10.0.2.15\n        /32 host LOCAL\n     |-- 10.0.2.255\n        /32 link BROADCAST\n';
  expect(parseFibTrie(trie).map(formatIp)).toEqual(['10.0.2.15']);
  expect(parseIfInet6('fe80000000000000505400fffedaecf8 02 40 20 80 eth0\nbroken\n').map(formatIp)).toEqual([
    'fe80::5054:ff:feda:ecf8',
  ]);
});

test('locks that are in the way of an exclusive flock', () => {
  const text =
    '1: FLOCK  ADVISORY  WRITE 4242 08:02:131 0 EOF\n2: POSIX  ADVISORY  READ 7 08:02:132 0 EOF\n3: OFDLCK ADVISORY  WRITE -1 00:1a:9 0 EOF\n4: -> FLOCK\n5: FLOCK  ADVISORY  READ 11 08:02:133 0 EOF\n';
  expect(parseLocks(text)).toEqual([
    { pid: 4242, major: 8, minor: 2, inode: 131 },
    { pid: null, major: 0, minor: 26, inode: 9 },
    { pid: 11, major: 8, minor: 2, inode: 133 },
  ]);
});

test('no text makes a parser throw, or a number that is none', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string()).map((lines) => lines.join('\n')),
      (text) => {
        for (const row of parseTcpTable(text))
          expect([row.port, row.state, row.uid, row.inode].every(Number.isSafeInteger)).toBe(true);
        for (const { inode } of [...parseUnixTable(text), ...parseLocks(text)])
          expect(Number.isSafeInteger(inode)).toBe(true);
        parseFibTrie(text);
        parseIfInet6(text);
      },
    ),
  );
});
