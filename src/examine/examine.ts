import { rights } from '../facts/rights/rights.ts';
import type { CatalogEntry } from '../model/catalog.ts';
import type { Examined, Needs, NotApplicable, Problem, Seen } from '../model/decide.ts';
import type { Fact, Json, Look, UnseenReason } from '../model/look.ts';
import type { Step, Treatment } from '../model/plan.ts';
import type { CheckReport, PlannedFix, Status } from '../model/say.ts';
import { reasonOf, Unseen } from '../model/unseen.ts';
import type { Rights } from '../rights/rights.ts';
import { permittedPlan } from './permitted-plan.ts';

export interface Selection {
  readonly isSelected: (checkId: string) => boolean;
}

/** Examines the host with every entry of the catalog, in its order, whatever finishes first. */
export async function examine(
  look: Look,
  catalog: readonly CatalogEntry[],
  selection: Selection,
  progress?: (done: number, total: number, id: string) => void,
): Promise<readonly CheckReport[]> {
  let done = 0;
  const reports = await Promise.all(
    catalog.map(async (entry) => {
      const report = selection.isSelected(entry.check.id)
        ? await examineOne(look, entry)
        : reportOf(entry, { notApplicable: 'not selected' }, 0);
      progress?.(++done, catalog.length, entry.check.id);
      return report;
    }),
  );
  const failing = new Set(reports.filter(({ status }) => status === 'fail').map(({ id }) => id));
  const explained = catalog.flatMap((entry, index) => {
    const report = reports[index];
    return report === undefined ? [] : [withCauses(report, entry, failing)];
  });
  return explained.some(({ fixes }) => fixes.length > 0) ? withinRights(explained, await rightsOf(look)) : explained;
}

function withinRights(reports: readonly CheckReport[], rights: Rights): readonly CheckReport[] {
  return reports.map((report) => {
    const fixes = permittedPlan(report.fixes, rights);
    return { ...report, fixes: fixes.map((fix) => ({ ...fix, needs: needsOf(fix.steps), diff: null })) };
  });
}

/** Where it cannot be told whose the home is, nothing counts as the target's. */
async function rightsOf(look: Look): Promise<Rights> {
  const { uid } = look.host.identity.target;
  return look.get(rights).catch(() => ({ uid, home: null, named: [] }));
}

/** What other failing checks can explain is repaired there first. */
function withCauses(
  report: CheckReport,
  { fix, explainedBy }: CatalogEntry,
  failing: ReadonlySet<string>,
): CheckReport {
  const causes = (explainedBy ?? []).filter((id) => failing.has(id));
  if (fix?.unexplained !== true || report.status !== 'fail' || causes.length === 0) return report;
  const text = `Repair ${causes.join(' and ')} first: ${causes.length === 1 ? 'it can explain' : 'they can explain'} this.`;
  const only: PlannedFix = {
    for: report.problems.map((_, index) => index),
    risk: 'manual',
    needs: 'user',
    diff: null,
    steps: [{ do: 'tell', as: 'target', text }],
  };
  return { ...report, fixes: [only] };
}

async function examineOne(look: Look, entry: CatalogEntry): Promise<CheckReport> {
  const started = look.host.now();
  const facts: { [name: string]: unknown } = {};
  const missing: UnseenReason[] = [];
  await Promise.all(
    Object.entries(entry.check.needs as Needs).map(async ([name, need]) => {
      if ('optional' in need) facts[name] = await seenFact(look, need.optional);
      else {
        const value = await seenFact(look, need);
        if (value.unseen === undefined) facts[name] = value.value;
        else missing.push(value.unseen);
      }
    }),
  );
  const { result, fault } = missing.length > 0 ? { result: { problems: [], unseen: missing } } : judged(entry, facts);
  return reportOf(entry, result, look.host.now() - started, fault);
}

