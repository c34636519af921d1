import type { Request } from '../../src/model/look.ts';
import { hostOf, parseListing } from '../hosts/listing.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../virtual-host.ts';
import type { Seeds } from './seeds.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const PEOPLE = ['zbigniew', 'lena-marie', 'x.ample', 'Óscar', 'ike', 'tove_2', 'mbappe'];

/** A machine on which something secret or private stands at every place that is looked at. */
export function sownHost(seeds: Seeds): { host: VirtualHost; request: Request } {
  const { secret, name, pick, word } = seeds;
  const user = name('the target', `${pick(['hedwig', 'o.brien', 'max-paul', 'jyri'])}${word(2).toLowerCase()}`);
  const firm = name('a firm', `${word(5).toLowerCase()}-corp`);
  const home = `/srv/${firm}/${user}`;
  const others = PEOPLE.map((one, at) => name(`account ${at}`, at === 4 ? one : `${one}${word(2).toLowerCase()}`));
  const host = name('the host', `${word(6).toLowerCase()}-box`);
  const domain = name('the domain', `${word(5).toLowerCase()}.internal`);
  const registry = name('a registry', `registry.${word(5).toLowerCase()}.io`);
  const mirror = name('a mirror', `${word(7).toLowerCase()}.${word(4).toLowerCase()}.corp.example`);
  const proxy = name('a proxy', `px${word(4).toLowerCase()}.${word(4).toLowerCase()}.com`);
  const nfs = name('a file server', `nas${word(3).toLowerCase()}.${word(5).toLowerCase()}.lan`);
  const single = name('a host without a domain', `${word(7).toLowerCase()}`);
  const address = name('an address', `10.${20 + Math.floor(word(1).charCodeAt(0))}.3.77`);
  const v6 = name('an address of six', `fd12:3456:${word(1).charCodeAt(0).toString(16)}::9`);
  const machine = name('the machine id', Buffer.from(word(16)).toString('hex'));
  const real = name('a real name', `Ulrike ${word(6)}`);
  const group = name('a group', `${word(5).toLowerCase()}-devs`);
  const pod = name('a pod', `4f1c2a6e-77aa-4c1b-9d0e-${Buffer.from(word(6)).toString('hex')}`);
  const mac = name('a MAC address', `52:54:00:${word(1).charCodeAt(0).toString(16)}:56:78`);
  const listing = parseListing(`
    user -> ${user} 1000 ${home}
    /etc/os-release -> @OS ubuntu-22.04
    uname -r -> 5.15.0-144-generic
    /proc/version -> Linux version 5.15.0-144-generic (buildd@lcy02) (gcc) #157-Ubuntu SMP
    /proc/sys/user/max_user_namespaces -> 15311
    /proc/sys/kernel/unprivileged_userns_clone -> 1
    /sys/kernel/security/lsm -> lockdown,capability,yama,apparmor
    /sys/fs/selinux -> absent
    /proc/self/attr/current -> unconfined
    /proc/self/status -> @STATUS-USER-54
    /proc/self/mountinfo -> @MI-DEB + @MI-V1
    mount -> 27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
    mount -> 90 27 0:99 / /srv rw,relatime - nfs4 ${nfs}:/export/${firm} rw,addr=${address},clientaddr=${address}
    mount -> 91 27 0:98 / /var/lib/kubelet/pods/${pod}/volumes rw - tmpfs tmpfs rw
    /etc/login.defs -> @LOGIN-NONE
    env USER -> ${user}
    env HOME -> ${home}
    env BUILDKIT_HOST -> tcp://me:${secret('BUILDKIT_HOST of the environment')}@${single}:1234
    env DOCKER_HOST -> ssh://${others[0]}:${secret('DOCKER_HOST')}@${proxy}
    env HTTPS_PROXY -> http://me:${secret('HTTPS_PROXY', '%40')}@${proxy}:3128
    env NO_PROXY -> .${domain},${single},${address}
    env SSH_AUTH_SOCK -> ${home}/.ssh/agent-${others[1]}
  `);
  const base = hostOf(listing);
  const files: VirtualHostOptions['files'] = {
    ...base.files,
    '/etc/passwd': [
      'root:x:0:0:root:/root:/bin/bash',
      `${user}:x:1000:1000:${real},Room ${name('a room', word(5))},+49 ${name('a phone number', '30 5550199')}:${home}:/bin/bash`,
      ...others.map((one, at) => `${one}:x:${2000 + at}:${2000 + at}::/home/${one}:/bin/sh`),
      'build:x:3000:3000::/home/build:/bin/sh',
      '',
    ].join('\n'),
    '/etc/group': `root:x:0:\n${group}:x:5000:${others.join(',')}\ndocker:x:999:${user}\n`,
    '/etc/subuid': [`${user}:100000:65536`, ...others.map((one, at) => `${one}:${120000 + at * 1000}:65536`), ''].join(
      '\n',
    ),
    '/etc/subgid': `${user}:100000:65536\n${others[2]}:100000:65536\n`,
    '/etc/hosts': `127.0.0.1 localhost\n127.0.1.1 ${host}.${domain} ${host}\n${address} ${nfs}\n`,
    '/etc/resolv.conf': `search ${domain}\nnameserver ${address}\nnameserver ${v6}\n`,
    '/proc/sys/kernel/hostname': `${host}\n`,
    '/etc/machine-id': `${machine}\n`,
    [`${home}/.config/systemd/user/buildkit.service`]: unit(seeds, { home, proxy, single, mirror }),
    [`${home}/.config/systemd/user/buildkit.service.d/10.conf`]: `[Service]\nEnvironment=DROP_IN=${secret('a drop-in')}\nEnvironmentFile=${home}/env\n`,
    [`${home}/env`]: `# was ${secret('a comment of an environment file')}\nFILE_TOKEN=${secret('an environment file')}\nQUOTED="${secret('a quoted variable')}"\n`,
    [`${home}/.config/buildkit/buildkitd.toml`]: toml(seeds, { home, mirror, registry, single }),
    [`${home}/.docker/config.json`]: docker(seeds, { registry, proxy }),
    [`${home}/.docker/buildx/instances/b`]: JSON.stringify({
      Name: 'b',
      Driver: 'remote',
      Nodes: [
        {
          Name: 'b0',
          Endpoint: `tcp://u:${secret('an instance of buildx')}@${single}:1`,
          DriverOpts: { 'env.TOKEN': secret('an option of a driver') },
          Files: { 'buildkitd.toml': base64(`password = "${secret('a file of buildx')}"`) },
        },
      ],
    }),
    [`${home}/.docker/buildx/current`]: JSON.stringify({
      Key: `tcp://u:${secret('the current builder')}@${single}:2`,
      Name: 'b',
      Global: false,
    }),
    '/etc/docker/daemon.json': JSON.stringify({
      'registry-mirrors': [`https://u:${secret('a mirror of Docker')}@${mirror}`],
      proxies: { 'http-proxy': `http://u:${secret("a proxy of Docker's daemon")}@${proxy}` },
      'insecure-registries': [registry],
    }),
    '/proc/cmdline': `BOOT_IMAGE=/vmlinuz root=UUID=${name('the root file system', '9f0c1d2e-1111-4222-8333-abcdefabcdef')} rd.password=${secret('the boot line')}\n`,
    '/proc/self/net/fib_trie': `Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- ${address}\n        /32 host LOCAL\n`,
  };
  const said = [
    `time="2026-11-28" level=error msg="dial https://u:${secret('an error with an address')}@${mirror}: lookup ${single} on ${address}:53: no such host"`,
    `error: Authorization: Bearer ${secret('an error with a bearer')}, {"identitytoken":"${secret('an error with JSON')}"}`,
    `error: "password=${secret("Go's quotes")}\\n" of user 1000 (\\"${user}\\") on ${host}`,
    `Proxy-Authorization: Basic ${base64(`me:${secret('a pair in base64')}`)} from ${v6} by ${mac}`,
    `GET /v2/?access_token=${secret('a query')}&scope=x via me:${secret('an address without a scheme')}@${proxy}:3128`,
    `data ${base64(JSON.stringify({ password: secret('JSON in base64') }))} hex ${Buffer.from(`token=${secret('an assignment in hexadecimal')}`).toString('hex')}`,
    `redirect=https%3A%2F%2Fme%3A${secret('percent signs')}%40${mirror}%2F`,
    `-----BEGIN EC PRIVATE KEY-----\n${secret('a private key', word(40))}\n-----END EC PRIVATE KEY-----`,
    `token ghp_${secret('a token of GitHub', word(26))} and glpat-${secret('a token of GitLab', word(10))} npm_${secret('a token of npm', word(26))}`,
  ].join('\n');
  const tools: VirtualHostOptions['tools'] = {
    ...base.tools,
    'buildkitd --version': { stdout: 'buildkitd github.com/moby/buildkit v0.20.0 abc\n', stderr: said },
    'rootlesskit --version': { code: 1, stdout: '', stderr: said },
    'runc --version': { code: 1, stdout: said, stderr: said },
    'buildctl --version': { code: 1, stdout: said, stderr: '' },
    loginctl: { code: 1, stdout: '', stderr: `Failed to connect: ${said}` },
  };
  const failed = { ok: false, errno: 'EPERM', message: said.split('\n')[0] ?? '', stage: 'map' } as const;
  const probes: VirtualHostOptions['probes'] = {
    namespace: () => ({
      launch: failed,
      log: said.slice(0, 4000),
      uidMap: [],
      gidMap: [],
      proc: null,
      isolate: null,
      overlay: null,
      fuseOverlay: null,
      bindReadOnly: null,
      chown: null,
      survey: null,
    }),
    bind: ({ addresses }) => ({ errors: addresses.map(() => 'EADDRNOTAVAIL') }),
  };
  return { host: new VirtualHost({ ...base, files, tools, probes }), request: ASK };
}

