import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BIN, canMakeWorlds, daemonDirectory, NODE, World } from './world.ts';

interface Answer {
  readonly ok: boolean;
  readonly stages: readonly { readonly name: string; readonly ok: boolean; readonly message: string | null }[];
  readonly snapshotter: string | null;
  readonly log: readonly string[];
  readonly diagnoses: readonly { readonly check: string; readonly condition: string }[];
  readonly told: readonly { readonly condition: string; readonly remedy: readonly string[] }[];
}

const possible = canMakeWorlds();
const daemon = daemonDirectory();

describe.skipIf(!possible)('verify', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  /** Nothing that verify starts or writes may be left. */
  const leftovers = (): string =>
    world.script(
      `find ${world.home} /var/lib/buildkit ${world.runtime} -name '.bk-doctor*' -o -name 'bkd-*'; find ${world.runtime} -mindepth 1; for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -a 'bk-doctor-verif[y]' || true; done`,
    );
  const scratch = (): readonly string[] => readdirSync('/tmp').filter((name) => /^bkd-[A-Za-z0-9]{6}$/.test(name));

  /** Parents of the cgroups of RUN steps. Other tests make them too, and use them: only those that stay unused are left over. */
  const cgroups = (): string =>
    world.script('find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name buildkit | sort');

  test('without buildkitd it says what is missing', () => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    const { code, report } = world.doctor<Answer>(['verify'], { as: 'user', env });
    expect(code).toBe(1);
    expect(report.ok).toBe(false);
    expect(report.stages[0]?.message).toMatch(/missing: buildkitd/);
  });

  const trials = (): void => {
    for (const [name, as, args] of [
      ['as an ordinary user', 'user', []],
      ['as root', 'root', ['--mode', 'rootful']],
      ['as root for a user', 'root', ['--user', 'alice', '--env', `PATH=${daemon}:/usr/sbin:/usr/bin:/sbin:/bin`]],
    ] as const) {
      test(`${name} it builds and leaves nothing`, { timeout: 60_000 }, async () => {
        const before = scratch();
        const groups = cgroups();
        const { code, report } = world.doctor<Answer>(['verify', ...args], { as });
        expect(
          report.stages.map((stage) => [stage.name, stage.ok]),
          JSON.stringify(report, null, 1),
        ).toEqual([
          ['start', true],
          ['connect', true],
          ['build', true],
          ['clean-up', true],
        ]);
        expect([code, report.ok, report.snapshotter, report.log]).toEqual([0, true, 'overlayfs', []]);
        expect(leftovers()).toBe('');
        expect(scratch()).toEqual(before);
        await expect.poll(cgroups, { timeout: 5000 }).toBe(groups);
      });
    }

    for (const [name, inject, stage, check, condition] of [
      [
        'no subordinate ids',
        "sed -i '/^alice:/d' /etc/subuid /etc/subgid",
        'start',
        'idmap/ranges',
        'idmap.subid-missing',
      ],
      [
        'a mask over /proc',
        'mount --bind /dev/null /proc/timer_list',
        'build',
        'runtime/process-sandbox',
        'proc.masked',
      ],
      [
        'a configuration that is not TOML',
        `mkdir -p /home/alice/.config/buildkit; echo 'a = /' >/home/alice/.config/buildkit/buildkitd.toml; chown -R alice: /home/alice/.config`,
        'start',
        'config/buildkitd',
        'config.toml-syntax',
      ],
    ] as const) {
      test(`it fails truthfully: ${name}`, { timeout: 60_000 }, () => {
        world.script(inject);
        const { code, report } = world.doctor<Answer>(['verify'], { as: 'user' });
        expect(code).toBe(1);
        expect(report.stages.find(({ ok }) => !ok)?.name).toBe(stage);
        expect(report.diagnoses.map((diagnosis) => diagnosis.check)).toContain(check);
        expect(report.told[0]?.condition).toBe(condition);
        expect(report.told[0]?.remedy).not.toEqual([]);
        expect(report.log.length).toBeGreaterThan(0);
        expect(leftovers()).toBe('');
      });
    }

    test('a collector of traces hears nothing of it', { timeout: 60_000 }, () => {
      const heard = `${world.scratch}/heard`;
      const server = `require('net').createServer((c) => { require('fs').writeFileSync('${heard}', ''); c.end(); }).listen(4317, '127.0.0.1', () => require('fs').writeFileSync('${heard}-ready', ''))`;
      world.start([NODE, '-e', server], 'root');
      world.script(`for turn in $(seq 1 100); do [ -e ${heard}-ready ] && exit 0; sleep 0.05; done; exit 1`);
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317' };
      const { code, report } = world.doctor<Answer>(['verify'], { as: 'user', env });
      expect([code, report.ok], JSON.stringify(report, null, 1)).toEqual([0, true]);
      expect(existsSync(heard)).toBe(false);
    });

    test('interrupted, it stops what it started and removes what it wrote', { timeout: 60_000 }, async () => {
      const before = scratch();
      const child = world.start([NODE, BIN, 'verify', '--json'], 'user');
      // The daemon has its scratch root now.
      world.script(
        `for turn in $(seq 1 200); do find ${world.home} -maxdepth 1 -name '.bk-doctor-verify-*' | grep -q . && exit 0; sleep 0.02; done; exit 1`,
      );
      child.kill('SIGINT');
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
      expect(code).toBe(130);
      expect(leftovers()).toBe('');
      expect(scratch()).toEqual(before);
    });
  };
  // Where there is no buildkitd there is nothing to start, and nothing is counted as skipped.
  if (daemon !== null) describe('with buildkitd', trials);
});
