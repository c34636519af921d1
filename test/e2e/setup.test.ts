import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { oneIn } from '../thoroughly.ts';
import { canBootSystemd, DAEMON, KIT, type Scope, SystemdWorld } from './systemd.ts';
import { BIN, type DoctorReport, daemonDirectory, NODE } from './world.ts';

const possible = canBootSystemd();

/** One kind of service: how it is asked for, and where it is then found. */
interface Kind {
  readonly name: string;
  readonly args: readonly string[];
  readonly as: 'root' | 'user';
  readonly scope: Scope;
  readonly socket: string;
  readonly enabled: string;
}
const USERS: Kind = {
  name: "a user's own, rootless",
  args: ['--net', 'host'],
  as: 'user',
  scope: 'user',
  socket: '/run/user/4242/buildkit/buildkitd.sock',
  enabled: 'buildkit.service',
};
const KINDS: readonly Kind[] = [
  USERS,
  {
    name: 'rootless, by a socket',
    args: ['--net', 'host', '--socket'],
    as: 'user',
    scope: 'user',
    socket: '/run/user/4242/buildkit/buildkitd.sock',
    enabled: 'buildkit-proxy.socket',
  },
  {
    name: "the system's, for an account without a login",
    args: ['--net', 'host', '--system', '--user', 'alice'],
    as: 'root',
    scope: 'system',
    socket: '/run/buildkit-alice/buildkit/buildkitd.sock',
    enabled: 'buildkit.service',
  },
  {
    name: 'of root',
    args: ['--mode', 'rootful'],
    as: 'root',
    scope: 'system',
    socket: '/run/buildkit/buildkitd.sock',
    enabled: 'buildkit.service',
  },
  {
    name: 'of root, by a socket',
    args: ['--mode', 'rootful', '--socket'],
    as: 'root',
    scope: 'system',
    socket: '/run/buildkit/buildkitd.sock',
    enabled: 'buildkit.socket',
  },
  {
    name: 'a second one beside',
    args: ['--net', 'host', '--name', 'second'],
    as: 'user',
    scope: 'user',
    socket: '/run/user/4242/second/buildkitd.sock',
    enabled: 'second.service',
  },
];

const PATH = `${daemonDirectory() ?? '/usr/local/bin'}:/usr/bin:/bin`;

