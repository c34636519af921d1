import { snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import type { Check } from '../../model/decide.ts';
import { type SnapshotterEvidence, trialProblem } from './trial-problem.ts';

const needs = { settings, directory: cacheDirectory, trials: snapshotters };

export const snapshotterOverlayfs: Check<typeof needs, SnapshotterEvidence> = {
  id: 'snapshotter/overlayfs',
  title: 'overlayfs can be mounted on the cache directory',
  why: 'overlayfs shares the files of layers instead of copying them: it is what makes builds fast and the cache small.',
  decides: false,
  conditions: [
    'snapshotter.overlay-unsupported',
    'snapshotter.overlay-on-overlay',
    'kernel.too-old',
    'kernel.config-missing',
    'lsm.selinux-denied',
    'apparmor.mount-denied',
    'seccomp.blocked',
    'storage.xfs-no-dtype',
    'storage.permission',
  ],
  needs,
  examine({ settings: options, directory, trials }) {
    const { overlayfs } = trials;
    if (overlayfs.works === null)
      return { problems: [], unseen: [overlayfs.unseen ?? { why: 'no mount could be tried' }] };
    if (overlayfs.works) return { problems: [], unseen: [] };
    const problem = trialProblem(overlayfs, {
      title: 'overlayfs',
      place: directory.nearest,
      // stargz mounts overlayfs just as the snapshotter of that name does.
      names: ['overlayfs', 'stargz'],
      fallback: 'snapshotter.overlay-unsupported',
      settings: options,
    });
    return { problems: [problem], unseen: [] };
  },
};
