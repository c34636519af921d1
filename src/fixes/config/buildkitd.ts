import type { ConfigProblem } from '../../buildkit/config/problem.ts';
import { keyText, specOf, splitKey } from '../../buildkit/config/schema-tree.ts';
import { NEWEST } from '../../buildkit/version.ts';
import type { BuildkitdEvidence, ValueEvidence } from '../../checks/config/buildkitd-case.ts';
import { isAbsent } from '../../checks/config/buildkitd-file.ts';
import { contextOf } from '../../checks/config/value-context.ts';
import { configFile } from '../../facts/config/config-file.ts';
import { containerdWorker } from '../../facts/config/containerd-worker.ts';
import { provenanceEnv } from '../../facts/config/provenance-env.ts';
import { settings } from '../../facts/config/settings.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { rights } from '../../facts/rights/rights.ts';
import { environment } from '../../facts/target/environment.ts';
import { identity } from '../../facts/target/identity.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { accessSteps } from './access.ts';
import { type Correction, NOTHING, planCorrections } from './corrections.ts';
import { adviceOnKey } from './key-advice.ts';
import type { KeyChange } from './key-changes.ts';
import { keyChangesOf } from './key-trials.ts';
import { edited, possible } from './trials.ts';
import { rewordingOf } from './value-corrections.ts';

const needs = {
  config: configFile,
  settings,
  identity,
  environment,
  edit: configEdit,
  rights,
  containerd: optional(containerdWorker),
  provenance: optional(provenanceEnv),
};
type Facts = FactsOf<typeof needs>;

/** Mends names and places of keys, and access to the file; what a value is meant to be, a person says. */
export const correctConfiguration: Fix<typeof needs, BuildkitdEvidence> = {
  title: 'Correct buildkitd.toml',
  needs,
  plan(problems, facts) {
    const access = problems.map(({ evidence }) =>
      evidence.what === 'unreadable' ? accessSteps(facts.config, facts.identity, facts.rights) : null,
    );
    const keyChanges = facts.edit === null ? new Map() : keyChangesOf(facts.config, contextOf(facts));
    const corrections = problems.map((problem, index) =>
      access[index] != null ? NOTHING : correctionOf(problem, facts, keyChanges),
    );
    const opened = access.flatMap((steps, index): readonly Treatment[] =>
      steps === null ? [] : [{ for: [index], risk: 'safe', until: 'restart', steps }],
    );
    return [...opened, ...planCorrections(problems, corrections, facts.edit)];
  },
};

function correctionOf(
  problem: Problem<BuildkitdEvidence>,
  facts: Facts,
  keyChanges: ReadonlyMap<ConfigProblem, KeyChange>,
): Correction {
  const { evidence } = problem;
  if ('value' in evidence) return valueCorrection(problem, evidence, facts);
  const mistake = mistakeOf(problem, facts);
  if (mistake === undefined) return { ...NOTHING, advice: adviceFor(problem, facts) };
  const { changes = null, consequence = null } = keyChanges.get(mistake) ?? {};
  return {
    changes,
    consequence,
    alone: mistake.below.length > 0,
    advice: adviceOnKey(mistake, problem.at?.path ?? 'the file'),
  };
}

/** The mistake in the text that a problem tells of. */
function mistakeOf({ at, evidence }: Problem<BuildkitdEvidence>, { config }: Facts): ConfigProblem | undefined {
  return config.content.problems.find(
    ({ kind, key, line, column }) =>
      kind === evidence.what && key === evidence.key && line === at?.line && column === at.column,
  );
}

function valueCorrection(
  { at }: Problem<BuildkitdEvidence>,
  evidence: ValueEvidence,
  { config: { file, content } }: Facts,
): Correction {
  const { instead, advice } = rewordingOf(evidence, content.releases.at(-1) ?? NEWEST);
  const { key, index } = evidence;
  const entry = content.values.find((value) => {
    const { line, column } = (index === null ? null : value.items[index]) ?? value;
    return keyText(value.path) === key && line === at?.line && column === at.column;
  });
  if (instead === null || entry === undefined) return { ...NOTHING, advice };
  const path = index === null ? entry.written : [...entry.written, String(index)];
  return possible({ ...NOTHING, advice, changes: [{ change: 'set', path, value: instead }] }, file?.text ?? '', edited);
}

/** What a person can do about what is no mistake in the text. */
function adviceFor(
  { at, subject, evidence: { what, key } }: Problem<BuildkitdEvidence>,
  { config, provenance }: Facts,
): string | null {
  switch (what) {
    case 'odd-file':
      return `Put a file at ${config.path}, or nothing: without it buildkitd takes its defaults.`;
    case 'unreadable':
      return `Let the account that runs buildkitd read ${config.path}, or remove it: without it buildkitd takes its defaults.`;
    case 'default-broken':
      return `Correct or remove ${at?.path ?? subject}.`;
    case 'default-wins':
      return `Remove ${key ?? ''} from ${at?.path ?? ''}, or give the flag --${specOf(splitKey(key ?? ''))?.flag ?? ''} as well.`;
    case 'elsewhere':
      return isAbsent(config) ? `Copy it to ${config.path} if it is meant for this buildkitd.` : null;
    case 'cdi':
      return `Mend ${subject} (bk-doctor says what is wrong with it), make it anew (nvidia-ctk cdi generate --output=FILE), or move it away; or switch CDI off: disabled = true below [cdi] in buildkitd.toml.`;
    case 'provenance':
      return `Correct or remove what is in ${provenance.value?.path ?? subject}, and let the account that runs buildkitd read it.`;
    case 'no-worker':
      return 'Remove worker.oci.enabled, or switch on a containerd that answers.';
    default:
      return null;
  }
}
