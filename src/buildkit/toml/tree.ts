import type { Dialect } from './dialect.ts';
import { namesOf } from './keys.ts';
import type { HeaderNode, KeyPart, PairNode, Statement, ValueNode } from './syntax.ts';

/** A table, however it is written. */
export interface TableNode {
  readonly kind: 'table';
  readonly entries: Map<string, TableEntry>;
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
/** A list of tables. */
export interface TablesNode {
  readonly kind: 'tables';
  readonly items: TableNode[];
  readonly at: number;
  /** Written as [ { … } ]. */
  readonly inline: boolean;
}
/** What a key stands for. */
export type TreeNode = TableNode | TablesNode | ValueNode;
/** A key of a table with what it stands for. */
export interface TableEntry {
  readonly key: KeyPart;
  readonly node: TreeNode;
}
/** A key or table that stands twice, or where something else stands already. */
export interface Clash {
  readonly message: string;
  readonly at: number;
  readonly under: readonly string[];
}
/** The tree of a text, as far as its statements fit together. */
export interface Tree {
  readonly root: TableNode;
  readonly clashes: readonly Clash[];
}
type Path = readonly string[];

/**
 * Puts statements together as one library does, with its own idea of what stands twice.
 * `isRead` tells whether anything reads the table at a path: some versions do not look at other tables' keys.
 */
export function buildTree(statements: readonly Statement[], by: Dialect, isRead: (path: Path) => boolean): Tree {
  const builder = new TreeBuilder(by);
  let reads = true;
  for (const statement of statements) {
    if (statement.kind === 'header') {
      builder.header(statement);
      reads = isRead(builder.path);
      continue;
    }
    const before = builder.clashes.length;
    builder.pair(statement.pair);
    if (!reads && by.ignoredDuplicates) builder.clashes.length = before;
  }
  return builder;
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

function describe(node: TreeNode | undefined): string {
  if (node === undefined) return 'something else';
  if (node.kind === 'table') return node.inline ? 'an inline table' : 'a table';
  if (node.kind === 'tables') return 'a list of tables';
  return 'a value';
}

/** From here on, tables below one that only keys made count as written out. */
function close(table: TableNode): void {
  for (const { node } of table.entries.values()) {
    if (node.kind !== 'table') continue;
    if (node.dotted) {
      node.closed = true;
      node.dotted = false;
    }
    if (!node.inline) close(node);
  }
}

/** Which headers have been there, by what stands between their brackets. */
class Headers {
  /** When the table of each name was last begun, and each list of tables last went on: counted in headers. */
  private readonly tables = new Map<string, number>();
  private readonly lists = new Map<string, number>();
  private count = 0;

  next(): void {
    this.count++;
  }

  begin(raw: string, list: boolean): void {
    this.tables.set(raw, this.count);
    if (list) this.lists.set(raw, this.count);
  }

  /** Does a table stand twice? What lies below a list of tables may stand again in its next element. */
  have(raw: string): boolean {
    const before = this.tables.get(raw);
    if (before === undefined) return false;
    for (let dot = raw.indexOf('.'); dot >= 0; dot = raw.indexOf('.', dot + 1))
      if ((this.lists.get(raw.slice(0, dot)) ?? 0) > before) return false;
    return true;
  }
}

class TreeBuilder {
  readonly root = newTable(0);
  readonly clashes: Clash[] = [];
  /** The table that keys are put into, and its path. */
  path: Path = [];
  private table = this.root;
  private readonly headers = new Headers();
  private readonly by: Dialect;

  constructor(by: Dialect) {
    this.by = by;
  }

  private clash(message: string, keys: readonly KeyPart[], under: Path): void {
    this.clashes.push({ message, at: keys.at(-1)?.at ?? 0, under: [...under, ...namesOf(keys)] });
  }

  /** Goes down one part from a table, making it; null where a value stands in the way. */
  private step(from: TableNode, key: KeyPart, dotted: boolean): TableNode | null {
    const { reopenedTables } = this.by;
    const node = from.entries.get(key.name)?.node;
    if (node === undefined) {
      const made = newTable(key.at, reopenedTables && from.inline);
      made.dotted = dotted;
      from.entries.set(key.name, { key, node: made });
      return made;
    }
    if ('inline' in node && node.inline && !reopenedTables) return null;
    if (node.kind === 'tables') return node.items.at(-1) ?? null;
    return node.kind === 'table' ? node : null;
  }

  header(header: HeaderNode): void {
    const { keys, array, at } = header;
    const last = keys.at(-1);
    if (last === undefined) return;
    this.headers.next();
    if (!this.by.reopenedTables) close(this.table);
    this.path = namesOf(keys);
    this.table = newTable(at);
    const parent = this.parentOf(header);
    if (parent === null) return;
    if (array) this.addToList(header, parent, last);
    else if (this.by.reopenedTables) this.openTable(header, parent, last);
    else this.openTableOnce(header, parent, last);
  }

  /** The table that a header's last part belongs into; null where a value stands in the way. */
  private parentOf({ keys, array }: HeaderNode): TableNode | null {
    const { reopenedTables } = this.by;
    let at = this.root;
    for (const key of keys.slice(0, -1)) {
      const isNew = !at.entries.has(key.name);
      const next = this.step(at, key, false);
      if (next === null) {
        // The older library then loses the list of tables without a word.
        if (!(array && reopenedTables)) this.clash(`the name ${key.name} is a value already, not a table`, keys, []);
        return null;
      }
      if (isNew) next.towardsList = array && !reopenedTables;
      else if (!array) next.towardsList = false;
      at = next;
    }
    return at;
  }

  private addToList({ keys, raw, at }: HeaderNode, parent: TableNode, last: KeyPart): void {
    const found = parent.entries.get(last.name)?.node;
    this.headers.begin(raw, true);
    if (found === undefined)
      parent.entries.set(last.name, { key: last, node: { kind: 'tables', items: [this.table], at, inline: false } });
    else if (found.kind === 'tables' && (this.by.reopenedTables || !found.inline)) found.items.push(this.table);
    else this.clash(`the name ${last.name} stands here as [[…]], but above it is ${describe(found)}`, keys, []);
  }

  private openTable({ keys, raw }: HeaderNode, parent: TableNode, last: KeyPart): void {
    const found = parent.entries.get(last.name)?.node;
    if (this.headers.have(raw)) {
      this.clash(`the table [${raw.trim()}] stands twice`, keys, []);
      return;
    }
    this.headers.begin(raw, false);
    const next = this.step(parent, last, false);
    if (next === null || (next.inline && found?.kind !== 'tables')) this.clashWithTable(keys, last, found);
    else this.table = next;
  }

  private openTableOnce({ keys, raw }: HeaderNode, parent: TableNode, last: KeyPart): void {
    const found = parent.entries.get(last.name)?.node;
    if (found === undefined) {
      this.table.closed = true;
      parent.entries.set(last.name, { key: last, node: this.table });
    } else if (found.kind !== 'table' || found.inline) this.clashWithTable(keys, last, found);
    else if (found.closed) this.clash(`the table [${raw.trim()}] stands twice`, keys, []);
    else {
      found.closed = true;
      found.towardsList = false;
      this.table = found;
    }
  }

  private clashWithTable(keys: readonly KeyPart[], last: KeyPart, found: TreeNode | undefined): void {
    this.clash(`the name ${last.name} stands here as a table, but above it is ${describe(found)}`, keys, []);
  }

  pair(pair: PairNode): void {
    this.put(pair, this.table, false, this.path);
  }

  private put({ keys, value }: PairNode, into: TableNode, inline: boolean, under: Path): void {
    const last = keys.at(-1);
    const at = last === undefined ? null : this.tableOfKey(keys, into, inline, under);
    if (last === undefined || at === null) return;
    if (at.inline && !inline) {
      this.clash('nothing can be added to an inline table', keys, under);
      return;
    }
    const isThere = at.entries.has(last.name);
    const node = this.convert(value, [...under, ...namesOf(keys)]);
    if (isThere && !(inline && this.by.inlineDuplicates)) this.clash(`the key ${last.name} stands twice`, keys, under);
    else at.entries.set(last.name, { key: last, node });
  }

  /** The table that a dotted key's last part belongs into; null where something stands in the way. */
  private tableOfKey(keys: readonly KeyPart[], into: TableNode, inline: boolean, under: Path): TableNode | null {
    const { reopenedTables, inlineDuplicates } = this.by;
    let at = into;
    for (const key of keys.slice(0, -1)) {
      const here = at.entries.get(key.name)?.node;
      const next = this.step(at, key, true);
      if (next === null || (here?.kind === 'tables' && !reopenedTables)) {
        const what = here === undefined ? 'a value' : describe(here);
        if (!(inline && inlineDuplicates)) this.clash(`the name ${key.name} is ${what} already`, keys, under);
        return null;
      }
      if (here?.kind === 'table' && !reopenedTables && (here.closed || here.inline)) {
        this.clash(`the name ${key.name} is a table already, and keys elsewhere cannot add to it`, keys, under);
        return null;
      }
      at = next;
    }
    return at;
  }

  /** Inline tables become tables, and lists of nothing else become lists of tables. */
  private convert(value: ValueNode, under: Path): TreeNode {
    if (value.kind === 'inline') {
      const made = newTable(value.at, true);
      for (const inner of value.pairs) this.put(inner, made, true, under);
      return made;
    }
    if (value.kind === 'array' && value.items.length > 0 && value.items.every(({ kind }) => kind === 'inline')) {
      const items = value.items.map((item) => this.convert(item, under)).filter((item) => item.kind === 'table');
      return { kind: 'tables', items, at: value.at, inline: true };
    }
    if (value.kind === 'array') for (const item of value.items) if (item.kind !== 'string') this.convert(item, under);
    return value;
  }
}
