import { describe, expect, test } from 'vitest';
import { netPorts } from '../../../src/checks/net/ports.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { movePorts, withPort } from '../../../src/fixes/net/ports.ts';
import type { HostReader } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { CONFIG, hostWith, RUNTIME, socket, type Told } from '../runtime/alice.ts';

const entry = { check: netPorts, fix: movePorts };
const listen = (...addresses: readonly string[]): string =>
  `# shared by the team\n[grpc]\n  address = [ ${addresses.map((address) => `"${address}"`).join(', ')} ] # both\n`;
/** A row of /proc/net/tcp: a listener of uid 0 with inode 777. */
const row = (address: string, port: number, uid = 0): string =>
  `   0: ${address}:${port.toString(16).toUpperCase().padStart(4, '0')} ${address.length === 8 ? '00000000' : '0'.repeat(32)}:0000 0A 00000000:00000000 00:00000000 00000000  ${uid}        0 777 1\n`;
const LOOPBACK = '0100007F';
const ANY = '00000000';
const ANY6 = '0'.repeat(32);
const LOOPBACK6 = '00000000000000000000000001000000';
const files = (tcp: string, tcp6 = ''): Told => ({ files: { '/proc/self/net/tcp': tcp, '/proc/self/net/tcp6': tcp6 } });
const byFiles = { probe: false } as const;
const at = (address: string): string => `/usr/bin/rootlesskit /usr/bin/buildkitd --addr ${address}`;
const slirp = (more: string): string =>
  `/usr/bin/rootlesskit --net=slirp4netns --copy-up=/etc ${more} /usr/bin/buildkitd`;
const LOCK = '/home/alice/.local/share/buildkit/buildkitd.lock';
const SOCKET = `${RUNTIME}/buildkit/buildkitd.sock`;

/** No loopback interface is up. */
const without = (host: VirtualHostOptions): VirtualHostOptions => ({
  ...host,
  probes: { ...host.probes, bind: ({ addresses }) => ({ errors: addresses.map(() => 'ENETDOWN') }) },
});

