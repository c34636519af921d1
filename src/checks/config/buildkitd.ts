import type { Check, Examined, Problem, Severity } from '../../model/decide.ts';
import { type Findings, findings } from '../findings.ts';
import { type BuildkitdCase, type BuildkitdEvidence, needs, WHOLE } from './buildkitd-case.ts';
import { judgeDefaultFile, judgeElsewhere, judgeFile } from './buildkitd-file.ts';
import { judgeText } from './buildkitd-text.ts';
import { judgeCdi, judgeContent, judgeOverridden, judgeProvenance, judgeWorkers } from './buildkitd-values.ts';
import { contextOf } from './value-context.ts';

/** More problems of one file than anybody reads. */
const MOST = 100;

export const configBuildkitd: Check<typeof needs, BuildkitdEvidence> = {
  id: 'config/buildkitd',
  title: 'buildkitd understands its configuration file',
  why: 'buildkitd exits at a value of the wrong type, and silently ignores a key that it does not know: a build then runs with other settings than those written down.',
  decides: true,
  conditions: [
    'config.unreadable',
    'config.toml-syntax',
    'config.wrong-type',
    'config.unknown-key',
    'config.misplaced-key',
    'config.invalid-value',
    'config.bad-address',
    'config.deprecated-key',
    'config.other-file',
    'config.overridden',
    'config.cdi-invalid',
    'snapshotter.name-mismatch',
    'runtime.no-worker',
  ],
  needs,
  examine(facts) {
    const found = findings<BuildkitdEvidence>();
    const buildkitd: BuildkitdCase = { ...facts, found, context: contextOf(facts) };
    if (facts.config.unseen !== null) found.unseen.push(facts.config.unseen);
    judgeFile(buildkitd);
    judgeText(buildkitd);
    judgeContent(buildkitd);
    judgeWorkers(buildkitd);
    judgeDefaultFile(buildkitd);
    judgeElsewhere(buildkitd);
    judgeOverridden(buildkitd);
    judgeProvenance(buildkitd);
    judgeCdi(buildkitd);
    return readable(found, facts.config.path);
  },
};

const rank = (severity: Severity): number => (severity === 'error' ? 0 : severity === 'warning' ? 1 : 2);

/** What stops buildkitd first; else as in the file. */
function place({ at, severity }: Problem<BuildkitdEvidence>): number {
  return (severity === 'error' ? 0 : 1e9) + (at?.line ?? 0);
}

/** In an order that helps, and no more of it than anybody reads. */
function readable({ problems, unseen }: Findings<BuildkitdEvidence>, path: string): Examined<BuildkitdEvidence> {
  const left = problems.length - MOST;
  if (left <= 0) return { problems: problems.toSorted((a, b) => place(a) - place(b)), unseen };
  const gravest = findings<BuildkitdEvidence>();
  gravest.problems.push(...problems.toSorted((a, b) => rank(a.severity) - rank(b.severity)).slice(0, MOST));
  const evidence = { ...WHOLE, what: 'more' } as const;
  gravest.add('config.unknown-key', 'info', path, `${path} has ${left} more such problems.`, evidence);
  return { problems: gravest.problems, unseen };
}