interface Around {
  readonly [what: string]: string;
}

const unit = ({ secret }: Seeds, { home, proxy, single, mirror }: Around): string => `[Unit]
Description=buildkitd with ${secret('Description=')}
# token: ${secret('a comment of a unit')}
[Service]
Environment=AWS_SECRET_ACCESS_KEY=${secret('a cloud key', '/+')}
Environment=HTTP_PROXY=http://user:${secret('HTTP_PROXY of a unit', '/')}@${proxy}:3128
Environment="OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer ${secret('headers of OpenTelemetry')}" GITHUB_TOKEN=${secret('the second of a line')}
Environment='NOTE=two words, ${secret('single quotes')}' CONTINUED=on \\
  NEXT_LINE=${secret('a continued line')}
Environment=BUILDKIT_HOST=tcp://u:${secret('BUILDKIT_HOST of a unit')}@${single}:1234
Environment=OTEL_EXPORTER_OTLP_ENDPOINT=http://u:${secret('an endpoint of OpenTelemetry')}@${mirror}:1
SetCredential=registry:${secret('SetCredential=')}
ExecStartPre=/bin/sh -c 'docker login --password ${secret('a command inside a command')} ${mirror}; export X=${secret('a variable of a command')}'
ExecStart=/usr/bin/rootlesskit /usr/local/bin/buildkitd --token=${secret('a flag')} --registry-password ${secret('a flag and its value')} -e PLAIN=${secret('-e')} --root ${home}/cache --addr tcp://u:${secret('--addr')}@${single}:2
`;

