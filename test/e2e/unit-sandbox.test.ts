import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { some } from '../thoroughly.ts';
import { canBootSystemd, SystemdWorld } from './systemd.ts';
import { type SandboxRow, STARTS, sandboxRows } from './unit-sandbox.ts';
import { type DoctorReport, daemonDirectory } from './world.ts';

const possible = canBootSystemd();

function examine(world: SystemdWorld, { as }: SandboxRow): readonly DoctorReport[] {
  if (as === 'root') return [world.doctor(['check', '--mode', 'rootful'], { as: 'root' }).report];
  return [
    world.doctor(['check'], { as: 'user' }).report,
    world.doctor(['check', '--user', world.user], { as: 'root' }).report,
  ];
}

describe.skipIf(!possible)('options of a unit, applied by a real systemd', () => {
  let world: SystemdWorld;
  beforeAll(() => {
    world = new SystemdWorld();
    world.boot();
  }, 120_000);
  afterAll(() => world.close());

  const rows = sandboxRows.filter((row) => daemonDirectory() !== null || row.buildkitdOnly !== true);
  test.each(some(3, rows))('$as: $options', { timeout: 180_000 }, (row) => {
    const scope = row.as === 'manager' ? 'user' : 'system';
    world.write(
      scope,
      'buildkit.service',
      `[Unit]\nDefaultDependencies=no\n[Service]\n${STARTS[row.as]}\n${row.options}\n`,
    );
    try {
      world.control(scope, 'daemon-reload');
      const runtime = row.as === 'root' ? '/run' : world.runtime;
      const truth = world.judge('buildkit.service', scope, `unix://${runtime}/buildkit/buildkitd.sock`);
      expect(truth.ready, truth.log).toBe(row.ready);
      for (const { verdict, checks } of examine(world, row)) {
        const told = checks.filter(({ status }) => status !== 'pass' && status !== 'skip');
        expect(verdict.ready, JSON.stringify({ verdict, told }, null, 1)).toBe(row.ready);
        if (row.blamed !== undefined) expect(verdict.reasons[0]).toBe(row.blamed);
      }
    } finally {
      world.script(`rm -f /etc/systemd/system/buildkit.service ${world.home}/.config/systemd/user/buildkit.service`);
      world.control(scope, 'reset-failed');
    }
  });
});
