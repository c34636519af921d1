import { failureWords } from '../../facts/cache/snapshotter-trial.ts';
import { predictSnapshotter, snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import type { Check } from '../../model/decide.ts';
import { findings } from '../findings.ts';
import { isNamed, type SnapshotterEvidence, trialProblem } from './trial-problem.ts';

const needs = { settings, directory: cacheDirectory, trials: snapshotters };

export const snapshotterFuseOverlayfs: Check<typeof needs, SnapshotterEvidence> = {
  id: 'snapshotter/fuse-overlayfs',
  title: 'fuse-overlayfs can be mounted on the cache directory',
  why: 'Where the kernel refuses overlayfs to ordinary users, fuse-overlayfs is the next best: without it buildkitd copies every layer.',
  decides: false,
  conditions: [
    'snapshotter.fuse-overlayfs-missing',
    'snapshotter.fuse-device-missing',
    'snapshotter.fuse-overlayfs-broken',
    'kernel.too-old',
  ],
  needs,
  examine({ settings: options, directory, trials }) {
    const { fuse, fuseWrite } = trials;
    if (fuse.works === null) return { problems: [], unseen: [fuse.unseen ?? { why: 'no mount could be tried' }] };
    if (!fuse.works) {
      const problem = trialProblem(fuse, {
        title: 'fuse-overlayfs',
        place: directory.nearest,
        names: ['fuse-overlayfs'],
        fallback: 'snapshotter.fuse-overlayfs-broken',
        settings: options,
      });
      // The daemon starts and shows it as its snapshotter all the same: only the first RUN step tells.
      return { problems: [problem], unseen: [] };
    }
    const { problems, unseen, add } = findings<SnapshotterEvidence>();
    if (fuseWrite !== null && !fuseWrite.ok) {
      const chosen = predictSnapshotter(options, trials).selected === 'fuse-overlayfs';
      const failure = failureWords(fuseWrite);
      const { value: snapshotter, at } = options.oci.snapshotter;
      add(
        'snapshotter.fuse-overlayfs-broken',
        chosen ? 'error' : 'info',
        directory.nearest,
        `fuse-overlayfs can be mounted read-only on ${directory.nearest}, which is all that buildkitd tries, but not written to (${failure}).${chosen ? ' buildkitd chooses it, and every RUN step fails.' : ''}`,
        { tried: 'write', snapshotter, failure, obstacles: [] },
        isNamed(options, ['fuse-overlayfs']) ? at : null,
      );
    }
    return { problems, unseen };
  },
};
