import { visible } from '../../text/visible.ts';
import { legible } from './tree.ts';

const MOST = 20;

/** What was left alone, in sentences: the first few and how many more. */
export interface Remarks {
  /** `path` is relative to the tree, one character per byte. */
  readonly add: (path: string, why: string) => void;
  readonly more: (count: number) => void;
  readonly sentences: () => readonly string[];
}

export function createRemarks(tree: string): Remarks {
  const sentences: string[] = [];
  let more = 0;
  return {
    add(path, why) {
      if (sentences.length < MOST - 1)
        sentences.push(`${visible(path === '' ? tree : `${tree}/${legible(path)}`)} ${why}`);
      else more++;
    },
    more(count) {
      more += count;
    },
    sentences: () => (more > 0 ? [...sentences, `and ${more} more below ${visible(tree)}`] : sentences),
  };
}
