import type { Request } from '../../src/model/look.ts';
import { hostOf, parseListing } from '../hosts/listing.ts';
import { ASK, VirtualHost, type VirtualHostOptions } from '../virtual-host.ts';
import type { Seeds } from './seeds.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Secrets as those issue them who do, and passwords as people make them up. */
export function issuers({ word, pick, secrets, names }: Seeds) {
  const digits = (length: number): string => Array.from({ length }, () => pick([...'0123456789'])).join('');
  const upper = (length: number): string =>
    Array.from({ length }, () => pick([...'ABCDEFGHJKLMNPQRSTUVWXYZ234567'])).join('');
  const hex = (length: number): string => Array.from({ length }, () => pick([...'0123456789abcdef'])).join('');
  const mixed = (length: number): string =>
    Array.from({ length }, (_, at) => (at % 3 === 2 ? digits(1) : word(1))).join('');
  const lower = (length: number): string => word(length).toLowerCase();
  /** A secret of this text; only `secret` of it where the rest may be told. */
  const put = (where: string, text: string, secret = text): string => {
    secrets.set(where, secret);
    return text;
  };
  const called = (what: string, text: string): string => {
    names.set(what, text);
    return text;
  };
  return { digits, upper, hex, mixed, lower, put, called };
}

/** A machine with other secrets and names than `sownHost` has, at other places and in other forms. */
export function otherHost(seeds: Seeds): { host: VirtualHost; request: Request } {
  const { word } = seeds;
  const { digits, upper, hex, mixed, lower, put, called } = issuers(seeds);
  // Names.
  const user = called('the target, of a domain', `${lower(5)}.${lower(4)}@ad.${lower(6)}.test`);
  const login = called('a login of root', `svc-${lower(6)}`);
  const team = called('a team in a path', `${lower(7)}`);
  const project = called('a project in a path', `${lower(6)}-payments`);
  const home = `/home/${user}`;
  const host = called('a host with digits', `ip-10-${digits(2)}-4-7`);
  const domain = called('a search domain', `eu-west.compute.${lower(6)}.internal`);
  const node = called('a node of Kubernetes', `gke-${lower(5)}-pool-1-${hex(8)}-x1z9`);
  const nameserver = called('a name server', '100.64.7.53');
  const gateway = called('an IPv6 address', `2a01:4f8:${hex(3)}:1::${hex(2)}`);
  const linkLocal = called('a link-local address', `fe80::5054:ff:fe${hex(2)}:${hex(4)}`);
  const mac = called('a MAC address with dashes', `02-42-AC-11-0${digits(1)}-FE`);
  const mail = called('a mail address', `${lower(6)}.${lower(5)}@${lower(7)}.co`);
  const bucket = called('a bucket', `${lower(8)}-artifacts.s3.eu-central-1.amazonaws.com`);
  const ecr = called('an account of AWS', `${digits(12)}.dkr.ecr.eu-west-1.amazonaws.com`);
  const azure = called('a registry of Azure', `${lower(8)}.azurecr.io`);
  const registry = called('a registry without a domain', `${lower(8)}reg`);
  const harbor = called('a registry with a port', `harbor.${lower(5)}.sh`);
  const peer = called('a colleague', `${lower(5)}_${lower(4)}`);
  const machineAccount = called('an account of a machine', `${lower(7)}$`);
  const boot = called('the boot id', `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`);
  const machine = called('the machine id', hex(32));
  const instance = called('an instance of a cloud', `i-0${hex(16)}`);
  const pod = called('a pod', `${hex(8)}-${hex(4)}-4${hex(3)}-9${hex(3)}-${hex(12)}`);
  const container = called('a container', hex(64));
  const group = called('a group of a domain', `${upper(4).toLowerCase()}-builders`);
  const share = called('a server of files', `fs${digits(2)}-${lower(4)}`);
  const volume = called('a group of volumes', `vg_${lower(6)}`);
  const cifs = called('a domain of Windows', `${upper(5)}CORP`);
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
    mount -> 27 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/${volume}-root rw
    mount -> 90 27 0:99 / /mnt/${team} rw,relatime - cifs //${share}/${team}$ rw,vers=3.1.1,username=${login},domain=${cifs},addr=${nameserver}
    mount -> 91 27 0:98 / /data rw - fuse.davfs https://dav:${put('a mount of davfs', mixed(12))}@${harbor}/dav rw
    mount -> 92 27 0:97 / /var/lib/kubelet/pods/${pod}/volumes/kubernetes.io~projected/kube-api rw - tmpfs tmpfs rw
    /etc/login.defs -> @LOGIN-NONE
    env USER -> ${user}
    env HOME -> ${home}
    env BUILDKIT_HOST -> tcp://${put('BUILDKIT_HOST, alone before the sign', `dp-${mixed(14)}`)}@${node}:1234
    env DOCKER_HOST -> ssh://${peer}:${put('DOCKER_HOST, escaped', `${word(4)}%2F${mixed(6)}%40x`)}@${host}.${domain}
    env HTTPS_PROXY -> ${login}:${put('HTTPS_PROXY without a scheme', `${word(3)}!$${mixed(6)}`)}@${share}:8080
    env NO_PROXY -> 10.0.0.0/8,.${domain},${registry}
    env OTEL_EXPORTER_OTLP_ENDPOINT -> https://otlp.${lower(4)}.example/v1/traces?api-key=${put('an address with a query', mixed(20))}
    env OTEL_EXPORTER_OTLP_HEADERS -> x-honeycomb-team=${put('headers of the environment', mixed(22))}
    env JAEGER_TRACE -> ${put('JAEGER_TRACE', `tr-${mixed(9)}`)}@${share}:6831
    env DOCKER_AUTH_CONFIG -> {"auths":{"${harbor}":{"auth":"${base64(`robot$ci:${put('auths in the environment', mixed(18))}`)}"}}}
    env KUBECONFIG_DATA -> ${base64(`users:\n- name: x\n  user:\n    token: ${put('kubeconfig in the environment', mixed(30))}\n`)}
    env BUILDKITD_FLAGS -> --debugaddr=dbg:${put('BUILDKITD_FLAGS', mixed(9))}@${share}:6060 --oci-worker-labels=apikey=${put('labels of flags', mixed(16))}
    env SSH_AUTH_SOCK -> /tmp/ssh-${word(8)}/agent.4242
    env PATH -> /opt/${project}/bin:/usr/local/bin:/usr/bin:/bin
  `);
  const base = hostOf(listing);
  const secretsOf = unit(seeds, { home, harbor, node, share, team, project, mail });
  const files: VirtualHostOptions['files'] = {
    ...base.files,
    '/etc/passwd': [
      'root:x:0:0:root:/root:/bin/bash',
      `${user}:${put('a hash in passwd', `$6$${word(8)}$${mixed(60)}`)}:1000:1000:${called('a name of a person', `Wolfgang ${word(7)}`)} <${mail}>:${home}:/bin/bash`,
      `${login}:${put('an old hash in passwd', mixed(13))}:998:998:pw ${put('a password in a comment', `hunter${digits(3)}!x`)}:/opt/${project}:/usr/sbin/nologin`,
      `${peer}:x:2001:2001::/srv/${team}/${peer}:/bin/sh`,
      `${machineAccount}:x:2002:2002::/dev/null:/bin/false`,
      '',
    ].join('\n'),
    '/etc/group': `root:x:0:\n${group}:${put('a hash in group', `$1$${word(6)}$${mixed(22)}`)}:5000:${user},${peer}\n`,
    '/etc/subuid': [
      `${user}:100000:65536`,
      `${peer}:165536:65536`,
      `${machineAccount}:231072:65536`,
      `# root password: ${put('a comment of subuid', mixed(10))}`,
      `${put('a token by mistake in subuid', `ghp_${mixed(36)}`)}:300000:65536`,
      '',
    ].join('\n'),
    '/etc/subgid': `${user}:100000:65536\n${group}:400000:65536\n`,
    '/etc/hosts': `127.0.0.1 localhost\n127.0.1.1 ${host}.${domain} ${host}\n${nameserver} ${share} ${registry}\n${gateway} ${node}\n`,
    '/etc/resolv.conf': `search ${domain}\nnameserver ${nameserver}\nnameserver ${linkLocal}%eth0\n`,
    '/proc/sys/kernel/hostname': `${host}\n`,
    '/proc/sys/kernel/domainname': `(none)\n`,
    '/proc/sys/kernel/random/boot_id': `${boot}\n`,
    '/etc/machine-id': `${machine}\n`,
    '/proc/self/cgroup': `12:pids:/kubepods/burstable/pod${pod}/${container}\n0::/system.slice/docker-${container}.scope\n`,
    [`${home}/.config/systemd/user/buildkit.service`]: secretsOf,
    [`${home}/.config/systemd/user/buildkit.service.d/proxy.conf`]: `[Service]\nEnvironment="HTTPS_PROXY=${login}:${put('a proxy of a drop-in', `${mixed(5)}#${word(3)}`)}@${share}:8080" "FTP_PROXY=ftp://f:${put('another proxy', mixed(11))}@${share}"\nEnvironmentFile=-%h/.env.${project}\n`,
    [`${home}/.env.${project}`]: [
      `export AWS_ACCESS_KEY_ID=${put('a key id of AWS', `AKIA${upper(16)}`)}`,
      `AWS_SECRET_ACCESS_KEY='${put('a key of AWS', `${mixed(20)}/${mixed(9)}+${mixed(9)}`)}'`,
      `SENTRY_DSN=https://${put('a key in an address of Sentry', hex(32))}@o1.ingest.sentry.io/2`,
      `AZURE="DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${put('a key of Azure', `${mixed(42)}==`)};EndpointSuffix=core.windows.net"`,
      `DATABASE_URL=postgres://app:${put('an address of a database', `${word(4)}%23${mixed(7)}`)}@${share}:5432/x?sslmode=require`,
      `GOOGLE_CREDENTIALS={"type":"service_account","private_key_id":"${put('an id of a key of Google', hex(40))}","private_key":"-----BEGIN PRIVATE KEY-----\\n${put('a private key of Google', mixed(48))}\\n-----END PRIVATE KEY-----\\n","client_email":"ci@${called('a project of Google', `${lower(7)}-prod`)}.iam.gserviceaccount.com"}`,
      `PLAIN_WORD_PASSWORD=${put('a plain word', lower(9))}`,
      '',
    ].join('\n'),
    [`${home}/.config/buildkit/buildkitd.toml`]: toml(seeds, {
      home,
      harbor,
      ecr,
      azure,
      registry,
      share,
      project,
      mail,
      bucket,
    }),
    [`${home}/.docker/config.json`]: docker(seeds, { harbor, ecr, share, domain }),
    [`${home}/.docker/contexts/meta/x/meta.json`]: JSON.stringify({
      Name: project,
      Metadata: { Description: put('a description of a context', `pat ${mixed(14)}`) },
      Endpoints: {
        docker: { Host: `tcp://u:${put('a host of a context', mixed(12))}@${node}:2376`, SkipTLSVerify: false },
      },
    }),
    [`${home}/.docker/buildx/instances/${project}`]: JSON.stringify({
      Name: project,
      Driver: 'kubernetes',
      Nodes: [
        {
          Name: `${project}0`,
          Endpoint: `kubernetes:///${project}?deployment=&kubeconfig=&token=${put('a query of an endpoint', mixed(18))}`,
          DriverOpts: {
            namespace: called('a namespace of Kubernetes', `${lower(6)}-ci`),
            'env.HTTP_PROXY': `http://p:${put('a proxy of a driver', mixed(10))}@${share}`,
            'qemu.install': 'true',
          },
          Flags: [
            '--allow-insecure-entitlement=network.host',
            `--registry-token=${put('a flag of a node', mixed(15))}`,
          ],
          Files: {
            'buildkitd.toml': base64(
              `[registry."${harbor}"]\n  mirrors = ["r:${put('a file of a node', mixed(13))}@${harbor}"]\n`,
            ),
          },
        },
      ],
    }),
    [`${home}/.docker/buildx/current`]: JSON.stringify({
      Key: 'unix:///var/run/docker.sock',
      Name: project,
      Global: false,
    }),
    '/etc/docker/daemon.json': JSON.stringify({
      'registry-mirrors': [`https://${put('a mirror of Docker, alone before the sign', mixed(16))}@${harbor}`],
      'log-driver': 'splunk',
      'log-opts': {
        'splunk-token': put('a token of Splunk', `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`),
        'splunk-url': `https://u:${put('an address of Splunk', mixed(9))}@${share}:8088`,
      },
      labels: [`owner=${mail}`, `key=${put('a label of Docker', mixed(17))}`],
      'default-address-pools': [{ base: '10.200.0.0/16', size: 24 }],
    }),
    '/proc/cmdline': [
      `BOOT_IMAGE=/vmlinuz root=/dev/mapper/${volume}-root ro`,
      `ds=nocloud-net;s=http://ci:${put('the address of a boot', mixed(10))}@${share}/`,
      `systemd.set_credential=login:${put('a credential of a boot', mixed(12))}`,
      `rd.iscsi.password=${put('iSCSI', mixed(11))} inst.ks=https://${share}/ks.cfg?sig=${put('a signature', mixed(24))}`,
      `ip=10.1.2.3::10.1.2.1:255.255.255.0:${host}:eth0:none`,
    ].join(' '),
    '/proc/self/net/fib_trie': `Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.1.2.3\n        /32 host LOCAL\n`,
  };
  const said = sayings(seeds, {
    harbor,
    node,
    share,
    mail,
    nameserver,
    gateway,
    linkLocal,
    mac,
    ecr,
    instance,
    pod,
    container,
    project,
    peer,
    domain,
  });
  const tools: VirtualHostOptions['tools'] = {
    ...base.tools,
    'buildkitd --version': { stdout: 'buildkitd github.com/moby/buildkit v0.20.0 abc\n', stderr: said },
    'rootlesskit --version': { code: 1, stdout: '', stderr: said },
    'runc --version': { code: 1, stdout: said, stderr: said },
    'buildctl --version': { code: 1, stdout: said, stderr: '' },
    loginctl: { code: 1, stdout: '', stderr: `Failed to connect: ${said}` },
    systemctl: { code: 1, stdout: said, stderr: said },
    docker: { code: 1, stdout: said, stderr: said },
    getsubids: { code: 1, stdout: '', stderr: said },
  };
  const lines = said.split('\n');
  const failed = { ok: false, errno: 'EPERM', message: lines[0] ?? '', stage: 'map' } as const;
  const probes: VirtualHostOptions['probes'] = {
    namespace: () => ({
      launch: failed,
      log: said.slice(0, 8000),
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

function unit(seeds: Seeds, { home, harbor, node, share, team, project, mail }: Around): string {
  const { word } = seeds;
  const { hex, mixed, lower, upper, put } = issuers(seeds);
  return `[Unit]
Description=builds for ${project}, ask ${mail}
Documentation=https://wiki:${put('Documentation=', mixed(9))}@${share}/buildkit
# rotated 2026-01: old pass phrase was "${put('a pass phrase in a comment', `${lower(6)} ${lower(7)} ${lower(5)}`)}"
; -----BEGIN OPENSSH PRIVATE KEY-----
; ${put('a private key in a comment', mixed(60))}
; -----END OPENSSH PRIVATE KEY-----
[Service]
Environment=REGISTRY_AUTH=${base64(`ci:${put('a pair of base64 in a unit', mixed(11))}`)}
Environment="GIT_ASKPASS_VALUE=${put('a token of GitHub', `github_pat_${mixed(22)}_${mixed(40)}`)}" "JAVA_OPTS=-Djavax.net.ssl.keyStorePassword=${put('a property of Java', mixed(10))} -Xmx1g"
Environment=SSHPASS=${put('SSHPASS', mixed(9))} PGPASSWORD=${put('PGPASSWORD', `${word(3)};${mixed(5)}`)} MYSQL_PWD=${put('MYSQL_PWD', mixed(8))}
Environment=NPM_CONFIG__AUTH=${put('_auth of npm', base64(`n:${mixed(12)}`))} VAULT_TOKEN=${put('Vault', `hvs.${mixed(40)}`)} ROOT_DIR=/srv/${team}/${project}
Environment='TLS_KEY=-----BEGIN RSA PRIVATE KEY-----\\n${put('a private key in a unit', mixed(56))}\\n-----END RSA PRIVATE KEY-----'
Environment=BUILDKIT_HOST=tcp://${node}:1234
LoadCredential=regcred:/srv/${team}/cred
SetCredential=tok:${put('SetCredential=', `${mixed(9)}\\x20${word(4)}`)}
SetCredentialEncrypted=enc: ${put('SetCredentialEncrypted=', mixed(50))}
X-Webhook=https://hooks.slack.com/services/T${upper(8)}/B${upper(8)}/${put('a hook of Slack', mixed(24))}
ExecStartPre=/usr/bin/curl -fsS -H "PRIVATE-TOKEN: ${put('a header of a command', `glpat-${mixed(20)}`)}" -u ci:${put('curl -u', mixed(10))} https://${harbor}/ping
ExecStartPre=/usr/bin/docker login -u AWS -p ${put('docker login -p', `eyJ${mixed(60)}`)} ${harbor}
ExecStartPre=/usr/bin/sshpass -p ${put('sshpass -p', mixed(9))} ssh ${node} true
ExecStartPre=/usr/bin/mysql -uroot -p${put('mysql -p', mixed(10))} -e "select 1"
ExecStartPre=/usr/bin/wget --header='X-Api-Key: ${put('a key in a header', mixed(20))}' --http-passwd=${put('wget', mixed(9))} https://${harbor}/x?X-Amz-Signature=${put('a signed address', hex(64))}&X-Amz-Credential=x
ExecStartPre=/bin/sh -ec 'echo ${put('echo into a login', mixed(11))} | buildctl login --password-stdin; TOKEN=${put('a variable before a command', mixed(12))} /usr/bin/true'
ExecStart=/usr/bin/rootlesskit --net=slirp4netns --copy-up=/etc /usr/local/bin/buildkitd --root ${home}/build/${project} --addr tcp://${put('--addr, alone before the sign', `tok${mixed(9)}`)}@${node}:1234 --oci-worker-labels token=${put('labels of a worker', mixed(14))} --tlskey /srv/${team}/key.pem --auth-secret ${put('--auth-secret', mixed(10))}
ExecStopPost=-/usr/bin/openssl pkcs12 -in /srv/${team}/x.p12 -passin pass:${put('openssl', mixed(9))}
`;
}

function toml(seeds: Seeds, { home, harbor, ecr, azure, registry, share, project, mail, bucket }: Around): string {
  const { word } = seeds;
  const { hex, mixed, lower, put, digits } = issuers(seeds);
  return `# Maintained by ${mail}; robot$ci / ${put('a password after a slash in a comment', mixed(12))}
# curl -H "Authorization: Basic ${base64(`a:${put('a header in a comment', mixed(10))}`)}" https://${harbor}
root = "${home}/build/${project}"
insecure-entitlements = ["network.host", "${put('an entitlement by mistake', `npm_${mixed(36)}`)}"]
debug = "${put('a wrong value', `pypi-AgEIcHlwaS5vcmc${mixed(60)}`)}"
[log]
  format = "json" # Datadog: ${put('a comment after a value', hex(32))}
[grpc]
  address = ["unix://${home}/${project}.sock", "tcp://0.0.0.0:1234"]
  [grpc.tls]
    cert = "/srv/${project}/cert.pem"
    key = """-----BEGIN EC PRIVATE KEY-----
${put('a private key as a value', mixed(64))}
-----END EC PRIVATE KEY-----"""
    password = "${put('a password of TLS', `${word(4)} ${word(4)}`)}"
[dns]
  nameservers = ["10.1.2.53", "dns:${put('a name server with a password', mixed(8))}@${share}"]
[otel]
  socketPath = "/run/${project}/otel.sock"
  headers = { "x-api-key" = "${put('headers of telemetry', mixed(20))}" }
[worker.oci]
  gckeepstorage = "${put('a value of another kind', `dckr_pat_${mixed(27)}`)}"
  [worker.oci.labels]
    "build.example/api" = '''${put('a label in three quotes', `xoxb-${digits(11)}-${digits(12)}-${mixed(24)}`)}'''
[registry."${harbor}"]
  mirrors = ["${registry}:5000", "${azure}/cache?sv=2022-11-02&sig=${put('a shared access signature', `${mixed(20)}%2B${mixed(20)}%3D`)}&se=2027"]
  username = "${put('a name of a robot', `robot$${lower(7)}`)}"
  passphrase = "${put('a pass phrase', `${lower(7)}-${lower(6)}-${lower(5)}`)}"
[registry."${ecr}"]
  http = true
  authorization = "Basic ${base64(`AWS:${put('authorization of a registry', mixed(30))}`)}"
  insecure = true
[registry."https://oauth2:${put('a name of a table', `glpat-${mixed(20)}`)}@${harbor}"]
  http = true
[s3]
  bucket = "${bucket}"
  secret_access_key = "${put('a key of a store', mixed(40))}"
  sessionToken = '${put('a session', `FwoGZXIvYXdzE${mixed(120)}`)}'
`;
}

function docker(seeds: Seeds, { harbor, ecr, share, domain }: Around): string {
  const { word } = seeds;
  const { mixed, put, hex } = issuers(seeds);
  return JSON.stringify({
    auths: {
      [`https://${harbor}/v1/`]: {
        auth: base64(`robot$x:${put('a password with signs', `${word(3)}:${mixed(6)}@${word(3)}`)}`),
        email: 'x@y.z',
      },
      [ecr ?? '']: {
        username: 'AWS',
        password: put('a long password', mixed(200)),
        registrytoken: put('a token of a registry', mixed(30)),
      },
      'ghcr.io': { identitytoken: put('a token of the GHCR', `gho_${mixed(36)}`) },
    },
    credsStore: put('a store by mistake', `${mixed(24)}`),
    HttpHeaders: { Cookie: `session=${put('a cookie', hex(40))}; path=/`, 'User-Agent': 'Docker-Client/27' },
    proxies: {
      default: {
        httpsProxy: `http://${put('a proxy, alone before the sign', mixed(10))}@${share}:1`,
        ftpProxy: `f:${put('a proxy without a scheme', mixed(9))}@${share}`,
        noProxy: `.${domain}`,
      },
      'tcp://x:2375': { allProxy: `socks5://s:${put('socks', mixed(8))}@${share}` },
    },
    plugins: { scan: { token: put('an option of a plugin', mixed(18)) } },
    psFormat: `table {{.ID}} ${put('a format', mixed(20))}`,
  });
}

/** What programs say: Go, systemd, registries, clouds. */
function sayings(seeds: Seeds, around: Around): string {
  const {
    harbor,
    node,
    share,
    mail,
    nameserver,
    gateway,
    linkLocal,
    mac,
    ecr,
    instance,
    pod,
    container,
    project,
    peer,
    domain,
  } = around;
  const { word } = seeds;
  const { hex, mixed, upper, put, called, digits } = issuers(seeds);
  return [
    `Get "https://ci:${put("Go's Get", `${word(4)}${mixed(6)}`)}@${harbor}/v2/": dial tcp: lookup ${node} on ${nameserver}:53: read udp 10.1.2.3:40000->${nameserver}:53: i/o timeout`,
    `time="2026-11-28T10:00:00Z" level=error msg="failed to fetch oauth token: Post \\"https://${harbor}/token?account=ci&client_secret=${put('a query in quotes', mixed(18))}&scope=x\\": EOF" instance=${instance}`,
    `parse "redis://:${put('no name before the colon', `${mixed(5)}%zz${word(3)}`)}@${share}:6379": invalid URL escape "%zz"`,
    `error: username=${called('a name of an error', `svc-${mixed(6)}`)} password="${put('a quoted password', `${word(3)} ${mixed(5)}'x`)}" rejected by ${harbor}`,
    `{"level":"error","msg":"unauthorized","headers":{"X-Registry-Auth":"${base64(JSON.stringify({ username: 'u', password: put('X-Registry-Auth', mixed(12)) }))}"},"body":"{\\"refresh_token\\":\\"${put('JSON within JSON', mixed(24))}\\"}"}`,
    `failed to solve: DeniedException: User arn:aws:iam::${digits(12)}:user/${peer} with AWSAccessKeyId=${put('a key id in an error', `ASIA${upper(16)}`)} SignatureDoesNotMatch Signature=${put('a signature in an error', `${mixed(27)}=`)}`,
    `exec /usr/bin/helper --store-password ${put('a flag and its value in an error', mixed(10))} -token ${put('a flag with one dash', mixed(12))} --key=${put('--key', mixed(16))} failed: exit status 1`,
    `remote: fatal: could not read from https://x-access-token:${put('a clone', `ghs_${mixed(36)}`)}@github.com/acme/${project}.git for ${mail}`,
    `curl 'https://${share}/api?access_token=${put('an address in quotes', mixed(20))}' -b 'sid=${put('a cookie of curl', hex(32))}' --cookie-jar x`,
    `Set-Cookie: JSESSIONID=${put('Set-Cookie', upper(32))}; Path=/; x-api-key: ${put('x-api-key', mixed(32))}; x-amz-security-token: ${put('a security token', `IQoJb3JpZ2luX2Vj${mixed(80)}`)}`,
    `machine ${harbor} login ci password ${put('netrc', `${mixed(6)}~${word(3)}`)}`,
    `//${harbor}/:_authToken=${put('.npmrc', mixed(30))}`,
    `kubeconfig: {users: [{name: a, user: {token: ${put('kubeconfig on one line', mixed(30))}, client-key-data: ${base64(`-----BEGIN RSA PRIVATE KEY-----\n${put('a private key in base64', mixed(60))}\n-----END RSA PRIVATE KEY-----\n`)}}}]}`,
    `jwt: ${put('a web token', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx${mixed(20)}.${mixed(43)}`)} kid=${hex(8)}`,
    `open /srv/${project}/registry-${put('a token in a file name', `glptt-${mixed(20)}`)}.json: no such file or directory`,
    `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp [${gateway}]:443: connect: no route to host" from ${linkLocal}%eth0 by ${mac}`,
    `Nov 28 13:00:01 ${node} buildkitd[811]: auth for ${ecr} failed, pw=${put('pw of a journal', mixed(9))} (pod ${pod}, container ${container})`,
    `AccountKey=${put('AccountKey', `${mixed(86)}==`)};EndpointSuffix=core.windows.net SharedAccessSignature=sv=2020&sig=${put('SharedAccessSignature', `${mixed(40)}%3D`)}`,
    `redirect to https%3A%2F%2Fu%3A${put('twice escaped', mixed(10))}%2540x%40${share}%2F in ${domain}`,
    `aws_session_token = ${put('a session in an error', `FwoG${mixed(60)}`)}`,
    `sha256:${hex(64)} linux/amd64 uid 100000 gid 65534 errno 13`,
  ].join('\n');
}
