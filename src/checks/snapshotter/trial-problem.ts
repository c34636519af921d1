import type { Trial } from '../../facts/cache/snapshotter-trial.ts';
import type { Settings } from '../../facts/config/settings.ts';
import type { ConfigEdit } from '../../facts/rights/config-edit.ts';
import type { Condition, Problem, Severity } from '../../model/decide.ts';

export interface SnapshotterEvidence {
  readonly snapshotter: string;
  /** What the mount said; null where files decided. */
  readonly failure: string | null;
  readonly causes: readonly { readonly condition: Condition; readonly because: string; readonly remedy: string }[];
  /** Set where the configuration file names the snapshotter, and can be changed. */
  readonly config: ConfigEdit | null;
  /** What else would work here by itself; null where it cannot be told. */
  readonly instead: string | null;
  /** What the setting should say: native where buildkitd, left to itself, would choose what does not work. */
  readonly better: 'auto' | 'native';
}

/** Does the configuration of the OCI worker ask for it by name? */
export function isNamed({ oci }: Settings, names: readonly string[]): boolean {
  return (
    oci.enabled.value !== false && oci.proxySnapshotterPath.value === null && names.includes(oci.snapshotter.value)
  );
}

export function causeClause({ failure, causes }: Pick<Trial, 'failure' | 'causes'>): string {
  const [first] = causes;
  const error = failure === null ? '' : ` (${failure})`;
  return first === undefined ? error : `${error}: ${first.because}`;
}

/** One problem for a snapshotter that does not work: an error where it was asked for, else something to know. */
export function trialProblem(
  trial: Trial,
  about: {
    readonly title: string;
    readonly place: string;
    readonly named: boolean;
    readonly fallback: Condition;
    readonly evidence: SnapshotterEvidence;
  },
): Problem<SnapshotterEvidence> {
  const severity: Severity = about.named ? 'error' : 'info';
  return {
    condition: trial.causes[0]?.condition ?? about.fallback,
    severity,
    subject: about.place,
    message: `${about.title} cannot be mounted on ${about.place}${causeClause(trial)}.${
      about.named ? ' The configuration names it, so that buildkitd does not fall back to another.' : ''
    }`,
    evidence: about.evidence,
  };
}
