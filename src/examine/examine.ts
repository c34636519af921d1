import type { Catalog, CatalogEntry } from '../model/catalog.ts';
import type { Examined, Needs, NotApplicable, Seen, Severity } from '../model/decide.ts';
import type { Fact, LookAt, UnseenReason } from '../model/look.ts';
import type { CheckReport, PlannedFix, Status } from '../model/say.ts';
import { reasonOf, Unseen } from '../model/unseen.ts';
import { type Judged, judge, type Plans, plan } from './guarded.ts';

export interface Selection {
  readonly isSelected: (checkId: string) => boolean;
}

/** Examines a subject with every entry of its catalog, in its order, whatever finishes first. */
export async function examine<S>(
  look: LookAt<S>,
  catalog: Catalog<S>,
  selection: Selection,
  progress?: (done: number, total: number, id: string) => void,
): Promise<readonly CheckReport[]> {
  let done = 0;
  const reports = await Promise.all(
    catalog.map(async (entry) => {
      const report = selection.isSelected(entry.check.id)
        ? await examineOne(look, entry)
        : reportOf(entry, { notApplicable: 'not selected' }, { fixes: [] }, 0);
      progress?.(++done, catalog.length, entry.check.id);
      return report;
    }),
  );
  const failing = new Set(reports.filter(({ status }) => status === 'fail').map(({ id }) => id));
  return catalog.flatMap((entry, index) => {
    const report = reports[index];
    return report === undefined ? [] : [withCauses(report, entry, failing)];
  });
}

/** What other failing checks can explain is repaired there first. */
function withCauses<S>(
  report: CheckReport,
  { fix, explainedBy }: CatalogEntry<S>,
  failing: ReadonlySet<string>,
): CheckReport {
  const causes = (explainedBy ?? []).filter((id) => failing.has(id));
  if (causes.length === 0 || (report.status !== 'fail' && report.status !== 'unknown')) return report;
  const explained = { ...report, explainedBy: causes };
  if (fix?.unexplained !== true || report.status !== 'fail') return explained;
  const text = `Repair ${causes.join(' and ')} first: ${causes.length === 1 ? 'it can explain' : 'they can explain'} this.`;
  const only: PlannedFix = {
    for: report.problems.map((_, index) => index),
    risk: 'manual',
    needs: 'user',
    diff: null,
    steps: [{ do: 'tell', as: 'target', text }],
  };
  return { ...explained, fixes: [only] };
}

async function examineOne<S>(look: LookAt<S>, entry: CatalogEntry<S>): Promise<CheckReport> {
  const started = Date.now();
  const { facts, missing, unanswered } = await gather(look, entry.check.needs);
  const { result, fault } =
    missing.length > 0
      ? { result: { problems: [], unseen: missing } }
      : withUnseen(judge(entry.check, facts), unanswered);
  const planned = await plansFor(look, entry, result);
  return reportOf(entry, result, fault === undefined ? planned : { ...planned, fault }, Date.now() - started);
}

/** What nobody answered is no refusal, from which something follows: it cannot be told without. */
function withUnseen({ result, fault }: Judged, unanswered: readonly UnseenReason[]): Judged {
  if ('notApplicable' in result || unanswered.length === 0) return { result, fault };
  const told = new Set(result.unseen.map(({ why }) => why));
  const more = unanswered.filter(({ why }) => !told.has(why));
  return { result: { ...result, unseen: [...result.unseen, ...more] }, fault };
}

/** A fix plans from what this examination has read: it has the facts that it names, and no look of its own. */
async function plansFor<S>(
  look: LookAt<S>,
  { check, fix }: CatalogEntry<S>,
  result: NotApplicable | Examined,
): Promise<Plans> {
  if (fix === undefined || !('problems' in result) || result.problems.length === 0) return { fixes: [] };
  const { facts, missing } = await gather(look, fix.needs);
  if (missing.length === 0) return plan(check.id, fix, result.problems, facts);
  return { fixes: [], unplanned: missing };
}

interface Gathered {
  readonly facts: { readonly [name: string]: unknown };
  readonly missing: readonly UnseenReason[];
  /** Of needs that a check can do without: what nobody answered, or is too much. */
  readonly unanswered: readonly UnseenReason[];
}

/** The facts that are needed, and why those are missing that cannot be done without. */
async function gather<S>(look: LookAt<S>, needs: Needs<S>): Promise<Gathered> {
  const facts: { [name: string]: unknown } = {};
  const missing: UnseenReason[] = [];
  const unanswered: UnseenReason[] = [];
  await Promise.all(
    Object.entries(needs).map(async ([name, need]) => {
      const seen = await seenFact(look, 'optional' in need ? need.optional : need);
      if ('optional' in need) {
        facts[name] = seen;
        const { unseen } = seen;
        if (need.explains !== true && (unseen?.unanswered === true || unseen?.tooMuch === true))
          unanswered.push(unseen);
      } else if (seen.unseen === undefined) facts[name] = seen.value;
      else missing.push(seen.unseen);
    }),
  );
  return { facts, missing, unanswered };
}

async function seenFact<T, S>(look: LookAt<S>, fact: Fact<T, S>): Promise<Seen<T>> {
  try {
    return { value: await look.get(fact) };
  } catch (error) {
    return {
      unseen:
        error instanceof Unseen ? reasonOf(error) : { why: `${fact.id} could not be read: ${reasonOf(error).why}` },
    };
  }
}

/**
 * A check's status: the worst severity of its problems, or unknown where anything was unseen. Only an error wins over
 * what was not seen by a check that decides; one that does not says what it found.
 */
export function statusOf(result: NotApplicable | Examined, decides: boolean): Status {
  if ('notApplicable' in result) return 'skip';
  const { problems, unseen } = result;
  const has = (severity: Severity): boolean => problems.some((problem) => problem.severity === severity);
  if (has('error')) return 'fail';
  if (has('warning') && !(decides && unseen.length > 0)) return 'warn';
  return unseen.length > 0 ? 'unknown' : 'pass';
}

function reportOf<S>(
  { check }: CatalogEntry<S>,
  result: NotApplicable | Examined,
  { fixes, fault, unplanned = [] }: Plans,
  durationMs: number,
): CheckReport {
  const unseen = 'unseen' in result ? result.unseen : [];
  const reasons = [
    ...unseen.map(({ why }) => why),
    ...unplanned.map(({ why }) => `how to repair it could not be planned: ${why}`),
    ...(fault === undefined ? [] : [fault]),
  ];
  return {
    id: check.id,
    title: check.title,
    why: check.why,
    decides: check.decides,
    status: statusOf(result, check.decides),
    reason:
      'notApplicable' in result ? result.notApplicable : reasons.length > 0 ? [...new Set(reasons)].join('; ') : null,
    tell: [...unseen, ...unplanned].find(({ command }) => command !== undefined)?.command ?? null,
    problems: 'problems' in result ? result.problems : [],
    fixes,
    docs: `docs/checks/${check.id}.md`,
    durationMs,
    ...(fault === undefined ? {} : { fault }),
  };
}
