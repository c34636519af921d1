import { MASK, type OnSecret } from '../text/secret-words.ts';
import { maskComment } from './garble.ts';
import { maskText } from './text.ts';

/** passwd(5), group(5), subuid(5): no hash of a password, nothing secret in what is said of a person, and no line that is none. */
export function maskAccounts(text: string, found: OnSecret): string {
  return text
    .split('\n')
    .map((line) => maskLine(line, found))
    .join('\n');
}

function maskLine(line: string, found: OnSecret): string {
  const fields = line.split(':');
  if (/^\s*#/.test(line) || fields.length < 3) return maskText(line, found);
  const [, hash = '', , , person] = fields;
  // A hash is longer than what stands for none; lists of ids have three fields.
  if (fields.length >= 4 && hash.length >= 8) {
    found(hash);
    fields[1] = MASK;
  }
  if (person !== undefined && fields.length >= 7) {
    const words = person
      .split(',')
      .map((word) => (maskComment(word.replaceAll('@', ' '), found).includes(MASK) ? MASK : word));
    fields[4] = words.join(',');
  }
  return fields.join(':');
}
