import type { Json } from '../../model/look.ts';
import { plainValue } from '../toml/plain.ts';
import type { TableEntry, TableNode } from '../toml/tree.ts';
import type { SchemaNode } from './schema-tree.ts';

/** A key of a file. Paths are key parts, list indexes as decimal strings. */
export interface KeyPath {
  /** As BuildKit names it. */
  readonly path: readonly string[];
  /** As the file spells it. */
  readonly written: readonly string[];
}
/** A key where it stands in the text. */
export interface KeySite extends KeyPath {
  readonly at: number;
}
/** A value that some buildkitd reads. */
export interface Leaf extends KeySite {
  readonly value: Json;
  /** How the value is spelt, for a message about it; "" for lists and tables. */
  readonly raw: string;
  /** Where each element of a list stands. */
  readonly items: readonly number[];
}
/** A key that nothing reads; `table`: it holds a table (or list of tables) rather than a value. */
export interface Stray extends KeySite {
  readonly table: boolean;
  /** A list of tables, written [[…]]. */
  readonly list: boolean;
  /** What would read it in another release; null where none does. */
  readonly known: SchemaNode | null;
  /** A name of BuildKit's own code that this release reads, unlike later ones. */
  readonly embedded: boolean;
  /** The letters would match in another case. */
  readonly letterCase: string | null;
  /** Keys with values below it, at most 50. */
  readonly below: readonly StrayValue[];
  readonly value: Json | undefined;
}
/** A value in a table that nothing reads. */
export interface StrayValue extends KeySite {
  readonly value: Json | undefined;
}
/** A value that stops the start because of its type. */
export interface TypeMistake extends KeySite {
  readonly wants: string;
  readonly found: string;
  /** What buildkitd prints, without the position that the older library puts before it. */
  readonly prints: string;
}

/** The key below another; `spelt`: as the file has it. */
export const keyBelow = ({ path, written }: KeyPath, name: string, spelt = name): KeyPath => ({
  path: [...path, name],
  written: [...written, spelt],
});

/** A key that nothing reads, and what would read it elsewhere or spelt otherwise. */
export function strayOf(
  { key, node }: TableEntry,
  at: KeyPath,
  { known = null, letterCase = null }: Partial<Pick<Stray, 'known' | 'letterCase'>>,
): Stray {
  const isTable = node.kind === 'table' || node.kind === 'tables';
  return {
    path: at.path,
    written: at.written,
    at: key.at,
    table: isTable,
    list: node.kind === 'tables' && !node.inline,
    known,
    letterCase,
    embedded: false,
    below: valuesBelow(node, at),
    value: isTable ? undefined : plainValue(node),
  };
}

const MOST_BELOW = 50;

function valuesBelow(node: TableEntry['node'], at: KeyPath): StrayValue[] {
  const found: StrayValue[] = [];
  const walk = (from: TableNode, here: KeyPath): void => {
    for (const [name, { key, node: inner }] of from.entries) {
      if (found.length >= MOST_BELOW) return;
      const there = keyBelow(here, name);
      if (inner.kind === 'table') walk(inner, there);
      else if (inner.kind === 'tables') each(inner.items, there);
      else found.push({ path: there.path, written: there.written, at: key.at, value: plainValue(inner) });
    }
  };
  const each = (items: readonly TableNode[], here: KeyPath): void => {
    for (const [index, item] of items.entries()) walk(item, keyBelow(here, String(index)));
  };
  if (node.kind === 'table') walk(node, at);
  if (node.kind === 'tables') each(node.items, at);
  return found;
}
