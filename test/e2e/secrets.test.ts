import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMakeWorlds, World } from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;

/** Every secret that is sown, by where it lies. What follows the name makes it hard to tell where it ends. */
const sown: { [where: string]: string } = {};
function secret(where: string, odd = ''): string {
  const value = `q7${Object.keys(sown).length + 10}Zk${odd}w`;
  sown[where] = value;
  return value;
}
function number(where: string): string {
  sown[where] = '8675309';
  return '8675309';
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const unit = (): string => `[Unit]
Description=buildkitd with ${secret('Description=')}
# token: ${secret('a comment of a unit')}
[Service]
Environment=AWS_SECRET_ACCESS_KEY=${secret('a cloud key', '/+')}
Environment=HTTP_PROXY=http://user:${secret('a proxy, with a slash', '/slash')}@proxy.corp.example:3128
Environment=HTTPS_PROXY=http://user:${secret('a proxy, with an at sign', 'p@ss')}@proxy.corp.example:3128
Environment="OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer ${secret('headers of OpenTelemetry')}" GITHUB_TOKEN=${secret('the second of a line')}
Environment='NOTE=two words, ${secret('single quotes')}'
Environment=CONTINUED=on \\
  NEXT_LINE=${secret('a continued line')}
Environment=BUILDKIT_HOST=tcp://u:${secret('BUILDKIT_HOST')}@127.0.0.1:1234
Environment=DOCKER_HOST=ssh://u:${secret('DOCKER_HOST', '%2F')}@h.example
Environment=JAEGER_TRACE=http://u:${secret('JAEGER_TRACE')}@127.0.0.1:1
Environment=OTEL_EXPORTER_OTLP_ENDPOINT=http://u:${secret('an endpoint of OpenTelemetry')}@127.0.0.1:1
EnvironmentFile=%h/env
PassEnvironment=PASSED_TOKEN
SetCredential=registry:${secret('SetCredential=')}
ExecStartPre=/bin/sh -c 'docker login --password ${secret('a command inside a command')} r.example; export X=${secret('a variable of a command')}'
ExecStart=/usr/bin/rootlesskit /usr/local/bin/buildkitd --token=${secret('a flag')} --registry-password ${secret('a flag and its value')} -e PLAIN=${secret('-e')} --addr tcp://u:${secret('--addr')}@127.0.0.1:2
`;
const dropIn = (): string => `[Service]
Environment=DROPPED_IN=${secret('a drop-in')}
`;
const environmentFile = (): string => `# the old one was ${secret('a comment of an environment file')}
FILE_TOKEN=${secret('an environment file')}
QUOTED="${secret('quotes, before the line ends')}
${secret('quotes, after the line ends')}"
`;
const toml = (): string => `token = "${secret('a token')}"
password = '${secret('a literal string', '"')}'
notes = """
${secret('a string of several lines')}
more"""
text = '''${secret('a literal string of several lines')}'''
pin = ${number('a number')}
inline = { a = { key = "${secret('an inline table')}" }, list = ["${secret('a list')}"] }
dotted.api.key = "${secret('a dotted key')}"
[registry."docker.io"]
  mirrors = ["https://u:${secret('a mirror')}@mirror.example/x", "http://${secret('a mirror, a slash and no colon', '/y')}@mirror2.example", "u:${secret('a mirror without scheme')}@mirror3.example"]
  auth = "${secret('auth')}" # was ${secret('a comment after a value')}
  username = "${secret('a name')}"
  ca = ["/etc/ca.pem"]
[registry."u:${secret('the name of a table')}@r.example"]
  http = true
[grpc]
  address = ["tcp://u:${secret('an address')}@127.0.0.1:1", "tcp://u:${secret('an escaped address')}\\u0040127.0.0.1:3"]
[dns]
  nameservers = ["u:${secret('a name server')}@1.2.3.4"]
[worker.oci]
  snapshoter = "overlayfs"
  [worker.oci.labels]
    note = "${secret('a label')}"
# https://u:${secret('an address in a comment')}@old.example
${secret('a line without =')} is what they told me
broken = "${secret('a string without end')}
`;
const docker = (): string =>
  JSON.stringify({
    auths: {
      'r.example': {
        auth: base64(`me:${secret('auth of Docker')}`),
        identitytoken: secret('an identity token'),
        password: secret('a password of Docker'),
      },
      [`https://u:${secret('the name of a registry')}@r2.example`]: {},
    },
    HttpHeaders: { 'X-Meta': secret('a header'), Authorization: `Bearer ${secret('a bearer')}` },
    proxies: { default: { httpProxy: `http://u:${secret('a proxy of Docker')}@p:1` } },
    credHelpers: { 'gcr.io': 'gcloud' },
    currentContext: 'c',
  });
const instance = (): string =>
  JSON.stringify({
    Name: 'b',
    Driver: 'remote',
    Nodes: [
      {
        Name: 'b0',
        Endpoint: `tcp://u:${secret('an instance of buildx')}@h.example:1`,
        DriverOpts: { 'env.TOKEN': secret('an option of a driver') },
        Files: { 'buildkitd.toml': base64(secret('a file of buildx')) },
      },
    ],
  });
/** What a program says that was given secrets which nobody else has, and those of its configuration. */
const program = (): string => `#!/bin/sh
case "$1" in
  --version) echo "buildkitd github.com/moby/buildkit v0.20.0 abc"; cat "$HOME/.config/buildkit/buildkitd.toml" >&2; exit 0;;
  --help) echo "  --otel-socket-path value"; exit 0;;
esac
cat "$HOME/.config/buildkit/buildkitd.toml"
echo 'level=error msg="dial https://u:${secret('an error text, with an address')}@r.example: refused"' >&2
echo 'error: Authorization: Bearer ${secret('an error text, with a bearer')}, {"token":"${secret('an error text, with JSON')}"}' >&2
echo "registry password=${secret('an error text, with a password')}" >&2
exit 1
`;

/** A secret as it is, and as it is in JSON, in a URL and in base64, whatever stands before it. */
function formsOf(value: string): readonly string[] {
  const inBase64 = ['', 'a', 'ab'].map((before) => {
    const whole = base64(before + value);
    return whole.slice(before === '' ? 0 : 4, Math.floor((before.length + value.length) / 3) * 4);
  });
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), ...inBase64];
}

