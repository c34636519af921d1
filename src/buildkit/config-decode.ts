import type { Json } from '../model.ts';
import type { Dialect } from './dialect.ts';
import { SCHEMA, type SchemaKey, type SchemaNode, type SchemaTable } from './schema-tree.ts';
import { goFloatText, parseDuration, parseSize } from './sizes.ts';
import { integerOf, isDate, numberComplaint, type ValueNode } from './toml-read.ts';
import type { Entry, TableNode, TreeNode } from './toml-tree.ts';
import { isSince, type Release } from './version.ts';

/** A value that some buildkitd reads. Paths are key parts, list indexes as decimal strings. */
export interface Leaf {
  /** As BuildKit names it. */
  readonly path: readonly string[];
  /** As the file spells it. */
  readonly written: readonly string[];
  readonly at: number;
  readonly value: Json;
  /** How the value is spelt, for a message about it; "" for lists and tables. */
  readonly raw: string;
  /** Where each element of a list stands. */
  readonly items: readonly number[];
}
/** A key that nothing reads; `table`: it holds a table (or list of tables) rather than a value. */
export interface Stray {
  readonly path: readonly string[];
  readonly written: readonly string[];
  readonly at: number;
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
  readonly below: readonly {
    readonly path: readonly string[];
    readonly written: readonly string[];
    readonly at: number;
    readonly value: Json | undefined;
  }[];
  readonly value: Json | undefined;
}
/** A value that stops the start because of its type. */
export interface TypeMistake {
  readonly path: readonly string[];
  readonly written: readonly string[];
  readonly at: number;
  readonly wants: string;
  readonly found: string;
  /** What buildkitd prints, without the position that the older library puts before it. */
  readonly prints: string;
}
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
/** Sizes and durations are whole numbers in earlier releases. */
export const SIZES_SINCE: Release = [0, 12, 0];

