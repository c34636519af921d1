import { changed, mendOf } from '../../builds/mend.ts';
import type { Finding } from '../../builds/model/finding.ts';
import { type BuildSubject, buildFindings } from '../../builds/subject.ts';
import type { BuildEvidence } from '../../checks/build/finding.ts';
import type { DocumentSubject } from '../../documents/subject.ts';
import type { Fact } from '../../model/look.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { sentence } from '../../text/sentence.ts';

const written: Fact<Pick<DocumentSubject, 'text' | 'file'>, DocumentSubject> = {
  id: 'document/written',
  read: async ({ text, file }) => ({ text, file }),
};
const needs = { found: buildFindings, document: written };

/** Mends what a build says in a file, where it is clear what is meant; tells the rest. */
export function mendBuilds(title: string): Fix<typeof needs, BuildEvidence, BuildSubject> {
  return {
    title,
    needs,
    plan: (problems, { found, document }) =>
      problems.flatMap(({ condition, message, at }, index): readonly Treatment[] => {
        const finding = found.find(
          (one) => one.condition === condition && sentence(one.message) === message && one.line === at?.line,
        );
        return finding === undefined ? [] : [treatmentOf(index, finding, document)];
      }),
  };
}

function treatmentOf(
  index: number,
  finding: Finding,
  { text, file }: Pick<DocumentSubject, 'text' | 'file'>,
): Treatment {
  const tells = finding.remedy.map((words): Step => ({ do: 'tell', as: 'target', text: words }));
  const mend = file === null ? null : mendOf(finding, text);
  if (mend === null || file === null) return { for: [index], risk: 'manual', steps: tells };
  const edit: Step = {
    do: 'edit',
    as: file.owner.uid === 0 ? 'root' : 'target',
    path: file.path,
    expects: file.digest,
    edit: { edit: 'whole', text: changed(text, mend.changes) },
    mode: file.mode,
    owner: file.owner,
  };
  const consequence =
    mend.risk === 'risky'
      ? { consequence: 'The mode of the copied files becomes this one, whatever they have now.' }
      : {};
  return { for: [index], risk: mend.risk, ...consequence, steps: [...tells, edit] };
}
