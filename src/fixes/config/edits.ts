import type { ConfigEvidence } from '../../checks/config/evidence.ts';
import type { Problem, Severity } from '../../model/decide.ts';
import type { Step, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';

/** What can be edited as one safe treatment for each grade, what costs something each on its own, the rest as advice. */
export function planEdits(problems: readonly Problem<ConfigEvidence>[]): readonly Treatment[] {
  const treatments: Treatment[] = [];
  const safe = (wanted: (severity: Severity) => boolean): void => {
    const group = problems.flatMap(({ evidence: { changes, consequence, edit, alone }, severity }, index) =>
      changes !== null && edit !== null && consequence === null && !alone && wanted(severity)
        ? [{ index, changes, edit }]
        : [],
    );
    const [first] = group;
    if (first === undefined) return;
    treatments.push({
      for: group.map(({ index }) => index),
      risk: 'safe',
      until: 'restart',
      steps: [
        stepOf(
          first.edit,
          // Last first, so that indexes of lists stay what they were; the check tried them in this order too.
          group.toReversed().flatMap(({ changes }) => changes),
        ),
      ],
    });
  };
  safe((severity) => severity !== 'info');
  safe((severity) => severity === 'info');
  for (const [index, { evidence }] of problems.entries()) {
    const { changes, consequence, edit, advice, alone } = evidence;
    if (changes !== null && edit !== null && consequence !== null)
      treatments.push({ for: [index], risk: 'risky', until: 'restart', consequence, steps: [stepOf(edit, changes)] });
    else if (changes !== null && edit !== null && alone)
      treatments.push({ for: [index], risk: 'safe', until: 'restart', steps: [stepOf(edit, changes)] });
    else if ((changes === null || edit === null) && advice !== null)
      treatments.push({ for: [index], risk: 'manual', steps: [tell(advice)] });
  }
  return treatments;
}

function stepOf(edit: NonNullable<ConfigEvidence['edit']>, changes: NonNullable<ConfigEvidence['changes']>): Step {
  return {
    do: 'edit',
    as: edit.as,
    path: edit.path,
    expects: edit.digest,
    edit: { edit: 'toml', changes },
    mode: edit.mode,
    owner: edit.owner,
  };
}
