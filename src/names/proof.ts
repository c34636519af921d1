import { fromEntities, fromEscapes, fromPercent } from '../secrets/encoded.ts';
import type { KnownSecrets } from '../secrets/known.ts';
import type { Names } from './names.ts';

/**
 * The last look at what is about to be written: is a secret, or a name that was to be replaced, in it still, as it is or in
 * base64, hexadecimal, percent signs, escapes or entities, also across the ends of lines? Null: nothing is. Names of files that must be found stay: `kept`.
 */
export function survivorIn(
  text: string,
  secrets: Pick<KnownSecrets, 'isIn'>,
  names: Names | null,
  kept: readonly string[] = [],
): 'a secret' | 'a name' | null {
  const lines = text.split('\n').map((line) => line.replace(/^[ \t│|>]{1,80}|[ \t│|>]{1,80}$/g, ''));
  const joined = lines.join('');
  const forms = new Set([text, joined, fromEscapes(text), fromPercent(text), fromEntities(text)]);
  for (const form of forms) if (secrets.isIn(form)) return 'a secret';
  if (names === null) return null;
  const spaced = lines.join(' ');
  for (const form of [text, spaced]) if (names.isIn(form, kept) !== null) return 'a name';
  return null;
}
