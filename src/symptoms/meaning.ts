import type { Condition } from '../knowledge/conditions.ts';
import { PROBE_WORDS } from '../knowledge/symptoms/probes.ts';
import type { Speaker, Symptom } from '../knowledge/symptoms/symptom.ts';
import { canonicalText } from './canonical.ts';
import { compiled, expanded, placeOf } from './signature.ts';

/** What a message of a program means. */
export interface MessageMeaning {
  /** The likeliest first; more than one where the words alone cannot tell. */
  readonly means: readonly Condition[];
  /** The words alone decide on the first. */
  readonly decisive: boolean;
}

/** What a message means that one of these programs printed; null: its words are not known. */
export function meaningOf(message: string, ...speakers: readonly Speaker[]): MessageMeaning | null {
  const text = canonicalText(message);
  const row = PROBE_WORDS.find(
    ({ speaker, says, unless }) =>
      speaker !== undefined &&
      speakers.includes(speaker) &&
      says.flatMap(expanded).some((signature) => placeOf(compiled(signature), text) !== null) &&
      !unless?.some((word) => text.includes(word)),
  );
  return row === undefined ? null : { means: plainMeans(row), decisive: (row.weight ?? 3) === 3 };
}

function plainMeans({ means }: Symptom): readonly Condition[] {
  return means.filter((meaning) => typeof meaning === 'string');
}
