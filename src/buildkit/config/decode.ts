import type { Json } from '../../model/look.ts';
import type { Dialect } from '../toml/dialect.ts';
import type { TableEntry, TableNode } from '../toml/tree.ts';
import { isSince, type Release } from '../version.ts';
import { type KeyPath, keyBelow, type Leaf, type Stray, strayOf, type TypeMistake } from './found.ts';
import { complaint } from './go-words.ts';
import { SCHEMA, type SchemaNode, type SchemaTable } from './schema-tree.ts';
import { decodeValue, FOUND, WANTS } from './value.ts';

/** What one release makes of a text: what it reads, under BuildKit's own names, and what it does not. */
export interface Decoded {
  readonly document: { readonly [key: string]: Json };
  readonly leaves: readonly Leaf[];
  readonly strays: readonly Stray[];
  readonly mistakes: readonly TypeMistake[];
}

/** Parts of a worker's keys that Go keeps in structures with names of their own. */
const EMBEDDED: { readonly [name: string]: readonly string[] } = {
  GCConfig: ['gc', 'gckeepstorage', 'reservedSpace', 'maxUsedSpace', 'minFreeSpace', 'gcpolicy'],
  NetworkConfig: ['networkMode', 'cniConfigPath', 'cniBinaryPath', 'cniPoolSize', 'bridgeName', 'bridgeSubnet'],
};

/** The four spellings that the older library tries, in its order. */
function entryBySpelling(node: TableNode, tag: string): TableEntry | undefined {
  return (
    node.entries.get(tag) ??
    node.entries.get(tag.toLowerCase()) ??
    node.entries.get(tag.toUpperCase()) ??
    node.entries.get(tag.charAt(0).toLowerCase() + tag.slice(1))
  );
}

function childByCase(schema: SchemaTable, name: string): readonly [string, SchemaNode] | null {
  const exact = schema.children.get(name);
  if (exact !== undefined) return [name, exact];
  const child = schema.byLower.get(name.toLowerCase());
  const node = child === undefined ? undefined : schema.children.get(child);
  return child === undefined || node === undefined ? null : [child, node];
}

type Fields = { [key: string]: Json };
/** A table of the file, the place of the schema that reads it, and what its keys are read into. */
interface Reading {
  readonly node: TableNode;
  readonly schema: SchemaTable;
  readonly key: KeyPath;
  readonly into: Fields;
  /** The file's names of the keys that are read. */
  readonly names: Set<string>;
}

/** Reads a tree as the buildkitd of one release does. */
export function decode(root: TableNode, release: Release, by: Dialect): Decoded {
  const decoder = new Decoder(release, by);
  decoder.table(root, SCHEMA, { path: [], written: [] }, decoder.document);
  return decoder;
}

class Decoder {
  readonly release: Release;
  readonly by: Dialect;
  readonly document: Fields = Object.create(null);
  readonly leaves: Leaf[] = [];
  readonly strays: Stray[] = [];
  readonly mistakes: TypeMistake[] = [];

  constructor(release: Release, by: Dialect) {
    this.release = release;
    this.by = by;
  }

  private has(node: SchemaNode): boolean {
    return isSince(this.release, node.since);
  }

  table(node: TableNode, schema: SchemaTable, key: KeyPath, into: Fields): void {
    const reading: Reading = { node, schema, key, into, names: new Set() };
    if (schema.each !== null) {
      for (const [name, entry] of node.entries) this.read(reading, name, entry, schema.each);
      return;
    }
    if (this.by.letterCase === 'any') this.readAnyCase(reading);
    else this.readSpellings(reading);
    this.findStrays(reading);
  }

  private readAnyCase(reading: Reading): void {
    for (const [name, entry] of reading.node.entries) {
      const found = childByCase(reading.schema, name);
      if (found !== null && this.has(found[1])) this.read(reading, found[0], entry, found[1]);
    }
  }

