import type { SnapshotterEvidence } from '../../checks/snapshotter/trial-problem.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { planOther } from './change-snapshotter.ts';

export const replaceOverlayfs: Fix<NoNeeds, SnapshotterEvidence> = {
  needs: {},
  title: 'Make overlayfs mountable, or let buildkitd choose another snapshotter',
  plan: planOther,
};
