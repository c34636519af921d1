import type { NodeTraits } from '../knowledge/nodes.ts';
import type { Fact, Owner } from '../model/look.ts';
import type { Content } from './container.ts';
import { readContent } from './content.ts';
import { type Lines, linesOf } from './lines.ts';
import { type Setup, setupsOf } from './setup.ts';

/** A file that somebody wrote, looked at without a host. */
export interface DocumentSubject {
  /** As the person named it. */
  readonly path: string;
  readonly text: string;
  /** The file itself, for who may change it; null where the text came from elsewhere. */
  readonly file: {
    readonly path: string;
    readonly digest: string;
    readonly mode: number;
    readonly owner: Owner;
  } | null;
  /** The node on which it is to run; nothing is known of one that is not named. */
  readonly node?: NodeTraits | null;
}

/** What a file describes, and where in it. */
export interface Described extends Content {
  readonly path: string;
  readonly text: string;
  readonly lines: Lines;
  /** Every container that has to do with BuildKit, and what starts in it. */
  readonly setups: readonly Setup[];
  readonly node: NodeTraits | null;
}

export const described: Fact<Described, DocumentSubject> = {
  id: 'document/described',
  read: async ({ path, text, node = null }) => {
    const content = readContent(path, text);
    return { ...content, path, text, lines: linesOf(text), setups: setupsOf(content.pods), node };
  },
};
