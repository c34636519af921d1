import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configTls } from '../../../src/checks/config/tls.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { protectKeys } from '../../../src/fixes/config/tls.ts';
import { probeKeypair, probePem } from '../../../src/host/probes/pem.ts';
import type { PemAnswer, Probes } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, type VirtualFile, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { ALICE_FILE, alice, root } from './host.ts';

const entry = { check: configTls, fix: protectKeys };
const NOW = Date.UTC(2026, 0, 1);
const days = (count: number): string => new Date(NOW + count * 86_400_000).toISOString();
const certificate = (from: string, to: string): PemAnswer => ({
  certificates: [{ subject: 'CN=b', notBefore: from, notAfter: to, isCa: true }],
  privateKeys: 0,
  error: null,
});
const GOOD = certificate(days(-10), days(300));
const KEY: PemAnswer = { certificates: [], privateKeys: 1, error: null };

interface Files {
  readonly cert?: PemAnswer | null;
  readonly key?: PemAnswer | null;
  readonly ca?: PemAnswer | null;
  readonly match?: Probes['keypair']['answer'];
  readonly keyFile?: VirtualFile;
}
function tls(
  address: string,
  { cert = GOOD, key = KEY, ca = GOOD, match, keyFile }: Files,
  on = alice,
): VirtualHostOptions {
  const pems: { [path: string]: PemAnswer | null } = { '/tls/cert.pem': cert, '/tls/key.pem': key, '/tls/ca.pem': ca };
  const rows = [
    `[grpc]\naddress = ["${address}"]\n[grpc.tls]`,
    'cert = "/tls/cert.pem"',
    'key = "/tls/key.pem"',
    ...(ca === null ? [] : ['ca = "/tls/ca.pem"']),
  ];
  return on(rows.join('\n'), {
    files: {
      '/tls/cert.pem': cert === null ? null : { text: '' },
      '/tls/key.pem': key === null ? null : { text: '', mode: 0o600, uid: 1000, gid: 1000, ...keyFile },
      '/tls/ca.pem': ca === null ? null : { text: '' },
    },
    now: NOW,
    probes: {
      pem: ({ path }) => pems[path] ?? { certificates: [], privateKeys: 0, error: 'ENOENT' },
      keypair: () => match ?? { matches: true, error: null },
    },
  });
}
const OPEN = 'tcp://0.0.0.0:1234';

testCheck(entry, {
  healthy: {
    'a Unix socket only': { host: alice('[grpc]\naddress = ["unix:///run/user/1000/b.sock"]\n') },
    'no file': { host: alice(null) },
    'TCP on loopback': {
      host: alice('[grpc]\naddress = ["tcp://127.0.0.1:1234", "tcp://[::1]:1234", "tcp://localhost:1"]\n'),
    },
    'TLS with verified clients': { host: tls(OPEN, {}) },
    'TCP inside a network of its own': {
      host: alice('[grpc]\naddress = ["tcp://0.0.0.0:1234"]\n', {
        files: {
          '/home/alice/.config/systemd/user/buildkit.service':
            '[Service]\nExecStart=/usr/bin/rootlesskit --net=slirp4netns /usr/bin/buildkitd\n',
        },
      }),
    },
  },
  ailing: {
    'TCP to everybody without TLS': {
      host: alice('[grpc]\naddress = [\n  "unix:///a",\n  "tcp://0.0.0.0:1234",\n]\n'),
      conditions: ['tls.server-missing'],
      severity: 'warning',
      advice: ['Set grpc.tls.cert, grpc.tls.key and grpc.tls.ca, or listen'],
      says: ['tcp://0.0.0.0:1234'],
    },
    'the debug address': {
      host: alice('[grpc]\ndebugAddress = "0.0.0.0:6060"\n'),
      conditions: ['tls.server-missing'],
      severity: 'warning',
      advice: ['Bind it to 127.0.0.1'],
      says: ['memory'],
    },
    'certificate without key': {
      host: alice('[grpc.tls]\ncert = "/tls/cert.pem"\n'),
      conditions: ['tls.server-pair'],
      severity: 'error',
      advice: ['Set grpc.tls.key too, or remove grpc.tls.cert'],
    },
    'CA alone': {
      host: alice('[grpc]\naddress = ["tcp://127.0.0.1:1"]\n[grpc.tls]\nca = "/tls/ca.pem"\n'),
      conditions: ['tls.server-missing'],
      severity: 'warning',
      advice: ['Set grpc.tls.cert and grpc.tls.key as well'],
      says: ['no TLS at all'],
    },
    'a file that is missing, although the address is a Unix socket': {
      host: tls('unix:///a', { key: null }),
      conditions: ['tls.server-missing'],
      severity: 'error',
      advice: ['Put a private key in PEM form at /tls/key.pem'],
      says: ['/tls/key.pem', 'does not exist'],
    },
    'a CA that holds no certificate': {
      host: tls(OPEN, { ca: KEY }),
      conditions: ['tls.server-missing'],
      severity: 'error',
      advice: ['Put a certificate in PEM form at /tls/ca.pem'],
    },
    'a key that does not belong': {
      host: tls(OPEN, { match: { matches: false, error: null } }),
      conditions: ['tls.server-pair'],
      severity: 'error',
      advice: ['Name the key that the certificate was made with'],
    },
    'a key with a password': {
      host: tls(OPEN, { match: { matches: null, error: 'Passphrase required for encrypted key' } }),
      conditions: ['tls.server-pair'],
      severity: 'error',
      advice: ['Store the key without a password, readable by the account'],
    },
    'a certificate that ended': {
      host: tls(OPEN, { cert: certificate(days(-100), days(-1)) }),
      conditions: ['tls.server-expired'],
      severity: 'error',
      advice: ['Have a new certificate made, and restart buildkitd'],
      says: ['2025-12-31'],
    },
    'one that ends soon': {
      host: tls(OPEN, { cert: certificate(days(-100), days(5)) }),
      conditions: ['tls.server-expired'],
      severity: 'warning',
      advice: ['Have a new certificate made, and restart buildkitd then'],
      says: ['in 5 days'],
    },
    'one of tomorrow': {
      host: tls(OPEN, { cert: certificate(days(1), days(9)) }),
      conditions: ['tls.server-expired'],
      severity: 'error',
      advice: ['Set the clock (timedatectl), or have a new certificate made'],
      says: ['clock'],
    },
    'clients that nobody verifies': {
      host: tls(OPEN, { ca: null }),
      conditions: ['tls.clients-unverified'],
      severity: 'warning',
      advice: ['Set grpc.tls.ca to the certificate that signs those'],
    },
    'a key that everybody can read': {
      host: tls(OPEN, { keyFile: { mode: 0o644 } }),
      conditions: ['tls.key-exposed'],
      severity: 'warning',
      says: ['mode 0644'],
      cure: true,
    },
    'an unreadable key': {
      host: tls(OPEN, { keyFile: { uid: 0, gid: 0, mode: 0o600 } }),
      conditions: ['tls.server-missing'],
      severity: 'error',
      advice: ['Put a private key in PEM form at /tls/key.pem'],
    },
    'a key of root’s that a group can read is told, not changed': {
      host: tls(OPEN, { keyFile: { uid: 0, gid: 44, mode: 0o640 } }, root),
      conditions: ['tls.key-exposed'],
      severity: 'warning',
      advice: ['chmod 0600 /tls/key.pem'],
    },
  },
  other: {
    'a relative path': {
      host: alice('[grpc.tls]\ncert = "c.pem"\nkey = "k.pem"\n'),
      status: 'unknown',
      says: 'relative path',
    },
  },
});

