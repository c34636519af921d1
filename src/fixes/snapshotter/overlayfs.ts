import type { SnapshotterEvidence } from '../../checks/snapshotter/trial-problem.ts';
import type { Fix } from '../../model/plan.ts';
import { changeNeeds, planOther } from './change-snapshotter.ts';

export const replaceOverlayfs: Fix<typeof changeNeeds, SnapshotterEvidence> = {
  needs: changeNeeds,
  title: 'Make overlayfs mountable, or let buildkitd choose another snapshotter',
  plan: (problems, facts) =>
    planOther(problems, facts, { names: ['overlayfs', 'stargz'], tried: 'fuse', name: 'fuse-overlayfs' }),
};
