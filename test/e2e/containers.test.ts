import { afterAll, describe, expect, test } from 'vitest';
import { ANY_RELEASE, release, surelyBefore } from '../../src/buildkit/version.ts';
import { inspect } from '../buildkit/installed.ts';
import { some } from '../thoroughly.ts';
import { EngineBox } from './engine-box.ts';
import { byChain, LIKE_THE_IMAGE } from './engine-chain.ts';
import { ROWS, type Row } from './engine-rows.ts';
import { asIfInstalled } from './fault-table.ts';
import { canMakeWorlds, type DoctorReport, daemonDirectory, daemonOutside, type Judgement, World } from './world.ts';

const possible = canMakeWorlds();
const daemon = daemonDirectory();

/** What bk-doctor is told before anything runs: the flags, as the script that reads them from the environment would have them. */
function before({ before: given, flags = [] }: Row): readonly string[] {
  if (given !== undefined) return given;
  return flags.length === 0 ? [] : ['--daemonless', '--env', `BUILDKITD_FLAGS=${flags.join(' ')}`];
}

function compare(report: DoctorReport, row: Row, snapshotter: string | null | undefined): void {
  const problems = report.checks.filter(({ status }) => status !== 'pass' && status !== 'skip');
  const told = JSON.stringify({ verdict: report.verdict, problems }, null, 1);
  const seen = asIfInstalled(report);
  expect(seen.ready, told).toBe(row.truth === 'builds');
  if (row.blamed !== undefined) expect([row.blamed].flat(), told).toContain(seen.reasons[0]);
  if (row.condition !== undefined)
    expect(
      problems.flatMap(({ problems }) => problems.map(({ condition }) => condition)),
      told,
    ).toContain(row.condition);
  if (snapshotter) expect(report.verdict.snapshotter, told).toBe(snapshotter);
}

const releases = daemonOutside === null ? ANY_RELEASE : inspect(`${daemonOutside}/buildkitd`).releases;

const forThis = (row: Row): Row =>
  row.since !== undefined && surelyBefore(releases, release(row.since)) ? { ...row, truth: 'starts' } : row;

describe.skipIf(!possible)('containers as the engines make them', () => {
  const tally = { rows: 0, agree: 0, asked: 0 };
  test.each(some(4, Object.entries(ROWS)))('%s', { timeout: 240_000 }, (_, given) => {
    tally.rows++;
    const row = forThis(given);
    const world = new World();
    let box: EngineBox | null = null;
    try {
      world.script(LIKE_THE_IMAGE);
      row.inject?.(world);
      box = new EngineBox(world, row.container, row);
      const asleep = box.doctor(['check', ...before(row)]);
      let truth: Judgement | null = null;
      if (daemon === null) truth = byChain(box, row);
      else {
        const serves = box.wake();
        expect(serves, box.log).toBe(row.truth !== 'ends');
        if (serves) {
          const awake = box.doctor(['check']);
          truth = box.build();
          expect(truth.ready, truth.log).toBe(row.truth === 'builds');
          compare(awake, row, truth.ready ? truth.snapshotter : null);
          expect(awake.target.running).toBe(true);
          tally.asked++;
        }
      }
      if (row.snapshotter !== undefined && truth !== null) expect(truth.snapshotter).toBe(row.snapshotter);
      compare(asleep, row, truth?.ready ? truth.snapshotter : null);
      tally.agree++;
    } finally {
      box?.close();
      world.close();
    }
  });
  afterAll(() => {
    console.log(`${tally.agree} of ${tally.rows} containers agree, ${tally.asked} of them also with buildkitd running`);
  });
});
