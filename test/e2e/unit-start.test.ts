import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { some } from '../thoroughly.ts';
import { canBootSystemd, DAEMON, KIT, type Scope, SystemdWorld } from './systemd.ts';
import { type UnitRow, unitRows } from './unit-start.ts';
import { type DoctorReport, daemonDirectory, failing } from './world.ts';

const possible = canBootSystemd();

function examine(world: SystemdWorld, row: UnitRow): readonly DoctorReport[] {
  if (row.rootful) return [world.doctor(['check', '--mode', 'rootful'], { as: 'root' }).report];
  const env = { PATH: `${world.environment('user').PATH}:/usr/local/lib/own-runc` };
  return [
    world.doctor(['check'], { as: 'user', env }).report,
    world.doctor(['check', '--user', world.user], { as: 'root' }).report,
  ];
}

/** Everything that ails, but for a client that only the judge with a real daemon has. */
const blamed = (report: DoctorReport): readonly string[] =>
  failing(report).filter((id) => daemonDirectory() !== null || id !== 'client/endpoint');

describe.skipIf(!possible)('units, started by a real systemd', () => {
  let world: SystemdWorld;
  beforeAll(() => {
    world = new SystemdWorld();
    world.boot();
  }, 120_000);
  afterAll(() => world?.close());

  const rows = unitRows.filter(({ buildkitdOnly }) => daemonDirectory() !== null || buildkitdOnly !== true);
  test.each(some(3, rows))('$name', { timeout: 180_000 }, (row) => {
    world.forget();
    try {
      const scope: Scope = row.scope ?? 'system';
      const runtime = row.rootful ? '/run' : world.runtime;
      world.write(scope, 'buildkit.service', `[Unit]\nDefaultDependencies=no\n[Service]\n${row.unit}\n`);
      row.inject?.(world);
      world.reload();
      const truth = world.judge(
        'buildkit.service',
        scope,
        `unix://${row.socket ?? `${runtime}/buildkit/buildkitd.sock`}`,
      );
      expect(truth.ready, truth.log).toBe(row.ready);
      for (const report of examine(world, row)) {
        const told = JSON.stringify(
          {
            verdict: report.verdict,
            checks: report.checks.filter(({ status }) => status !== 'pass' && status !== 'skip'),
          },
          null,
          1,
        );
        expect(report.verdict.ready, told).toBe(row.ready);
        if (row.blamed !== undefined)
          expect([row.blamed].flat(), told).toContain(blamed(report).length > 0 ? report.verdict.reasons[0] : '');
      }
    } finally {
      row.takeBack?.(world);
    }
  });

  test('what the manager has not read again is not what it starts', { timeout: 180_000 }, () => {
    world.forget();
    const start = `Type=notify\nNotifyAccess=all\nExecStart=${KIT} ${DAEMON}`;
    const unit = (more: string): string => `[Unit]\nDefaultDependencies=no\n[Service]\n${start}${more}\n`;
    world.write('user', 'buildkit.service', unit(' --oci-worker-no-sandbox'));
    world.reload();
    const address = `unix://${world.runtime}/buildkit/buildkitd.sock`;
    expect(world.judge('buildkit.service', 'user', address).ready).toBe(false);
    world.write('user', 'buildkit.service', unit(''));
    const stale = world.judge('buildkit.service', 'user', address);
    expect(stale.ready, stale.log).toBe(false);
    for (const report of [
      world.doctor(['check'], { as: 'user' }).report,
      world.doctor(['check', '--user', world.user], { as: 'root' }).report,
    ]) {
      expect(report.verdict.ready).toBeNull();
      const told = report.checks.find(({ id }) => id === 'service/start');
      expect(JSON.stringify(told)).toContain('systemctl --user daemon-reload');
    }
    world.reload();
    expect(world.judge('buildkit.service', 'user', address).ready).toBe(true);
    expect(world.doctor(['check'], { as: 'user' }).report.verdict.ready).toBe(true);
  });
});
