import fc from 'fast-check';
import type { Json } from '../../src/model/look.ts';

/** A TOML text made piece by piece, with what it means and where each value stands. */
export interface Made {
  readonly text: string;
  readonly value: { [key: string]: Json };
  readonly leaves: readonly { readonly path: readonly string[]; readonly from: number; readonly to: number }[];
  /** Paths of tables, however they are written. */
  readonly tables: readonly (readonly string[])[];
}

type Tree =
  | { kind: 'leaf'; text: string; value: Json }
  | { kind: 'list'; items: Tree[]; lines: boolean; trailing: boolean; comment: boolean }
  | { kind: 'table'; style: 'header' | 'dotted' | 'inline'; entries: [string, Tree][] }
  | { kind: 'tables'; items: (Tree & { kind: 'table' })[] };

interface Style {
  newline: string;
  finalNewline: boolean;
  bom: boolean;
  indent: string;
  equals: string;
  comments: boolean;
  blanks: boolean;
  quoteKeys: 'basic' | 'literal' | 'bare';
}

const key = fc.oneof(
  fc.constantFrom(
    'root',
    'address',
    'worker',
    'oci',
    'gcpolicy',
    'dockerfile.v0',
    'docker.io',
    '0',
    '1',
    'a b',
    'ü',
    '',
  ),
  fc.constantFrom('__proto__', 'constructor', 'mirrors', 'tls', 'a#b', 'a"b', "a'b", '[x]', 'x=y'),
);
const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.integer({ min: -1e9, max: 1e9 }).map((value) => ({ kind: 'leaf' as const, text: String(value), value })),
  fc.constantFrom<Tree>(
    { kind: 'leaf', text: '0xff', value: 255 },
    { kind: 'leaf', text: '1_000', value: 1000 },
    { kind: 'leaf', text: '1.5e3', value: 1500.0 },
    { kind: 'leaf', text: 'true', value: true },
    { kind: 'leaf', text: 'false', value: false },
    { kind: 'leaf', text: '"#\\u00fc\\"]"', value: '#ü"]' },
    { kind: 'leaf', text: "'''a\n# no comment\n[b]\n'''", value: 'a\n# no comment\n[b]\n' },
    { kind: 'leaf', text: '"""a\n"b\\\n   c"""', value: 'a\n"bc' },
    { kind: 'leaf', text: "'\\'", value: '\\' },
    { kind: 'leaf', text: '"tcp://0.0.0.0:1234"', value: 'tcp://0.0.0.0:1234' },
  ),
);
const { tree } = fc.letrec<{ tree: Tree; inner: Tree; table: Tree }>((tie) => ({
  inner: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'toml' },
    leaf,
    fc.record({
      kind: fc.constant('list' as const),
      items: fc.array(tie('inner'), { maxLength: 3, depthIdentifier: 'toml' }),
      lines: fc.boolean(),
      trailing: fc.boolean(),
      comment: fc.boolean(),
    }),
    fc
      .uniqueArray(fc.tuple(key, tie('inner')), { maxLength: 3, selector: ([name]) => name, depthIdentifier: 'toml' })
      .map((entries) => ({ kind: 'table' as const, style: 'inline' as const, entries })),
  ),
  table: fc
    .tuple(
      fc.uniqueArray(fc.tuple(key, tie('tree')), { maxLength: 4, selector: ([name]) => name, depthIdentifier: 'toml' }),
      fc.constantFrom('header' as const, 'dotted' as const),
    )
    .map(([entries, style]) => ({ kind: 'table' as const, style, entries })),
  tree: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'toml' },
    tie('inner'),
    tie('table'),
    fc
      .array(tie('table'), { minLength: 1, maxLength: 3, depthIdentifier: 'toml' })
      .map((items) => ({ kind: 'tables' as const, items: items.filter((item) => item.kind === 'table') })),
  ),
}));
const style: fc.Arbitrary<Style> = fc.record({
  newline: fc.constantFrom('\n', '\n', '\r\n'),
  finalNewline: fc.boolean(),
  bom: fc.constantFrom(false, false, false, true),
  indent: fc.constantFrom('', '', '  ', '\t'),
  equals: fc.constantFrom(' = ', '=', ' =\t'),
  comments: fc.boolean(),
  blanks: fc.boolean(),
  quoteKeys: fc.constantFrom('basic', 'literal', 'bare'),
});

function keyText(name: string, { quoteKeys }: Style): string {
  const bare = /^[A-Za-z0-9_-]+$/.test(name);
  if (bare && quoteKeys === 'bare') return name;
  if (quoteKeys === 'literal' && !name.includes("'")) return `'${name}'`;
  return bare && quoteKeys === 'literal' ? name : JSON.stringify(name);
}