  private readSpellings(reading: Reading): void {
    const { path } = reading.key;
    const elsewhere =
      this.by.embeddedNames && path.length === 2 && path[0] === 'worker' ? this.readEmbedded(reading) : new Set();
    for (const [name, child] of reading.schema.children) {
      if (!this.has(child) || elsewhere.has(name)) continue;
      const entry = entryBySpelling(reading.node, child.kind === 'key' ? child.tag : name);
      if (entry !== undefined) this.read(reading, name, entry, child);
    }
  }

  /** Reads tables that are named like a structure of Go's; what it returns is then read nowhere else. */
  private readEmbedded({ node, schema, key, into, names }: Reading): ReadonlySet<string> {
    const fields = new Set<string>();
    for (const [structure, own] of Object.entries(EMBEDDED)) {
      const entry = entryBySpelling(node, structure);
      if (entry === undefined) continue;
      const { name } = entry.key;
      for (const field of own) fields.add(field);
      names.add(name);
      this.strays.push({ ...strayOf(entry, keyBelow(key, name), {}), embedded: true, below: [] });
      const inner = { path: key.path, written: [...key.written, name] };
      const children = new Map([...schema.children].filter(([field]) => own.includes(field)));
      if (entry.node.kind === 'table') this.table(entry.node, { ...schema, kind: 'table', children }, inner, into);
      else this.refuse(entry, 'table', inner);
    }
    return fields;
  }

  private findStrays({ node, schema, key, names }: Reading): void {
    for (const [name, entry] of node.entries) {
      if (names.has(name)) continue;
      const [real, child] = childByCase(schema, name) ?? [name, null];
      // Where this release would read the key if it had it, the letter case is not what is wrong.
      const isCase = child !== null && real !== name && this.has(child);
      this.strays.push(
        isCase
          ? strayOf(entry, keyBelow(key, name), { letterCase: real })
          : strayOf(entry, keyBelow(key, real, name), { known: child }),
      );
    }
  }

  private refuse(entry: TableEntry, kind: SchemaTable['kind'], key: KeyPath): void {
    const {
      key: { at },
      node,
    } = entry;
    const prints = complaint(node, { type: kind, schema: null }, this.by);
    this.mistakes.push({ ...key, at, wants: WANTS[kind] ?? '', found: FOUND[node.kind], prints });
  }

  private read({ key: above, into, names }: Reading, name: string, entry: TableEntry, schema: SchemaNode): void {
    const { node } = entry;
    const key = keyBelow(above, name, entry.key.name);
    names.add(entry.key.name);
    if (schema.kind === 'key') {
      const value = decodeValue(this, entry, schema, key);
      if (value !== undefined) into[name] = value;
    } else if (schema.kind === 'tables') {
      if (!this.tables(entry, schema, key, into, name)) this.refuse(entry, schema.kind, key);
    } else if (node.kind === 'table') {
      const inner: Fields = (into[name] as Fields | undefined) ?? Object.create(null);
      into[name] = inner;
      this.table(node, schema, key, inner);
    } else this.refuse(entry, schema.kind, key);
  }

  /** Reads a list of tables; false where there is none. */
  private tables({ node }: TableEntry, schema: SchemaTable, key: KeyPath, into: Fields, name: string): boolean {
    // A list in another letter case takes this one's place; a table adds to the last one of it.
    const before = into[name] as Fields[] | undefined;
    const last = before?.at(-1);
    if (node.kind === 'table' && !node.inline && before !== undefined && last !== undefined) {
      this.table(node, schema, keyBelow(key, String(before.length - 1)), last);
      return true;
    }
    const rows = node.kind === 'tables' ? node.items : node.kind === 'table' && node.towardsList ? [node] : null;
    const isEmptyList = node.kind === 'array' && node.items.length === 0 && this.by.emptyListOfTables;
    if (rows === null && !isEmptyList) return false;
    into[name] = (rows ?? []).map((row, index) => {
      const inner: Fields = Object.create(null);
      this.table(row, schema, keyBelow(key, String(index)), inner);
      return inner;
    });
    return true;
  }
}