export const WANTS: { readonly [type: string]: string } = {
  bool: 'true or false',
  int: 'a whole number',
  string: 'text in quotation marks',
  'string[]': 'a list of texts, ["…"]',
  size: 'a size: a number of bytes, or text such as "10GB" or "10%"',
  duration: 'a duration: a number of seconds, or text such as "48h"',
  'text-table': 'a table of texts',
  'free-table': 'a table',
  table: 'a table',
  tables: 'a list of tables, [[…]]',
};
const FOUND: { readonly [kind: string]: string } = {
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

/** The four spellings that the older library tries, in its order. */
const spellings = (tag: string): readonly string[] => [
  tag,
  tag.toLowerCase(),
  tag.toUpperCase(),
  tag.charAt(0).toLowerCase() + tag.slice(1),
];

/** Reads a tree as the buildkitd of one release does. */
export function decode(root: TableNode, release: Release, by: Dialect): Decoded {
  const document: { [key: string]: Json } = Object.create(null);
  const leaves: Leaf[] = [];
  const strays: Stray[] = [];
  const mistakes: TypeMistake[] = [];
  const isThere = (node: SchemaNode): boolean => isSince(release, node.since);

  const table = (
    node: TableNode,
    schema: SchemaTable,
    path: readonly string[],
    written: readonly string[],
    into: { [key: string]: Json },
  ): void => {
    const readNames = new Set<string>();
    const read = (name: string, entry: Entry, child: SchemaNode): void => {
      readNames.add(entry.key.name);
      place(entry, child, [...path, name], [...written, entry.key.name], into, name);
    };
    if (schema.each !== null) {
      for (const [name, entry] of node.entries) read(name, entry, schema.each);
      return;
    }
    if (by.letterCase === 'any') {
      for (const [name, entry] of node.entries) {
        const found = childByCase(schema, name);
        if (found !== null && isThere(found[1])) read(found[0], entry, found[1]);
      }
    } else {
      const embedded = by.embeddedNames && path.length === 2 && path[0] === 'worker' ? EMBEDDED : {};
      const elsewhere = new Set<string>();
      for (const [structure, fields] of Object.entries(embedded)) {
        const entry = spellings(structure)
          .map((name) => node.entries.get(name))
          .find((found) => found !== undefined);
        if (entry === undefined) continue;
        for (const field of fields) elsewhere.add(field);
        readNames.add(entry.key.name);
        const children = new Map([...schema.children].filter(([name]) => fields.includes(name)));
        const part: SchemaTable = {
          kind: 'table',
          path: schema.path,
          since: schema.since,
          children,
          byLower: schema.byLower,
          each: null,
        };
        strays.push({
          ...strayOf(entry, [...path, entry.key.name], [...written, entry.key.name], null, null),
          embedded: true,
          below: [],
        });
        place(entry, part, path, [...written, entry.key.name], into, null);
      }
      for (const [name, child] of schema.children) {
        if (!isThere(child) || elsewhere.has(name)) continue;
        const entry = spellings(child.kind === 'key' ? child.tag : name)
          .map((spelt) => node.entries.get(spelt))
          .find((found) => found !== undefined);
        if (entry !== undefined) read(name, entry, child);
      }
    }
    for (const [name, entry] of node.entries) {
      if (readNames.has(name)) continue;
      const found = childByCase(schema, name);
      const exact = found !== null && (found[0] === name || isThere(found[1]) === false);
      strays.push(
        strayOf(
          entry,
          [...path, exact && found !== null ? found[0] : name],
          [...written, name],
          exact && found !== null ? found[1] : null,
          !exact && found !== null ? found[0] : null,
        ),
      );
    }
  };

  const wrong = (
    entry: Entry,
    path: readonly string[],
    written: readonly string[],
    wants: string,
    found: string,
    prints: string,
  ): void => {
    mistakes.push({ path, written, at: entry.key.at, wants, found, prints });
  };

  const place = (
    entry: Entry,
    schema: SchemaNode,
    path: readonly string[],
    written: readonly string[],
    into: { [key: string]: Json },
    name: string | null,
  ): void => {
    const { node } = entry;
    if (schema.kind === 'key') {
      const value = key(entry, schema, path, written);
      if (value !== undefined && name !== null) into[name] = value;
      return;
    }
    if (schema.kind === 'table' && node.kind === 'table') {
      const inner: { [key: string]: Json } =
        name === null ? into : ((into[name] as { [key: string]: Json } | undefined) ?? Object.create(null));
      if (name !== null) into[name] = inner;
      table(node, schema, path, written, inner);
      return;
    }
    if (schema.kind === 'tables') {
      type Row = { [key: string]: Json };
      // A list in another letter case takes this one's place; a table adds to the last one of it.
      const before = (name === null ? undefined : into[name]) as Row[] | undefined;
      const last = before?.at(-1);
      if (node.kind === 'table' && !node.inline && before !== undefined && last !== undefined) {
        const index = String(before.length - 1);
        table(node, schema, [...path, index], [...written, index], last);
        return;
      }
      const rows = node.kind === 'tables' ? node.items : node.kind === 'table' && node.towardsList ? [node] : null;
      if (rows !== null) {
        const items = rows.map((item, index) => {
          const inner: Row = Object.create(null);
          table(item, schema, [...path, String(index)], [...written, String(index)], inner);
          return inner;
        });
        if (name !== null) into[name] = items;
        return;
      }
    }
    if (schema.kind === 'tables' && node.kind === 'array' && node.items.length === 0 && by.emptyListOfTables) {
      if (name !== null) into[name] = [];
      return;
    }
    const wants = WANTS[schema.kind] ?? '';
    wrong(entry, path, written, wants, FOUND[node.kind] ?? '', complaint(node, schema.kind, null, by));
  };

  const key = (
    entry: Entry,
    schema: SchemaKey,
    path: readonly string[],
    written: readonly string[],
  ): Json | undefined => {
    const { node } = entry;
    const { spec } = schema;
    const type =
      (spec.type === 'size' || spec.type === 'duration') && !isSince(release, SIZES_SINCE) ? 'int' : spec.type;
    const refuse = (found: string, what: TreeNode = node, prints?: string): undefined => {
      const wants = type === spec.type ? (WANTS[type] ?? '') : 'a whole number, in this version';
      wrong(entry, path, written, wants, found, prints ?? complaint(what, type, schema, by));
    };
    const accept = (value: Json, raw = '', items: readonly number[] = []): Json => {
      leaves.push({ path, written, at: entry.key.at, value, raw, items });
      return value;
    };

    if (type === 'free-table') {
      const bad = node.kind === 'table' ? badNumber(node, by) : null;
      if (bad !== null) return refuse(bad, node, '');
      if (node.kind === 'table') return accept(plainOf(node));
      return refuse(FOUND[node.kind] ?? '');
    }
    if (type === 'text-table') {
      if (node.kind !== 'table') return refuse(FOUND[node.kind] ?? '');
      const texts: { [key: string]: Json } = Object.create(null);
      for (const [name, inner] of node.entries) {
        const child = inner.node;
        if (child.kind === 'string') texts[name] = child.text;
        else if (child.kind === 'table' && child.entries.size === 0 && !child.inline && by.emptyTableForValue)
          texts[name] = '';
        else if (child.kind === 'integer' && by.unsigned && (integerOf(child.raw) ?? 0n) >= 2n ** 63n) texts[name] = '';
        else
          wrong(
            inner,
            [...path, name],
            [...written, name],
            WANTS.string ?? '',
            FOUND[child.kind] ?? '',
            complaint(child, 'string', schema, by, 'map[string]string'),
          );
      }
      return accept(texts);
    }
    if (node.kind === 'table' && !node.inline) {
      const structured = type === 'size' || type === 'duration';
      if (structured || (by.emptyTableForValue && node.entries.size === 0 && type !== 'string[]')) return undefined;
      return refuse('a table');
    }
    if (type === 'string[]') {
      if (node.kind !== 'array') {
        if (
          node.kind === 'tables' &&
          by.emptyTableForValue &&
          !node.inline &&
          node.items.every(({ entries }) => entries.size === 0)
        )
          return undefined;
        return refuse(FOUND[node.kind] ?? '');
      }
      const bad = node.items.find((item) => item.kind !== 'string');
      if (bad !== undefined) return refuse(`a list with ${FOUND[bad.kind] ?? 'something else'}`, bad);
      return accept(
        node.items.map((item) => (item.kind === 'string' ? item.text : '')),
        '',
        node.items.map(({ at }) => at),
      );
    }
    if (type === 'size' || type === 'duration') {
      if (node.kind === 'table' || node.kind === 'tables' || node.kind === 'array') {
        if (by.listForSize && !(node.kind === 'tables' && !node.inline)) return undefined;
        if (node.kind === 'table') return undefined;
        return refuse(FOUND[node.kind] ?? '');
      }
      if (node.kind === 'inline') return undefined;
      const text = sizeText(node, by);
      if (text === null) return refuse(FOUND[node.kind] ?? '');
      const fine = type === 'size' ? parseSize(text) !== null : parseDuration(text) !== null;
      if (!fine) return refuse(`${JSON.stringify(text)}`, node, refusedSize(type, text, by));
      return accept(node.kind === 'string' ? node.text : numberJson(node.raw), node.raw);
    }
    switch (node.kind) {
      case 'string':
        return type === 'string' ? accept(node.text, node.raw) : refuse('text');
      case 'boolean':
        return type === 'bool' ? accept(node.raw === 'true', node.raw) : refuse('true or false');
      case 'integer': {
        const big = integerOf(node.raw);
        const text = numberComplaint(node.raw, 'integer', by);
        if (type === 'string' && by.unsigned && big !== null && big >= 2n ** 63n) return undefined;
        if (type !== 'int') return refuse('a whole number');
        if (text !== null) return refuse(text, node, '');
        return accept(numberJson(node.raw), node.raw);
      }
      case 'float':
      case 'date':
      case 'array':
      case 'inline':
      case 'table':
      case 'tables':
        return refuse(FOUND[node.kind] ?? '');
    }
  };

  table(root, SCHEMA, [], [], document);
  return { document, leaves, strays, mistakes };
}

function childByCase(schema: SchemaTable, name: string): [string, SchemaNode] | null {
  const exact = schema.children.get(name);
  if (exact !== undefined) return [name, exact];
  const child = schema.byLower.get(name.toLowerCase());
  const node = child === undefined ? undefined : schema.children.get(child);
  return child === undefined || node === undefined ? null : [child, node];
}

function strayOf(
  entry: Entry,
  path: readonly string[],
  written: readonly string[],
  known: SchemaNode | null,
  letterCase: string | null,
): Stray {
  const { node } = entry;
  const below: { path: string[]; written: string[]; at: number; value: Json | undefined }[] = [];
  const walk = (from: TableNode, at: readonly string[], spelt: readonly string[]): void => {
    for (const [name, inner] of from.entries) {
      if (below.length >= 50) return;
      if (inner.node.kind === 'table') walk(inner.node, [...at, name], [...spelt, name]);
      else if (inner.node.kind === 'tables')
        for (const [index, item] of inner.node.items.entries())
          walk(item, [...at, name, String(index)], [...spelt, name, String(index)]);
      else
        below.push({ path: [...at, name], written: [...spelt, name], at: inner.key.at, value: plainValue(inner.node) });
    }
  };
  if (node.kind === 'table') walk(node, path, written);
  if (node.kind === 'tables')
    for (const [index, item] of node.items.entries()) walk(item, [...path, String(index)], [...written, String(index)]);
  return {
    path,
    written,
    at: entry.key.at,
    table: node.kind === 'table' || node.kind === 'tables',
    list: node.kind === 'tables' && !node.inline,
    known,
    letterCase,
    embedded: false,
    below,
    value: node.kind === 'table' || node.kind === 'tables' ? undefined : plainValue(node),
  };
}

function numberJson(raw: string): Json {
  const big = /^[+-]?(?:0[xob])?[0-9a-fA-F_]+$/.test(raw) ? integerOf(raw) : null;
  return big === null ? Number(raw.replaceAll('_', '')) : Number(big);
}
function plainValue(node: ValueNode): Json | undefined {
  switch (node.kind) {
    case 'string':
      return node.text;
    case 'boolean':
      return node.raw === 'true';
    case 'integer':
    case 'float': {
      const value = numberJson(node.raw);
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    }
    case 'date':
      return node.raw;
    case 'array': {
      const items = node.items.map(plainValue);
      return items.every((item) => item !== undefined) ? (items as Json[]) : undefined;
    }
    case 'inline':
      return undefined;
  }
}
function plainOf(table: TableNode): { readonly [key: string]: Json } {
  const out: { [key: string]: Json } = Object.create(null);
  for (const [name, { node }] of table.entries) {
    const value =
      node.kind === 'table' ? plainOf(node) : node.kind === 'tables' ? node.items.map(plainOf) : plainValue(node);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

/** A number in a free table that the library looks at and refuses. */
function badNumber(node: TreeNode, by: Dialect): string | null {
  const inner =
    node.kind === 'table'
      ? [...node.entries.values()].map((entry) => entry.node)
      : node.kind === 'tables' || node.kind === 'array'
        ? node.items
        : [];
  if (node.kind === 'integer' || node.kind === 'float') return numberComplaint(node.raw, node.kind, by);
  if (node.kind === 'date') return isDate(node.raw) ? null : `${node.raw} is no date`;
  for (const child of inner) {
    const found = badNumber(child, by);
    if (found !== null) return found;
  }
  return null;
}

/** The text that a size or duration is read from; null for what has none. */
function sizeText(node: ValueNode, by: Dialect): string | null {
  if (node.kind === 'string') return node.text;
  if (node.kind === 'array' || node.kind === 'inline') return null;
  if (by.spelledNumbers || node.kind === 'boolean' || node.kind === 'date') return node.raw;
  if (node.kind === 'float')
    return goFloatText(Number(node.raw.replaceAll('_', '').replace(/^([+-]?)inf$/, '$1Infinity')));
  return String(integerOf(node.raw) ?? node.raw);
}

function refusedSize(type: 'size' | 'duration', text: string, by: Dialect): string {
  const bare = text.replace(/^"([\s\S]*)"$/, '$1');
  const what =
    type === 'duration'
      ? `invalid duration ${bare}`
      : bare.endsWith('%')
        ? `strconv.ParseInt: parsing ${JSON.stringify(bare.slice(0, -1))}: invalid syntax`
        : `invalid disk space ${bare}`;
  return by.complaint === 'prefix' ? `toml: ${what}` : `unmarshal text: ${what}`;
}

const GO_TYPE: { readonly [type: string]: string } = {
  bool: 'bool',
  int: 'int',
  string: 'string',
  'string[]': '[]string',
  size: 'config.DiskSpace',
  duration: 'config.Duration',
  'text-table': 'map[string]string',
  'free-table': 'map[string]interface {}',
};
const GO_KIND: { readonly [type: string]: string } = {
  bool: 'bool',
  int: 'int',
  string: 'string',
  'string[]': 'slice',
  size: 'struct',
  duration: 'struct',
  'text-table': 'map',
  'free-table': 'map',
  table: 'struct',
  tables: 'slice',
};

/** What buildkitd prints for a value of the wrong type; "" where its words are not known. */
function complaint(node: TreeNode, type: string, schema: SchemaKey | null, by: Dialect, owner?: string): string {
  const int64 = schema?.spec.go === 'config.HistoryConfig.MaxEntries';
  const goType = type === 'int' && int64 ? 'int64' : (GO_TYPE[type] ?? '');
  if (by.complaint === 'position') {
    const target = schema?.spec.type !== type && type === 'int' ? 'int64' : goType;
    const element = type === 'string[]' && node.kind !== 'array' ? 'string' : target;
    const show = (text: string, go: string): string =>
      type === 'string[]' || schema === null || GO_KIND[type] === 'map'
        ? "Can't convert"
        : `Can't convert ${text}(${go}) to ${element}`;
    switch (node.kind) {
      case 'string':
        if (type === 'string[]') return `Can't convert ${node.text}(string) to []string(slice)`;
        return show(node.text, 'string');
      case 'integer':
        return show(String(integerOf(node.raw) ?? node.raw), 'int64');
      case 'boolean':
        return show(node.raw, 'bool');
      case 'float':
        return show(goFloatText(Number(node.raw.replaceAll('_', ''))), 'float64');
      case 'table':
        return ' to a tree';
      case 'tables':
        return ' to trees';
      case 'array':
        return ' to a slice';
      case 'date':
      case 'inline':
        return "Can't convert";
    }
  }
  const into =
    schema === null
      ? ''
      : `into struct field ${schema.spec.go} of type ${owner ?? `${schema.spec.nullable ? '*' : ''}${goType}`}`;
  switch (node.kind) {
    case 'string':
      return into === '' ? '' : `toml: cannot decode TOML string ${into}`;
    case 'integer':
      return into === '' ? '' : `toml: cannot decode TOML integer ${into}`;
    case 'boolean':
      return `toml: cannot assign boolean to a ${node.raw}`;
    case 'float':
      return `toml: float cannot be assigned to ${GO_KIND[type === 'string[]' ? 'string' : type] ?? ''}`;
    case 'date':
      return '';
    case 'array':
      return into === '' ? '' : `toml: cannot decode TOML array ${into}`;
    case 'inline':
    case 'table':
      if (node.kind === 'inline' || node.inline)
        return `toml: cannot store inline table in Go type ${GO_KIND[type] ?? ''}`;
      if (GO_KIND[type] === 'slice') return 'toml: cannot store a table in a slice';
      return `unhandled kv part: ${GO_KIND[type] ?? ''}`;
    case 'tables':
      return '';
  }
}
