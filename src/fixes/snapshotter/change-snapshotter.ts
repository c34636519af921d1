import type { SnapshotterEvidence } from '../../checks/snapshotter/trial-problem.ts';
import type { Problem } from '../../model/decide.ts';
import type { Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';

/** For a snapshotter that was asked for and does not work: what would mend it, and letting buildkitd choose instead. */
export function planOther(problems: readonly Problem<SnapshotterEvidence>[]): readonly Treatment[] {
  return problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
    if (severity === 'info') return [];
    const { better, config, causes, instead, snapshotter } = evidence;
    const remedies = causes.map(({ remedy }) => tell(remedy));
    const treatments: Treatment[] = [];
    if (config !== null)
      treatments.push({
        for: [index],
        risk: 'risky',
        consequence: `${better === 'native' ? 'buildkitd uses native, which copies every layer' : `buildkitd chooses the snapshotter itself${instead === null ? '' : ` (here ${instead}${instead === 'native' ? ', which copies every layer' : ''})`}`}; what ${snapshotter} has cached is not used any more.`,
        until: 'restart',
        steps: configSteps(config, [{ change: 'set', path: ['worker', 'oci', 'snapshotter'], value: better }]),
      });
    const other = tell(
      better === 'native'
        ? 'Let buildkitd use the slow native snapshotter: --oci-worker-snapshotter=native in the unit that starts it, or snapshotter = "native" below [worker.oci].'
        : `${remedies.length === 0 ? 'Let' : 'Or let'} buildkitd choose: --oci-worker-snapshotter=auto in the unit that starts it.`,
    );
    treatments.push({ for: [index], risk: 'manual', steps: [...remedies, ...(config === null ? [other] : [])] });
    return treatments.filter(({ steps }) => steps.length > 0);
  });
}