const toml = ({ secret }: Seeds, { home, mirror, registry, single }: Around): string => `token = "${secret('a token')}"
root = "${home}/cache"
password = '${secret('a literal string', '"')}'
notes = """
${secret('a string of several lines')}
more"""
inline = { a = { key = "${secret('an inline table')}" }, list = ["${secret('a list')}"] }
dotted.api.key = "${secret('a dotted key')}"
[registry."docker.io"]
  mirrors = ["https://u:${secret('a mirror')}@${mirror}/x", "u:${secret('a mirror without a scheme')}@${single}"]
  auth = "${secret('auth')}" # was ${secret('a comment after a value')}
[registry."${registry}"]
  http = true
  ca = ["${home}/ca.pem"]
[registry."u:${secret('the name of a table')}@${mirror}"]
  http = true
[grpc]
  address = ["tcp://u:${secret('an address of gRPC')}@${single}:1", "unix://${home}/s.sock"]
[worker.oci]
  snapshoter = "overlayfs"
  [worker.oci.labels]
    note = "${secret('a label')}"
${secret('a line without =')} is what they told me
`;

const docker = ({ secret }: Seeds, { registry, proxy }: Around): string =>
  JSON.stringify({
    auths: {
      [registry ?? '']: {
        auth: base64(`me:${secret('auth of Docker')}`),
        identitytoken: secret('an identity token'),
        password: secret('a password of Docker'),
      },
      [`https://u:${secret('the name of a registry')}@${registry}`]: {},
    },
    HttpHeaders: { 'X-Meta': secret('a header'), Authorization: `Bearer ${secret('a bearer of Docker')}` },
    proxies: { default: { httpProxy: `http://u:${secret('a proxy of Docker')}@${proxy}:1` } },
    credHelpers: { 'gcr.io': 'gcloud' },
  });
