import { describe, expect, test } from 'vitest';
import {
  BIN,
  canMakeWorlds,
  type Done,
  daemonDirectory,
  judge,
  judgeByChain,
  missingTools,
  NODE,
  World,
} from './world.ts';

/** A person's own PATH. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** As many as a person has patience for. */
const MOST_ROUNDS = 8;

const CONFIG = `[grpc]
  address = [ "unix:///run/user/4242/buildkit/buildkitd.sock", "tcp://127.0.0.1:18124" ]
  [grpc.tls]
    cert = "/home/alice/tls/cert.pem"
    key = "/home/alice/tls/key.pem"
[worker.oci]
  snapshotter = "overlay2"
  max-paralelism = 4
`;

/** Eight things that keep a host from building, or weaken it. */
const FAULTS: { readonly [name: string]: (world: World) => void } = {
  'no subordinate ids': (world) => world.script("sed -i '/^alice:/d' /etc/subuid /etc/subgid"),
  'newuidmap without its privilege': (world) =>
    world.script('chmod u-s /usr/bin/newuidmap; setcap -r /usr/bin/newuidmap || true'),
  'a cache of root': (world) =>
    world.script(
      `mkdir -p ${world.home}/.local/share/buildkit/x; chown alice: ${world.home}/.local ${world.home}/.local/share`,
    ),
  'no runtime directory': (world) => world.script(`rmdir ${world.runtime}`),
  'a snapshotter of Docker, and a key that does not exist': (world) =>
    put(world, '.config/buildkit/buildkitd.toml', CONFIG),
  'a port that is taken': (world) => {
    world.start([NODE, '-e', "require('net').createServer().listen(18124, '127.0.0.1')"], 'root');
  },
  'a private key that everybody may read': (world) => {
    world.script(`mkdir ${world.home}/tls; cd ${world.home}/tls
      openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 300 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
      chmod 644 key.pem; chown -R alice: .`);
  },
  'a buildkitd that is not executable': (world) => world.script('chmod a-x /usr/local/bin/buildkitd'),
};

function put(world: World, path: string, text: string): void {
  const script = `mkdir -p "$(dirname "$1")"; cat >"$1"`;
  const done = world.asRoot(['su', '-s', '/bin/sh', 'alice', '-c', script, 'sh', `${world.home}/${path}`], {
    input: text,
  });
  if (done.code !== 0) throw new Error(done.stderr);
}

/** BuildKit as it is at hand, else what only says its release. */
function installBuildKit(world: World): void {
  const daemon = daemonDirectory();
  if (daemon !== null) world.script(`cp ${daemon}/buildkitd ${daemon}/buildctl /usr/local/bin/`);
  else
    world.script(`cd /usr/local/bin; for name in buildkitd buildctl; do
      printf '#!/bin/sh\\necho "%s github.com/moby/buildkit v0.32.2 0123456"\\n' $name >$name; chmod 755 $name; done`);
}

interface Printed {
  readonly verdict: string;
  readonly commands: readonly string[];
}

/** What stands at the end of a report: the verdict, and the lines that are to be typed. */
function printed({ stdout }: Done): Printed {
  const lines = stdout.trimEnd().split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('Next'));
  const block =
    lines
      .slice(0, at < 0 ? lines.length : at)
      .join('\n')
      .trimEnd()
      .split('\n\n')
      .at(-1) ?? '';
  if (at < 0) return { verdict: block, commands: [] };
  const beside = (lines[at] ?? '').replace(/^Next:\s*/, '').replace(/^.*\bthen: /, '');
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => !line.startsWith('  '));
  const below = end < 0 ? rest : rest.slice(0, end);
  return { verdict: block, commands: below.length > 0 ? below.map((line) => line.trim()) : [beside] };
}

/** Types a line as the user does, with Enter and "y" at whatever asks; a line of sudo or su is root's. */
function typeIn(world: World, line: string): Done {
  const script = `sudo() { "$@"; }; ${line}`;
  const argv = [
    'sh',
    '-c',
    `(for turn in $(seq 1 90); do sleep 0.7; echo y; done) | script -qefc "$1" /dev/null`,
    'sh',
    `stty cols 80 -echo; ${script}`,
  ];
  const env = { PATH, TERM: 'dumb', SHELL: '/bin/sh' };
  if (/^(sudo|su) /.test(line)) return world.asRoot(argv, { env: { ...env, HOME: '/root', USER: 'root' } });
  const done = world.asUser(argv, { env });
  // What belongs to root is for root to change.
  return done.code !== 0 && /not permitted|denied/i.test(done.stdout) ? world.asRoot(argv, { env }) : done;
}

const lacks = missingTools(['su', 'script', 'openssl', 'setcap']);
if (lacks.length > 0 && process.env.CI) throw new Error(`the walk cannot be made: ${lacks.join(', ')} missing`);

describe.skipIf(!canMakeWorlds() || lacks.length > 0)('from nothing to ready', () => {
  test('by what is printed alone', { timeout: 240_000 }, () => {
    const world = new World();
    try {
      installBuildKit(world);
      for (const inject of Object.values(FAULTS)) inject(world);
      const story: string[] = [];
      for (let round = 0; ; round++) {
        const told = world.asUser([NODE, BIN], { env: { PATH } });
        const { verdict, commands } = printed(told);
        story.push(`$ bk-doctor\n${told.stdout}${told.stderr}`);
        if (/^READY[^,]*(, snapshotter [a-z-]+)?$/.test(verdict)) break;
        expect(round, story.join('\n')).toBeLessThan(MOST_ROUNDS);
        expect(commands.length, story.join('\n')).toBeGreaterThan(0);
        for (const command of commands) {
          const done = typeIn(world, command);
          story.push(`$ ${command}\n${done.stdout}${done.stderr}`);
        }
      }
      const truth = daemonDirectory() === null ? judgeByChain(world) : judge(world);
      expect(truth.ready, `${story.join('\n')}\n${truth.log}`).toBe(true);
    } finally {
      world.close();
    }
  });
});