test('a listener is told of where the file has it, and nowhere where a flag gives it', async () => {
  const at = async (host: VirtualHostOptions) => {
    const look = createLook({ host: new VirtualHost(host), request: ASK });
    const [report] = await examine(look, [entry], { isSelected: () => true });
    return report?.problems.map((problem) => problem.at);
  };
  const file = '[grpc]\naddress = [\n  "unix:///a",\n  "tcp://0.0.0.0:1234",\n]\n';
  expect(await at(alice(file))).toEqual([{ path: ALICE_FILE, line: 4, column: 3 }]);
  const unit = '[Service]\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd --addr tcp://0.0.0.0:1\n';
  const files = { '/home/alice/.config/systemd/user/buildkit.service': unit };
  expect(await at(alice(file, { files }))).toEqual([undefined]);
});

const scratch = mkdtempSync(join(tmpdir(), 'bkd-tls-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('real files made by openssl: a pair passes, a foreign key fails', async () => {
  const path = (name: string): string => join(scratch, name);
  for (const name of ['a', 'b'])
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '90',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        path(`${name}.key`),
        '-out',
        path(`${name}.crt`),
      ],
      { stdio: 'ignore' },
    );
  for (const [form, ...more] of [['locked'], ['old-locked', '-traditional']])
    execFileSync(
      'openssl',
      ['pkey', ...more, '-in', path('a.key'), '-aes128', '-passout', 'pass:x', '-out', path(`${form}.key`)],
      { stdio: 'ignore' },
    );
  writeFileSync(path('broken.crt'), '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n');
  const status = async (cert: string, key: string): Promise<string | undefined> => {
    const files = Object.fromEntries(
      ['a.key', 'a.crt', 'b.key', 'b.crt', 'broken.crt', 'locked.key', 'old-locked.key'].map((name) => [
        path(name),
        { text: '', uid: 1000, gid: 1000, mode: 0o600 },
      ]),
    );
    const host = alice(`[grpc.tls]\ncert = "${path(cert)}"\nkey = "${path(key)}"\n`, {
      files,
      now: Date.now(),
      probes: { pem: (input) => probePem(input.path), keypair: (input) => probeKeypair(input.cert, input.key) },
    });
    const [report] = await examine(createLook({ host: new VirtualHost(host), request: ASK }), [entry], {
      isSelected: () => true,
    });
    return `${report?.status} ${report?.problems.map(({ condition }) => condition).join()}`;
  };
  expect(await status('a.crt', 'a.key')).toBe('pass ');
  expect(await status('a.crt', 'b.key')).toBe('fail tls.server-pair');
  expect(await status('a.crt', 'locked.key')).toBe('fail tls.server-pair');
  expect(await status('a.crt', 'old-locked.key')).toBe('fail tls.server-pair');
  expect(await status('broken.crt', 'a.key')).toBe('fail tls.server-missing');
  expect(await status('a.key', 'a.key')).toBe('fail tls.server-missing');
});
