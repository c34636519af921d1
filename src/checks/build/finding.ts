import type { Finding, Needs } from '../../builds/model/finding.ts';
import { type BuildSubject, buildFindings } from '../../builds/subject.ts';
import type { Check, Condition, Problem } from '../../model/decide.ts';

/** What was seen of a build. */
export interface BuildEvidence {
  readonly needs: Needs;
}

export const buildNeeds = { found: buildFindings };

/** A check of those findings of a build that are of its conditions. */
export function checkOfBuilds(
  about: Pick<Check<typeof buildNeeds, BuildEvidence, BuildSubject>, 'id' | 'title' | 'why'> & {
    readonly conditions: readonly Condition[];
  },
): Check<typeof buildNeeds, BuildEvidence, BuildSubject> {
  return {
    ...about,
    decides: true,
    needs: buildNeeds,
    examine: ({ found }) => ({
      problems: found.filter(({ condition }) => about.conditions.includes(condition)).map(problemOf),
      unseen: [],
    }),
  };
}

const problemOf = ({ file, line, column, condition, severity, message, needs }: Finding): Problem<BuildEvidence> => ({
  condition,
  severity,
  subject: file,
  message,
  evidence: { needs },
  at: { path: file, line, column },
});
