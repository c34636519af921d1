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
import { pemBlocks } from '../../../src/host/probes/pem-blocks.ts';
import type { CertificateFacts, PemAnswer, Probes } from '../../../src/model/look.ts';
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
const only = (facts: Partial<CertificateFacts>, more: Partial<PemAnswer> = {}): PemAnswer => ({
  ...GOOD,
  certificates: GOOD.certificates.map((one) => ({ ...one, ...facts })),
  ...more,
});
const release = (text: string) => ({ buildkitd: { stdout: `buildkitd github.com/moby/buildkit ${text} x\n` } });
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
    'a bundle of which one certificate is broken': { host: tls(OPEN, { ca: only({}, { broken: [0] }) }) },
    'a certificate of its own issuer, signed with SHA-1': {
      host: tls(OPEN, { cert: only({ weakDigest: 'SHA-1', ownIssuer: true }) }),
    },
    'a certificate for anything': {
      host: tls(OPEN, { cert: only({ uses: ['2.5.29.37.0'], named: true, key: 'P-521' }) }),
    },
    'a negative serial number and a short key, before Go refused them': {
      host: {
        ...tls(OPEN, { cert: only({ negativeSerial: true, key: 'RSA', bits: 768 }) }),
        tools: release('v0.11.6'),
      },
    },
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
    'a byte order mark before the certificate': {
      host: tls(OPEN, { cert: { certificates: [], privateKeys: 0, error: null, marked: true } }),
      conditions: ['tls.server-missing'],
      severity: 'error',
      advice: ['Put a certificate in PEM form at /tls/cert.pem'],
      says: ['byte order mark'],
    },
    'a CA with headers, which Go passes over': {
      host: tls(OPEN, { ca: only({ headers: true }) }),
      conditions: ['tls.server-missing'],
      severity: 'error',
      advice: ['Put a certificate in PEM form at /tls/ca.pem'],
    },
    'a curve that Go does not have': {
      host: tls(OPEN, { cert: only({ key: 'secp256k1' }) }),
      conditions: ['tls.server-unsupported'],
      severity: 'error',
      advice: ['Have a certificate made with an RSA key'],
      says: ['secp256k1'],
    },
    'a negative serial number': {
      host: { ...tls(OPEN, { cert: only({ key: 'RSA', negativeSerial: true }) }), tools: release('v0.32.2') },
      conditions: ['tls.server-unsupported'],
      severity: 'error',
      advice: ['Have a certificate made with an RSA key'],
      says: ['v0.21.0'],
    },
    'a certificate for clients only': {
      host: tls(OPEN, { cert: only({ uses: ['1.3.6.1.5.5.7.3.2'] }) }),
      conditions: ['tls.daemon-cert-untrusted'],
      severity: 'error',
      advice: ['Have a new certificate made for servers'],
      says: ['serverAuth'],
    },
    'a certificate without a name': {
      host: tls(OPEN, { cert: only({ named: false }) }),
      conditions: ['tls.daemon-cert-untrusted'],
      severity: 'error',
      advice: ['Have a new certificate made for servers'],
      says: ['subjectAltName'],
    },
    'a certificate without a name, and no client by TCP': {
      host: tls('unix:///run/user/1000/b.sock', { cert: only({ named: false }) }),
      conditions: ['tls.daemon-cert-untrusted'],
      severity: 'warning',
      advice: ['Have a new certificate made for servers'],
    },
    'a certificate of somebody else, signed with SHA-1': {
      host: tls(OPEN, { cert: only({ weakDigest: 'SHA-1', ownIssuer: false }) }),
      conditions: ['tls.daemon-cert-untrusted'],
      severity: 'error',
      advice: ['Have a new certificate made for servers'],
      says: ['SHA-1'],
    },
    'a short key': {
      host: { ...tls(OPEN, { cert: only({ key: 'RSA', bits: 768 }) }), tools: release('v0.25.0') },
      conditions: ['tls.daemon-cert-untrusted'],
      severity: 'error',
      advice: ['Have a new certificate made for servers'],
      says: ['768 bits', 'v0.25.0'],
    },
    'a chain with something broken in it': {
      host: tls(OPEN, { cert: only({}, { broken: [1] }) }),
      conditions: ['tls.daemon-cert-untrusted'],
      severity: 'error',
      advice: ['Have a new certificate made for servers'],
    },
    'a leaf in the place of the authority': {
      host: tls(OPEN, { ca: only({ isCa: false, ownIssuer: false }) }),
      conditions: ['tls.clients-refused'],
      severity: 'error',
      advice: ['Set grpc.tls.ca to the certificate of the authority'],
    },
    'an authority for servers only': {
      host: tls(OPEN, { ca: only({ uses: ['1.3.6.1.5.5.7.3.1'] }) }),
      conditions: ['tls.clients-refused'],
      severity: 'error',
      advice: ['Set grpc.tls.ca to the certificate of the authority'],
    },
    'a certificate that is trusted by itself': {
      host: tls(OPEN, { ca: only({ isCa: false, ownIssuer: true }) }),
      conditions: ['tls.clients-refused'],
      severity: 'warning',
      advice: ['Set grpc.tls.ca to the certificate of the authority'],
      says: ['that very certificate'],
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
    'a negative serial number, and no release that is known': {
      host: { ...tls(OPEN, { cert: only({ key: 'RSA', negativeSerial: true }) }), tools: release('v0.0.0+unknown') },
      status: 'unknown',
      says: 'negative serial number',
    },
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
        '-addext',
        'subjectAltName=DNS:localhost',
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

/** Keys and certificates that openssl makes and Go does not take, or no client trusts: each told from its real file. */
test.each<readonly [string, Partial<CertificateFacts>, readonly string[], readonly string[]]>([
  ['secp256k1', { key: 'secp256k1' }, ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], []],
  [
    'a curve written out',
    { key: 'a curve without a name' },
    ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
    [],
  ],
  [
    'P-384',
    { key: 'P-384', named: true, uses: null, negativeSerial: false, weakDigest: null },
    ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    [],
  ],
  ['RSA-PSS', { key: 'RSA-PSS' }, ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'], []],
  ['Ed448', { key: 'Ed448' }, ['-algorithm', 'ED448'], []],
  ['a short key', { key: 'RSA', bits: 768 }, ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:768'], []],
  [
    'SHA-1',
    { weakDigest: 'SHA-1', ownIssuer: true },
    ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
    ['-sha1'],
  ],
  [
    'SHA-1 with a curve',
    { weakDigest: 'SHA-1' },
    ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ['-sha1'],
  ],
  ['a negative serial number', { negativeSerial: true }, ['-algorithm', 'ED25519'], ['-set_serial', '-5']],
  ['usages', { uses: ['1.3.6.1.5.5.7.3.2'] }, ['-algorithm', 'ED25519'], ['-addext', 'extendedKeyUsage=clientAuth']],
])('what a real certificate says: %s', (_, facts, key, more) => {
  const at = (name: string): string => join(scratch, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'ignore' });
  };
  openssl('genpkey', ...key, '-out', at('k.pem'));
  openssl(
    'req',
    '-x509',
    '-key',
    at('k.pem'),
    '-out',
    at('c.pem'),
    '-subj',
    '/CN=x',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    ...more,
  );
  const answer = probePem(at('c.pem'));
  expect(answer.certificates).toMatchObject([facts]);
  if (facts.key !== undefined) expect(probePem(at('k.pem')).key).toBe(facts.key);
  expect(probeKeypair(at('c.pem'), at('k.pem'))).toEqual({ matches: true, error: null });
});

test('PEM as Go reads it', () => {
  const block = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const labels = (text: string): readonly string[] =>
    [...pemBlocks(text)].map(({ label, headers }) => (headers ? `${label} with headers` : label));
  const found = ['CERTIFICATE'];
  expect(labels(block)).toEqual(found);
  expect(labels(block.replaceAll('\n', '\r\n'))).toEqual(found);
  expect(labels(`words\n${block}words`)).toEqual(found);
  expect(labels(`${block}${block}`)).toEqual([...found, ...found]);
  expect(labels(`\ufeff${block}${block}`)).toEqual(found);
  expect(labels(block.replace('-----\n', '-----\nComment: x\n\n'))).toEqual(['CERTIFICATE with headers']);
  for (const bad of [
    `\ufeff${block}`,
    ` ${block}`,
    block.replaceAll('\n', '\r'),
    block.replace('AAAA', 'A!AA'),
    block.replace('AAAA', 'AAA'),
    `${block.trimEnd()} x\n`,
    block.replace('END CERT', 'END X'),
    block.slice(0, 35),
  ])
    expect(labels(bad), JSON.stringify(bad)).toEqual([]);
});
