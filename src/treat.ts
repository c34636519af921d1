import { history } from './apply/history.ts';
import { openRun } from './apply/run.ts';
import type { ApplyContext, CarriedOut, HistoryTransaction, Run } from './apply/types.ts';
import type { CatalogEntry } from './catalog.ts';
import type {
  CheckReport,
  PlannedFix,
  Problem,
  Report,
  Status,
  Step,
  TreatmentReport,
  TreatmentResult,
} from './model.ts';

/** A fix that can be chosen. `fix.diff` is filled in. */
export interface Planned {
  readonly check: string;
  readonly title: string;
  readonly problems: readonly Problem[];
  readonly fix: PlannedFix;
}
export type Preview = (steps: readonly Step[]) => Promise<{ diff: string | null }>;
export interface TreatOptions {
  /** A whole examination with fresh facts, every call. */
  readonly examine: () => Promise<Report>;
  /** For the order of treatment. */
  readonly catalog: readonly CatalogEntry[];
  /** Which checks may be treated (`--only`, `--skip`). */
  readonly isSelected: (check: string) => boolean;
  /** Notes too, of the checks that treat them: somebody named the checks. */
  readonly notes?: boolean;
  /** `--yes`: safe fixes are taken without asking, risky ones too with `--risky`. Null: `consent` is asked once a round. */
  readonly automatic: { readonly risky: boolean } | null;
  readonly consent: (planned: readonly Planned[]) => Promise<readonly Planned[]>;
  readonly preview: Preview;
  readonly context: ApplyContext;
  /** What to do with a transaction that an earlier run left half done; taken back when not given. */
  readonly leftover?: (transaction: HistoryTransaction) => Promise<'finish' | 'take-back' | 'leave'>;
  readonly tell?: (event: TreatEvent) => void;
}
/** For progress lines on stderr. */
export type TreatEvent =
  | { readonly event: 'examining'; readonly round: number }
  | { readonly event: 'applying'; readonly check: string }
  | { readonly event: 'judged'; readonly treatment: TreatmentReport }
  /** `message` is null when it went well. */
  | {
      readonly event: 'leftover';
      readonly transaction: HistoryTransaction;
      readonly done: 'finished' | 'taken-back' | 'left';
      readonly message: string | null;
    };
/** `report` is the last examination, with the treatments in it. */
export interface Treated {
  readonly report: Report;
  readonly treatments: readonly TreatmentReport[];
}

const ROUNDS = 3;

/** Rounds of examine, plan, consent, apply and examine again; at most three. Throws Busy, or Refused when there is no place for a journal. */
export async function treat(options: TreatOptions): Promise<Treated> {
  const { context, tell } = options;
  let opened: Promise<Run> | null = null;
  const run = (): Promise<Run> => (opened ??= openRun(context));
  const treatments: TreatmentReport[] = [];
  const offered = new Set<string>();
  try {
    await dealWithLeftovers(options, run);
    tell?.({ event: 'examining', round: 1 });
    let report = await options.examine();
    for (let round = 1; round <= ROUNDS; round++) {
      const planned = await plan(report, options, offered);
      if (planned.length === 0) break;
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
        const done = await (await run()).carryOut(current.check, current.fix);
        const judged = await judge(done, current, report, options, await run());
        report = judged.report;
        treatments.push(judged.treatment);
        tell?.({ event: 'judged', treatment: judged.treatment });
      }
      if (context.signal?.aborted) break;
      if (round < ROUNDS) tell?.({ event: 'examining', round: round + 1 });
    }
    const all = [...treatments, ...untried(report, options, treatments)];
    return { report: { ...report, treatments: all }, treatments: all };
  } finally {
    await (opened as Promise<Run> | null)?.then(
      (open) => open.close(),
      () => {},
    );
  }
}

