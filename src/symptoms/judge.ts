import type { Condition } from '../knowledge/conditions.ts';
import type { FailureKind, Meaning, Surrounding } from '../knowledge/symptoms/symptom.ts';
import type { Sighting } from './reader.ts';

export type Confidence = 'certain' | 'likely' | 'possible';

interface Place {
  readonly file: string | null;
  readonly line: number;
  readonly excerpt: string;
}

/** One cause that a log shows. */
export interface Cause {
  readonly condition: Condition;
  readonly confidence: Confidence;
  /** Null: standard input. */
  readonly file: string | null;
  readonly line: number;
  readonly excerpt: string;
  /** Whose words prove it. */
  readonly by: string;
  /** Other lines that say the same or follow from it. */
  readonly also: readonly Place[];
}

/** What a log says, best first. */
export interface Judgement {
  readonly causes: readonly Cause[];
  readonly surroundings: readonly Surrounding[];
  /** What kind of failure it is where no host is to blame; null where there is a cause, or nothing is plain. */
  readonly failure: (Place & { readonly kind: FailureKind }) | null;
}

interface Candidate {
  /** Its place among everything that was read. */
  readonly order: number;
  readonly conditions: readonly Condition[];
  readonly weight: 1 | 2 | 3;
  /** The surroundings decided, or the words alone do. */
  readonly sure: boolean;
  readonly sighting: Sighting;
}

const MOST_CAUSES = 8;
const MOST_OTHERS = 5;

/** The earliest decisive cause before what follows from it; silence where the failure is of another kind. */
export function judged(sightings: readonly Sighting[]): Judgement {
  const around = new Set(sightings.flatMap(({ subject }) => (subject.sign === null ? [] : [subject.sign.shows])));
  const candidates = sightings.flatMap((sighting, order): Candidate[] => {
    const { symptom } = sighting.subject;
    if (symptom === null) return [];
    const { conditions, sure } = meant(symptom.means, around);
    return conditions.length === 0
      ? []
      : [{ order, conditions, weight: sighting.debug ? 1 : (symptom.weight ?? 3), sure, sighting }];
  });
  const best = Math.max(0, ...candidates.map(({ weight }) => weight));
  const [other] = sightings.filter(({ subject }) => subject.failure !== null).toSorted(plainerFirst);
  const surroundings = [...around];
  if (other !== undefined && (best === 0 || weightOf(other) > best))
    return { causes: [], surroundings, failure: failureOf(other) };
  return { causes: causesOf(candidates, best), surroundings, failure: null };
}

/** The weightier first; of the same weight, on one line, the more specific row. */
function plainerFirst(a: Sighting, b: Sighting): number {
  return weightOf(b) - weightOf(a) || (isSameLine(a, b) ? a.subject.number - b.subject.number : 0);
}

function isSameLine(a: Sighting, b: Sighting): boolean {
  return a.line === b.line && a.file === b.file;
}

function weightOf({ subject }: Sighting): number {
  return subject.failure?.weight ?? 3;
}

function failureOf({ subject, file, line, excerpt }: Sighting): Judgement['failure'] {
  return subject.failure === null ? null : { kind: subject.failure.kind, file, line, excerpt };
}

/** The conditions that a text means here: first those that only these surroundings give, then those that it always can. */
function meant(
  means: readonly Meaning[],
  around: ReadonlySet<Surrounding>,
): { readonly conditions: readonly Condition[]; readonly sure: boolean } {
  const isHere = (meaning: Meaning): boolean =>
    typeof meaning !== 'string' && meaning.slice(1).some((where) => around.has(where as Surrounding));
  const here = means.filter(isHere).map((meaning) => meaning[0] as Condition);
  const always = means.filter((meaning) => typeof meaning === 'string');
  return { conditions: [...new Set([...here, ...always])], sure: here.length > 0 || always.length === 1 };
}

function causesOf(candidates: readonly Candidate[], best: number): readonly Cause[] {
  const ordered = candidates.filter(({ weight }) => best === 1 || weight > 1).toSorted(before);
  const causes = new Map<Condition, Cause>();
  for (const candidate of ordered) {
    const [condition] = candidate.conditions;
    if (condition === undefined) continue;
    const known = causes.get(condition);
    if (known === undefined)
      causes.set(condition, causeOf(condition, candidate, confidenceOf(candidate.weight, candidate.sure, best)));
    else causes.set(condition, { ...known, also: withOther(known, candidate.sighting) });
  }
  // What else the same words can mean comes last, unless other words have decided between them.
  const isDecided = ({ conditions }: Candidate): boolean =>
    conditions.some((condition) => causes.get(condition)?.confidence === 'certain');
  for (const candidate of ordered.filter((one) => !isDecided(one)))
    for (const condition of candidate.conditions.slice(1))
      if (!causes.has(condition)) causes.set(condition, causeOf(condition, candidate, 'possible'));
  return [...causes.values()].slice(0, MOST_CAUSES);
}

/** The weightier first; of the same weight the earlier line, and on one line the more specific row. */
function before(a: Candidate, b: Candidate): number {
  if (a.weight !== b.weight) return b.weight - a.weight;
  return isSameLine(a.sighting, b.sighting) ? a.sighting.subject.number - b.sighting.subject.number : a.order - b.order;
}

function causeOf(condition: Condition, { sighting }: Candidate, confidence: Confidence): Cause {
  const { file, line, excerpt } = sighting;
  return { condition, confidence, file, line, excerpt, by: byOf(sighting), also: [] };
}

function withOther({ file, line, also }: Cause, other: Sighting): Cause['also'] {
  if (
    also.length >= MOST_OTHERS ||
    [{ file, line }, ...also].some((one) => one.line === other.line && one.file === other.file)
  )
    return also;
  return [...also, { file: other.file, line: other.line, excerpt: other.excerpt }];
}

function byOf({ subject }: Sighting): string {
  return subject.symptom?.by ?? '';
}

function confidenceOf(weight: number, sure: boolean, best: number): Confidence {
  if (weight < best) return 'possible';
  if (weight === 3) return sure ? 'certain' : 'likely';
  return weight === 2 && sure ? 'likely' : 'possible';
}
