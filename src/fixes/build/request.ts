import type { BuildEvidence } from '../../checks/build/finding.ts';
import { foundIn, requestNeeds } from '../../checks/build/request.ts';
import type { Fix } from '../../model/plan.ts';
import { sentence } from '../../text/sentence.ts';
import { advice } from '../advice.ts';

/** Tells what to change in the build: the files are the person's, and `lint --write` mends them. */
export const adviseBuild: Fix<typeof requestNeeds, BuildEvidence> = {
  title: 'Change the build',
  needs: requestNeeds,
  plan: (problems, facts) => {
    if (facts.asked === null) return [];
    const found = foundIn(facts, facts.asked);
    return problems.flatMap(({ condition, message, at }, index) => {
      const finding = found.find(
        (one) => one.condition === condition && sentence(one.message) === message && one.line === at?.line,
      );
      return finding === undefined ? [] : [advice([index], ...finding.remedy)];
    });
  },
};
