import { LAUNCH_WORDS } from './rootlesskit.ts';
import type { ErrorWords, Speaker } from './row.ts';
import { RUNTIME_WORDS } from './runtime.ts';

/** From error words to conditions: the most specific first, so that of one speaker the first row that fits is the meaning. */
const ERROR_WORDS: readonly ErrorWords[] = [...LAUNCH_WORDS, ...RUNTIME_WORDS];

/** What a message means that one of these programs printed; null: its words are not known. */
export function meaningOf(message: string, ...speakers: readonly Speaker[]): ErrorWords | null {
  return (
    ERROR_WORDS.find(
      ({ by, says, beside, unless }) =>
        speakers.includes(by) &&
        says.test(message) &&
        (beside === undefined || beside.test(message)) &&
        unless?.test(message) !== true,
    ) ?? null
  );
}
