import type { SelectedEvidence } from '../../checks/snapshotter/selected.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';

/** Says how a faster snapshotter becomes possible. */
export const chooseSnapshotter: Fix<NoNeeds, SelectedEvidence> = {
  needs: {},
  title: 'Let buildkitd use a snapshotter that shares layers',
  plan: (problems) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      const steps = adviceFor(evidence).map((text): Step => ({ do: 'tell', as: 'target', text }));
      return severity === 'info' || steps.length === 0 ? [] : [{ for: [index], risk: 'manual', steps }];
    }),
};

function adviceFor({ kind, suggestion, source, key, remedies }: SelectedEvidence): readonly string[] {
  switch (kind) {
    case 'native':
      return remedies;
    case 'unknown-name':
      return source === 'file'
        ? [`config/buildkitd mends ${key}.`]
        : [`Start buildkitd with --oci-worker-snapshotter=${suggestion}, or without that flag.`];
    case 'proxy':
      return [`Start the proxy snapshotter, or remove ${key}. The path is written without "unix://".`];
    case 'selected':
      return [];
  }
}