/** Writes a tree in a style; tables that cannot be dotted (they hold tables with headers) get a header. */
function write(entries: [string, Tree][], by: Style): Made {
  let text = by.bom ? '\ufeff' : '';
  const leaves: { path: string[]; from: number; to: number }[] = [];
  const tables: string[][] = [];
  const nl = by.newline;
  const out = (piece: string): void => {
    text += piece.replace(/\r?\n/g, nl);
  };
  const comment = (): string => (by.comments ? ' # "x" = [1' : '');

  const value = (node: Tree, path: string[]): Json => {
    const from = text.length;
    let result: Json;
    if (node.kind === 'leaf') {
      out(node.text);
      result = typeof node.value === 'string' ? node.value.replace(/\n/g, nl) : node.value;
    } else if (node.kind === 'list') {
      const broken = node.lines && node.items.length > 0;
      out('[');
      const items: Json[] = [];
      for (const [index, item] of node.items.entries()) {
        if (broken) out(`\n    `);
        else if (index > 0) out(' ');
        items.push(value(item, [...path, String(index)]));
        if (index < node.items.length - 1 || (node.trailing && broken)) out(',');
        if (broken && node.comment) out(' # of an item');
      }
      out(broken ? '\n]' : ']');
      result = items;
    } else if (node.kind === 'table') {
      tables.push(path);
      out('{');
      const object: { [key: string]: Json } = Object.create(null);
      for (const [index, [name, item]] of node.entries.entries()) {
        out(index > 0 ? ', ' : ' ');
        out(`${keyText(name, by)}${by.equals}`);
        object[name] = value(item, [...path, name]);
      }
      out(' }');
      result = object;
    } else throw new Error('arrays of tables have headers');
    leaves.push({ path, from, to: text.length });
    return result;
  };
  const isDotted = (node: Tree): boolean =>
    node.kind === 'leaf' ||
    node.kind === 'list' ||
    (node.kind === 'table' &&
      (node.style === 'inline' ||
        (node.style === 'dotted' && node.entries.length > 0 && node.entries.every(([, item]) => isDotted(item)))));

  const pairs = (items: [string, Tree][], path: string[], keys: string[], object: { [key: string]: Json }): void => {
    for (const [name, item] of items) {
      if (!isDotted(item)) continue;
      const at = [...path, name];
      if (item.kind === 'table' && item.style !== 'inline') {
        tables.push(at);
        const inner: { [key: string]: Json } = Object.create(null);
        object[name] = inner;
        pairs(item.entries, at, [...keys, name], inner);
        continue;
      }
      if (by.comments) out(`${by.indent}# before ${JSON.stringify(name)}\n`);
      out(`${by.indent}${[...keys, name].map((part) => keyText(part, by)).join('.')}${by.equals}`);
      object[name] = value(item, at);
      out(`${comment()}\n`);
    }
  };
  const body = (items: [string, Tree][], path: string[], names: string[], object: { [key: string]: Json }): void => {
    pairs(items, path, [], object);
    for (const [name, item] of items) {
      if (isDotted(item)) continue;
      const header = [...names, name].map((part) => keyText(part, by)).join('.');
      const at = [...path, name];
      if (item.kind === 'tables') {
        object[name] = item.items.map((entry, index) => {
          if (by.blanks) out('\n');
          out(`[[${header}]]${comment()}\n`);
          const inner: { [key: string]: Json } = Object.create(null);
          tables.push([...at, String(index)]);
          body(entry.entries, [...at, String(index)], [...names, name], inner);
          return inner;
        });
      } else if (item.kind === 'table') {
        const inner: { [key: string]: Json } = Object.create(null);
        object[name] = inner;
        tables.push(at);
        const implicit = item.entries.length > 0 && item.entries.every(([, entry]) => !isDotted(entry));
        if (!implicit || by.comments) {
          if (by.blanks) out('\n');
          out(`${by.indent}[${header}]${comment()}\n`);
        }
        body(item.entries, at, [...names, name], inner);
      }
    }
  };
  const root: { [key: string]: Json } = Object.create(null);
  if (by.comments) out('# first line\n\n');
  body(entries, [], [], root);
  if (by.comments) out('\n# last line\n');
  if (!by.finalNewline && text.endsWith(nl)) text = text.slice(0, -nl.length);
  return { text, value: root, leaves, tables };
}

/** Valid TOML texts in every style that people use. */
export const toml: fc.Arbitrary<Made> = fc
  .tuple(fc.uniqueArray(fc.tuple(key, tree), { maxLength: 6, selector: ([name]) => name }), style)
  .map(([entries, by]) => write(entries, by));

/** A value that a change may write. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 2 },
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
    fc.boolean(),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(key, tie('json'), { maxKeys: 3 }),
  ),
})).json;
