import { meantSnapshotter, SNAPSHOTTER_NAMES } from '../../buildkit/snapshotter-names.ts';
import type { Obstacle } from '../../facts/cache/snapshotter-trial.ts';
import { predictSnapshotter, snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { proxySocket } from '../../facts/config/proxy-snapshotter.ts';
import { settings } from '../../facts/config/settings.ts';
import type { Check } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';
import { causeClause } from './trial-problem.ts';

export interface SelectedEvidence {
  readonly kind: 'selected' | 'unknown-name' | 'native' | 'proxy';
  readonly value: string;
  /** Where the name stands. */
  readonly source: string;
  readonly key: string;
  /** For a fall to native: what keeps the others from working, the likeliest of each. */
  readonly obstacles: readonly Obstacle[];
}

const needs = {
  settings,
  directory: cacheDirectory,
  trials: optional(snapshotters),
  proxy: optional(proxySocket),
};

export const snapshotterSelected: Check<typeof needs, SelectedEvidence> = {
  id: 'snapshotter/selected',
  title: 'buildkitd uses a snapshotter that shares layers',
  why: 'The native snapshotter copies every layer in full for each step: builds become slow and the cache large. An unknown name keeps buildkitd from starting.',
  decides: true,
  conditions: ['snapshotter.native-fallback', 'snapshotter.name-mismatch', 'snapshotter.proxy-missing'],
  needs,
  examine({ settings: options, directory, trials, proxy }) {
    const { oci } = options;
    if (oci.enabled.value === false)
      return { notApplicable: 'the OCI worker is off; containerd chooses the snapshotter by its name' };
    const value = oci.snapshotter.value;
    const base: SelectedEvidence = {
      kind: 'selected',
      value,
      source: oci.snapshotter.source,
      key: oci.snapshotter.key,
      obstacles: [],
    };
    const { problems, unseen, add } = findings<SelectedEvidence>();
    const { at } = oci.snapshotter;
    const written =
      oci.snapshotter.source === 'file' ? 'The configuration names' : 'The flag --oci-worker-snapshotter names';

    if (oci.proxySnapshotterPath.value !== null) {
      const { value: socket, key, at: written } = oci.proxySnapshotterPath;
      if (proxy.unseen !== undefined) unseen.push(proxy.unseen);
      else if (!proxy.value.exists)
        add(
          'snapshotter.proxy-missing',
          'error',
          value,
          `The proxy snapshotter's socket ${socket} does not exist, so that buildkitd does not start.`,
          { ...base, kind: 'proxy', key },
          written,
        );
    } else if (!SNAPSHOTTER_NAMES.includes(value))
      add(
        'snapshotter.name-mismatch',
        'error',
        value,
        `${written} the snapshotter "${value}", which buildkitd does not know: it does not start. Perhaps "${meantSnapshotter(value) ?? 'auto'}" is meant; there are ${SNAPSHOTTER_NAMES.join(', ')}.`,
        { ...base, kind: 'unknown-name' },
        at,
      );
    else if (value === 'native')
      add(
        'snapshotter.native-fallback',
        'info',
        value,
        `${written} the native snapshotter: every step copies the whole layer below it.`,
        { ...base, kind: 'native' },
        at,
      );
    else if (value !== 'auto') return { problems, unseen };
    else if (trials.unseen !== undefined) unseen.push(trials.unseen);
    else {
      const { selected, unseen: untold } = predictSnapshotter(options, trials.value);
      if (untold !== null) unseen.push(untold);
      const { overlayfs, fuse } = trials.value;
      if (selected === 'native')
        add(
          'snapshotter.native-fallback',
          'warning',
          value,
          `buildkitd will use the slow native snapshotter, which copies every layer: on ${directory.nearest} overlayfs cannot be mounted${causeClause(overlayfs)}; nor fuse-overlayfs${causeClause(fuse)}.`,
          { ...base, kind: 'native', obstacles: [overlayfs, fuse].flatMap(({ obstacles }) => obstacles.slice(0, 1)) },
        );
    }
    return { problems, unseen };
  },
};
