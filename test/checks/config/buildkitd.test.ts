import { expect, test } from 'vitest';
import { configBuildkitd } from '../../../src/checks/config/buildkitd.ts';
import { examine } from '../../../src/examine/examine.ts';
import { createLook } from '../../../src/examine/look.ts';
import { correctConfiguration } from '../../../src/fixes/config/buildkitd.ts';
import { Unseen } from '../../../src/model/unseen.ts';
import { carryOut } from '../../carry-out.ts';
import { testCheck } from '../../check-tester.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../../virtual-host.ts';
import { ALICE_FILE, alice, root } from './host.ts';

const entry = { check: configBuildkitd, fix: correctConfiguration };
const UNIT = '/home/alice/.config/systemd/user/buildkit.service';
const unit = (flags: string): string => `[Service]\nExecStart=/usr/bin/rootlesskit /usr/bin/buildkitd ${flags}\n`;

/** A specification that every buildkitd which reads any takes. */
const CDI = 'cdiVersion: 0.6.0\nkind: vendor.com/gpu\ndevices:\n- name: "0"\n  containerEdits:\n    env: [A=b]\n';

testCheck(entry, {
  healthy: {
    'CDI specifications that are broken, and not read': {
      host: root('[cdi]\ndisabled = true\n', {
        files: { '/etc/cdi/a.yaml': '{{{', '/etc/cdi': { kind: 'directory' } },
      }),
    },
    'CDI specifications, the same device in two directories': {
      host: root('', {
        files: {
          '/etc/cdi': { kind: 'directory' },
          '/etc/cdi/a.yaml': CDI,
          '/var/run/cdi': { kind: 'directory' },
          '/var/run/cdi/a.yaml': CDI,
        },
      }),
    },
    'broken CDI specifications before they were read': {
      host: root('', { files: { '/etc/cdi/a.yaml': '{{{', '/etc/cdi': { kind: 'directory' } } }, 'v0.19.0'),
    },
    'no file': { host: alice(null) },
    'an ordinary file': {
      host: alice('[worker.oci]\n  max-parallelism = 4\n[registry."docker.io"]\n  mirrors = ["a"]\n'),
    },
    'any letter case for a recent buildkitd': { host: alice('[Worker.OCI]\nGC = true\n') },
    '/dev/null as file': {
      host: alice(null, { files: { '/dev/null': { kind: 'character', mode: 0o666 } } }),
      request: { config: '/dev/null' },
    },
    'process sandbox off in rootless mode': { host: alice('[worker.oci]\nnoProcessSandbox = true\n') },
    'a missing file named by --config': { host: alice(null), request: { config: '/nowhere.toml' } },
    'another mode’s file with own configuration': {
      host: alice('debug = false\n', { files: { '/etc/buildkit/buildkitd.toml': 'root = "/x"\n' } }),
    },
    'OCI off where containerd answers': {
      host: root('[worker.oci]\nenabled = false\n', {
        files: { '/run/containerd/containerd.sock': { kind: 'socket' } },
        probes: { connect: () => ({ error: null }) },
      }),
    },
    'a bad snapshotter that a flag overrides': {
      host: alice('[worker.oci]\nsnapshotter = "overlay2"\n', {
        files: { [UNIT]: unit('--oci-worker-snapshotter=native') },
      }),
    },
  },
  ailing: {
    'a misspelt key is renamed': {
      host: alice('[worker.oci]\n  max-paralellism = 4 # all\n'),
      conditions: ['config.unknown-key'],
      severity: 'warning',
      says: [`${ALICE_FILE}:2:`, 'worker.oci.max-parallelism'],
      cure: true,
    },
    'several at once': {
      host: alice(
        '[worker.oci]\nmax_parallelism = 4\n[worker]\nbridgeName = "b"\n[frontend.gateway.v0]\nenabled = true\n',
      ),
      conditions: ['config.unknown-key', 'config.misplaced-key', 'config.unknown-key'],
      severity: 'warning',
      cure: true,
    },
    'a deprecated key': {
      host: alice('debug = true\n'),
      conditions: ['config.deprecated-key'],
      severity: 'info',
      cure: true,
    },
    'a state directory in the wrong table is risky': {
      host: alice('[worker.oci]\nroot = "/data"\n'),
      conditions: ['config.misplaced-key'],
      severity: 'warning',
      cure: true,
    },
    'a snapshotter that does not exist': {
      host: alice('[worker.oci]\nsnapshotter = "overlay2"\n'),
      conditions: ['snapshotter.name-mismatch'],
      severity: 'error',
      says: ['auto, overlayfs'],
      cure: true,
    },
    'syntax, with the line shown': {
      host: alice('# a\n[worker.oci]\nsnapshotter = overlayfs\n'),
      conditions: ['config.toml-syntax'],
      severity: 'error',
      advice: ['; nothing in the file counts until then.'],
      says: [`${ALICE_FILE}:3:`, 'The line is: “snapshotter = overlayfs”'],
    },
    'a secret in a broken line is not shown': {
      host: alice('password = hunter2\n'),
      conditions: ['config.toml-syntax'],
      severity: 'error',
      advice: ['; nothing in the file counts until then.'],
      says: ['The line is: “password = …”'],
    },
    'a wrong type, with what buildkitd prints': {
      host: alice('[worker.oci]\nenabled = "yes"\n'),
      conditions: ['config.wrong-type'],
      severity: 'error',
      advice: ['Write worker.oci.enabled with a value of the right type'],
      says: ['cannot decode TOML string into struct field config.OCIConfig.Enabled of type *bool'],
    },
    'a file of root’s in the user’s home': {
      host: alice({ text: '', uid: 0, gid: 0, mode: 0o600, unreadable: true }, { self: { uid: 0 } }),
      conditions: ['config.unreadable'],
      severity: 'error',
      cure: true,
    },
    'a file of root’s that root named': {
      host: alice(null, {
        self: { uid: 0 },
        files: { '/srv/b.toml': { text: '', uid: 0, gid: 0, mode: 0o600, unreadable: true } },
      }),
      request: { config: '/srv/b.toml' },
      conditions: ['config.unreadable'],
      severity: 'error',
      cure: true,
    },
    'a directory': {
      host: alice({ kind: 'directory' }),
      conditions: ['config.unreadable'],
      severity: 'error',
      advice: ['Put a file at /home/alice/.config/buildkit/buildkitd.toml'],
    },
    'a pipe': {
      host: alice({ kind: 'fifo' }),
      conditions: ['config.unreadable'],
      severity: 'error',
      advice: ['Put a file at /home/alice/.config/buildkit/buildkitd.toml'],
      says: ['waits'],
    },
    'a link to a device without end': {
      host: alice({ link: '/dev/zero' }, { files: { '/dev/zero': { kind: 'character' } } }),
      conditions: ['config.unreadable'],
      severity: 'error',
      advice: ['Put a file at /home/alice/.config/buildkit/buildkitd.toml'],
    },
    'the default file is broken, --config or not': {
      host: alice('debug =\n', { files: { '/srv/b.toml': '' } }),
      request: { config: '/srv/b.toml' },
      conditions: ['config.toml-syntax'],
      severity: 'error',
      advice: ['Correct or remove /home/alice/.config/buildkit/buildkitd.toml'],
      says: ['before it looks at --config'],
    },
    'the default file wins over --config': {
      host: root('[grpc.tls]\ncert = "/c"\n', { files: { '/srv/b.toml': '' } }),
      request: { config: '/srv/b.toml' },
      conditions: ['config.other-file'],
      severity: 'warning',
      advice: ['Remove grpc.tls.cert from /etc/buildkit/buildkitd.toml'],
    },
    'root’s file where only a user’s buildkitd looks': {
      host: root(null, { files: { '/root/.config/buildkit/buildkitd.toml': '' } }),
      conditions: ['config.other-file'],
      severity: 'warning',
      advice: ['Copy it to /etc/buildkit/buildkitd.toml if it is meant'],
    },
    'the unit’s file counts': {
      host: alice('debug = false\n', {
        files: {
          [UNIT]: unit('--config /home/alice/b.toml'),
          '/home/alice/b.toml': { text: '[debug]\nlevel=1\n', uid: 1000, gid: 1000 },
        },
      }),
      conditions: ['config.wrong-type'],
      severity: 'error',
      advice: ['Write debug with a value of the right type'],
      says: ['/home/alice/b.toml:1:'],
    },
    'a key that a flag overrides': {
      host: alice('root = "/data"\n', { files: { [UNIT]: unit('--root /other') } }),
      conditions: ['config.overridden'],
      severity: 'info',
      none: 'The flag is given on purpose.',
    },
    'addresses whose meaning is clear': {
      host: alice('[GRPC]\nAddress = ["/run/user/1000/a.sock", "UNIX:///run/user/1000/b.sock"]\n'),
      conditions: ['config.bad-address', 'config.bad-address'],
      severity: 'error',
      cure: true,
    },
    'an IPv6 address without brackets': {
      host: alice('[grpc]\naddress = ["tcp://::1:1234"]\n'),
      conditions: ['config.bad-address'],
      severity: 'error',
      advice: ['tcp://[::1]:1234'],
    },
    'OCI off and no containerd': {
      host: root('[worker.oci]\nenabled = false\n'),
      conditions: ['runtime.no-worker'],
      severity: 'error',
      advice: ['Remove worker.oci.enabled, or switch on a containerd'],
    },
    'a CDI specification that is empty, and one of a newer version': {
      host: root('', {
        files: {
          '/etc/cdi': { kind: 'directory' },
          '/etc/cdi/a.yaml': '',
          '/etc/cdi/b.json': '{"cdiVersion":"9.9.0","kind":"vendor.com/gpu","devices":[]}',
          '/etc/cdi/notes.txt': '{{{',
        },
      }),
      conditions: ['config.cdi-invalid', 'config.cdi-invalid'],
      severity: 'error',
      advice: ['Mend /etc/cdi/a.yaml', 'Mend /etc/cdi/b.json'],
      says: ['it is empty', '9.9.0'],
    },
    'a device in two specifications of one directory': {
      host: root('[cdi]\nspecDirs = ["/x"]\n', {
        files: { '/x': { kind: 'directory' }, '/x/a.yaml': CDI, '/x/b.yaml': CDI, '/etc/cdi/broken.yaml': '{{{' },
      }),
      conditions: ['config.cdi-invalid'],
      severity: 'error',
      advice: ['Mend /x/b.yaml'],
      says: ['also in /x/a.yaml'],
    },
    'provenance that is no JSON': {
      host: root('', {
        files: { '/etc/buildkit/provenance.d/a.json': '{', '/etc/buildkit/provenance.d': { kind: 'directory' } },
      }),
      conditions: ['config.invalid-value'],
      severity: 'error',
      advice: ['Correct or remove what is in /etc/buildkit/provenance.d'],
    },
    'what only some versions refuse is a warning where the version is not known': {
      host: root('[worker.oci]\ngckeepstorage = "10GB"\n', {}, '0.0.0+unknown'),
      conditions: ['config.unknown-key', 'config.wrong-type', 'config.deprecated-key'],
      severity: ['info', 'warning', 'info'],
      cure: true,
      advice: [
        'Remove worker.oci.gckeepstorage, or install a newer BuildKit',
        'Write worker.oci.gckeepstorage with a value of the right type',
      ],
      says: ['This concerns versions'],
    },
  },
  other: {
    'a relative path': { host: alice(null), request: { config: 'b.toml' }, status: 'unknown', says: 'relative path' },
    'a huge file': {
      host: alice({ text: `#${'x'.repeat(5 * 1024 * 1024)}`, uid: 1000, gid: 1000 }),
      status: 'unknown',
      says: 'is longer than',
    },
    'the user’s own file that permissions hide, which buildkitd reads all the same': {
      host: alice({ text: '', uid: 1000, gid: 1000, mode: 0, unreadable: true }),
      status: 'unknown',
    },
  },
});

