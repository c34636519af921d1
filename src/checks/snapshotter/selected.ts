import { cacheDirectory } from '../../facts/cache-directory.ts';
import { configFile } from '../../facts/config-file.ts';
import { identity } from '../../facts/identity.ts';
import { proxySocket } from '../../facts/proxy-snapshotter.ts';
import { settings } from '../../facts/settings.ts';
import { predictSnapshotter, SNAPSHOTTER_NAMES, snapshotters } from '../../facts/snapshotters.ts';
import { optional } from '../../facts/unseen.ts';
import type { Check, Owner, Problem } from '../../model.ts';
import { causeClause } from './trial-problem.ts';

export interface SelectedEvidence {
  readonly kind: 'selected' | 'unknown-name' | 'native' | 'proxy';
  readonly value: string;
  readonly suggestion: string | null;
  /** Where the name stands. */
  readonly source: string;
  readonly config: string | null;
  readonly digest: string | null;
  readonly key: string;
  /** Where the file has it; null when it comes from elsewhere. */
  readonly line: number | null;
  readonly remedies: readonly string[];
  readonly owner: Owner;
}

const needs = {
  identity,
  settings,
  config: configFile,
  directory: cacheDirectory,
  trials: optional(snapshotters),
  proxy: optional(proxySocket),
};

/** The name that was probably meant: Docker's and the kernel's names for overlayfs, and slips of case or dash. */
export function suggestSnapshotter(name: string): string {
  const bare = name.toLowerCase().replace(/[^a-z]/g, '');
  if (/^(fuse|fuseoverlay|fuseoverlayfs|overlayfuse)$/.test(bare)) return 'fuse-overlayfs';
  if (/^(overlay|overlayfs|overlays|overlayfs2|ovl|ofs)$/.test(bare)) return 'overlayfs';
  if (/^(native|vfs|copy|naive)$/.test(bare)) return 'native';
  if (/^(stargz|estargz|stargzstore)$/.test(bare)) return 'stargz';
  return 'auto';
}

export const snapshotterSelected: Check<typeof needs, SelectedEvidence> = {
  id: 'snapshotter/selected',
  title: 'buildkitd uses a snapshotter that shares layers',
  why: 'The native snapshotter copies every layer in full for each step: builds become slow and the cache large. An unknown name keeps buildkitd from starting.',
  decides: true,
  conditions: ['snapshotter.native-fallback', 'snapshotter.name-mismatch', 'snapshotter.proxy-missing'],
  needs,
  examine({ identity: who, settings: options, config, directory, trials, proxy }) {
    const { oci } = options;
    if (oci.enabled.value === false)
      return { notApplicable: 'the OCI worker is off; containerd chooses the snapshotter by its name' };
    const value = oci.snapshotter.value;
    const base: SelectedEvidence = {
      kind: 'selected',
      value,
      suggestion: null,
      source: oci.snapshotter.source,
      config: oci.snapshotter.source === 'file' ? config.path : null,
      digest: oci.snapshotter.source === 'file' ? (config.file?.digest ?? null) : null,
      key: oci.snapshotter.key,
      line: oci.snapshotter.line,
      remedies: [],
      owner: { uid: who.target.uid, gid: who.target.gid },
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
      const suggestion = suggestSnapshotter(value);
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
    if (unknown)
      return { problems: [], unseen: [{ why: `which snapshotter buildkitd would use is not known: ${why}` }] };
    if (selected !== 'native') return { problems: [], unseen: [] };
    const { overlayfs, fuse } = trials.value;
    return one({
      condition: 'snapshotter.native-fallback',
      severity: 'warning',
      message: `buildkitd will use the slow native snapshotter, which copies every layer: on ${directory.nearest} overlayfs cannot be mounted${causeClause(overlayfs)}; nor fuse-overlayfs${causeClause(fuse)}.`,
      evidence: {
        ...base,
        kind: 'native',
        remedies: [overlayfs.causes[0]?.remedy, fuse.causes[0]?.remedy].filter(
          (text): text is string => text !== undefined,
        ),
      },
    });
  },
};
