import type { VersionEvidence } from '../../checks/kernel/version.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { advice } from '../advice.ts';

/** Says how to get another kernel; none is installed from here. */
export const changeKernel: Fix<NoNeeds, VersionEvidence> = {
  needs: {},
  title: 'Show which kernel is new enough',
  plan: (problems) =>
    problems.flatMap(({ condition, severity }, index) => {
      if (condition === 'env.wsl-integration') return [advice([index], OTHER_WSL)];
      // A version alone stops nothing.
      return severity === 'info' ? [] : [advice([index], 'Update the system to a release with a newer kernel.')];
    }),
};

const OTHER_WSL =
  'In PowerShell: wsl --set-version DISTRIBUTION 2 (wsl --list --verbose names it), then start it again.';
