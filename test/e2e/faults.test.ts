import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { compareReleases, parseRelease, release } from '../../src/buildkit/version.ts';
import { type Fault, faults, lookalikes } from './faults.ts';
import { oddFaults, oddLookalikes } from './odd-faults.ts';
import { runtimeFaults, runtimeLookalikes } from './runtime-faults.ts';
import { storageFaults, storageLookalikes } from './storage-faults.ts';
import {
  canMakeWorlds,
  type DoctorReport,
  daemonDirectory,
  failing,
  type Judgement,
  judge,
  judgeByChain,
  World,
} from './world.ts';

const BIN = new URL('../../bin/bk-doctor.js', import.meta.url).pathname;
const possible = canMakeWorlds();
const daemon = daemonDirectory();
const tally = { rows: 0, agree: 0, judged: 0 };

/** What the real thing does; null where only buildkitd could say and there is none. */
function judged(world: World, row: Fault): Judgement | null {
  const options = {
    as: row.mode === 'rootful' ? 'root' : 'user',
    ...(row.env === undefined ? {} : { env: row.env }),
    ...(row.rootlesskitArgs === undefined ? {} : { rootlesskitArgs: row.rootlesskitArgs }),
  } as const;
  if (daemon === null) return row.buildkitdOnly || row.running ? null : judgeByChain(world, options);
  return judge(world, {
    ...options,
    running: row.running === true,
    ...(row.daemonArgs === undefined ? {} : { daemonArgs: row.daemonArgs }),
  });
}

const version =
  daemon === null ? null : parseRelease(spawnSync(`${daemon}/buildkitd`, ['--version'], { encoding: 'utf8' }).stdout);

/** What the row says of the buildkitd at hand. */
function forThis(row: Fault): Fault {
  const { since, blamed: _, repaired: __, ...rest } = row;
  const minds = since === undefined || version === null || compareReleases(version, release(since)) >= 0;
  return minds ? row : { ...rest, ready: true };
}

/** What only BuildKit itself can lack is not held against a machine that has no buildkitd. */
function asIfInstalled(report: DoctorReport): { ready: boolean; reasons: readonly string[] } {
  const missing = report.checks.find(({ id }) => id === 'runtime/binaries');
  const onlyBuildkit = missing?.problems.every(
    ({ condition, severity }) => severity !== 'error' || condition === 'binary.buildkitd-missing',
  );
  const reasons = report.verdict.reasons.filter((id) => daemon !== null || id !== 'runtime/binaries' || !onlyBuildkit);
  return {
    ready:
      failing(report).filter((id) => daemon !== null || id !== 'runtime/binaries' || !onlyBuildkit).length === 0 &&
      report.verdict.level !== 'unknown',
    reasons,
  };
}

function examine(world: World, row: Fault): DoctorReport {
  const options = row.env === undefined ? {} : { env: row.env };
  return row.mode === 'rootful'
    ? world.doctor(['check', '--mode', 'rootful', ...(row.doctorArgs ?? [])], { as: 'root', ...options }).report
    : world.doctor(['check', ...(row.doctorArgs ?? [])], { as: 'user', ...options }).report;
}

describe.skipIf(!possible)('real faults', () => {
  for (const row of [
    ...faults,
    ...storageFaults,
    ...runtimeFaults,
    ...oddFaults,
    ...lookalikes,
    ...storageLookalikes,
    ...runtimeLookalikes,
    ...oddLookalikes,
  ].map(forThis)) {
    test(row.name, { timeout: 120_000 }, () => {
      tally.rows++;
      const world = new World({
        userns: row.userns === true,
        ...(row.container === undefined ? {} : { container: row.container }),
      });
      try {
        row.inject(world);
        world.enterContainer();
        const truth = judged(world, row);
        if (truth !== null) {
          expect(truth.ready, truth.log).toBe(row.ready);
          tally.judged++;
          if (!row.running) world.script(`find ${world.runtime} -type s -delete 2>/dev/null || true`);
        }
        const report = examine(world, row);
        const seen = asIfInstalled(report);
        const told = JSON.stringify(
          {
            verdict: report.verdict,
            problems: report.checks.filter(({ status }) => status !== 'pass' && status !== 'skip'),
          },
          null,
          1,
        );
        expect(seen.ready, told).toBe(row.ready);
        if (!row.ready) expect([row.blamed].flat(), told).toContain(seen.reasons[0]);
        else if (truth?.snapshotter) expect(report.verdict.snapshotter, told).toBe(truth.snapshotter);
        if (row.snapshotter !== undefined && daemon !== null) expect(report.verdict.snapshotter).toBe(row.snapshotter);

        if (row.repaired) {
          const at = world.fingerprint();
          repair(world, row);
          const undone = world.asRoot([process.execPath, BIN, 'undo']);
          expect(undone.code, undone.stdout + undone.stderr).toBe(0);
          expect(world.fingerprint()).toBe(at);
          // Taken back, it ails again; repaired again, the real thing must work.
          repair(world, row);
          const after = judged(world, row);
          if (after !== null) expect(after.ready, after.log).toBe(true);
          else expect(asIfInstalled(examine(world, row)).ready).toBe(true);
        }
        tally.agree++;
      } finally {
        world.close();
      }
    });
  }
  afterAll(() => {
    console.log(
      `${tally.agree} of ${tally.rows} faults and look-alikes agree (${tally.judged} judged by ${daemon === null ? 'the chain of packages' : 'buildkitd itself'})`,
    );
  });
});

/** `fix --yes` as root must cure, or leave pending, what ails. */
function repair(world: World, row: Fault): void {
  const whose = row.mode === 'rootful' ? ['--mode', 'rootful'] : ['--user', world.user];
  const environment = Object.entries(world.environment('user', row.env)).flatMap(([name, value]) =>
    row.mode === 'rootful' || name !== 'PATH' ? [] : ['--env', `${name}=${value}`],
  );
  const fixed = world.doctor(['fix', '--yes', ...whose, ...environment, ...(row.doctorArgs ?? [])], { as: 'root' });
  const results = fixed.report.treatments.map(({ result }) => result);
  expect(
    results.some((result) => result === 'cured' || result === 'pending'),
    JSON.stringify(fixed.report.treatments, null, 1) + fixed.stderr,
  ).toBe(true);
}
