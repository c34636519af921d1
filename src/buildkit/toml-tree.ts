import type { Dialect } from './dialect.ts';
import type { KeyPart, PairNode, Statement, ValueNode } from './toml-read.ts';

export interface TableNode {
  readonly kind: 'table';
  readonly entries: Map<string, Entry>;
  readonly at: number;
  /** Written as { … }: nothing outside may add to it. */
  readonly inline: boolean;
  /** Made by a header, or by keys of a table that has ended. */
  closed: boolean;
  /** Made by the dots of a key. */
  dotted: boolean;
  /** Named only on the way to a [[list.of.tables]]: where a list is wanted, it is one with this table in it. */
  towardsList: boolean;
}
export interface TablesNode {
  readonly kind: 'tables';
  readonly items: TableNode[];
  readonly at: number;
  /** Written as [ { … } ]. */
  readonly inline: boolean;
}
export type TreeNode = TableNode | TablesNode | ValueNode;
export interface Entry {
  readonly key: KeyPart;
  readonly node: TreeNode;
}
/** A key or table that stands twice, or where something else stands already. */
export interface Clash {
  readonly message: string;
  readonly at: number;
  readonly under: readonly string[];
}

const newTable = (at: number, inline = false): TableNode => ({
  kind: 'table',
  entries: new Map(),
  at,
  inline,
  closed: false,
  dotted: false,
  towardsList: false,
});
const names = (keys: readonly KeyPart[]): string[] => keys.map(({ name }) => name);

/**
 * Puts statements together as one library does, with its own idea of what stands twice.
 * `isRead` tells whether anything reads the table at a path: some versions do not look at other tables' keys.
 */
