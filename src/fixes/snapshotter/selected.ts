import { meantSnapshotter } from '../../buildkit/snapshotter-names.ts';
import type { SelectedEvidence } from '../../checks/snapshotter/selected.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { advice } from '../advice.ts';
import { remedyNeeds, remedyOf } from './remedies.ts';

/** Says how a faster snapshotter becomes possible. */
export const chooseSnapshotter: Fix<typeof remedyNeeds, SelectedEvidence> = {
  needs: remedyNeeds,
  title: 'Let buildkitd use a snapshotter that shares layers',
  plan: (problems, facts) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      const texts = severity === 'info' ? [] : adviceFor(evidence, facts);
      return texts.length === 0 ? [] : [advice([index], ...texts)];
    }),
};

function adviceFor(
  { kind, value, source, key, obstacles }: SelectedEvidence,
  facts: FactsOf<typeof remedyNeeds>,
): readonly string[] {
  switch (kind) {
    case 'native':
      return [...new Set(obstacles.map((obstacle) => remedyOf(obstacle, facts)))];
    case 'unknown-name':
      return source === 'file'
        ? [`config/buildkitd mends ${key}.`]
        : [`Start buildkitd with --oci-worker-snapshotter=${meantSnapshotter(value) ?? 'auto'}, or without that flag.`];
    case 'proxy':
      return [`Start the proxy snapshotter, or remove ${key}. The path is written without "unix://".`];
    case 'selected':
      return [];
  }
}
