import { readCommands } from './commands.ts';
import type { Builder, ConfigFragment, KubeObject, Pod, StrayLine } from './container.ts';
import type { Scalar } from './tree.ts';

/** What has been found in a file so far. */
export interface Gathered {
  readonly pods: Pod[];
  readonly objects: KubeObject[];
  readonly builders: Builder[];
  readonly configs: ConfigFragment[];
  readonly strays: StrayLine[];
  /** The text of the whole file. */
  readonly text: string;
  /** Somewhere in it buildctl-daemonless.sh is called. */
  readonly usedForBuilds: boolean;
  readonly counts: Map<string, number>;
  readonly variables: Map<string, string>;
}

export const gatherIn = (text: string): Gathered => ({
  pods: [],
  objects: [],
  builders: [],
  configs: [],
  strays: [],
  text,
  usedForBuilds: text.includes('buildctl-daemonless'),
  counts: new Map(),
  variables: new Map(),
});

const STARTS = /\b(?:docker|podman|nerdctl|buildx)\b[\s\S]{0,200}?\b(?:run|create)\b/;

/** Adds what shell text starts. */
export function gatherCommands(into: Gathered, text: string, base: number, prefix = ''): void {
  if (!STARTS.test(text)) return;
  const { counts, variables, usedForBuilds } = into;
  const { pods, builders, strays } = readCommands(text, base, { counts, prefix, variables, usedForBuilds });
  into.pods.push(...pods);
  into.builders.push(...builders);
  into.strays.push(...strays);
}

/**
 * What a scalar holds, with every character where it stands in the file: a block's indentation stays, and the line ends
 * of a folded text become blanks.
 */
export function textInPlace(scalar: Scalar, file: string): { readonly text: string; readonly base: number } {
  const { start, end } = scalar.span;
  const written = file.slice(start, end);
  const header = /^[|>][^\n]*\n/.exec(written);
  if (header === null) {
    const quote = /^['"]/.test(written) ? 1 : 0;
    return { text: written.slice(quote, written.length - quote).replaceAll('\n', ' '), base: start + quote };
  }
  const body = written.slice(header[0].length);
  return { text: written.startsWith('>') ? body.replaceAll('\n', ' ') : body, base: start + header[0].length };
}
