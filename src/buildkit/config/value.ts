import type { Json } from '../../model/look.ts';
import { goFloatText, parseDuration, parseSize } from '../sizes.ts';
import type { Dialect } from '../toml/dialect.ts';
import { integerOf, isDate, numberComplaint } from '../toml/numbers.ts';
import { numberJson, plainTable } from '../toml/plain.ts';
import type { ArrayNode, StringNode, WordNode } from '../toml/syntax.ts';
import type { TableEntry, TableNode, TreeNode } from '../toml/tree.ts';
import { isSince, type Release } from '../version.ts';
import { type KeyPath, keyBelow, type Leaf, type TypeMistake } from './found.ts';
import { complaint, refusedSize } from './go-words.ts';
import type { KeyType } from './keys.ts';
import type { SchemaKey } from './schema-tree.ts';

/** Sizes and durations are whole numbers in earlier releases. */
export const SIZES_SINCE: Release = [0, 12, 0];

/** What a type of the schema wants, in words. */
export const WANTS: { readonly [type: string]: string } = {
  bool: 'true or false',
  int: 'a whole number',
  string: 'a string',
  'string[]': 'a list of strings, ["…"]',
  size: 'a size: a number of bytes, or text such as "10GB" or "10%"',
  duration: 'a duration: a number of seconds, or text such as "48h"',
  'text-table': 'a table of texts',
  'free-table': 'a table',
  table: 'a table',
  tables: 'a list of tables, [[…]]',
};
/** What stands in the file, in words. */
export const FOUND: { readonly [kind in TreeNode['kind']]: string } = {
  string: 'text',
  integer: 'a whole number',
  float: 'a number with a fraction',
  boolean: 'true or false',
  date: 'a date',
  array: 'a list',
  inline: 'an inline table',
  table: 'a table',
  tables: 'a list of tables',
};

/** The release that reads, its library, and what it has found so far. */
export interface Decoding {
  readonly release: Release;
  readonly by: Dialect;
  readonly leaves: Leaf[];
  readonly mistakes: TypeMistake[];
}

/** Reads the value of a key; undefined where the release takes none from it. */
export const decodeValue = (decoding: Decoding, entry: TableEntry, schema: SchemaKey, key: KeyPath): Json | undefined =>
  new KeyDecoder(decoding, entry, schema, key).read();

class KeyDecoder {
  private readonly to: Decoding;
  private readonly by: Dialect;
  private readonly entry: TableEntry;
  private readonly schema: SchemaKey;
  private readonly key: KeyPath;
  private readonly type: KeyType;

  constructor(to: Decoding, entry: TableEntry, schema: SchemaKey, key: KeyPath) {
    const { type } = schema.spec;
    this.to = to;
    this.by = to.by;
    this.entry = entry;
    this.schema = schema;
    this.key = key;
    this.type = (type === 'size' || type === 'duration') && !isSince(to.release, SIZES_SINCE) ? 'int' : type;
  }

  private accept(value: Json, raw = '', items: readonly number[] = []): Json {
    const { path, written } = this.key;
    this.to.leaves.push({ path, written, at: this.entry.key.at, value, raw, items });
    return value;
  }

  private refuse(found: string, what: TreeNode = this.entry.node, prints?: string): undefined {
    const { type, schema, by } = this;
    this.to.mistakes.push({
      ...this.key,
      at: this.entry.key.at,
      wants: type === schema.spec.type ? (WANTS[type] ?? '') : 'a whole number, in this version',
      found,
      prints: prints ?? complaint(what, { type, schema }, by),
    });
  }

  private refuseKind(node: TreeNode): undefined {
    return this.refuse(FOUND[node.kind]);
  }

  read(): Json | undefined {
    const { type, by } = this;
    const { node } = this.entry;
    if (type === 'free-table') return node.kind === 'table' ? this.freeTable(node) : this.refuseKind(node);
    if (type === 'text-table') return node.kind === 'table' ? this.textTable(node) : this.refuseKind(node);
    const isSize = type === 'size' || type === 'duration';
    if (node.kind === 'table' && !node.inline) {
      const isNothing = by.emptyTableForValue && node.entries.size === 0 && type !== 'string[]';
      return isSize || isNothing ? undefined : this.refuse('a table');
    }
    if (type === 'string[]') return node.kind === 'array' ? this.texts(node) : this.noTexts(node);
    if (!isSize) return this.word(node);
    return 'raw' in node ? this.size(node, type) : this.noSize(node);
  }

