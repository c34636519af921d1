import { fromEntities, fromEscapes, replaceEncoded } from '../secrets/encoded.ts';
import { MASK } from '../text/secret-words.ts';
import { bookOf, type Entry, type NameKind } from './book.ts';
import { isGeneric } from './common.ts';
import { finderOfNames } from './finder.ts';
import { learnFiles, learnHome, learnNoProxy, learnText, type NameFiles } from './learn.ts';

/** The names that must not leave the house, each with what stands for it. */
export interface Names {
  /** Learns every name that the text tells. All that belongs together is learnt before the first text is hidden. */
  learn(text: string): void;
  learnFiles(files: NameFiles): void;
  learnHome(home: string, name: string): void;
  learnNoProxy(list: string): void;
  add(kind: NameKind, name: string): void;
  /** The text with a stand-in for each of them, also where they are written in base64, hexadecimal or with percent signs. */
  hide(text: string): string;
  /** A name that is in the text, as it is or in disguise, and in none of the texts that are kept; null: none is. */
  isIn(text: string, kept?: readonly string[]): string | null;
  /** What was replaced: how many names of each kind. */
  counts(): { readonly [kind: string]: number };
  /** Every name with its stand-in, of earlier times as well. */
  entries(): readonly Entry[];
}

export function namesOf(saved: readonly Entry[] = []): Names {
  const finder = finderOfNames();
  const real = new Set<string>();
  const book = bookOf(saved, (word) => real.has(word));
  // Who was hidden once stays so.
  for (const { kind, name } of saved) if (!isGeneric(name)) finder.add(kind, name);
  const add = (kind: NameKind, name: string): void => {
    // What was hidden before says nothing any more.
    if (book.isStandIn(name) || name === '') return;
    real.add(name);
    finder.add(kind, name);
  };
  const replaced = (text: string): string => {
    const parts: string[] = [];
    let end = 0;
    for (const { kind, name, from, to } of finder.find(text)) {
      parts.push(text.slice(end, from), standInFor(kind, name));
      end = to;
    }
    return end === 0 ? text : parts.join('') + text.slice(end);
  };
  const standInFor = (kind: NameKind, name: string): string => {
    if (!name.startsWith('/')) return book.standInFor(kind, name);
    const [, parent = '', last = ''] = /^(.*)\/([^/]+)$/.exec(name) ?? [];
    return `${replaced(parent)}/${book.standInFor(finder.has('user', last) ? 'user' : kind, last)}`;
  };
  const hidden = (text: string): boolean => finder.find(text).length > 0;
  return {
    learn: (text) => learnText(text, add),
    learnFiles: (files) => learnFiles(files, add),
    learnHome: (home, name) => learnHome(home, name, add),
    learnNoProxy: (list) => learnNoProxy(list, add),
    add,
    hide(text) {
      const plain = replaced(text);
      const shown = plain.includes('\\')
        ? plain.replace(/[^\s"'`<>]+/g, (word) => (/\\[uUx]/.test(word) && hidden(fromEscapes(word)) ? MASK : word))
        : plain;
      return replaceEncoded(shown, (held) => (hidden(held) ? MASK : null));
    },
    isIn(text, kept = []) {
      let survivor: string | null = null;
      const stays = new Set(kept.flatMap((one) => finder.find(one).map(({ name }) => name)));
      const look = (one: string): void => {
        survivor ??= finder.find(one).find(({ name }) => !stays.has(name))?.name ?? null;
      };
      for (const one of new Set([text, fromEscapes(text), fromEntities(text)])) {
        look(one);
        replaceEncoded(one, (held) => {
          look(held);
          return null;
        });
      }
      return survivor;
    },
    counts: book.counts,
    entries: book.entries,
  };
}
