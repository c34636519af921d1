import type { SnapshotterEvidence } from '../../checks/snapshotter/trial-problem.ts';
import type { Fix } from '../../model/plan.ts';
import { changeNeeds, planOther } from './change-snapshotter.ts';

export const replaceFuseOverlayfs: Fix<typeof changeNeeds, SnapshotterEvidence> = {
  needs: changeNeeds,
  title: 'Make fuse-overlayfs mountable, or let buildkitd choose another snapshotter',
  plan: (problems, facts) =>
    planOther(problems, facts, { names: ['fuse-overlayfs'], tried: 'overlayfs', name: 'overlayfs' }),
};