/** A check that fails, or answers nonsense, is unknown, and costs no other its answer. */
function judged(
  { check }: CatalogEntry,
  facts: { readonly [name: string]: unknown },
): { readonly result: NotApplicable | Examined; readonly fault?: string } {
  try {
    const result = (check.examine as (facts: unknown) => NotApplicable | Examined)(facts);
    if (!('notApplicable' in result)) {
      if (!Array.isArray(result.problems) || !Array.isArray(result.unseen))
        throw new TypeError('it answers no problems');
      // Evidence is data, or no report could be written.
      JSON.stringify(result.problems);
    }
    return { result };
  } catch (error) {
    const fault = `bk-doctor's own fault in ${check.id}: ${wordsOf(error)}`;
    return { result: { problems: [], unseen: [{ why: fault }] }, fault };
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const STEPS: ReadonlySet<unknown> = new Set<Step['do']>([
  'edit',
  'directory',
  'remove',
  'owner',
  'mode',
  'adopt',
  'sysctl',
  'run',
  'tell',
]);

/** What a fix plans. One that fails, or plans nonsense, plans nothing: its check is told all the same. */
function planned(
  { check, fix }: CatalogEntry,
  problems: readonly Problem<Json>[],
): { readonly fixes: readonly PlannedFix[]; readonly fault?: string } {
  if (fix === undefined || problems.length === 0) return { fixes: [] };
  try {
    const treatments: readonly Treatment[] = fix.plan(problems);
    for (const treatment of treatments) refuseNonsense(treatment, problems.length);
    JSON.stringify(treatments);
    return {
      fixes: treatments.map((treatment) => ({ ...treatment, needs: needsOf(treatment.steps), diff: null })),
    };
  } catch (error) {
    return {
      fixes: [],
      fault: `how to repair it is not known, by a fault of bk-doctor itself in ${check.id}: ${wordsOf(error)}`,
    };
  }
}

function refuseNonsense({ for: indexes, risk, steps }: Treatment, count: number): void {
  const stray = indexes.find((index) => !Number.isInteger(index) || index < 0 || index >= count);
  if (stray !== undefined) throw new Error(`its plan is for problem ${stray} of ${count}`);
  if (!['safe', 'risky', 'manual'].includes(risk)) throw new Error(`its plan has the risk ${String(risk)}`);
  const strange = steps.find((step) => !STEPS.has(step.do));
  if (strange !== undefined) throw new Error(`its plan has the step ${String(strange.do)}`);
}

async function seenFact<T>(look: Look, fact: Fact<T>): Promise<Seen<T>> {
  try {
    return { value: await look.get(fact) };
  } catch (error) {
    return {
      unseen:
        error instanceof Unseen ? reasonOf(error) : { why: `${fact.id} could not be read: ${reasonOf(error).why}` },
    };
  }
}

/** A check's status: the worst severity of its problems; else unknown when anything was unseen. */
export function statusOf(result: NotApplicable | Examined): Status {
  if ('notApplicable' in result) return 'skip';
  if (result.problems.some((problem) => problem.severity === 'error')) return 'fail';
  if (result.problems.some((problem) => problem.severity === 'warning')) return 'warn';
  return result.unseen.length > 0 ? 'unknown' : 'pass';
}

function reportOf(
  entry: CatalogEntry,
  result: NotApplicable | Examined,
  durationMs: number,
  ownFault?: string,
): CheckReport {
  const { check } = entry;
  const problems: readonly Problem<Json>[] = 'problems' in result ? result.problems : [];
  const unseen = 'unseen' in result ? result.unseen : [];
  const { fixes, fault = ownFault } = planned(entry, problems);
  const unknown = [...unseen.map(({ why }) => why), ...(fault !== undefined && fault !== ownFault ? [fault] : [])];
  return {
    id: check.id,
    title: check.title,
    why: check.why,
    decides: check.decides,
    status: statusOf(result),
    reason:
      'notApplicable' in result ? result.notApplicable : unknown.length > 0 ? [...new Set(unknown)].join('; ') : null,
    tell: unseen.find(({ command }) => command !== undefined)?.command ?? null,
    problems,
    fixes,
    docs: `docs/checks/${check.id}.md`,
    durationMs,
    ...(fault === undefined ? {} : { fault }),
  };
}

/** Root is needed when any step that changes something must be root's. */
export function needsOf(steps: readonly Step[]): 'root' | 'user' {
  return steps.some((step) => step.do !== 'tell' && step.as === 'root') ? 'root' : 'user';
}
