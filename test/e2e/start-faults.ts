import type { Fault } from './faults.ts';
import { daemonDirectory, judge, NODE, type World } from './world.ts';

const only = { buildkitdOnly: true } as const;
const cache = (world: World): string => `${world.home}/.local/share/buildkit`;

/** Damages a database where bbolt's newest meta page says: in place, as a loss of power or a person does. */
const DAMAGE = `
  const fs = require('node:fs');
  const [file, what] = process.argv.slice(1);
  const bytes = fs.readFileSync(file);
  const metas = [0, 4096].map((at) => ({ root: bytes.readBigUInt64LE(at + 32), free: bytes.readBigUInt64LE(at + 48), turn: bytes.readBigUInt64LE(at + 64) }));
  const meta = metas[0].turn > metas[1].turn ? metas[0] : metas[1];
  const zero = (page) => bytes.fill(0, Number(page) * 4096, (Number(page) + 1) * 4096);
  if (what === 'root') zero(meta.root);
  if (what === 'free') zero(meta.free);
  fs.writeFileSync(file, what === 'end' ? bytes.subarray(0, Number(meta.root) * 4096) : what === 'head' ? bytes.fill(0, 0, 4096) : bytes);
`;
/** A state that buildkitd has used, then changed by root. */
const afterABuild =
  (change: (world: World) => void) =>
  (world: World): void => {
    const first = judge(world);
    if (!first.ready) throw new Error(`not even the first build: ${first.log}`);
    change(world);
  };
const damaged = (name: string, what: 'root' | 'free' | 'end' | 'head') =>
  afterABuild((world) => {
    const done = world.asRoot([NODE, '-e', DAMAGE, `${cache(world)}/${name}`, what]);
    if (done.code !== 0) throw new Error(done.stderr);
  });
const removed = (what: string) =>
  afterABuild((world) => {
    world.script(`cd ${cache(world)}/runc-overlayfs && rm -rf ${what}`);
  });
const blamed = 'storage/filesystem';

/** A state directory damaged or deleted in part: only a real buildkitd makes one. */
const stateFaults: readonly Fault[] =
  daemonDirectory() === null
    ? []
    : [
        ...['cache.db', 'history.db', 'runc-overlayfs/metadata_v2.db', 'runc-overlayfs/containerdmeta.db'].map(
          (name): Fault => ({
            name: `the root page of ${name} is damaged`,
            inject: damaged(name, 'root'),
            ready: false,
            blamed,
            ...only,
          }),
        ),
        {
          name: 'the list of free pages of the worker is damaged',
          inject: damaged('runc-overlayfs/metadata_v2.db', 'free'),
          ready: false,
          blamed,
          ...only,
        },
        {
          name: 'the database of snapshots is cut off',
          inject: damaged('runc-overlayfs/snapshots/metadata.db', 'end'),
          ready: false,
          blamed,
          ...only,
        },
        {
          name: 'one of two meta pages is damaged',
          inject: damaged('runc-overlayfs/containerdmeta.db', 'head'),
          ready: true,
          ...only,
        },
        {
          name: 'the database of snapshots is deleted',
          inject: removed('snapshots/metadata.db'),
          ready: false,
          blamed,
          ...only,
        },
        {
          name: 'the directories of snapshots are deleted',
          inject: removed('snapshots/snapshots/*'),
          ready: false,
          blamed,
          ...only,
        },
        { name: 'everything of the snapshots is deleted', inject: removed('snapshots'), ready: true, ...only },
        { name: 'the contents are deleted', inject: removed('content'), ready: true, ...only },
        { name: 'the records of contents are deleted', inject: removed('containerdmeta.db'), ready: true, ...only },
      ];

const config = (world: World, text: string): void => {
  world.script(`su -s /bin/sh ${world.user} -c 'mkdir -p ${world.home}/.config/buildkit'`);
  const path = `${world.home}/.config/buildkit/buildkitd.toml`;
  const done = world.asRoot(['sh', '-c', `cat >${path} && chown ${world.user}: ${path}`], { input: text });
  if (done.code !== 0) throw new Error(done.stderr);
};
/** A key and a certificate by openssl, then changed; buildkitd serves a Unix socket, and loads them all the same. */
const tls =
  (key: string, certificate: string, change = '') =>
  (world: World): void => {
    world.script(`mkdir ${world.home}/tls; cd ${world.home}/tls
      openssl genpkey ${key} -out key.pem 2>/dev/null
      openssl req -x509 -key key.pem -out cert.pem -days 90 -subj /CN=x -addext subjectAltName=DNS:localhost ${certificate} 2>/dev/null
      ${change}
      chown -R ${world.user}: .; chmod 600 key.pem`);
    const at = `${world.home}/tls`;
    config(world, `[grpc.tls]\ncert = "${at}/cert.pem"\nkey = "${at}/key.pem"\nca = "${at}/cert.pem"\n`);
  };
const EC = '-algorithm EC -pkeyopt ec_paramgen_curve:';
const mark = (name: string): string => `printf '\\357\\273\\277' | cat - ${name} >marked; mv marked ${name}`;

/** Which release minds it, only that release tells. */
const byRelease: readonly Fault[] =
  daemonDirectory() === null
    ? []
    : [
        {
          name: 'a negative serial number',
          inject: tls(`${EC}P-256`, '-set_serial -5'),
          ready: false,
          since: 'v0.21.0',
          blamed: 'config/tls',
          ...only,
        },
      ];

