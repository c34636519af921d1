import { expect, test } from 'vitest';
import { configRegistries } from '../../../src/checks/config/registries.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { correctRegistries } from '../../../src/fixes/config/registries.ts';
import type { PemAnswer } from '../../../src/model/look.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost } from '../../virtual-host.ts';
import { alice } from './host.ts';

const entry = { check: configRegistries, fix: correctRegistries };
const CERT: PemAnswer = {
  certificates: [{ subject: 'CN=r', notBefore: '2020-01-01T00:00:00Z', notAfter: '2030-01-01T00:00:00Z', isCa: true }],
  privateKeys: 0,
  error: null,
};
const KEY: PemAnswer = { certificates: [], privateKeys: 1, error: null };
const pem = (answers: { [path: string]: PemAnswer }, matches = true) => ({
  probes: {
    pem: ({ path }: { path: string }) => answers[path] ?? { certificates: [], privateKeys: 0, error: null },
    keypair: () => ({ matches, error: null }),
  },
});

testCheck(entry, {
  healthy: {
    'no file': { host: alice(null) },
    'a mirror with port and path': { host: alice('[registry."docker.io"]\nmirrors = ["m.example:5000/proxy", "n"]\n') },
    'a plain registry': { host: alice('[registry."localhost:5000"]\nhttp = true\n') },
    'the usual pair for a local registry': {
      host: alice('[registry."registry:5000"]\nhttp = true\ninsecure = true\n'),
    },
    'a table for a mirror that is another name of Docker Hub': {
      host: alice(
        '[registry."docker.io"]\nmirrors = ["registry-1.docker.io"]\n[registry."registry-1.docker.io"]\ninsecure = false\n',
      ),
    },
    'certificates that are there': {
      host: alice(
        '[registry.r]\nca = ["/c/ca.pem"]\ntlsconfigdir = ["/c"]\n[[registry.r.keypair]]\nkey = "/c/k.pem"\ncert = "/c/c.cert"\n',
        {
          files: { '/c': { kind: 'directory' }, '/c/ca.pem': '', '/c/k.pem': '', '/c/c.cert': '', '/c/c.key': '' },
          ...pem({ '/c/ca.pem': CERT, '/c/k.pem': KEY, '/c/c.cert': CERT }),
        },
      ),
    },
  },
  ailing: {
    'a mirror with a scheme': {
      host: alice('[registry."docker.io"]\nmirrors = [ # ours\n  "n",\n  "https://m.example:5000/", # far\n]\n'),
      conditions: ['config.registry-mirror-invalid'],
      severity: 'warning',
      says: [':4:'],
      cure: true,
    },
    'a plain mirror needs a table of its own': {
      host: alice('[registry."docker.io"]\nmirrors = ["http://m.example"]\n'),
      conditions: ['config.registry-mirror-invalid'],
      severity: 'warning',
      says: ['[registry."m.example"] says http = true'],
      cure: true,
    },
    'an empty mirror': {
      host: alice('[registry.r]\nmirrors = [""]\n'),
      conditions: ['config.registry-mirror-invalid'],
      severity: 'warning',
      advice: ['Write mirrors as host, host:port or host:port/path'],
    },
    'a path, before it worked': {
      host: alice('[registry.r]\nmirrors = ["m/p"]\n', {}, 'v0.11.6'),
      conditions: ['config.registry-mirror-invalid'],
      severity: 'warning',
      advice: ['Name a mirror without path, or install a newer BuildKit'],
    },
    'another name of Docker Hub': {
      host: alice('[registry."index.docker.io"]\nmirrors = ["m"]\n'),
      conditions: ['config.registry-name-invalid'],
      severity: 'warning',
      says: ['docker.io'],
      cure: true,
    },
    'a scheme in the name': {
      host: alice('[registry."https://r.example/v2"]\nmirrors = ["m"]\n'),
      conditions: ['config.registry-name-invalid'],
      severity: 'warning',
      cure: true,
    },
    'http with a CA': {
      host: alice('[registry.r]\nhttp = true\nca = ["/c"]\n', { files: { '/c': '' }, ...pem({ '/c': CERT }) }),
      conditions: ['config.registry-no-effect'],
      severity: 'warning',
      advice: ['Remove http = true if the registry speaks TLS'],
    },
    'a CA that is missing': {
      host: alice('[registry.r]\nca = [\n"/gone.pem"]\n'),
      conditions: ['tls.registry-ca-untrusted'],
      severity: 'warning',
      advice: ["Put the registry's CA certificate in PEM form at /gone.pem"],
      says: [':3:', 'does not exist'],
    },
    'a CA that is none': {
      host: alice('[registry.r]\nca = ["/c"]\n', { files: { '/c': 'x' }, ...pem({}) }),
      conditions: ['tls.registry-ca-untrusted'],
      severity: 'warning',
      advice: ["Put the registry's CA certificate in PEM form at /c"],
      says: ['holds no certificate'],
    },
    'half a pair': {
      host: alice('[[registry.r.keypair]]\nkey = "/k"\n', { files: { '/k': '' }, ...pem({ '/k': KEY }) }),
      conditions: ['tls.registry-pair'],
      severity: 'warning',
      advice: ['Give both key and cert of one pair'],
      says: ['lacks cert'],
    },
    'a pair that does not fit': {
      host: alice('[[registry.r.keypair]]\nkey = "/k"\ncert = "/c"\n', {
        files: { '/k': '', '/c': '' },
        ...pem({ '/k': KEY, '/c': CERT }, false),
      }),
      conditions: ['tls.registry-pair'],
      severity: 'warning',
      advice: ['Give both key and cert of one pair'],
      says: ['does not belong'],
    },
    'a directory that is missing': {
      host: alice('[registry.r]\ntlsconfigdir = ["/gone"]\n'),
      conditions: ['config.registry-no-effect'],
      severity: 'warning',
      advice: ['Make /gone, with NAME.crt for a CA and NAME.cert with'],
    },
    'a directory with other names': {
      host: alice('[registry.r]\ntlsconfigdir = ["/d"]\n', { files: { '/d': { kind: 'directory' }, '/d/ca.pem': '' } }),
      conditions: ['config.registry-no-effect'],
      severity: 'warning',
      advice: ['Name CA files NAME.crt, and client pairs NAME.cert with'],
    },
    'a certificate without its key': {
      host: alice('[registry.r]\ntlsconfigdir = ["/d"]\n', { files: { '/d': { kind: 'directory' }, '/d/a.cert': '' } }),
      conditions: ['tls.registry-pair'],
      severity: 'warning',
      advice: ['Put the key beside the certificate, or rename a CA'],
    },
  },
});

test('giving a weak table the name that counts is risky', async () => {
  const look = createLook({
    host: new VirtualHost(alice('[registry."index.docker.io"]\ninsecure = true\n')),
    request: ASK,
  });
  const [report] = await examine(look, [entry], { isSelected: () => true });
  expect(report?.fixes).toMatchObject([{ risk: 'risky', consequence: expect.stringContaining('docker.io') }]);
});