describe.skipIf(!possible)('setup, by a real systemd', () => {
  let world: SystemdWorld;
  beforeAll(() => {
    world = new SystemdWorld();
    world.boot();
  }, 120_000);
  afterAll(() => world?.close());
  beforeEach(() => {
    world.forget();
    world.reload();
  });

  const places = (): readonly string[] => ['/etc/systemd', `${world.home}/.config`, `${world.home}/.profile`];
  const state = (scope: Scope, unit: string, property: string): string =>
    world.control(scope, 'show', `--property=${property}`, '--value', unit).stdout.trim();
  const until = (what: string, done: () => boolean): void => {
    for (let turn = 0; !done(); turn++) {
      if (turn > 200) throw new Error(`${what}\n${world.log()}`);
      world.asRoot(['sleep', '0.1']);
    }
  };
  const setup = (kind: Pick<Kind, 'args' | 'as'>, ...more: readonly string[]) => {
    // Root looks for the programs of another account where a login of it would.
    const path = kind.args.includes('--user') && daemonDirectory() !== null ? ['--env', `PATH=${PATH}`] : [];
    const args = ['setup', '--yes', ...kind.args, ...path, ...more];
    const { code, report, stderr } = world.doctor(args, { as: kind.as });
    const made = report.checks.find(({ id }) => id === 'service/setup');
    const told = JSON.stringify({ treatments: report.treatments, made, verdict: report.verdict }, null, 1) + stderr;
    return { code, report, stderr, made, told: `${told}\n${world.log()}` };
  };
  const undo = (as: Kind['as']): void => {
    const undone = world.doctor<{ transactions: readonly { result: string }[] }>(['undo'], { as });
    expect(
      undone.report.transactions.map(({ result }) => result),
      JSON.stringify(undone.report),
    ).not.toContain('refused');
  };
  const withoutWishes = (args: readonly string[]): readonly string[] =>
    args.filter((word, at, all) => !['--net', '--socket'].includes(word) && all[at - 1] !== '--net');
  const health = (kind: Kind): DoctorReport => {
    const args = withoutWishes(kind.args).filter((word) => word !== '--system');
    const named = args.filter((word, at, all) => word !== '--name' && all[at - 1] !== '--name');
    return world.doctor(['check', '--no-probe', ...named], { as: kind.as }).report;
  };

  test.each(KINDS.filter((_, at) => at === 0 || at % oneIn(2) === 0))('$name', { timeout: 240_000 }, (kind) => {
    const before = world.fingerprint(places());
    const made = setup(kind);
    expect(made.made?.status, made.told).toBe('pass');
    expect(made.code, made.told).toBe(0);
    const main = kind.args.includes('--name') ? 'second.service' : 'buildkit.service';
    expect(state(kind.scope, main, 'ActiveState')).toBe('active');
    expect(state(kind.scope, kind.enabled, 'UnitFileState')).toBe('enabled');
    if (daemonDirectory() !== null) {
      expect(made.stderr).toContain(`an image was built with the service at unix://${kind.socket}`);
      expect(world.asRoot(['test', '-S', kind.socket]).code).toBe(0);
    }
    // It is healthy by what check says of units, and asking again changes nothing.
    const told = health(kind).checks.filter(({ id }) => id === 'service/unit' || id === 'service/state');
    if (!kind.args.includes('--name'))
      expect(told.flatMap(({ problems }) => problems.map(({ message }) => message))).toEqual([]);
    expect(setup(kind).report.treatments.filter(({ check }) => check === 'service/setup')).toEqual([]);
    // Killed, it comes back.
    const pid = state(kind.scope, main, 'MainPID');
    world.control(kind.scope, 'kill', '--signal=SIGKILL', main);
    until('it did not come back', () => {
      const now = state(kind.scope, main, 'MainPID');
      return now !== pid && now !== '0' && state(kind.scope, main, 'ActiveState') === 'active';
    });
    // Stopped, it has not failed.
    world.control(kind.scope, 'stop', ...(kind.enabled.endsWith('.socket') ? [kind.enabled] : []), main);
    expect(state(kind.scope, main, 'ActiveState'), world.log()).toBe('inactive');
    world.control(kind.scope, 'start', main);
    // Taken away and put back, then undone: nothing of it is left.
    const gone = setup({ ...kind, args: withoutWishes(kind.args) }, '--remove');
    expect(gone.code, gone.told).toBe(0);
    expect(state(kind.scope, main, 'LoadState')).toBe('not-found');
    undo(kind.as);
    until('it was not started again', () => state(kind.scope, main, 'ActiveState') === 'active');
    undo(kind.as);
    expect(world.fingerprint(places())).toBe(before);
    expect(state(kind.scope, main, 'ActiveState')).toBe('inactive');
    expect(state(kind.scope, main, 'LoadState')).toBe('not-found');
  });

  test('a ready host without a service is told of setup', { timeout: 120_000 }, () => {
    const next = (command: string) =>
      world.asUser([NODE, BIN, command], { timeout: 90_000 }).stdout.trim().split('\n').at(-1);
    expect(next('check')).toMatch(/^Next: .*bk-doctor(?:\.js)? setup$/);
    if (daemonDirectory() !== null) expect(next('verify')).toMatch(/^Next: .*bk-doctor(?:\.js)? setup$/);
  });

  // What has happened when it is killed: a file is there, or a word of the manager.
  const MOMENTS = [
    ['the unit is written', 'test -e ~/.config/systemd/user/buildkit.service'],
    ['it is enabled', 'test -e ~/.config/systemd/user/default.target.wants/buildkit.service'],
    ['it starts', 'systemctl --user is-active buildkit.service | grep -q activ'],
  ] as const;
  test.each(MOMENTS)('killed when %s, undo leaves nothing of it', { timeout: 120_000 }, (_, moment) => {
    const before = world.fingerprint(places());
    const script = `"$1" "$2" setup --yes --net host >/dev/null 2>&1 & until ${moment}; do kill -0 $! || exit 3; sleep 0.02; done; kill -9 $!; wait $!; [ $? = 137 ]`;
    const killed = world.asUser(['sh', '-c', script, 'sh', NODE, BIN], { env: { HOME: world.home }, timeout: 90_000 });
    expect(killed.code, killed.stderr + world.log()).toBe(0);
    undo('user');
    expect(world.fingerprint(places())).toBe(before);
    expect(state('user', 'buildkit.service', 'LoadState')).toBe('not-found');
    until('it still runs', () => state('user', 'buildkit.service', 'ActiveState') === 'inactive');
  });

  // Only a real one is known as what it is.
  test.skipIf(daemonDirectory() === null)('a shell in the namespaces of what runs', { timeout: 120_000 }, () => {
    const made = setup({ args: ['--net', 'host'], as: 'user' });
    expect(made.code, made.told).toBe(0);
    for (const as of ['user', 'root'] as const) {
      const argv = [NODE, BIN, 'shell', ...(as === 'root' ? ['--user', world.user] : [])];
      const options = {
        input: 'id -u; cat /proc/self/uid_map; printenv ROOTS_OWN || echo none; readlink /proc/self/ns/mnt\n',
        env: { SHELL: '/bin/sh', ...(as === 'root' ? { ROOTS_OWN: 'secret' } : {}) },
      };
      const told = as === 'root' ? world.asRoot(argv, options) : world.asUser(argv, options);
      const [id, ...lines] = told.stdout.trim().split('\n');
      expect({ id, code: told.code }, told.stderr).toEqual({ id: '0', code: 0 });
      expect(lines[0]?.trim().split(/\s+/)).toEqual(['0', String(world.uid), '1']);
      // That account, whose programs run there, is given no variable of root's.
      expect(lines.at(-2)).toBe('none');
      expect(lines.at(-1)).not.toBe(world.asRoot(['readlink', '/proc/self/ns/mnt']).stdout.trim());
    }
    undo('user');
    const without = world.asUser([NODE, BIN, 'shell', '--', 'true']);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('no buildkitd of alice runs here');
  });

  test('a unit with three defects is mended, starts, and is what it was after undo', { timeout: 120_000 }, () => {
    const unit = `[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=${KIT} ${DAEMON}\nDelegate=yes\nTasksMax=infinity\nLimitNOFILE=infinity\nKillMode=mixed\n[Install]\nWantedBy=multi-user.target\n`;
    world.write('user', 'buildkit.service', unit);
    world.reload();
    const before = world.fingerprint(places());
    const found = health({ ...USERS, args: [] }).checks.find(({ id }) => id === 'service/unit');
    expect(found?.problems.map(({ condition }) => condition).sort()).toEqual([
      'service.hides-failure',
      'service.not-enabled',
      'service.restart',
      'service.stop-fails',
    ]);
    const fixed = world.doctor(['fix', '--yes', '--only', 'service/unit'], { as: 'user' });
    expect(fixed.report.checks.find(({ id }) => id === 'service/unit')?.status, JSON.stringify(fixed.report)).toBe(
      'pass',
    );
    const asked = (property: string): string => state('user', 'buildkit.service', property);
    expect(asked('DropInPaths')).toContain('zz-bk-doctor-service.conf');
    expect([asked('Type'), asked('NotifyAccess'), asked('Restart')]).toEqual(['notify', 'all', 'always']);
    const started = world.control('user', 'start', 'buildkit.service');
    expect(started.code, world.log()).toBe(0);
    world.control('user', 'stop', 'buildkit.service');
    expect(asked('ActiveState'), world.log()).toBe('inactive');
    undo('user');
    expect(world.fingerprint(places())).toBe(before);
    expect([asked('DropInPaths'), asked('Type')]).toEqual(['', 'simple']);
  });
});