const tlsFaults: readonly Fault[] = [
  ...byRelease,
  { name: 'a key and a certificate on P-384', inject: tls(`${EC}P-384`, ''), ready: true, ...only },
  { name: 'lines that end as on DOS', inject: tls(`${EC}P-256`, '', "sed -i 's/$/\\r/' *.pem"), ready: true, ...only },
  ...[
    ['a byte order mark before the key', tls(`${EC}P-256`, '', mark('key.pem'))] as const,
    ['a byte order mark before the authority and the certificate', tls(`${EC}P-256`, '', mark('cert.pem'))] as const,
    ['a certificate on secp256k1', tls(`${EC}secp256k1`, '')] as const,
    ['a certificate for RSA-PSS', tls('-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048', '')] as const,
  ].map(([name, inject]): Fault => ({ name, inject, ready: false, blamed: 'config/tls', ...only })),
];

const CDI = 'cdiVersion: 0.6.0\nkind: vendor.com/gpu\ndevices:\n- name: "0"\n  containerEdits:\n    env: [A=b]\n';
const cdi =
  (files: { readonly [path: string]: string }) =>
  (world: World): void => {
    for (const [path, text] of Object.entries(files)) {
      const done = world.asRoot(['sh', '-ec', `mkdir -p $(dirname ${path}); cat >${path}`], { input: text });
      if (done.code !== 0) throw new Error(done.stderr);
    }
  };
const cdiRows: readonly (readonly [string, { readonly [path: string]: string }])[] = [
  ['an empty CDI specification', { '/etc/cdi/a.yaml': '' }],
  ['a CDI specification of a newer version', { '/var/run/cdi/a.yaml': CDI.replace('0.6.0', '9.9.0') }],
  [
    'a CDI specification with an unknown field',
    { '/etc/cdi/a.json': '{"cdiVersion":"0.6.0","kind":"v.com/g","device":[]}' },
  ],
  ['a CDI specification that is broken', { '/var/run/cdi/a.yaml': 'kind: [\n' }],
  ['a CDI device without edits', { '/etc/cdi/a.yaml': CDI.replace('env: [A=b]', '{}') }],
  ['a CDI device in two files', { '/etc/cdi/a.yaml': CDI, '/etc/cdi/b.yaml': CDI }],
];
/** Which release reads them, only that release tells. */
const cdiFaults: readonly Fault[] = [
  ...(daemonDirectory() === null
    ? []
    : cdiRows.map(
        ([name, files]): Fault => ({
          name,
          inject: cdi(files),
          ready: false,
          since: 'v0.20.0',
          blamed: 'config/buildkitd',
          ...only,
        }),
      )),
  {
    name: 'CDI specifications that are sound, of other names, and the same device in two directories',
    inject: cdi({
      '/etc/cdi/a.yaml': CDI,
      '/var/run/cdi/b.yaml': CDI,
      '/etc/cdi/e.json':
        '{"cdiVersion":"0.6.0","kind":"vendor.com/nic","devices":[{"name":"0","containerEdits":{"deviceNodes":[{"path":"/dev/null"}]}}]}',
      '/etc/cdi/c.yaml.bak': '{{{',
      '/etc/cdi/d.yml': '{{{',
    }),
    ready: true,
    ...only,
  },
];

const settingFaults: readonly Fault[] = [
  {
    name: 'an AppArmor profile for RUN steps without AppArmor',
    inject: (world) => config(world, '[worker.oci]\napparmor-profile = "buildkit-default"\n'),
    ready: false,
    blamed: 'lsm/apparmor',
    ...only,
  },
  {
    name: 'SELinux for RUN steps without SELinux',
    inject: (world) => config(world, '[worker.oci]\nselinux = true\n'),
    ready: false,
    blamed: 'lsm/selinux',
    ...only,
  },
  {
    name: 'the state of runc belongs to root',
    inject: (world) => {
      world.script(`mkdir -m 700 ${world.runtime}/runc`);
    },
    ready: false,
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'a CDI specification that only root may read',
    inject: (world) => {
      cdi({ '/etc/cdi/a.yaml': CDI })(world);
      world.script('chmod 600 /etc/cdi/a.yaml');
    },
    ready: false,
    since: 'v0.20.0',
    blamed: 'config/buildkitd',
    ...only,
  },
  {
    name: 'a broken CDI specification where none is looked for',
    inject: (world) => {
      cdi({ '/etc/cdi/a.yaml': '{{{' })(world);
      config(world, '[cdi]\nspecDirs = ["/etc/own-cdi"]\n');
    },
    ready: true,
    ...only,
  },
  {
    name: 'a level of the log that does not exist',
    inject: () => {},
    env: { BUILDKITD_LOG_LEVEL: 'verbose' },
    ready: false,
    since: 'v0.30.0',
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'a proxy between the client and a TCP address',
    inject: (world) => config(world, '[grpc]\naddress = ["tcp://0.0.0.0:14770"]\n'),
    env: { HTTPS_PROXY: 'http://127.0.0.1:9' },
    ready: false,
    since: 'v0.23.0',
    blamed: 'runtime/session',
    ...only,
  },
  {
    name: 'a limit of memory as Kubernetes writes it',
    inject: () => {},
    env: { GOMEMLIMIT: '1Gi' },
    ready: false,
    blamed: 'runtime/session',
  },
];

/** What buildkitd reads at its start, broken, and what only looks so. */
export const startFaults: readonly Fault[] = [...stateFaults, ...tlsFaults, ...cdiFaults, ...settingFaults];
