import { meantSnapshotter, SNAPSHOTTER_NAMES } from '../../buildkit/snapshotter-names.ts';
import { predictSnapshotter, snapshotters } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { proxySocket } from '../../facts/config/proxy-snapshotter.ts';
import { settings } from '../../facts/config/settings.ts';
import type { Check, Problem } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { causeClause } from './trial-problem.ts';

export interface SelectedEvidence {
  readonly kind: 'selected' | 'unknown-name' | 'native' | 'proxy';
  readonly value: string;
  readonly suggestion: string | null;
  /** Where the name stands. */
  readonly source: string;
  readonly key: string;
  /** Where the file has it; null when it comes from elsewhere. */
  readonly line: number | null;
  readonly remedies: readonly string[];
}

const needs = {
  settings,
  config: configFile,
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
  examine({ settings: options, config, directory, trials, proxy }) {
    const { oci } = options;
    if (oci.enabled.value === false)
      return { notApplicable: 'the OCI worker is off; containerd chooses the snapshotter by its name' };
    const value = oci.snapshotter.value;
    const base: SelectedEvidence = {
      kind: 'selected',
      value,
      suggestion: null,
      source: oci.snapshotter.source,
      key: oci.snapshotter.key,
      line: oci.snapshotter.line,
      remedies: [],
    };
    const one = (problem: Omit<Problem<SelectedEvidence>, 'subject'>) => ({
      problems: [{ subject: value, ...problem }],
      unseen: [],
    });
    const written =
      oci.snapshotter.source === 'file' ? `${config.path} names` : 'The flag --oci-worker-snapshotter names';

    if (oci.proxySnapshotterPath.value !== null) {
      if (proxy.unseen !== undefined) return { problems: [], unseen: [proxy.unseen] };
      if (proxy.value.exists) return { problems: [], unseen: [] };
      return one({
        condition: 'snapshotter.proxy-missing',
        severity: 'error',
        message: `The proxy snapshotter's socket ${oci.proxySnapshotterPath.value} does not exist, so that buildkitd does not start.`,
        evidence: { ...base, kind: 'proxy', key: oci.proxySnapshotterPath.key, line: oci.proxySnapshotterPath.line },
      });
    }
    if (!SNAPSHOTTER_NAMES.includes(value)) {
      const suggestion = meantSnapshotter(value) ?? 'auto';
      return one({
        condition: 'snapshotter.name-mismatch',
        severity: 'error',
        message: `${written} the snapshotter "${value}", which buildkitd does not know: it does not start. Perhaps "${suggestion}" is meant; there are ${SNAPSHOTTER_NAMES.join(', ')}.`,
        evidence: { ...base, kind: 'unknown-name', suggestion },
      });
    }
    if (value === 'native')
      return one({
        condition: 'snapshotter.native-fallback',
        severity: 'info',
        message: `${written} the native snapshotter: every step copies the whole layer below it.`,
        evidence: { ...base, kind: 'native' },
      });
    if (value !== 'auto') return { problems: [], unseen: [] };
    if (trials.unseen !== undefined) return { problems: [], unseen: [trials.unseen] };
    const { selected, why, unknown } = predictSnapshotter(options, trials.value);
    if (unknown) return { problems: [], unseen: [{ why }] };
    if (selected !== 'native') return { problems: [], unseen: [] };
    const { overlayfs, fuse } = trials.value;
    return one({
      condition: 'snapshotter.native-fallback',
      severity: 'warning',
      message: `buildkitd will use the slow native snapshotter, which copies every layer: on ${directory.nearest} overlayfs cannot be mounted${causeClause(overlayfs)}; nor fuse-overlayfs${causeClause(fuse)}.`,
      evidence: {
        ...base,
        kind: 'native',
        remedies: [...new Set([overlayfs, fuse].flatMap(({ causes }) => causes[0]?.remedy ?? []))],
      },
    });
  },
};
