import type { Json } from '../../model/look.ts';
import { TomlEditRefused } from './refused.ts';
import { type PairSite, prefersLiteral, type Sites, samePath, sitesOf, startsWith, withoutIndexes } from './sites.ts';
import {
  commaBehind,
  commentEndBehind,
  indentAt,
  insertLines,
  lineEnd,
  lineStart,
  newlineOf,
  spliced,
} from './splice.ts';
import type { ArrayNode, InlineNode, ValueNode } from './syntax.ts';
import { renderKey, renderKeys, renderValue } from './text.ts';

type Path = readonly string[];
type JsonTable = { readonly [key: string]: Json | undefined };
/** A new value: as data, or the text it was written as elsewhere (with its comment, when it had a line of its own). */
export type NewValue = { readonly json: Json } | { readonly raw: string; readonly comment: string };

export const isTable = (value: Json): value is JsonTable =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Written as tables of their own: tables, and lists of nothing but tables. */
const isSection = (value: Json): boolean =>
  isTable(value) || (Array.isArray(value) && value.length > 0 && value.every((item: Json) => isTable(item)));

const written = (value: NewValue, sites: Sites): string =>
  'raw' in value ? value.raw : renderValue(value.json, prefersLiteral(sites));

/** The value that stands at a path, as far as it is written as one. */
export const valueAt = ({ pairs, elements }: Sites, path: Path): ValueNode | undefined =>
  pairs.find((site) => samePath(site.path, path))?.node.value ??
  elements.find((site) => samePath(site.path, path))?.node;

/** Adds what is not there, in the style of its surroundings. */
export function add(text: string, path: Path, value: NewValue): string {
  const sites = sitesOf(text);
  for (let length = path.length - 1; length >= 0; length--) {
    const made = addBelow(sites, path.slice(0, length), path.slice(length), value);
    if (made !== null) return made;
  }
  throw new TomlEditRefused(`adding ${renderKeys(path)}: there is no place for it`);
}

/** Adds to the table or list at `prefix`; null where the text has none. */
function addBelow(sites: Sites, prefix: Path, rest: Path, value: NewValue): string | null {
  const node = valueAt(sites, prefix);
  if (node !== undefined) return addToValue(sites, node, prefix, rest, value);
  const elements = sites.headers.filter(
    ({ path, node: header }) => header.array && path.length === prefix.length + 1 && startsWith(path, prefix),
  );
  if (elements.length > 0) {
    if (rest[0] !== String(elements.length))
      throw new TomlEditRefused(`${renderKeys(prefix)} has no element ${rest[0]}`);
    return addSection(sites, prefix, elementLines(sites, withoutIndexes(sites, prefix), rest.slice(1), value));
  }
  const beside = sites.pairs.findLast(
    ({ path, container }) =>
      path.length > prefix.length && startsWith(path, prefix) && container.length < prefix.length,
  );
  if (prefix.length > 0 && beside !== undefined) {
    const keys = [...prefix.slice(beside.container.length), ...rest];
    return beside.inline === null
      ? addLine(sites, beside.container, beside, keys, value)
      : addToInlineTable(sites.text, beside.inline, keys, written(value, sites));
  }
  const isWritten = prefix.length === 0 || sites.headers.some(({ path }) => samePath(path, prefix));
  const isLine = rest.length === 1 && !('json' in value && isSection(value.json));
  if (isWritten && isLine) return addLine(sites, prefix, null, rest, value);
  if (!isWritten && !sites.headers.some(({ path }) => startsWith(path, prefix))) return null;
  return addSection(sites, prefix, tableLines(sites, withoutIndexes(sites, prefix), rest, value));
}

function addToValue(sites: Sites, node: ValueNode, prefix: Path, rest: Path, value: NewValue): string {
  const { text } = sites;
  if (node.kind === 'inline') return addToInlineTable(text, node, rest, written(value, sites));
  if (node.kind === 'array' && rest[0] === String(node.items.length)) {
    const inner = written(value, sites);
    return addToArray(text, node, rest.length === 1 ? inner : `{ ${renderKeys(rest.slice(1))} = ${inner} }`);
  }
  throw new TomlEditRefused(`${renderKeys(prefix)} is a value, not a table`);
}