  private freeTable(table: TableNode): Json | undefined {
    const bad = badNumber(table, this.by);
    return bad === null ? this.accept(plainTable(table)) : this.refuse(bad, table, '');
  }

  private textTable({ entries }: TableNode): Json {
    const { by } = this;
    const texts: { [key: string]: Json } = Object.create(null);
    for (const [name, inner] of entries) {
      const { node } = inner;
      if (node.kind === 'string') texts[name] = node.text;
      else if (node.kind === 'table' && node.entries.size === 0 && !node.inline && by.emptyTableForValue)
        texts[name] = '';
      else if (node.kind === 'integer' && isNegative(node.raw, by)) texts[name] = '';
      else this.refuseText(name, inner);
    }
    return this.accept(texts);
  }

  private refuseText(name: string, { key, node }: TableEntry): void {
    this.to.mistakes.push({
      ...keyBelow(this.key, name),
      at: key.at,
      wants: WANTS.string ?? '',
      found: FOUND[node.kind],
      prints: complaint(node, { type: 'string', schema: this.schema, owner: 'map[string]string' }, this.by),
    });
  }

  private texts({ items }: ArrayNode): Json | undefined {
    const bad = items.find(({ kind }) => kind !== 'string');
    if (bad !== undefined) return this.refuse(`a list with ${FOUND[bad.kind]}`, bad);
    return this.accept(
      items.map((item) => (item.kind === 'string' ? item.text : '')),
      '',
      items.map(({ at }) => at),
    );
  }

  private noTexts(node: Exclude<TreeNode, ArrayNode>): undefined {
    const isNothing =
      node.kind === 'tables' &&
      this.by.emptyTableForValue &&
      !node.inline &&
      node.items.every(({ entries }) => entries.size === 0);
    return isNothing ? undefined : this.refuseKind(node);
  }

  private noSize(node: Exclude<TreeNode, StringNode | WordNode>): undefined {
    if (node.kind === 'table' || node.kind === 'inline') return undefined;
    const isNothing = this.by.listForSize && !(node.kind === 'tables' && !node.inline);
    return isNothing ? undefined : this.refuseKind(node);
  }

  private size(node: StringNode | WordNode, type: 'size' | 'duration'): Json | undefined {
    const text = sizeText(node, this.by);
    const fine = type === 'size' ? parseSize(text) !== null : parseDuration(text) !== null;
    if (!fine) return this.refuse(JSON.stringify(text), node, refusedSize(type, text, this.by));
    return this.accept(node.kind === 'string' ? node.text : numberJson(node.raw), node.raw);
  }

  /** A text, a switch or a number. */
  private word(node: TreeNode): Json | undefined {
    const { type } = this;
    if (node.kind === 'string' && type === 'string') return this.accept(node.text, node.raw);
    if (node.kind === 'boolean' && type === 'bool') return this.accept(node.raw === 'true', node.raw);
    if (node.kind !== 'integer') return this.refuseKind(node);
    if (type === 'string' && isNegative(node.raw, this.by)) return undefined;
    if (type !== 'int') return this.refuseKind(node);
    const bad = numberComplaint(node.raw, 'integer', this.by);
    return bad === null ? this.accept(numberJson(node.raw), node.raw) : this.refuse(bad, node, '');
  }
}

/** An integer that passes, but turns negative: the older library takes a text from it, an empty one. */
const isNegative = (raw: string, by: Dialect): boolean => by.unsigned && (integerOf(raw) ?? 0n) >= 2n ** 63n;

/** A number in a free table that the library looks at and refuses. */
function badNumber(node: TreeNode, by: Dialect): string | null {
  if (node.kind === 'integer' || node.kind === 'float') return numberComplaint(node.raw, node.kind, by);
  if (node.kind === 'date') return isDate(node.raw) ? null : `${node.raw} is no date`;
  const inner =
    node.kind === 'table'
      ? [...node.entries.values()].map((entry) => entry.node)
      : node.kind === 'tables' || node.kind === 'array'
        ? node.items
        : [];
  for (const child of inner) {
    const found = badNumber(child, by);
    if (found !== null) return found;
  }
  return null;
}

/** The text that a size or duration is read from. */
function sizeText(node: StringNode | WordNode, by: Dialect): string {
  if (node.kind === 'string') return node.text;
  if (by.spelledNumbers || node.kind === 'boolean' || node.kind === 'date') return node.raw;
  if (node.kind === 'float')
    return goFloatText(Number(node.raw.replaceAll('_', '').replace(/^([+-]?)inf$/, '$1Infinity')));
  return String(integerOf(node.raw) ?? node.raw);
}
