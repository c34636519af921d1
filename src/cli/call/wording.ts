import { UsageError } from '../../host/usage-error.ts';
import { nearest } from '../../text/nearest.ts';
import { visible } from '../../text/visible.ts';

/** `; did you mean "x"?`, or nothing when no known word is near and none begins so. */
export function didYouMean(word: string, known: readonly string[]): string {
  const begun = word === '' ? [] : known.filter((each) => each.startsWith(word));
  const close = nearest(word, known) ?? (begun.length === 1 ? begun[0] : null) ?? null;
  return close === null ? '' : `; did you mean "${close}"?`;
}

/** One of a few words. Throws UsageError. */
export function oneOf<T extends string>(option: string, given: string, words: readonly T[]): T {
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  const close = didYouMean(given, words);
  throw new UsageError(`${option}: "${visible(given)}" is not one of ${words.join(', ')}${close}`);
}