/** The report with the diff of every fix in it. */
export async function withDiffs(report: Report, preview: Preview): Promise<Report> {
  const checks: CheckReport[] = [];
  for (const check of report.checks) {
    const fixes: PlannedFix[] = [];
    for (const fix of check.fixes) fixes.push({ ...fix, ...(await preview(fix.steps)) });
    checks.push({ ...check, fixes });
  }
  return { ...report, checks };
}

async function dealWithLeftovers({ context, leftover, tell }: TreatOptions, run: () => Promise<Run>): Promise<void> {
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
async function plan(report: Report, options: TreatOptions, offered: ReadonlySet<string>): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  for (const candidate of fixesOf(report, options)) {
    const { check, fix, problems } = candidate;
    if (whyNot(fix, options) !== null || offered.has(keyOf(check, fix, problems))) continue;
    planned.push({ ...candidate, fix: { ...fix, ...(await options.preview(fix.steps)) } });
  }
  return planned;
}

/** What may be treated, in the order in which it can work; what is safe comes first. */
export function fixesOf(
  report: Report,
  { catalog, isSelected, notes = false }: Pick<TreatOptions, 'catalog' | 'isSelected' | 'notes'>,
): readonly Planned[] {
  const order = treatmentOrder(catalog);
  const noted = new Set(notes ? catalog.filter((entry) => entry.treatsNotes).map((entry) => entry.check.id) : []);
  return report.checks
    .filter(({ id }) => isSelected(id))
    .toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
    .flatMap((check) =>
      check.fixes
        .toSorted((a, b) => Number(a.risk === 'risky') - Number(b.risk === 'risky'))
        .map((fix) => ({
          check: check.id,
          title: check.title,
          fix,
          problems: fix.for.flatMap((index) => check.problems[index] ?? []),
        }))
        // A note needs no treatment, unless somebody wants it.
        .filter(({ check: id, problems }) => noted.has(id) || problems.some(({ severity }) => severity !== 'info')),
    );
}

function whyNot(fix: PlannedFix, { context }: TreatOptions): 'manual' | 'needs-root' | null {
  if (fix.risk === 'manual' || fix.steps.every((step) => step.do === 'tell')) return 'manual';
  return fix.needs === 'root' && context.identity.self.uid !== 0 ? 'needs-root' : null;
}

/** Catalog order, except that what must come first does. A circle is broken where it closes. */
export function treatmentOrder(catalog: readonly CatalogEntry[]): readonly string[] {
  const order: string[] = [];
  const visit = (id: string, trail: readonly string[]): void => {
    if (order.includes(id) || trail.includes(id)) return;
    const entry = catalog.find(({ check }) => check.id === id);
    for (const before of entry?.after ?? []) visit(before, [...trail, id]);
    if (entry !== undefined) order.push(id);
  };
  for (const { check } of catalog) visit(check.id, []);
  return order;
}

async function choose(planned: readonly Planned[], { automatic, consent }: TreatOptions): Promise<readonly Planned[]> {
  if (automatic === null) return consent(planned);
  return planned.filter(({ fix }) => fix.risk === 'safe' || automatic.risky);
}

/**
 * The same treatment in the latest report, where an earlier one may have changed what it starts from. `gone`: its
 * problems are no more. `different`: it is another plan by now, which whoever consented has not seen.
 */
function findAgain(wanted: Planned, report: Report, options: TreatOptions): Planned | 'gone' | 'different' {
  const key = keyOf(wanted.check, wanted.fix, wanted.problems);
  const fixes = fixesOf(report, options).filter(({ check }) => check === wanted.check);
  const same = fixes.find(({ check, fix, problems }) => keyOf(check, fix, problems) === key);
  if (same !== undefined) return same;
  const names = new Set(wanted.problems.map(nameOf));
  return fixes.some(({ problems }) => problems.some((problem) => names.has(nameOf(problem)))) ? 'different' : 'gone';
}

const rank = ({ severity }: Problem): number => ['info', 'warning', 'error'].indexOf(severity);
const nameOf = ({ condition, subject }: Problem): string => JSON.stringify([condition, subject]);

