import type { Json } from '../../model/look.ts';
import type { KeySite } from './found.ts';
import type { Advice } from './names.ts';
import { keyText } from './schema-tree.ts';

/** One thing about the text that buildkitd refuses, or does not do as written. Line and column count from 1. */
export interface ConfigProblem {
  readonly kind: 'syntax' | 'wrong-type' | Advice['kind'] | 'empty' | 'deprecated' | 'no-effect';
  /** Dotted, as BuildKit names it where it knows it; list indexes in square brackets. */
  readonly key: string;
  /** The same in parts, list indexes as decimal strings. */
  readonly path: readonly string[];
  /** Parts of the key as the file spells them, for an edit. */
  readonly written: readonly string[];
  readonly line: number;
  readonly column: number;
  /** One or two sentences, without the name of the file. */
  readonly message: string;
  /** buildkitd does not start with it, in every version of the bracket. */
  readonly fatal: boolean;
  /** Which versions it concerns, when not every one of the bracket: "versions from v0.28.0 on". */
  readonly versions: string | null;
  /** It stops those versions. */
  readonly stops: boolean;
  /** What buildkitd prints; "" where that is not known. */
  readonly prints: string;
  readonly to: readonly string[] | null;
  readonly value: Json | undefined;
  /** It stands in a table that is told of on its own. */
  readonly inner: boolean;
  /** For a table: what is in it, with paths from the table on. */
  readonly below: readonly { readonly path: readonly string[]; readonly value: Json | undefined }[];
}

/** A problem as one release has it, at an offset in the text. */
export interface ReleaseProblem extends Omit<ConfigProblem, 'line' | 'column' | 'fatal' | 'versions'> {
  readonly at: number;
}
type More = Partial<Pick<ReleaseProblem, 'stops' | 'prints' | 'to' | 'value' | 'inner' | 'below'>>;

/** A problem of a key; what is not said is that it stops nothing, and that nothing is known to be meant. */
export const releaseProblem = (
  kind: ReleaseProblem['kind'],
  { path, written, at }: KeySite,
  message: string,
  { stops = false, prints = '', to = null, value, inner = false, below = [] }: More = {},
): ReleaseProblem => ({
  kind,
  key: keyText(path),
  path,
  written,
  at,
  message,
  stops,
  prints,
  to,
  value,
  inner,
  below,
});