testCheck(entry, {
  healthy: {
    'a free port': { host: hostWith({ config: listen('tcp://127.0.0.1:1234') }) },
    'by name and by service': { host: hostWith({ config: listen('tcp://localhost:http-alt') }) },
    'two addresses of different families': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234', 'tcp://[::1]:1234') }),
    },
    'the port is taken on another address': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234'), ...files(row('0200007F', 1234)) }),
      request: byFiles,
    },
    'only a TIME_WAIT is left of it': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234'), ...files(row(LOOPBACK, 1234).replace(' 0A ', ' 06 ')) }),
      request: byFiles,
    },
    'it is taken on IPv6 alone': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234'), ...files('', row(LOOPBACK6, 1234)) }),
      request: byFiles,
    },
    'the target’s own buildkitd has it': {
      host: hostWith({
        config: listen('unix:///run/user/1000/buildkit/buildkitd.sock', 'tcp://127.0.0.1:1234'),
        used: [1234],
        live: [SOCKET],
        locked: { held: true, pid: null },
        files: {
          [LOCK]: { uid: 1000, gid: 1000 },
          [SOCKET]: socket(),
          '/proc/self/net/tcp': row(LOOPBACK, 1234, 1000),
        },
      }),
    },
    'a low port inside rootlesskit’s own network, published': {
      host: hostWith({
        config: listen('tcp://0.0.0.0:80'),
        start: slirp('--port-driver=builtin --publish=127.0.0.1:8080:80/tcp'),
      }),
    },
    'a low port for root': {
      host: hostWith({
        rest: { mode: 'rootful' },
        files: { '/etc/buildkit/buildkitd.toml': listen('tcp://127.0.0.1:80') },
      }),
    },
    'an address of this host': { host: hostWith({ config: listen('tcp://192.0.2.10:1234') }), request: byFiles },
  },
  ailing: {
    'what the file says wrongly is mended by config/buildkitd': {
      host: hostWith({ config: listen('tcp://::1:1234') }),
      conditions: ['config.bad-address'],
      severity: 'error',
      advice: ['config/buildkitd says how grpc.address is mended'],
    },
    'in use': {
      host: hostWith({
        config: listen(`unix://${SOCKET}`, 'tcp://127.0.0.1:4711'),
        used: [4711, 4712],
        ...files(row(LOOPBACK, 4711)),
      }),
      conditions: ['net.port-in-use'],
      severity: 'error',
      says: ['port 4711', 'process of root'],
      cure: true,
    },
    'in use by a wildcard, judged by the files': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234'), ...files(row(ANY, 1234)) }),
      request: byFiles,
      conditions: ['net.port-in-use'],
      severity: 'error',
      cure: true,
    },
    'a wildcard of Go takes both families: IPv6 loopback is in the way': {
      host: hostWith({ config: listen('tcp://0.0.0.0:1234'), ...files('', row(LOOPBACK6, 1234)) }),
      request: byFiles,
      conditions: ['net.port-in-use'],
      severity: 'error',
      cure: true,
    },
    'twice in the same configuration': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234', 'tcp://0.0.0.0:1234') }),
      conditions: ['net.port-in-use'],
      severity: 'error',
      says: ['already listens on tcp://127.0.0.1:1234'],
      cure: true,
    },
    'a low port': {
      host: hostWith({ config: listen('tcp://127.0.0.1:443'), bind: ({ port }) => (port < 1024 ? 'EACCES' : null) }),
      conditions: ['net.privileged-port'],
      severity: 'error',
      says: ['below 1024'],
      cure: true,
    },
    'a low port, judged by the files': {
      host: hostWith({ config: listen('tcp://127.0.0.1:443') }),
      request: byFiles,
      conditions: ['net.privileged-port'],
      severity: 'error',
      cure: true,
    },
    'not an address of this host': {
      host: hostWith({ config: listen('tcp://192.0.2.99:1234') }),
      request: byFiles,
      conditions: ['net.address-not-local'],
      severity: 'error',
      advice: ['Write an address that this host has (ip -brief address)'],
      says: ['192.0.2.99'],
    },
    'the loopback interface is down': {
      host: without(hostWith({ config: listen('tcp://127.0.0.1:1234') })),
      conditions: ['net.address-not-local'],
      severity: 'error',
      advice: ['ip link set lo up'],
      says: ['the loopback interface is down'],
    },
    'the loopback interface is down, and a Unix socket serves too': {
      host: without(hostWith({ config: listen('tcp://127.0.0.1:1234', 'unix:///run/user/1000/b.sock') })),
      conditions: ['net.address-not-local'],
      severity: 'warning',
      advice: ['ip link set lo up'],
    },
    'no port': {
      host: hostWith({ start: at('tcp://127.0.0.1') }),
      conditions: ['config.bad-address'],
      severity: 'error',
      advice: ['Write the address as tcp://HOST:PORT, an IPv6 host'],
      says: ['missing port in address'],
    },
    'IPv6 without brackets': {
      host: hostWith({ start: at('tcp://::1:1234') }),
      conditions: ['config.bad-address'],
      severity: 'error',
      advice: ['Write the address as tcp://HOST:PORT, an IPv6 host'],
      says: ['too many colons'],
    },
    'a port that nobody can know': {
      host: hostWith({ config: listen('tcp://127.0.0.1:0') }),
      conditions: ['config.bad-address'],
      severity: 'warning',
      advice: ['Write a fixed port at grpc.address, such as tcp://127.0.0.1:1234'],
    },
    'among the ports of outgoing connections': {
      host: hostWith({ config: listen('tcp://127.0.0.1:40000') }),
      conditions: ['net.port-ephemeral'],
      severity: 'info',
      none: 'The port is free now.',
    },
    'inside rootlesskit’s own network, and nowhere else': {
      host: hostWith({ config: listen('tcp://0.0.0.0:1234'), start: slirp('') }),
      conditions: ['net.port-unpublished'],
      severity: 'error',
      advice: ['--port-driver=builtin --publish=127.0.0.1:1234:1234/tcp'],
    },
    'the same, beside a Unix socket': {
      host: hostWith({ config: listen(`unix://${SOCKET}`, 'tcp://0.0.0.0:1234'), start: slirp('') }),
      conditions: ['net.port-unpublished'],
      severity: 'warning',
      advice: ['--port-driver=builtin --publish=127.0.0.1:1234:1234/tcp'],
    },
    'a published port is in use': {
      host: hostWith({ start: slirp('--port-driver=builtin -p 127.0.0.1:8080:1234/tcp'), used: [8080] }),
      conditions: ['net.port-in-use'],
      severity: 'error',
      advice: ['Publish another port of the host'],
      says: ['published by rootlesskit'],
    },
    'the debug address is in use': {
      host: hostWith({ config: '[grpc]\ndebugAddress = "127.0.0.1:6060"\n', used: [6060] }),
      conditions: ['net.port-in-use'],
      severity: 'error',
      says: ['debug address'],
      cure: true,
    },
    'a debug address with a scheme, for a buildkitd that takes none': {
      host: hostWith({
        start: '/usr/bin/rootlesskit /usr/bin/buildkitd --debugaddr tcp://127.0.0.1:6060',
        tools: { buildkitd: { stdout: 'buildkitd github.com/moby/buildkit v0.11.6 0123456789\n' } },
      }),
      conditions: ['config.bad-address'],
      severity: 'error',
      advice: ['Write the address as HOST:PORT, without a scheme'],
      says: ['too many colons'],
    },
  },
  other: {
    'no TCP address': { host: hostWith(), status: 'skip' },
    'a name that only a name server could know': {
      host: hostWith({ config: listen('tcp://build.example.com:1234') }),
      status: 'unknown',
      says: 'no name server was asked',
    },
    'a dual-stack wildcard, which the files do not tell from an IPv6 one': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234'), ...files('', row(ANY6, 1234)) }),
      request: byFiles,
      status: 'unknown',
      says: '[::]:1234',
    },
    'no table of sockets': {
      host: hostWith({ config: listen('tcp://127.0.0.1:1234'), files: { '/proc/self/net/tcp': null } }),
      request: byFiles,
      status: 'unknown',
    },
  },
});