export function buildTree(
  statements: readonly Statement[],
  by: Dialect,
  isRead: (path: readonly string[]) => boolean,
): { readonly root: TableNode; readonly clashes: readonly Clash[] } {
  const root = newTable(0);
  const clashes: Clash[] = [];
  /** When the table of each name was last begun, and each list of tables last went on: counted in headers. */
  const begun = new Map<string, number>();
  const lists = new Map<string, number>();
  let count = 0;
  let table = root;
  let path: readonly string[] = [];
  let reads = true;

  const clash = (message: string, keys: readonly KeyPart[], under: readonly string[] = path): null => {
    clashes.push({ message, at: keys.at(-1)?.at ?? 0, under: [...under, ...names(keys)] });
    return null;
  };
  /** Goes down one part from a table, making it; null where a value stands in the way. */
  const step = (from: TableNode, key: KeyPart, dotted: boolean): TableNode | null => {
    const node = from.entries.get(key.name)?.node;
    if (node === undefined) {
      const made = newTable(key.at, by.reopenedTables && from.inline);
      made.dotted = dotted;
      from.entries.set(key.name, { key, node: made });
      return made;
    }
    if ('inline' in node && node.inline && !by.reopenedTables) return null;
    if (node.kind === 'tables') return node.items.at(-1) ?? null;
    return node.kind === 'table' ? node : null;
  };
  /** From here on, tables that only keys made count as written out. */
  const close = (at: TableNode): void => {
    for (const { node } of at.entries.values()) {
      if (node.kind !== 'table') continue;
      if (node.dotted) {
        node.closed = true;
        node.dotted = false;
      }
      if (!node.inline) close(node);
    }
  };

  /** Does a table stand twice? What lies below a list of tables may stand again in its next element. */
  const standsTwice = (raw: string): boolean => {
    const before = begun.get(raw);
    if (before === undefined) return false;
    for (let dot = raw.indexOf('.'); dot >= 0; dot = raw.indexOf('.', dot + 1))
      if ((lists.get(raw.slice(0, dot)) ?? 0) > before) return false;
    return true;
  };

  const header = (statement: Statement & { kind: 'header' }): void => {
    const { keys, array, raw } = statement;
    const last = keys.at(-1);
    if (last === undefined) return;
    count++;
    if (!by.reopenedTables) close(table);
    path = names(keys);
    reads = isRead(path);
    table = newTable(statement.at);
    let at = root;
    for (const key of keys.slice(0, -1)) {
      const isNew = !at.entries.has(key.name);
      const next = step(at, key, false);
      if (next === null) {
        // The older library then loses the list of tables without a word.
        if (!(array && by.reopenedTables)) clash(`the name ${key.name} is a value already, not a table`, keys, []);
        return;
      }
      if (isNew) next.towardsList = array && !by.reopenedTables;
      else if (!array) next.towardsList = false;
      at = next;
    }
    const found = at.entries.get(last.name)?.node;
    if (array) {
      begun.set(raw, count);
      lists.set(raw, count);
      if (found === undefined) {
        at.entries.set(last.name, {
          key: last,
          node: { kind: 'tables', items: [table], at: statement.at, inline: false },
        });
      } else if (found.kind === 'tables' && (by.reopenedTables || !found.inline)) found.items.push(table);
      else clash(`the name ${last.name} stands here as [[…]], but above it is ${describe(found)}`, keys, []);
      return;
    }
    if (by.reopenedTables) {
      if (standsTwice(raw)) return void clash(`the table [${raw.trim()}] stands twice`, keys, []);
      begun.set(raw, count);
      const next = step(at, last, false);
      if (next === null || (next.inline && found?.kind !== 'tables'))
        return void clash(`the name ${last.name} stands here as a table, but above it is ${describe(found)}`, keys, []);
      table = next;
      return;
    }
    if (found === undefined) {
      table.closed = true;
      at.entries.set(last.name, { key: last, node: table });
    } else if (found.kind !== 'table' || found.inline)
      clash(`the name ${last.name} stands here as a table, but above it is ${describe(found)}`, keys, []);
    else if (found.closed) clash(`the table [${raw.trim()}] stands twice`, keys, []);
    else {
      found.closed = true;
      found.towardsList = false;
      table = found;
    }
  };

  const pair = ({ keys, value }: PairNode, into: TableNode, inline: boolean, under: readonly string[]): void => {
    const last = keys.at(-1);
    if (last === undefined) return;
    let at = into;
    for (const key of keys.slice(0, -1)) {
      const here = at.entries.get(key.name)?.node;
      const next = step(at, key, true);
      if (next === null || (here?.kind === 'tables' && !by.reopenedTables)) {
        if (inline && by.inlineDuplicates) return;
        return void clash(
          `the name ${key.name} is ${here === undefined ? 'a value' : describe(here)} already`,
          keys,
          under,
        );
      }
      if (here?.kind === 'table' && !by.reopenedTables && (here.closed || here.inline))
        return void clash(`the name ${key.name} is a table already, and keys elsewhere cannot add to it`, keys, under);
      at = next;
    }
    if (at.inline && !inline) return void clash('nothing can be added to an inline table', keys, under);
    const found = at.entries.get(last.name);
    const node = convert(value, [...under, ...names(keys)]);
    if (found !== undefined && !(inline && by.inlineDuplicates)) {
      clash(`the key ${last.name} stands twice`, keys, under);
      return;
    }
    at.entries.set(last.name, { key: last, node });
  };
  /** Inline tables become tables, and lists of nothing else become lists of tables. */
  const convert = (value: ValueNode, under: readonly string[]): TreeNode => {
    if (value.kind === 'inline') {
      const made = newTable(value.at, true);
      for (const inner of value.pairs) pair(inner, made, true, under);
      return made;
    }
    if (value.kind === 'array' && value.items.length > 0 && value.items.every(({ kind }) => kind === 'inline')) {
      const items = value.items.map((item) => convert(item, under)).filter((item) => item.kind === 'table');
      return { kind: 'tables', items, at: value.at, inline: true };
    }
    if (value.kind === 'array') for (const item of value.items) if (item.kind !== 'string') convert(item, under);
    return value;
  };

  for (const statement of statements) {
    if (statement.kind === 'header') header(statement);
    else {
      const before = clashes.length;
      pair(statement.pair, table, false, path);
      if (!reads && by.ignoredDuplicates) clashes.length = before;
    }
  }
  return { root, clashes };
}

function describe(node: TreeNode | undefined): string {
  if (node === undefined) return 'something else';
  if (node.kind === 'table') return node.inline ? 'an inline table' : 'a table';
  if (node.kind === 'tables') return 'a list of tables';
  return 'a value';
}