function foundIn(text: string): readonly string[] {
  return Object.entries(sown)
    .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
    .map(([where]) => where);
}

describe.skipIf(!canMakeWorlds())('a host sown with secrets', () => {
  let world: World;
  const put = (path: string, text: string, mode = '644'): void => {
    const done = world.asRoot(
      ['sh', '-ec', 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', 'sh', path, mode],
      {
        input: text,
      },
    );
    if (done.code !== 0) throw new Error(done.stderr);
  };
  beforeAll(() => {
    world = new World();
    const { home } = world;
    put(`${home}/.config/systemd/user/buildkit.service`, unit());
    put(`${home}/.config/systemd/user/buildkit.service.d/10.conf`, dropIn());
    put(`${home}/env`, environmentFile());
    put(`${home}/.config/buildkit/buildkitd.toml`, toml());
    put(`${home}/.docker/config.json`, docker());
    put(`${home}/.docker/buildx/instances/b`, instance());
    put('/usr/local/bin/buildkitd', program(), '755');
    put('/usr/local/bin/buildctl', '#!/bin/sh\necho "buildctl github.com/moby/buildkit v0.20.0 abc"\n', '755');
    world.script(`chown -R ${world.user}: ${home}; sed -i '/^${world.user}:/d' /etc/subuid /etc/subgid`);
  }, 60_000);
  afterAll(() => world.close());

  /** All that a command says and leaves. */
  function outcome(args: readonly string[], as: 'root' | 'user', env: { [name: string]: string } = {}): string {
    const { stdout, stderr } = called(args, as, env);
    expect(stdout.length + stderr.length, args.join(' ')).toBeGreaterThan(0);
    return stdout + stderr;
  }

  function called(args: readonly string[], as: 'root' | 'user', env: { [name: string]: string } = {}) {
    const options = {
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env },
      timeout: 120_000,
    };
    const argv = [process.execPath, BIN, ...args];
    const done = as === 'root' ? world.asRoot(argv, options) : world.asUser(argv, options);
    expect(done.code, `${args.join(' ')}: ${done.stderr}`).not.toBeNull();
    expect(done.stderr).not.toContain('internal error');
    return done;
  }

  /** People, machines and registries of this host. */
  const NAMES = /\balice\b|corp\.example|\b(?:mirror[23]?|r2?|h|old)\.example\b/;

  /** What a call gives to be sent: to stdout, or to a file, where names are replaced without being asked. */
  function sent(args: readonly string[]): void {
    for (const how of [['--redact'], ['--json', '--redact'], ['--json', '--output', `${world.scratch}/sent`]]) {
      const line = [...args, ...how];
      const { stdout } = called(line, 'root');
      const text = how.includes('--output') ? world.script(`cat ${world.scratch}/sent`) : stdout;
      expect(text.length, line.join(' ')).toBeGreaterThan(20);
      expect(NAMES.exec(text)?.[0], line.join(' ')).toBeUndefined();
      expect(foundIn(text), line.join(' ')).toEqual([]);
    }
  }

  test('has at least forty of them', () => {
    expect(Object.keys(sown).length).toBeGreaterThanOrEqual(40);
  });

  const reports = [
    ['check'],
    ['check', '-v'],
    ['check', '--json'],
    ['check', '--format', 'markdown'],
    ['check', '--format', 'markdown', '--no-redact'],
    ['check', '--json', '--redact'],
    ['fix', '--dry-run'],
    ['fix', '--dry-run', '--json', '--risky'],
    ['fix', '--script', '--risky'],
    ['verify'],
    ['verify', '--json'],
    ['verify', '--redact'],
    ['list'],
    ['show', 'config/buildkitd'],
  ] as const;
  for (const as of ['root', 'user'] as const)
    for (const args of reports) {
      const who = as === 'root' && !['list', 'show'].includes(args[0]) ? ['--user', 'alice'] : [];
      test(`${as}: ${args.join(' ')}`, { timeout: 150_000 }, () => {
        expect(foundIn(outcome([...args, ...who], as))).toEqual([]);
      });
    }

  test('variables and addresses of the command line, and of the caller', { timeout: 150_000 }, () => {
    const given = [
      '--env',
      `MY_TOKEN=${secret('--env')}`,
      '--env',
      `BUILDKIT_HOST=tcp://u:${secret('--env, with an address')}@h:1`,
      '--address',
      `tcp://u:${secret('--address')}@127.0.0.1:4`,
    ];
    const env = {
      DOCKER_HOST: `tcp://u:${secret('a variable of the caller')}@h:2`,
      AWS_SESSION_TOKEN: secret('another one'),
    };
    for (const format of [[], ['-v'], ['--json']])
      expect(foundIn(outcome(['check', ...given, ...format], 'user', env))).toEqual([]);
  });

  test('files, and a recording that is examined again with the same verdict', { timeout: 200_000 }, () => {
    const [file, recording] = [`${world.scratch}/report`, `${world.scratch}/recording`];
    const live = outcome(['check', '--user', 'alice', '--json', '--record', recording], 'root');
    outcome(['check', '--user', 'alice', '--json', '--output', file, '-v'], 'root');
    outcome(['check', '--user', 'alice', '--output', `${file}.txt`, '--no-redact', '-v'], 'root');
    const again = outcome(['check', '--json', '--replay', recording], 'root');
    for (const text of [live, again, world.script(`cat ${file} ${file}.txt ${recording}`)])
      expect(foundIn(text)).toEqual([]);
    const statuses = (text: string): unknown =>
      (
        JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as {
          checks: { id: string; status: string }[];
        }
      ).checks.map(({ id, status }) => [id, status]);
    expect(statuses(again)).toEqual(statuses(live));
  });

  test('--redact is refused where names are needed', () => {
    const done = world.asRoot([process.execPath, BIN, 'fix', '--script', '--redact', '--user', 'alice']);
    expect([done.code, done.stdout]).toEqual([2, '']);
    expect(done.stderr).toMatch(/--redact cannot be used here/);
  });

  test('a recording without names is judged alike, and what stands for what is private', { timeout: 200_000 }, () => {
    const recording = `${world.scratch}/redacted`;
    // Beside a report that is meant to be sent it is one, too.
    outcome(['check', '--user', 'alice', '--json', '--output', `${recording}.report`, '--record', recording], 'root');
    expect(world.script(`cat ${recording} ${recording}.report`)).not.toMatch(NAMES);
    const live = outcome(['check', '--user', 'alice', '--json', '--redact', '--record', recording], 'root');
    const text = world.script(`cat ${recording}`);
    expect(foundIn(text)).toEqual([]);
    expect(text).not.toMatch(/\balice\b/);
    const again = outcome(['check', '--json', '--replay', recording], 'root');
    const judged = (answer: string): unknown =>
      (
        JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as {
          checks: { id: string; status: string; problems: { condition: string }[] }[];
        }
      ).checks.map(({ id, status, problems }) => [id, status, problems.map(({ condition }) => condition)]);
    expect(judged(again)).toEqual(judged(live));
    expect(world.script('stat -c %a:%u /var/lib/bk-doctor/names.json').trim()).toBe('600:0');
    const name = /"user": "(user\d+)"/.exec(live)?.[1] ?? 'none';
    world.script(`echo 'Ask ${name} about it.' > ${world.scratch}/answer`);
    expect(outcome(['unredact', `${world.scratch}/answer`], 'root')).toBe('Ask alice about it.\n');
  });

  test('fix, its journal, history and undo', { timeout: 300_000 }, () => {
    // Then it can be edited.
    world.script(
      `sed -i -e '/is what they told me/d' -e '/^broken/d' ${world.home}/.config/buildkit/buildkitd.toml; cp ${world.home}/.config/buildkit/buildkitd.toml ${world.scratch}/before`,
    );
    const dry = outcome(['fix', '--dry-run', '--user', 'alice'], 'root');
    expect(dry).toContain('+  snapshotter = "overlayfs"');
    expect(foundIn(dry)).toEqual([]);
    for (const args of [
      ['fix', '--yes', '--risky', '--user', 'alice'],
      ['history'],
      ['history', '--json'],
      ['history', '--redact', '--json'],
    ])
      expect(foundIn(outcome(args, 'root')), args.join(' ')).toEqual([]);
    expect(foundIn(world.script('cat /var/lib/bk-doctor/runs/*/journal'))).toEqual([]);
    expect(called(['history'], 'root').stdout).toMatch(NAMES);
    for (const args of [
      ['history'],
      ['undo', '--dry-run'],
      ['verify', '--user', 'alice'],
      ['fix', '--dry-run', '--risky', '--user', 'alice'],
      ['check', '-v', '--user', 'alice'],
    ])
      sent(args);
    const whole = called(['check', '--json', '--with-recording', '--redact', '--user', 'alice'], 'root').stdout;
    expect(JSON.parse(whole).recording.redacted).toBe(true);
    expect([foundIn(whole), NAMES.exec(whole)]).toEqual([[], null]);
    const config = world.script(`cat ${world.home}/.config/buildkit/buildkitd.toml`);
    expect(config).toContain('snapshotter = "overlayfs"');
    // What was mended has its own secret still.
    expect(config).toContain(`"u:${sown['a mirror']}@mirror.example/x"`);
    const taken = called(['undo', '--redact', '--json'], 'root').stdout;
    expect(foundIn(taken)).toEqual([]);
    expect(taken).toContain('"undone"');
    expect(taken).not.toMatch(NAMES);
    world.script(`cmp ${world.home}/.config/buildkit/buildkitd.toml ${world.scratch}/before`);
  });
});
