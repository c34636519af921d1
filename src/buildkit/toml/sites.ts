import { TOML_1_1 } from './dialect.ts';
import { namesOf } from './keys.ts';
import { readToml } from './read.ts';
import type { ArrayNode, HeaderNode, InlineNode, PairNode, ValueNode } from './syntax.ts';
import { NotToml } from './text.ts';

/** Where a key stands with its value. Paths are unquoted key parts, array indexes as decimal strings. */
export interface PairSite {
  readonly path: readonly string[];
  readonly node: PairNode;
  /** Path of the table or inline table whose body holds the pair. */
  readonly container: readonly string[];
  readonly inline: InlineNode | null;
}
/** Where an element of a list stands. */
export interface ElementSite {
  readonly path: readonly string[];
  readonly node: ValueNode;
  readonly array: ArrayNode;
}
/** Where a table stands that has a header. */
export interface HeaderSite {
  readonly path: readonly string[];
  /** Which parts of the path are indexes, which a header does not write. */
  readonly indexes: ReadonlySet<number>;
  readonly node: HeaderNode;
  /** Where its last pair ends, or the header itself. */
  readonly end: number;
}
/** A text, and where things of it stand. */
export interface Sites {
  readonly text: string;
  readonly pairs: readonly PairSite[];
  readonly elements: readonly ElementSite[];
  readonly headers: readonly HeaderSite[];
}

export const samePath = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && startsWith(a, b);

export const startsWith = (path: readonly string[], prefix: readonly string[]): boolean =>
  path.length >= prefix.length && prefix.every((part, index) => path[index] === part);

/** Finds every key, list element and header; throws NotToml. */
export function sitesOf(text: string): Sites {
  const { statements, error } = readToml(text, TOML_1_1);
  if (error !== null) {
    const line = text.slice(0, error.at).split('\n').length;
    throw new NotToml(`the file is not valid TOML (line ${line}: ${error.message})`);
  }
  const pairs: PairSite[] = [];
  const elements: ElementSite[] = [];
  const headers: (HeaderSite & { end: number })[] = [];
  const value = (node: ValueNode, path: readonly string[]): void => {
    if (node.kind === 'inline') for (const item of node.pairs) pair(item, path, node);
    if (node.kind !== 'array') return;
    for (const [index, item] of node.items.entries()) {
      const at = [...path, String(index)];
      elements.push({ path: at, node: item, array: node });
      value(item, at);
    }
  };
  const pair = (node: PairNode, container: readonly string[], inline: InlineNode | null = null): void => {
    const path = [...container, ...namesOf(node.keys)];
    pairs.push({ path, node, container, inline });
    value(node.value, path);
  };
  const pathOf = pathFinder();
  for (const statement of statements) {
    const header = headers.at(-1);
    if (statement.kind === 'header') headers.push({ ...pathOf(statement), node: statement, end: statement.end });
    else {
      if (header !== undefined) header.end = statement.pair.end;
      pair(statement.pair, header?.path ?? []);
    }
  }
  return { text, pairs, elements, headers };
}

/** Tells the paths of headers, one after another: a name of a list of tables stands for its last element. */
function pathFinder(): (header: HeaderNode) => Pick<HeaderSite, 'path' | 'indexes'> {
  const counts = new Map<string, number>();
  return ({ keys, array }) => {
    const path: string[] = [];
    const indexes = new Set<number>();
    for (const [depth, { name }] of keys.entries()) {
      path.push(name);
      const id = JSON.stringify(path);
      const isNew = array && depth === keys.length - 1;
      const count = (counts.get(id) ?? 0) + (isNew ? 1 : 0);
      if (count === 0) continue;
      counts.set(id, count);
      indexes.add(path.length);
      path.push(String(count - 1));
    }
    return { path, indexes };
  };
}

/** The names of a path, as a header writes it: without the indexes of lists of tables. */
export function withoutIndexes({ headers }: Sites, path: readonly string[]): string[] {
  const isIndex = (index: number): boolean =>
    headers.some((header) => header.indexes.has(index) && startsWith(header.path, path.slice(0, index + 1)));
  return path.filter((_, index) => !isIndex(index));
}

/** Prefers single quotes where the text has no others on one line. */
export function prefersLiteral({ text, pairs, elements, headers }: Sites): boolean {
  const nodes = [...pairs, ...headers].flatMap(({ node }) => node.keys);
  const values = [...pairs.map(({ node }) => node.value), ...elements.map(({ node }) => node)];
  const quotes = new Set([
    ...nodes.map(({ at }) => text[at]),
    ...values.flatMap((node) => (node.kind === 'string' && !/^(?:"""|''')/.test(node.raw) ? [text[node.at]] : [])),
  ]);
  return quotes.has("'") && !quotes.has('"');
}