async function examineWith(options: VirtualHostOptions, change: (host: HostReader) => HostReader = (host) => host) {
  const [report] = await examine(createLook({ host: change(new VirtualHost(options)), request: ASK }), [entry], {
    isSelected: () => true,
  });
  if (report === undefined) throw new Error('no report');
  return report;
}

test('the address moves by number to the next port that can be bound, and nothing else of it changes', async () => {
  const report = await examineWith(
    hostWith({
      config: listen(`unix://${SOCKET}`, 'tcp://127.0.0.1:4711'),
      used: [4711, 4712],
      ...files(row(LOOPBACK, 4711)),
    }),
  );
  expect(report.fixes).toHaveLength(1);
  const [edit, tell] = report.fixes[0]?.steps ?? [];
  expect(edit).toMatchObject({
    do: 'edit',
    as: 'target',
    path: CONFIG,
    edit: { edit: 'toml', changes: [{ change: 'set', path: ['grpc', 'address', '1'], value: 'tcp://127.0.0.1:4713' }] },
  });
  expect(tell).toMatchObject({ do: 'tell', text: expect.stringContaining('port 4713') });
});

test('an address that a unit decides is not moved in the file', async () => {
  const report = await examineWith(
    hostWith({
      start: '/usr/bin/rootlesskit /usr/bin/buildkitd --addr tcp://127.0.0.1:4711',
      config: listen('tcp://127.0.0.1:9'),
      used: [4711],
    }),
  );
  expect(report.fixes).toMatchObject([
    { risk: 'manual', steps: [{ do: 'tell', text: expect.stringContaining('buildkit.service') }] },
  ]);
});

test('the holder is named where it can be seen', async () => {
  const report = await examineWith(
    hostWith({ config: listen('tcp://127.0.0.1:4711'), used: [4711], ...files(row(LOOPBACK, 4711)) }),
    (host) => Object.assign(host, { socketHolder: async () => ({ pid: 31, command: 'nginx', uid: 33 }) }),
  );
  expect(report.problems[0]?.message).toContain('nginx (pid 31)');
});

test('a file of root that only the target names is not edited by root', async () => {
  const report = await examineWith(
    hostWith({
      files: {
        '/home/alice/.config/systemd/user/buildkit.service': {
          text: '[Service]\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd --config /etc/buildkit/buildkitd.toml\n',
          uid: 1000,
        },
        '/etc/buildkit/buildkitd.toml': listen('tcp://127.0.0.1:4711'),
      },
      used: [4711],
    }),
  );
  expect(report.fixes.map(({ risk }) => risk)).toEqual(['manual']);
});

describe('where a problem says that it is written', () => {
  test('an element of a list of several lines, where it stands itself', async () => {
    const report = await examineWith(
      hostWith({ config: `[grpc]\naddress = [\n  "unix://${SOCKET}",\n  "tcp://127.0.0.1:4711",\n]\n`, used: [4711] }),
    );
    expect(report.problems.map(({ at }) => at)).toEqual([{ path: CONFIG, line: 4, column: 3 }]);
  });

  test('the key of a single value, at its column', async () => {
    const report = await examineWith(hostWith({ config: '[grpc]\n  debugAddress = "127.0.0.1:6060"\n', used: [6060] }));
    expect(report.problems.map(({ at }) => at)).toEqual([{ path: CONFIG, line: 2, column: 3 }]);
  });

  test('nowhere, when a unit has it', async () => {
    const report = await examineWith(hostWith({ start: at('tcp://127.0.0.1:4711'), used: [4711] }));
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]).not.toHaveProperty('at');
  });
});

test('evidence is what was seen: what a fix would write is not in it', async () => {
  const report = await examineWith(hostWith({ config: listen('tcp://127.0.0.1:4711'), used: [4711] }));
  expect(report.fixes).toMatchObject([{ risk: 'safe' }]);
  expect(JSON.stringify(report.problems)).not.toContain('4712');
});

test('only the port of an address is replaced', () => {
  expect(withPort('tcp://127.0.0.1:80', 81)).toBe('tcp://127.0.0.1:81');
  expect(withPort('tcp://[::1]:80', 81)).toBe('tcp://[::1]:81');
  expect(withPort('tcp://:http', 81)).toBe('tcp://:81');
  expect(withPort('127.0.0.1:6060', 81)).toBe('127.0.0.1:81');
  expect(withPort('tcp://', 81)).toBe('tcp://:81');
});
