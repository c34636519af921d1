import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { ANY_RELEASE, release, surelyBefore, surelySince } from '../../src/buildkit/version.ts';
import { inspect } from '../buildkit/installed.ts';
import { some } from '../thoroughly.ts';
import { CAPTURE, capture, unexplained } from './capture.ts';
import type { Fault } from './faults.ts';
import {
  BIN,
  canMakeWorlds,
  type DoctorReport,
  daemonDirectory,
  daemonOutside,
  failing,
  type Judgement,
  judge,
  judgeByChain,
  NODE,
  World,
} from './world.ts';

const possible = canMakeWorlds();
const daemon = daemonDirectory();

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

const releases = daemonOutside === null ? ANY_RELEASE : inspect(`${daemonOutside}/buildkitd`).releases;

/** As it says itself. */
const releaseName =
  daemonOutside === null
    ? 'none'
    : (/v\d+\.\d+\.\d+/.exec(
        spawnSync(`${daemonOutside}/buildkitd`, ['--version'], { encoding: 'utf8' }).stdout,
      )?.[0] ?? 'unknown');

/** What the row says of the buildkitd at hand. Where its release cannot be told that closely, only the daemon can say. */
function forThis(row: Fault, truth: Judgement | null): Fault {
  if (row.since === undefined || daemon === null || surelySince(releases, release(row.since))) return row;
  if (!surelyBefore(releases, release(row.since)) && truth?.ready !== true) return row;
  const { blamed: _, repaired: __, ...rest } = row;
  return { ...rest, ready: true };
}

/** What only BuildKit itself can lack is not held against a machine that has no buildkitd. */
export function asIfInstalled(report: DoctorReport): { ready: boolean; reasons: readonly string[] } {
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

/** The call of root for the world's user. */
function fixFor(world: World, row: Fault, ...more: readonly string[]): readonly string[] {
  const whose = row.mode === 'rootful' ? ['--mode', 'rootful'] : ['--user', world.user];
  const environment = Object.entries(world.environment('user', row.env)).flatMap(([name, value]) =>
    row.mode === 'rootful' || name !== 'PATH' ? [] : ['--env', `${name}=${value}`],
  );
  return ['fix', ...more, ...whose, ...environment, ...(row.doctorArgs ?? [])];
}

/** `fix --yes` as root must cure, or leave pending, what ails. */
function repair(world: World, row: Fault): void {
  const fixed = world.doctor(fixFor(world, row, '--yes'), { as: 'root' });
  const results = fixed.report.treatments.map(({ result }) => result);
  expect(
    results.some((result) => result === 'cured' || result === 'pending'),
    JSON.stringify(fixed.report.treatments, null, 1) + fixed.stderr,
  ).toBe(true);
}

/** The same by the script, in the plainest shell and another one: running it again changes nothing. */
function repairByScript(world: World, row: Fault): void {
  // Curing one thing can bring up another, for which fix has three rounds.
  for (let round = 1; round <= 3; round++) {
    const { stdout } = world.asRoot([NODE, BIN, ...fixFor(world, row, '--script')]);
    if (stdout.includes('nothing to do')) break;
    for (const shell of [['sh'], ['bash', '--posix']]) {
      const ran = world.asRoot([...shell, '-s'], { input: stdout });
      expect([ran.code, ran.stderr], `${stdout}\n${ran.stdout}`).toEqual([0, '']);
    }
  }
}

/** bk-doctor must say what the real thing did, for the right reason. */
function compare(report: DoctorReport, row: Fault, truth: Judgement | null): void {
  const seen = asIfInstalled(report);
  const problems = report.checks.filter(({ status }) => status !== 'pass' && status !== 'skip');
  const told = JSON.stringify({ verdict: report.verdict, problems }, null, 1);
  // Without a buildkitd nobody knows its release, and what only some releases mind is at least told.
  if (daemon === null && row.since !== undefined && seen.ready) {
    expect(
      problems.map(({ id }) => id),
      told,
    ).toContain([row.blamed].flat()[0]);
    return;
  }
  expect(seen.ready, told).toBe(row.ready);
  if (!row.ready) expect([row.blamed].flat(), told).toContain(seen.reasons[0]);
  else if (truth?.snapshotter) expect(report.verdict.snapshotter, told).toBe(truth.snapshotter);
  if (row.snapshotter !== undefined && daemon !== null) expect(report.verdict.snapshotter).toBe(row.snapshotter);
}

/** Repaired, taken back byte for byte, repaired by the script, which leaves the same: then the real thing must work. */
function repairAndTakeBack(world: World, row: Fault): void {
  const at = world.fingerprint();
  repair(world, row);
  const repaired = world.fingerprint();
  const undone = world.asRoot([NODE, BIN, 'undo']);
  expect(undone.code, undone.stdout + undone.stderr).toBe(0);
  expect(world.fingerprint()).toBe(at);
  if (row.container !== undefined) repair(world, row);
  else {
    repairByScript(world, row);
    expect(world.fingerprint()).toBe(repaired);
  }
  const after = judged(world, row);
  if (after !== null) expect(after.ready, after.log).toBe(true);
  else expect(asIfInstalled(examine(world, row)).ready).toBe(true);
}

/** Every row of one table, each in a world of its own. Every table has a file, so that they run side by side. */
export function testFaults(rows: readonly Fault[]): void {
  const tally = { rows: 0, agree: 0, judged: 0, logs: 0 };
  const untold: string[] = [];
  describe.skipIf(!possible)('real faults', () => {
    test.each(CAPTURE === null ? some(4, rows) : [...rows])('$name', { timeout: 120_000 }, (given) => {
      tally.rows++;
      const world = new World({
        userns: given.userns === true,
        ...(given.container === undefined ? {} : { container: given.container }),
      });
      try {
        given.inject(world);
        world.enterContainer();
        const truth = judged(world, given);
        const row = forThis(given, truth);
        if (truth !== null) {
          expect(truth.ready, truth.log).toBe(row.ready);
          tally.judged++;
          if (!row.running) world.script(`find ${world.runtime} -type s -delete 2>/dev/null || true`);
        }
        const report = examine(world, row);
        if (CAPTURE !== null) {
          if (truth?.ready === false) capture(row.name, releaseName, report, truth, world);
          return;
        }
        compare(report, row, truth);
        if (daemon !== null && truth?.ready === false) {
          tally.logs++;
          const dark = unexplained(row.name, report, truth);
          if (dark !== null) untold.push(dark);
        }
        if (row.repaired) repairAndTakeBack(world, row);
        tally.agree++;
      } finally {
        world.close();
      }
    });
    test('what the programs said is explained by what the checks found first, nine times in ten', () => {
      expect(untold.length, untold.join('\n\n')).toBeLessThanOrEqual(Math.ceil(tally.logs / 10));
    });
    afterAll(() => {
      const judge = daemon === null ? 'the chain of packages' : 'buildkitd itself';
      console.log(`${tally.agree} of ${tally.rows} faults and look-alikes agree (${tally.judged} judged by ${judge})`);
    });
  });
}
