import { rights } from '../facts/rights/rights.ts';
import type { Look } from '../model/look.ts';
import type { Step, Treatment } from '../model/plan.ts';
import type { CheckReport } from '../model/say.ts';
import { mayStep, NOT_ROOTS, type Rights } from '../rights/rights.ts';
import { commandLine } from '../text/shell.ts';
import { stepText } from '../text/steps.ts';
import { needsOf } from './guarded.ts';

/** What root would have to do where it may not is for a person: the plan promises nothing that is then refused. */
export function permittedPlan(treatments: readonly Treatment[], rights: Rights): readonly Treatment[] {
  return treatments.map((treatment) => {
    const refused = treatment.steps.find((step) => (step.as === 'root' || rights.uid === 0) && !mayStep(step, rights));
    if (refused === undefined || treatment.risk === 'manual') return treatment;
    const { for: problems, steps } = treatment;
    const why = `bk-doctor does not do this as root: ${NOT_ROOTS}. If it is right all the same:`;
    return { for: problems, risk: 'manual', steps: [tell(why), ...steps.map(inWords)] };
  });
}

const tell = (text: string): Step => ({ do: 'tell', as: 'target', text });

function inWords(step: Step): Step {
  const { say, block } = stepText(step);
  if (step.do === 'tell') return step;
  if (step.do === 'owner') return tell(commandLine(['chown', '-h', `${step.to.uid}:${step.to.gid}`, step.path]));
  if (step.do === 'mode') return tell(commandLine(['chmod', step.to.toString(8), step.path]));
  return tell([say, ...block].join('\n'));
}

/** What was planned, as far as root may do it for the target. */
export async function withinRights(look: Look, reports: readonly CheckReport[]): Promise<readonly CheckReport[]> {
  if (reports.every(({ fixes }) => fixes.length === 0)) return reports;
  const granted = await rightsOf(look);
  return reports.map((report) => {
    const fixes = permittedPlan(report.fixes, granted);
    return { ...report, fixes: fixes.map((fix) => ({ ...fix, needs: needsOf(fix.steps), diff: null })) };
  });
}

/** Where it cannot be told whose the home is, nothing counts as the target's. */
async function rightsOf(look: Look): Promise<Rights> {
  const { uid } = look.host.identity.target;
  return look.get(rights).catch(() => ({ uid, home: null, named: [] }));
}
