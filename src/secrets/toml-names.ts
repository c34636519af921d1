import { INVENTED } from '../buildkit/config/invented-keys.ts';
import { KEYS } from '../buildkit/config/keys.ts';
import { specOf, splitKey } from '../buildkit/config/schema-tree.ts';
import { nearest } from '../text/nearest.ts';
import { isSecretName } from '../text/secret-words.ts';

/** What may be told of a value of buildkitd.toml: all of it, all but the password of an address, or its kind alone. */
export type KeyKind = 'address' | 'nothing' | 'secret';

const plain = (word: string): string => word.toLowerCase().replace(/[-_]/g, '');

const WORDS: ReadonlySet<string> = new Set(
  [...KEYS.map(({ key }) => key), ...INVENTED.flatMap(({ key, means }) => [key, means ?? ''])]
    .flatMap((key) => splitKey(key).map((part) => plain(part.replace(/\[\]$/, ''))))
    .filter((word) => word !== '' && word !== '*'),
);
/** So many strange keys of one file are compared with BuildKit's; nobody misspells more. */
const MOST_STRANGE = 200;

/** Judges keys of one file. Values of keys that BuildKit does not know, and does not seem to be meant, are nobody's to tell. */
export function namesOfToml(): (path: readonly string[]) => KeyKind {
  const seen = new Map<string, boolean>();
  const isKnown = (part: string): boolean => {
    const word = plain(part);
    if (WORDS.has(word)) return true;
    const before = seen.get(word);
    if (before !== undefined) return before;
    const known = seen.size < MOST_STRANGE && word.length <= 40 && nearest(word, [...WORDS]) !== null;
    if (seen.size < MOST_STRANGE) seen.set(word, known);
    return known;
  };
  return (path) => {
    if (specOf(path) !== null) return isFree(path) ? 'nothing' : 'address';
    const named = path[0] !== undefined && plain(path[0]) === 'registry' ? path.slice(-1) : path;
    if (named.some(isSecretName)) return 'secret';
    if (isFree(path) || !named.every(isKnown)) return 'nothing';
    return 'address';
  };
}

/** Labels and other tables of a person's own. */
function isFree(path: readonly string[]): boolean {
  return path.some((_, index) => {
    const type = specOf(path.slice(0, index + 1))?.type;
    return type === 'text-table' || type === 'free-table';
  });
}
