import { history } from '../apply/journal/history.ts';
import type { Run } from '../apply/journal/types.ts';
import { openRun } from '../apply/run.ts';
import type { Checked, CheckReport, PlannedFix, TreatmentReport } from '../model/say.ts';
import { judge } from './judge.ts';
import type { Planned, Preview, TreatEvent, Treated, TreatOptions } from './options.ts';
import { findAgain, fixesOf, keyOf, untried, whyNot } from './order.ts';

const ROUNDS = 3;

/** Rounds of examine, plan, consent, apply and examine again; at most three. Throws Busy, or Refused when there is no place for a journal. */
export async function treat<R extends Checked, S>(options: TreatOptions<R, S>): Promise<Treated<R>> {
  const { context, tell } = options;
  let opened: Promise<Run> | null = null;
  const run = (): Promise<Run> => (opened ??= openRun(context));
  const treatments: TreatmentReport[] = [];
  const offered = new Set<string>();
  /** Checks of which a treatment was offered. */
  const seen = new Set<string>();
  try {
    await dealWithLeftovers(options, run);
    tell?.({ event: 'examining', round: 1 });
    let report = await options.examine();
    for (let round = 1; round <= ROUNDS; round++) {
      const planned = await plan(report, options, offered);
      if (planned.length === 0) break;
      if (round > 1) tell?.(askingAgain(round, planned, treatments, seen));
      for (const { check } of planned) seen.add(check);
      for (const { check, fix, problems } of planned) offered.add(keyOf(check, fix, problems));
      const chosen = new Set(await choose(planned, options));
      if (chosen.size === 0) break;
      // In the order in which they can work, whatever the order they were chosen in.
      for (const wanted of planned.filter((candidate) => chosen.has(candidate))) {
        if (context.signal?.aborted) break;
        const current = findAgain(wanted, report, options);
        if (current === 'gone') continue;
        if (current === 'different') {
          offered.delete(keyOf(wanted.check, wanted.fix, wanted.problems));
          continue;
        }
        tell?.({ event: 'applying', check: current.check });
        const shown = { ...current, fix: { ...current.fix, ...(await options.preview(current.fix.steps)) } };
        const done = await (await run()).carryOut(current.check, current.fix);
        const judged = await judge(done, shown, report, options, await run());
        report = judged.report;
        treatments.push(judged.treatment);
        tell?.({ event: 'judged', treatment: judged.treatment });
      }
      if (context.signal?.aborted) break;
      if (round < ROUNDS) tell?.({ event: 'examining', round: round + 1 });
    }
    const all = [...treatments, ...untried(report, options, treatments)];
    return { report: { ...report, treatments: all, changed: all.some(isInForce) }, treatments: all };
  } finally {
    await (opened as Promise<Run> | null)?.then(
      (open) => open.close(),
      () => {},
    );
  }
}

function askingAgain(
  round: number,
  planned: readonly Planned[],
  treatments: readonly TreatmentReport[],
  seen: ReadonlySet<string>,
): Extract<TreatEvent, { event: 'asking-again' }> {
  const checks = [...new Set(planned.map(({ check }) => check))];
  return {
    event: 'asking-again',
    round,
    treated: [...new Set(treatments.map(({ check }) => check))],
    anew: checks.filter((check) => seen.has(check)),
    more: checks.filter((check) => !seen.has(check)),
  };
}

/** Did it change something that is still so? What was taken back has no more transaction to its name that counts. */
function isInForce({ result, transaction }: TreatmentReport): boolean {
  return transaction !== null && result !== 'taken-back' && result !== 'still-failing' && result !== 'already';
}

/** The report with the diff of every fix in it. */
export async function withDiffs<R extends Checked>(report: R, preview: Preview): Promise<R> {
  const checks: CheckReport[] = [];
  for (const check of report.checks) {
    const fixes: PlannedFix[] = [];
    for (const fix of check.fixes) fixes.push({ ...fix, ...(await preview(fix.steps)) });
    checks.push({ ...check, fixes });
  }
  return { ...report, checks };
}

async function dealWithLeftovers(
  { context, leftover, tell }: Pick<TreatOptions, 'context' | 'leftover' | 'tell'>,
  run: () => Promise<Run>,
): Promise<void> {
  const { runs } = await history(context.state, context.identity.self.uid);
  if (!runs.some(({ transactions }) => transactions.some(({ state }) => state === 'interrupted'))) return;
  const open = await run();
  // Newest first, as in undo: a later one may stand on an earlier one.
  for (const transaction of open.interrupted.toReversed()) {
    const wish = leftover === undefined ? 'take-back' : await leftover(transaction);
    if (wish === 'finish') {
      const { result, message } = await open.finish(transaction.id);
      tell?.({ event: 'leftover', transaction, done: result === 'failed' ? 'left' : 'finished', message });
    } else if (wish === 'take-back') {
      const { result, reason } = await open.takeBack(transaction.id);
      tell?.({ event: 'leftover', transaction, done: result === 'undone' ? 'taken-back' : 'left', message: reason });
    } else tell?.({ event: 'leftover', transaction, done: 'left', message: null });
  }
}

/** What can be done now and was not offered before, in the order in which it can work. */
async function plan<R extends Checked, S>(
  report: R,
  options: TreatOptions<R, S>,
  offered: ReadonlySet<string>,
): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const candidate of fixesOf(report, options)) {
    const { check, fix, problems } = candidate;
    if (whyNot(fix, options) !== null || offered.has(keyOf(check, fix, problems))) continue;
    planned.push({ ...candidate, fix: { ...fix, ...(await options.preview(fix.steps)) } });
  }
  return planned;
}

async function choose(
  planned: readonly Planned[],
  { automatic, consent }: Pick<TreatOptions, 'automatic' | 'consent'>,
): Promise<readonly Planned[]> {
  if (automatic === null) return consent(planned);
  return planned.filter(({ fix }) => fix.risk === 'safe' || automatic.risky);
}
