import { snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import type { Check } from '../../model/decide.ts';
import { isNamed, type SnapshotterEvidence, trialProblem } from './trial-problem.ts';

const needs = { settings, config: configEdit, directory: cacheDirectory, trials: snapshotters };

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
  examine({ settings: options, config, directory, trials }) {
    const { overlayfs, fuse } = trials;
    if (overlayfs.works === null)
      return { problems: [], unseen: [overlayfs.unseen ?? { why: 'no mount could be tried' }] };
    if (overlayfs.works) return { problems: [], unseen: [] };
    // stargz mounts overlayfs just as the snapshotter of that name does.
    const named = isNamed(options, ['overlayfs', 'stargz']);
    const problem = trialProblem(overlayfs, {
      title: 'overlayfs',
      place: directory.nearest,
      named,
      fallback: 'snapshotter.overlay-unsupported',
      evidence: {
        snapshotter: options.oci.snapshotter.value,
        failure: overlayfs.failure,
        causes: overlayfs.causes,
        config: named && options.oci.snapshotter.source === 'file' ? config : null,
        better: 'auto',
        instead: fuse.works === true ? 'fuse-overlayfs' : fuse.works === false ? 'native' : null,
      },
    });
    return { problems: [problem], unseen: [] };
  },
};