async function report(options: VirtualHostOptions) {
  const [found] = await examine(createLook({ host: new VirtualHost(options), request: ASK }), [entry], {
    isSelected: () => true,
  });
  if (found === undefined) throw new Error('no report');
  return found;
}

test('each problem of a file tells its key and where it stands', async () => {
  const { problems } = await report(
    alice(
      '[worker.oci]\n\n\nsnapshotter = "vfs"\n  max-parallelism = "4"\n[grpc]\naddress = [ "unix:///a",\n  ":80"]\n',
    ),
  );
  const path = ALICE_FILE;
  expect(problems).toMatchObject([
    { at: { path, line: 4, column: 1 }, evidence: { key: 'worker.oci.snapshotter' } },
    { at: { path, line: 5, column: 3 }, evidence: { key: 'worker.oci.max-parallelism' } },
    { at: { path, line: 8, column: 3 }, evidence: { key: 'grpc.address', index: 1 } },
  ]);
  const [broken] = (await report(alice('[worker.oci]\nsnapshotter = overlayfs\n'))).problems;
  expect(broken?.at).toEqual({ path, line: 2, column: 15 });
});

test('what is wrong with the file as a whole, or stands outside it, has no place in it', async () => {
  for (const host of [
    alice({ kind: 'fifo' }),
    alice(null, {
      files: { '/etc/buildkit/provenance.d/a.json': '{', '/etc/buildkit/provenance.d': { kind: 'directory' } },
    }),
  ]) {
    const { problems } = await report(host);
    expect(problems.map(({ at }) => at)).toEqual([undefined]);
  }
});

