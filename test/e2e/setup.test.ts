import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { oneIn } from '../thoroughly.ts';
import { canBootSystemd, type Scope, SystemdWorld } from './systemd.ts';
import { type DoctorReport, daemonDirectory } from './world.ts';

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
const KINDS: readonly Kind[] = [
  {
    name: "a user's own, rootless",
    args: ['--net', 'host'],
    as: 'user',
    scope: 'user',
    socket: '/run/user/4242/buildkit/buildkitd.sock',
    enabled: 'buildkit.service',
  },
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
    const { code, report, stderr } = world.doctor(['setup', '--yes', ...kind.args, ...more], { as: kind.as });
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
});
