import { failureWords } from '../../facts/cache/snapshotter-trial.ts';
import { predictSnapshotter, snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import type { Check } from '../../model/decide.ts';
import { isNamed, type SnapshotterEvidence, trialProblem } from './trial-problem.ts';

const needs = { settings, config: configEdit, directory: cacheDirectory, trials: snapshotters };

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
  examine({ settings: options, config, directory, trials }) {
    const { fuse, overlayfs, fuseWrite } = trials;
    if (fuse.works === null) return { problems: [], unseen: [fuse.unseen ?? { why: 'no mount could be tried' }] };
    const named = isNamed(options, ['fuse-overlayfs']);
    const evidence: SnapshotterEvidence = {
      snapshotter: options.oci.snapshotter.value,
      failure: fuse.failure,
      causes: fuse.causes,
      config: named && options.oci.snapshotter.source === 'file' ? config : null,
      better: 'auto',
      instead: overlayfs.works === true ? 'overlayfs' : overlayfs.works === false ? 'native' : null,
    };
    if (!fuse.works) {
      const problem = trialProblem(fuse, {
        title: 'fuse-overlayfs',
        place: directory.nearest,
        named,
        fallback: 'snapshotter.fuse-overlayfs-broken',
        evidence,
      });
      // The daemon starts and shows it as its snapshotter all the same: only the first RUN step tells.
      return { problems: [problem], unseen: [] };
    }
    if (fuseWrite !== null && !fuseWrite.ok) {
      const chosen = predictSnapshotter(options, trials).selected === 'fuse-overlayfs';
      return {
        problems: [
          {
            condition: 'snapshotter.fuse-overlayfs-broken',
            severity: chosen ? 'error' : 'info',
            subject: directory.nearest,
            message: `fuse-overlayfs can be mounted read-only on ${directory.nearest}, which is all that buildkitd tries, but not written to (${failureWords(fuseWrite)}).${chosen ? ' buildkitd chooses it, and every RUN step fails.' : ''}`,
            evidence: {
              ...evidence,
              failure: failureWords(fuseWrite),
              config: chosen ? evidence.config : null,
              better: overlayfs.works === true ? 'auto' : 'native',
            },
          },
        ],
        unseen: [],
      };
    }
    return { problems: [], unseen: [] };
  },
};
