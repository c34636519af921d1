import type { Obstacle, Trial } from '../../facts/cache/snapshotter-trial.ts';
import type { Settings } from '../../facts/config/settings.ts';
import type { Condition, Problem } from '../../model/decide.ts';
import { because, conditionOf } from './obstacles.ts';

/** A snapshotter that was tried. */
export interface SnapshotterEvidence {
  /** What failed: the mount that buildkitd tries, or the writable one that RUN steps need. */
  readonly tried: 'mount' | 'write';
  /** As the settings have it. */
  readonly snapshotter: string;
  /** What the mount said; null where files decided. */
  readonly failure: string | null;
  readonly obstacles: readonly Obstacle[];
}

/** Does the configuration of the OCI worker ask for it by name? */
export function isNamed({ oci }: Settings, names: readonly string[]): boolean {
  return (
    oci.enabled.value !== false && oci.proxySnapshotterPath.value === null && names.includes(oci.snapshotter.value)
  );
}

export function causeClause({ failure, obstacles }: Pick<Trial, 'failure' | 'obstacles'>): string {
  const [first] = obstacles;
  const error = failure === null ? '' : ` (${failure})`;
  return first === undefined ? error : `${error}: ${because(first)}`;
}

/** One problem for a snapshotter that does not work: an error where it was asked for, else something to know. */
export function trialProblem(
  trial: Trial,
  about: {
    readonly title: string;
    readonly place: string;
    readonly names: readonly string[];
    readonly fallback: Condition;
    readonly settings: Settings;
  },
): Problem<SnapshotterEvidence> {
  const { title, place, names, fallback, settings } = about;
  const { failure, obstacles } = trial;
  const named = isNamed(settings, names);
  const { value: snapshotter, at } = settings.oci.snapshotter;
  const [first] = obstacles;
  return {
    condition: first === undefined ? fallback : conditionOf(first),
    severity: named ? 'error' : 'info',
    subject: place,
    message: `${title} cannot be mounted on ${place}${causeClause(trial)}.${
      named ? ' The configuration names it, so that buildkitd does not fall back to another.' : ''
    }`,
    evidence: { tried: 'mount', snapshotter, failure, obstacles },
    ...(!named || at === null ? {} : { at }),
  };
}