test('what would bring a weaker setting into force is risky and says so', async () => {
  const { fixes } = await report(
    alice('[registry.localhost.local]\ninsecure = true\n[worker.oci]\nmax_parallelism = 3\n'),
  );
  expect(fixes.map(({ risk }) => risk).sort()).toEqual(['risky', 'safe']);
  expect(fixes.find(({ risk }) => risk === 'risky')?.consequence).toContain('not verified');
});

/** The file after all safe fixes, round after round, and what is then still found. */
async function mended(text: string, version?: string): Promise<{ text: string; left: readonly string[] }> {
  let options = alice(text, {}, version);
  for (let round = 0; round < 3; round++) {
    const { fixes } = await report(options);
    const steps = fixes.flatMap(({ risk, steps: some }) => (risk === 'safe' ? some : []));
    if (steps.length === 0) break;
    options = carryOut(options, steps);
  }
  const { problems } = await report(options);
  const file = options.files?.[ALICE_FILE];
  return {
    text: typeof file === 'object' && file !== null ? (file.text ?? '') : '',
    left: problems.map(({ subject }) => subject),
  };
}

test('a table that its keys have left goes with them', async () => {
  expect(await mended('# top\n[logging]\n# how much\nlevel = "debug"\n\n[dns]\noptions = ["edns0"]\n')).toEqual({
    text: '# top\n# how much\n\n[dns]\noptions = ["edns0"]\n\n[log]\nlevel = "debug"\n',
    left: [],
  });
  // What is still in it is not thrown away.
  expect((await mended('[logging]\nlevel = "debug"\nrotate = 3\n')).text).toContain('[logging]\nrotate = 3\n');
});

