import { afterAll, describe, expect, test } from 'vitest';
import { ANY_RELEASE, release, surelyBefore } from '../../src/buildkit/version.ts';
import { inspect } from '../buildkit/installed.ts';
import { some } from '../thoroughly.ts';
import { EngineBox } from './engine-box.ts';
import { FLAG, ROWS, type Row } from './engine-rows.ts';
import { asIfInstalled } from './fault-table.ts';
import {
  canMakeWorlds,
  type DoctorReport,
  daemonDirectory,
  daemonOutside,
  type Judgement,
  judgeByChain,
  World,
} from './world.ts';

const possible = canMakeWorlds();
const daemon = daemonDirectory();

/** Helpers as those of the official image: they need no more than SETUID and SETGID. */
const LIKE_THE_IMAGE =
  'for helper in newuidmap newgidmap; do chmod u-s /usr/bin/$helper; done; setcap cap_setuid=ep /usr/bin/newuidmap; setcap cap_setgid=ep /usr/bin/newgidmap';

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

/** Where buildkitd is not at hand; null where only its own flags tell. */
function byChain(box: EngineBox, { image, flags = [], truth: expected }: Row): Judgement | null {
  if (flags.some((flag) => flag !== FLAG || image === 'rootful')) return null;
  const ask = (argv: readonly string[]) => box.exec(argv);
  const truth = judgeByChain(
    { asRoot: ask, asUser: ask },
    { as: image === 'rootful' ? 'root' : 'user', processSandbox: !flags.includes(FLAG) },
  );
  expect(truth.ready, truth.log).toBe(expected === 'builds');
  return truth;
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
