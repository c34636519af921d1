import { isNamed, type SnapshotterEvidence } from '../../checks/snapshotter/trial-problem.ts';
import { type Snapshotters, snapshotters } from '../../facts/cache/snapshotters.ts';
import { settings } from '../../facts/config/settings.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { namespace } from '../../facts/start/namespace.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Treatment } from '../../model/plan.ts';
import { explains, optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { MOVE, remedyNeeds, remedyOf } from './remedies.ts';

/** What changing the snapshotter depends on. */
export const changeNeeds = {
  settings,
  config: optional(configEdit),
  trials: snapshotters,
  namespace: explains(namespace),
  ...remedyNeeds,
};

/** What to change a snapshotter for. */
interface Other {
  /** The names that ask for the one that does not work. */
  readonly names: readonly string[];
  /** The other one that buildkitd tries, and its name. */
  readonly tried: 'overlayfs' | 'fuse';
  readonly name: string;
}

/** For a snapshotter that was asked for and does not work: what would mend it, and letting buildkitd choose instead. */
export function planOther(
  problems: readonly Problem<SnapshotterEvidence>[],
  facts: FactsOf<typeof changeNeeds>,
  other: Other,
): readonly Treatment[] {
  return problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
    if (severity === 'info') return [];
    const remedies = evidence.obstacles.map((obstacle) => remedyOf(obstacle, facts));
    // No snapshotter helps where files cannot get their owners.
    if (evidence.tried === 'write' && facts.namespace.value?.chown?.ok === false)
      return [advice([index], ...remedies, MOVE)];
    // Left to itself, buildkitd would choose what can be mounted and not written to.
    const broken = other.tried === 'fuse' ? 'overlayfs' : 'fuse';
    const first = facts.trials.overlayfs.works === true ? 'overlayfs' : 'fuse';
    const better = evidence.tried === 'write' && first === broken ? 'native' : 'auto';
    const inFile = isNamed(facts.settings, other.names) && facts.settings.oci.snapshotter.source === 'file';
    const config = inFile ? (facts.config.value ?? null) : null;
    if (config === null) return [advice([index], ...remedies, chooseInUnit(better, remedies.length > 0))];
    const change: Treatment = {
      for: [index],
      risk: 'risky',
      consequence: consequence(evidence.snapshotter, better, instead(facts.trials, other)),
      until: 'restart',
      steps: configSteps(config, [{ change: 'set', path: ['worker', 'oci', 'snapshotter'], value: better }]),
    };
    return remedies.length === 0 ? [change] : [change, advice([index], ...remedies)];
  });
}

function chooseInUnit(better: 'auto' | 'native', orElse: boolean): string {
  return better === 'native'
    ? 'Let buildkitd use the slow native snapshotter: --oci-worker-snapshotter=native in the unit that starts it, or snapshotter = "native" below [worker.oci].'
    : `${orElse ? 'Or let' : 'Let'} buildkitd choose: --oci-worker-snapshotter=auto in the unit that starts it.`;
}

/** What would work here by itself; null where it cannot be told. */
function instead(trials: Snapshotters, { tried, name }: Other): string | null {
  const { works } = trials[tried];
  return works === null ? null : works ? name : 'native';
}

function consequence(snapshotter: string, better: 'auto' | 'native', other: string | null): string {
  const here = other === null ? '' : ` (here ${other}${other === 'native' ? ', which copies every layer' : ''})`;
  const then =
    better === 'native'
      ? 'buildkitd uses native, which copies every layer'
      : `buildkitd chooses the snapshotter itself${here}`;
  return `${then}; what ${snapshotter} has cached is not used any more.`;
}