test('a table whose whole name stands in quotation marks gets its name back', async () => {
  expect((await mended('["worker.oci"] # one\n  max-parallelism = 2 # two\n')).text).toBe(
    '[worker.oci] # one\n  max-parallelism = 2 # two\n',
  );
  // Not where its keys would stop the start.
  const text = '["worker.oci"]\nmax-parallelism = "2"\n';
  expect((await mended(text)).text).toBe(text);
});

test('what is written beside a deprecated key goes with it', async () => {
  expect((await mended('debug = true # until Friday\nroot = "/data"\n')).text).toBe(
    'root = "/data"\n\n[log]\nlevel = "debug" # until Friday\n',
  );
});

test('the path of a socket gets its scheme, and nothing is opened to the network by itself', async () => {
  const text = '[grpc]\naddress = ["/run/a.sock", \'unix:/run/b.sock\', # two\n "unix:///run/c.sock"]\n';
  expect(await mended(text)).toEqual({
    text: '[grpc]\naddress = ["unix:///run/a.sock", \'unix:///run/b.sock\', # two\n "unix:///run/c.sock"]\n',
    left: [],
  });
  for (const address of ['0.0.0.0:1234', 'unix:', 'unix:b.sock', '//b.sock', 'http://a']) {
    const other = `[grpc]\naddress = ["${address}"]\n`;
    expect((await mended(other)).text).toBe(other);
  }
});