/** What makes a treatment the same one: its problems and its steps, whatever the files they start from look like. */
function keyOf(check: string, fix: PlannedFix, problems: readonly Problem[]): string {
  const steps = fix.steps.map((step) => ('expects' in step ? { ...step, expects: null } : step));
  return JSON.stringify([check, fix.risk, problems.map(nameOf), steps]);
}

interface Judged {
  readonly treatment: TreatmentReport;
  readonly report: Report;
}

/** A fix is not believed: fresh facts decide, and what did not help, or harmed, is taken back. */
async function judge(
  done: CarriedOut,
  { check, fix, problems }: Planned,
  before: Report,
  options: TreatOptions,
  run: Run,
): Promise<Judged> {
  const told = (result: TreatmentResult, message: string | null, report: Report): Judged => ({
    treatment: {
      check,
      result,
      transaction: done.transaction,
      message: [message, ...done.leftAlone].filter((words) => words !== null).join('; ') || null,
      until: fix.until ?? null,
      steps: fix.steps,
    },
    report,
  });
  const report = await options.examine();
  if (done.result === 'failed') return told('failed', done.message, report);
  const after = report.checks.find(({ id }) => id === check);
  // What is left as a mere note was made better.
  const left = problems.filter((problem) =>
    after?.problems.some((other) => nameOf(other) === nameOf(problem) && rank(other) >= rank(problem)),
  );
  const worse = madeWorse(before, report, options);
  if (worse.length === 0 && left.length === 0 && after !== undefined && after.status !== 'unknown')
    return told(done.result === 'already' ? 'already' : 'cured', null, report);
  if (done.transaction === null) return told('already', 'there was nothing to change', report);
  if (worse.length === 0 && fix.until !== undefined)
    return told('pending', `it takes effect at the next ${fix.until}`, report);
  const why =
    worse.length > 0
      ? `it made ${worse.join(' and ')} worse`
      : after?.status === 'unknown' && left.length === 0
        ? `whether it helped cannot be told (${after.reason ?? 'unknown'})`
        : 'the problem is still there';
  const back = await run.takeBack(done.transaction);
  const again = await options.examine();
  if (back.result === 'refused') return told('failed', `${why}, and it could not be taken back: ${back.reason}`, again);
  const blamed = worse.filter((id) => madeWorse(before, again, options).includes(id));
  const note = blamed.length === 0 ? '' : ` (${blamed.join(' and ')} stayed so, and may have another cause)`;
  return told(worse.length > 0 ? 'taken-back' : 'still-failing', `${why}, so it was taken back${note}`, again);
}

/** Only what was seen to be better before can have been made worse: what a cure brings to light is progress. */
const RANK: { readonly [status in Status]: number | null } = { pass: 0, warn: 1, fail: 2, skip: null, unknown: null };

function madeWorse(before: Report, after: Report, { isSelected }: TreatOptions): readonly string[] {
  return after.checks
    .filter(({ id, status }) => {
      const was = RANK[before.checks.find((check) => check.id === id)?.status ?? 'skip'];
      const is = RANK[status];
      return isSelected(id) && was !== null && is !== null && is > was;
    })
    .map(({ id }) => id);
}

/** What the last examination still offers and nobody tried, and why not. */
function untried(report: Report, options: TreatOptions, tried: readonly TreatmentReport[]): readonly TreatmentReport[] {
  return fixesOf(report, options)
    .filter(({ check, fix, problems }) => {
      const key = keyOf(check, fix, problems);
      return !tried.some((one) => one.check === check && keyOf(check, { ...fix, steps: one.steps }, problems) === key);
    })
    .map(({ check, fix }) => {
      const result = whyNot(fix, options) ?? 'declined';
      const weakens = result === 'declined' && fix.risk === 'risky' && options.automatic?.risky === false;
      return {
        check,
        result,
        transaction: null,
        message: weakens ? 'it weakens or destroys something: --risky takes it' : null,
        until: fix.until ?? null,
        steps: fix.steps,
      };
    });
}
