import { CONDITIONS, type Condition } from '../knowledge/conditions.ts';
import { type Place, type Remedy, stepsAt } from '../knowledge/remedies/remedy.ts';
import { REMEDIES } from '../knowledge/remedies/table.ts';
import type { FailureKind, Surrounding } from '../knowledge/symptoms/symptom.ts';
import type { Cause, Confidence, Judgement } from './judge.ts';

/** A line of a log, as evidence. */
export interface Quoted {
  /** Null: standard input. */
  readonly file: string | null;
  /** @asType integer */
  readonly line: number;
  readonly excerpt: string;
}

/** A cause that a log shows, with all that is known about it. */
export interface Diagnosis extends Quoted {
  readonly condition: Condition;
  readonly definition: string;
  readonly confidence: Confidence;
  /** Whose words the excerpt is. */
  readonly by: string;
  readonly why: string;
  /** The checks that find it on a host. */
  readonly checks: readonly string[];
  /** What to do here, in order: sentences, and commands that begin with "$ ". */
  readonly remedy: readonly string[];
  /** Commands that tell it from what looks the same. */
  readonly tell: readonly string[];
  readonly docs: string;
  /** Whether this host has it; null: not asked, or nothing can tell. */
  readonly confirmed: boolean | null;
  /** Other lines that say the same or follow from it. */
  readonly also: readonly Quoted[];
}

/** What a log says, as JSON says it. */
export interface Explanation {
  readonly schema: 1;
  /** Best first; empty where nothing on the host explains the log. */
  readonly diagnoses: readonly Diagnosis[];
  /** The kind of failure where no host is to blame and the log is plain about it. */
  readonly failure: (Quoted & { readonly kind: FailureKind }) | null;
  /** What the log shows of where it was written. */
  readonly surroundings: readonly Surrounding[];
  /** @asType integer */
  readonly lines: number;
}

/** The most particular place comes first: a pod is also a container, and a guest of LXC may run Docker. */
const PLACES: readonly (readonly [Surrounding, Place])[] = [
  ['lxc', 'lxc'],
  ['kubernetes', 'kubernetes'],
  ['openshift', 'kubernetes'],
  ['wsl', 'wsl'],
  ['podman', 'podman'],
  ['container', 'docker'],
  ['docker', 'docker'],
];

/** What to do about a condition in these surroundings. */
export function remedyIn(remedy: Remedy, around: readonly Surrounding[]): readonly string[] {
  return stepsAt(
    remedy,
    PLACES.filter(([sign]) => around.includes(sign)).map(([, place]) => place),
  );
}

export const pageOf = (condition: Condition): string => `docs/conditions/${condition}.md`;

/** What can find conditions on a host. */
type Finders = readonly { readonly check: { readonly id: string; readonly conditions: readonly Condition[] } }[];

/** Everything known about the causes of a judgement. */
export function diagnosesOf({ causes, surroundings }: Judgement, catalog: Finders): readonly Diagnosis[] {
  return causes.map((cause) => diagnosisOf(cause, surroundings, catalog));
}

function diagnosisOf(cause: Cause, around: readonly Surrounding[], catalog: Finders): Diagnosis {
  const { condition, confidence, file, line, excerpt, by, also } = cause;
  const remedy = REMEDIES[condition];
  return {
    condition,
    confidence,
    file,
    line,
    excerpt,
    definition: CONDITIONS[condition],
    by,
    why: remedy.why,
    checks: catalog.filter(({ check }) => check.conditions.includes(condition)).map(({ check }) => check.id),
    remedy: remedyIn(remedy, around),
    tell: remedy.tell ?? [],
    docs: pageOf(condition),
    confirmed: null,
    also,
  };
}
