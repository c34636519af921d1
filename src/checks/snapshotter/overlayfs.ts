import { tooLongForSteps } from '../../buildkit/mount-options.ts';
import { predictSnapshotter, snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import type { Check, FactsOf, Problem } from '../../model/decide.ts';
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
  examine(facts) {
    const { settings: options, directory, trials } = facts;
    const { overlayfs } = trials;
    if (overlayfs.works === null)
      return { problems: [], unseen: [overlayfs.unseen ?? { why: 'no mount could be tried' }] };
    if (overlayfs.works) return { problems: tooLong(facts), unseen: [] };
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

/** buildkitd tries a mount with shorter options than those of a RUN step. */
function tooLong({ settings, directory, trials }: FactsOf<typeof needs>): readonly Problem<SnapshotterEvidence>[] {
  const { path } = directory;
  if (!tooLongForSteps(path)) return [];
  const chosen = ['overlayfs', 'stargz'].includes(predictSnapshotter(settings, trials).selected ?? '');
  return [
    {
      condition: 'snapshotter.overlay-unsupported',
      severity: chosen ? 'error' : 'info',
      subject: directory.nearest,
      message: `The path of the cache directory is too long (${path.length} characters) for the mount options of a RUN step, though not for the mount that buildkitd tries.${chosen ? ' buildkitd chooses overlayfs, and every RUN step fails with "mount options is too long".' : ''}`,
      evidence: {
        tried: 'write',
        snapshotter: settings.oci.snapshotter.value,
        failure: null,
        obstacles: [{ kind: 'path-length', length: path.length }],
      },
    },
  ];
}
