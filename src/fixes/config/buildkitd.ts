import type { BuildkitdEvidence } from '../../checks/config/buildkitd.ts';
import type { Fix, NoNeeds, Step } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { planEdits } from './edits.ts';

/** Mends names and places of keys, and access to the file; what a value is meant to be, a person says. */
export const correctConfiguration: Fix<NoNeeds, BuildkitdEvidence> = {
  needs: {},
  title: 'Correct buildkitd.toml',
  plan(problems) {
    const edits = planEdits(
      problems.map((problem) => (stepsFor(problem.evidence) === null ? problem : quiet(problem))),
    );
    const access = problems.flatMap(({ evidence }, index) => {
      const steps = stepsFor(evidence);
      return steps === null ? [] : [{ for: [index], risk: 'safe' as const, until: 'restart' as const, steps }];
    });
    return [...access, ...edits];
  },
};

const quiet = <P extends { readonly evidence: BuildkitdEvidence }>(problem: P): P => ({
  ...problem,
  evidence: { ...problem.evidence, advice: null },
});

/** Lets the target read its configuration, and nobody else more than before. */
function stepsFor({ access, path }: BuildkitdEvidence): readonly Step[] | null {
  if (access === null || access.rootMay === null) return null;
  const { uid, gid, mode, target } = access;
  if (access.rootMay === 'owner') {
    const to = mode | 0o600;
    return [
      { do: 'owner', as: 'root', path, from: { uid, gid }, to: { uid: target.uid, gid: target.gid } },
      ...(to === mode ? [] : [{ do: 'mode', as: 'root', path, from: mode, to } as const]),
      tell(`${path} belonged to root, and is read by the account that runs buildkitd.`),
    ];
  }
  const to = mode | 0o040;
  return [
    ...(gid === target.gid
      ? []
      : [{ do: 'owner', as: 'root', path, from: { uid, gid }, to: { uid, gid: target.gid } } as const]),
    ...(to === mode ? [] : [{ do: 'mode', as: 'root', path, from: mode, to } as const]),
  ];
}
