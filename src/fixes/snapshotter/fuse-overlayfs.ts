import type { SnapshotterEvidence } from '../../checks/snapshotter/trial-problem.ts';
import type { Fix } from '../../model/plan.ts';
import { planOther } from './change-snapshotter.ts';

export const replaceFuseOverlayfs: Fix<SnapshotterEvidence> = {
  title: 'Make fuse-overlayfs mountable, or let buildkitd choose another snapshotter',
  plan: planOther,
};