test('nothing is moved to where this version does not read it', async () => {
  for (const text of ['[logging]\nlevel = "debug"\n', '[ghacache.sign]\ncmd = ["a"]\n', 'maxRegistryConcurrency = 5\n'])
    expect((await mended(text, 'v0.11.6')).text).toBe(text);
  const { problems } = await report(alice('log-level = "debug"\n', {}, 'v0.11.6'));
  expect(problems[0]?.message).toContain('It means log.level, which is known from v0.30.0 on.');
});

test('a size in words is not given to a version that counts in bytes', async () => {
  const text = '[worker.oci]\nkeepstorage = "10GB"\n';
  for (const [version, risk] of [
    ['v0.11.6', 'manual'],
    ['v0.12.5', 'risky'],
  ] as const)
    expect((await report(alice(text, {}, version))).fixes.map((fix) => fix.risk)).toEqual([risk]);
});

test('what would turn clients away or needs another program is no safe fix', async () => {
  for (const text of [
    '[grpc.tls]\ncertfile = "/a.pem"\n',
    '[worker.oci]\nruntime = "crun"\n',
    '[frontend.gateway.v0]\nenabled = false\n',
  ])
    expect((await report(alice(text))).fixes.map(({ risk }) => risk)).toEqual(['risky']);
});

test('a file that is no configuration is never opened to anybody', async () => {
  for (const [path, gid] of [
    ['/etc/shadow', 0],
    ['/srv/b.toml', 42],
  ] as const) {
    const host = alice(null, {
      self: { uid: 0 },
      files: { [path]: { text: '', uid: 0, gid, mode: 0o640, unreadable: true } },
    });
    const look = createLook({ host: new VirtualHost(host), request: { ...ASK, config: path } });
    const [found] = await examine(look, [entry], { isSelected: () => true });
    expect(found?.status).toBe('fail');
    expect(found?.fixes.map(({ risk }) => risk)).toEqual(['manual']);
  }
});

test('a file that only root may change is changed by root', async () => {
  const { fixes } = await report(root('[worker.oci]\nmax_parallelism = 3\n'));
  expect(fixes[0]?.steps[0]).toMatchObject({ as: 'root', do: 'edit', path: '/etc/buildkit/buildkitd.toml' });
});

test('thousands of unknown keys make a report of a hundred', async () => {
  const text = Array.from({ length: 4900 }, (_, index) => `k${index} = ${index}`).join('\n');
  const { problems, status } = await report(alice(`${text}\nroot = 1\n`));
  expect(problems.length).toBe(101);
  expect(problems[0]?.condition).toBe('config.wrong-type');
  expect(status).toBe('fail');
});

test('a directory of root’s that hides provenance.d stops a rootless buildkitd', async () => {
  const host = new VirtualHost(alice(null));
  const stat = host.stat.bind(host);
  host.stat = async (path, as) => {
    if (path.startsWith('/etc/buildkit/provenance.d')) throw new Unseen('/etc/buildkit may not be entered');
    return stat(path, as);
  };
  const [found] = await examine(createLook({ host, request: ASK }), [entry], { isSelected: () => true });
  expect(found?.problems).toMatchObject([{ condition: 'config.invalid-value', severity: 'error' }]);
});