/** Adds `key = value` to a table's body, after its last key or after `beside`. */
function addLine(sites: Sites, container: Path, beside: PairSite | null, keys: Path, value: NewValue): string {
  const { text } = sites;
  const header = sites.headers.find(({ path }) => samePath(path, container))?.node;
  const around =
    beside?.node ?? sites.pairs.findLast((site) => site.inline === null && samePath(site.container, container))?.node;
  const equals =
    around === undefined
      ? ' = '
      : text.slice(around.keys.at(-1)?.end, around.value.at).replace(/^\s+=/, ' =').replace(/=\s+$/, '= ');
  const indent = indentAt(text, around?.at ?? header?.at ?? 0);
  const comment = 'raw' in value ? value.comment : '';
  const line = `${indent}${renderKeys(keys)}${equals}${written(value, sites)}${comment}`;
  const above = around ?? header;
  if (above !== undefined) return insertLines(text, lineEnd(text, above.end), [line]);
  const first = sites.headers[0]?.node;
  if (first === undefined) return insertLines(text, text.length, [line]);
  let at = lineStart(text, first.at);
  while (at > 0 && /^[ \t]*#/.test(text.slice(lineStart(text, at - 1), at))) at = lineStart(text, at - 1);
  return insertLines(text, at, [line, '']);
}

/** Adds the lines of a table behind the last one below a path. */
function addSection({ text, headers }: Sites, below: Path, lines: readonly string[]): string {
  const family = headers.findLast(({ path }) => startsWith(path, below));
  const at = below.length === 0 || family === undefined ? text.length : lineEnd(text, family.end);
  const above = text.slice(0, at);
  const spaced = above.trim() === '' || /\n[ \t]*\r?\n$/.test(above) ? lines : ['', ...lines];
  const rest = text.slice(at);
  return insertLines(text, at, rest.trim() !== '' && !/^[ \t]*\r?\n/.test(rest) ? [...spaced, ''] : spaced);
}

/** The lines of a new element of a list of tables. */
function elementLines(sites: Sites, names: Path, rest: Path, value: NewValue): readonly string[] {
  if ('raw' in value) {
    if (rest.length === 0) throw new TomlEditRefused('a value cannot become a table');
    return [`[[${renderKeys(names)}]]`, `${renderKeys(rest)} = ${value.raw}${value.comment}`];
  }
  if (rest.length === 0 && !isTable(value.json)) throw new TomlEditRefused(`${renderKeys(names)} holds only tables`);
  const body = rest.reduceRight<Json>((inner, key) => ({ [key]: inner }), value.json);
  return sectionLines(names, body as JsonTable, true, prefersLiteral(sites));
}

/** The lines of a new table, or of a new list of tables. */
function tableLines(sites: Sites, names: Path, rest: Path, value: NewValue): readonly string[] {
  const parent = [...names, ...rest.slice(0, -1)];
  const key = rest.at(-1) ?? '';
  if ('raw' in value) return [`[${renderKeys(parent)}]`, `${renderKeys([key])} = ${value.raw}${value.comment}`];
  const { json } = value;
  const literal = prefersLiteral(sites);
  if (!isSection(json)) return sectionLines(parent, { [key]: json }, false, literal);
  return joined(sectionsOf([...parent, key], json, literal));
}

const joined = (sections: readonly (readonly string[])[]): string[] =>
  sections.flatMap((lines, index) => (index > 0 ? ['', ...lines] : lines));

const sectionsOf = (keys: Path, value: Json, literal: boolean): readonly (readonly string[])[] =>
  Array.isArray(value)
    ? (value as readonly JsonTable[]).map((item) => sectionLines(keys, item, true, literal))
    : [sectionLines(keys, value as JsonTable, false, literal)];

/** A table with its header, and the tables in it behind it. */
function sectionLines(keys: Path, body: JsonTable, element: boolean, literal: boolean): readonly string[] {
  const items = Object.entries(body).filter((item): item is [string, Json] => item[1] !== undefined);
  const header = element ? `[[${renderKeys(keys)}]]` : `[${renderKeys(keys)}]`;
  const pairs = items.filter(([, value]) => !isSection(value));
  const inner = items.filter(([, value]) => isSection(value));
  return joined([
    [header, ...pairs.map(([key, value]) => `${renderKey(key)} = ${renderValue(value, literal)}`)],
    ...inner.flatMap(([key, value]) => sectionsOf([...keys, key], value, literal)),
  ]);
}

function addToInlineTable(text: string, table: InlineNode, keys: Path, value: string): string {
  const pair = `${renderKeys(keys)} = ${value}`;
  const last = table.pairs.at(-1);
  if (last !== undefined) {
    const comma = /^\s*,/.exec(text.slice(last.end, table.end - 1))?.[0];
    const at = last.end + (comma?.length ?? 0);
    return spliced(text, [{ at, to: at, text: comma === undefined ? `, ${pair}` : ` ${pair}` }]);
  }
  const at = table.at + 1;
  const blank = /^[ \t]*\}/.test(text.slice(at));
  return spliced(text, [{ at, to: blank ? table.end - 1 : at, text: ` ${pair} ` }]);
}

function addToArray(text: string, array: ArrayNode, value: string): string {
  const last = array.items.at(-1);
  if (last === undefined) return spliced(text, [{ at: array.at + 1, to: array.at + 1, text: value }]);
  const { end } = last;
  const comma = commaBehind(text, end);
  const afterComma = comma === null ? end : comma + 1;
  const many = text.slice(array.at, last.at).includes('\n');
  if (!many)
    return spliced(text, [{ at: afterComma, to: afterComma, text: comma === null ? `, ${value}` : ` ${value}` }]);
  const line = `${newlineOf(text)}${indentAt(text, last.at)}${value}`;
  const at = commentEndBehind(text, afterComma) ?? afterComma;
  if (comma !== null) return spliced(text, [{ at, to: at, text: `${line},` }]);
  if (at === end) return spliced(text, [{ at: end, to: end, text: `,${line}` }]);
  return spliced(text, [
    { at: end, to: end, text: ',' },
    { at, to: at, text: line },
  ]);
}
