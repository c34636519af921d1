import { TomlError } from 'smol-toml';
import { type AST, ParseError } from 'toml-eslint-parser';
import type { Json, TomlEdit } from '../model.ts';
import { isMasked, unmasked } from '../secrets/words.ts';
import { meaningAt, meaningOf, meaningOfJson, pruneTo, put, sameMeaning, type Table, take } from './toml-meaning.ts';
import { type PairSite, type Sites, samePath, sitesOf, startsWith } from './toml-sites.ts';
import { NotToml, renderKey, renderKeys, renderValue } from './toml-text.ts';

/** Thrown when a change cannot be made so that the text means exactly that change; nothing is to be written then. */
export class TomlEditRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TomlEditRefused';
  }
}

/** A new value: as data, or the text it was written as elsewhere (with its comment, when it had a line of its own). */
type NewValue = { readonly json: Json } | { readonly raw: string; readonly comment: string };
type Path = readonly string[];
interface Splice {
  readonly at: number;
  readonly to: number;
  readonly text: string;
}

/** Makes the changes one after another; every character outside them stays. Throws TomlEditRefused. */
export function editToml(text: string, changes: readonly TomlEdit[]): string {
  return changes.reduce((before, change) => {
    const mark = before.startsWith('\ufeff') ? '\ufeff' : '';
    return mark + editOnce(before.slice(mark.length), change);
  }, text);
}

function editOnce(text: string, planned: TomlEdit): string {
  let change = planned;
  try {
    const before = meaningOf(text);
    change = withSecret(planned, before);
    const wanted = intended(before, change);
    const after = carryOut(text, change);
    const got = meaningOf(after);
    for (const path of touched(change)) {
      pruneTo(wanted, path);
      pruneTo(got, path);
    }
    if (!sameMeaning(wanted, got)) throw new TomlEditRefused(`${told(change)} would change more than that`);
    return after;
  } catch (error) {
    if (error instanceof TomlEditRefused) throw error;
    if (error instanceof TomlError)
      throw new TomlEditRefused(
        `${told(change)}: the file is not valid TOML (line ${error.line}: ${error.message.split('\n')[0]})`,
      );
    if (error instanceof ParseError)
      throw new TomlEditRefused(
        `${told(change)}: the file is not valid TOML (line ${error.lineNumber}: ${error.message})`,
      );
    if (error instanceof NotToml) throw new TomlEditRefused(`${told(change)}: ${error.message}`);
    if (error instanceof RangeError) throw new TomlEditRefused(`${told(change)}: the file is nested too deeply`);
    throw error;
  }
}

/** A plan knows an address without its user information; what is written takes it from the value that it replaces. */
function withSecret(change: TomlEdit, before: Table): TomlEdit {
  if (change.change !== 'set' || !isMasked(JSON.stringify(change.value))) return change;
  const old = meaningAt(before, change.path);
  const value = typeof change.value === 'string' && typeof old === 'string' ? unmasked(change.value, old) : null;
  if (value === null) throw new TomlEditRefused(`${told(change)}: it holds a secret, which has to be written by hand`);
  return { ...change, value };
}

const touched = (change: TomlEdit): readonly Path[] =>
  change.change === 'rename' ? [change.path, change.to] : [change.path];

function told(change: TomlEdit): string {
  const key = renderKeys(change.path);
  return change.change === 'rename'
    ? `renaming ${key} to ${renderKeys(change.to)}`
    : `${change.change === 'set' ? 'setting' : 'removing'} ${key}`;
}

/** What the document must mean afterwards. */
function intended(before: Table, change: TomlEdit): Table {
  if (change.path.length === 0) throw new TomlEditRefused('a change needs a key');
  if (change.change === 'set') {
    if (!put(before, change.path, meaningOfJson(change.value)))
      throw new TomlEditRefused(`${told(change)}: a value stands in the way`);
    return before;
  }
  const found = take(before, change.path);
  if (found === undefined) throw new TomlEditRefused(`${told(change)}: it is not in the file`);
  if (change.change === 'remove') return before;
  if (meaningAt(before, change.to) !== undefined)
    throw new TomlEditRefused(`${told(change)}: ${renderKeys(change.to)} exists already`);
  if (change.to.length === 0 || startsWith(change.to, change.path) || !put(before, change.to, found))
    throw new TomlEditRefused(`${told(change)}: a value stands in the way`);
  return before;
}

function carryOut(text: string, change: TomlEdit): string {
  switch (change.change) {
    case 'set':
      return set(text, change.path, change.value);
    case 'remove':
      return remove(text, change.path);
    case 'rename':
      return rename(text, change.path, change.to);
  }
}

// ---------------------------------------------------------------- text

function apply(text: string, splices: readonly Splice[]): string {
  let out = text;
  for (const splice of [...splices].sort((a, b) => b.at - a.at || b.to - a.to))
    out = out.slice(0, splice.at) + splice.text + out.slice(splice.to);
  return out;
}
const newlineOf = (text: string): string => (/\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n');
const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
const indentAt = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(lineStart(text, at), at))?.[0] ?? '';

/** Inserts whole lines at the start of a line or at the end of the text; a missing final newline stays missing. */
function insertLines(text: string, at: number, lines: readonly string[]): string {
  const newline = newlineOf(text);
  const block = lines.join(newline);
  return at === text.length && text !== '' && !text.endsWith('\n')
    ? text + newline + block
    : text.slice(0, at) + block + newline + text.slice(at);
}
const written = (value: NewValue, literal: boolean): string =>
  'raw' in value ? value.raw : renderValue(value.json, literal);
/** Prefers single quotes where the text uses no others. */
const prefersLiteral = (sites: Sites): boolean =>
  sites.tokens.some(({ type }) => type === 'LiteralString') && !sites.tokens.some(({ type }) => type === 'BasicString');

// ----------------------------------------------------------------- set

const isTable = (value: Json): value is { readonly [key: string]: Json | undefined } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function set(text: string, path: Path, value: Json): string {
  const sites = sitesOf(text);
  const current = meaningAt(meaningOf(text), path);
  if (current === undefined) return add(text, path, { json: value });
  if (sameMeaning(current, meaningOfJson(value))) return text;
  const node =
    sites.pairs.find((site) => samePath(site.path, path))?.node.value ??
    sites.elements.find((site) => samePath(site.path, path))?.node;
  if (current instanceof Map && isTable(value)) return setEach(text, path, current, value);
  if (Array.isArray(current) && Array.isArray(value)) {
    const items = value as readonly Json[];
    if (items.length >= current.length && current.length > 0)
      return items.reduce((at: string, item, index) => set(at, [...path, String(index)], item), text);
  }
  if (node === undefined) return add(remove(text, path), path, { json: value });
  const literal =
    node.type === 'TOMLValue' && node.kind === 'string' ? node.style === 'literal' : prefersLiteral(sites);
  return apply(text, [{ at: node.range[0], to: node.range[1], text: renderValue(value, literal) }]);
}

function setEach(
  text: string,
  path: Path,
  current: Table,
  value: { readonly [key: string]: Json | undefined },
): string {
  let at = text;
  for (const [key, item] of Object.entries(value)) if (item !== undefined) at = set(at, [...path, key], item);
  for (const key of current.keys())
    if (!Object.hasOwn(value, key) || value[key] === undefined) at = remove(at, [...path, key]);
  return at;
}

/** Adds what is not there, in the style of its surroundings. */
function add(text: string, path: Path, value: NewValue): string {
  const sites = sitesOf(text);
  for (let length = path.length - 1; length >= 0; length--) {
    const prefix = path.slice(0, length);
    const rest = path.slice(length);
    const made = addBelow(text, sites, prefix, rest, value);
    if (made !== null) return made;
  }
  throw new TomlEditRefused(`adding ${renderKeys(path)}: there is no place for it`);
}

function addBelow(text: string, sites: Sites, prefix: Path, rest: Path, value: NewValue): string | null {
  const node =
    sites.pairs.find((site) => samePath(site.path, prefix))?.node.value ??
    sites.elements.find((site) => samePath(site.path, prefix))?.node;
  if (node !== undefined) {
    if (node.type === 'TOMLInlineTable')
      return addToInlineTable(text, node, rest, written(value, prefersLiteral(sites)));
    if (node.type === 'TOMLArray' && rest[0] === String(node.elements.length)) {
      const inner = written(value, prefersLiteral(sites));
      return addToArray(text, sites, node, rest.length === 1 ? inner : `{ ${renderKeys(rest.slice(1))} = ${inner} }`);
    }
    throw new TomlEditRefused(`${renderKeys(prefix)} is a value, not a table`);
  }
  const array = sites.headers.filter(
    ({ path, node: header }) =>
      header.kind === 'array' && path.length === prefix.length + 1 && startsWith(path, prefix),
  );
  if (array.length > 0) {
    if (rest[0] !== String(array.length)) throw new TomlEditRefused(`${renderKeys(prefix)} has no element ${rest[0]}`);
    return addSection(text, sites, prefix, prefix, rest.slice(1), value, true);
  }
  const header = sites.headers.find(({ path }) => samePath(path, prefix));
  const dotted = sites.pairs.filter(
    ({ path, container }) =>
      path.length > prefix.length && startsWith(path, prefix) && container.length < prefix.length,
  );
  const beside = dotted.at(-1);
  if (prefix.length > 0 && beside !== undefined) {
    const keys = [...prefix.slice(beside.container.length), ...rest];
    return beside.inline === null
      ? addLine(text, sites, beside.container, beside, keys, value)
      : addToInlineTable(text, beside.inline, keys, written(value, prefersLiteral(sites)));
  }
  if (prefix.length === 0 || header !== undefined) {
    const plain = rest.length === 1 && !('json' in value && isSection(value.json));
    if (plain) return addLine(text, sites, prefix, null, rest, value);
    return addSection(text, sites, prefix, prefix, rest, value, false);
  }
  if (sites.headers.some(({ path }) => startsWith(path, prefix)))
    return addSection(text, sites, prefix, prefix, rest, value, false);
  return null;
}

/** Written as tables of their own: tables, and arrays of nothing but tables. */
const isSection = (value: Json): boolean =>
  isTable(value) || (Array.isArray(value) && value.length > 0 && value.every((item: Json) => isTable(item)));

/** Adds `key = value` to a table's body, after its last key or after `beside`. */
function addLine(
  text: string,
  sites: Sites,
  container: Path,
  beside: PairSite | null,
  keys: Path,
  value: NewValue,
): string {
  const own = sites.pairs.filter((site) => site.inline === null && samePath(site.container, container));
  const last = beside ?? own.at(-1) ?? null;
  const header = sites.headers.find(({ path }) => samePath(path, container))?.node;
  const around = last?.node;
  const equals =
    around === undefined
      ? ' = '
      : text.slice(around.key.range[1], around.value.range[0]).replace(/^\s+=/, ' =').replace(/=\s+$/, '= ');
  const indent = indentAt(text, around?.range[0] ?? header?.range[0] ?? 0);
  const line = `${indent}${renderKeys(keys)}${equals}${written(value, prefersLiteral(sites))}${'raw' in value ? value.comment : ''}`;
  if (around !== undefined) return insertLines(text, lineEnd(text, around.range[1]), [line]);
  if (header !== undefined) return insertLines(text, lineEnd(text, header.key.range[1]), [line]);
  const first = sites.headers[0]?.node;
  if (first === undefined) return insertLines(text, text.length, [line]);
  let at = lineStart(text, first.range[0]);
  while (at > 0 && /^[ \t]*#/.test(text.slice(lineStart(text, at - 1), at))) at = lineStart(text, at - 1);
  return insertLines(text, at, [line, '']);
}

/** Adds a table with its header behind the last table below `after`. */
function addSection(
  text: string,
  sites: Sites,
  after: Path,
  base: Path,
  rest: Path,
  value: NewValue,
  element: boolean,
): string {
  const lines: string[] = [];
  const literal = prefersLiteral(sites);
  const names = withoutIndexes(sites, base);
  const table = (keys: Path, body: { readonly [key: string]: Json | undefined }, brackets: 1 | 2): void => {
    if (lines.length > 0) lines.push('');
    lines.push(`${'['.repeat(brackets)}${renderKeys(keys)}${']'.repeat(brackets)}`);
    const sections: [string, Json][] = [];
    for (const [key, item] of Object.entries(body)) {
      if (item === undefined) continue;
      if (isSection(item)) sections.push([key, item]);
      else lines.push(`${renderKey(key)} = ${renderValue(item, literal)}`);
    }
    for (const [key, item] of sections) {
      if (Array.isArray(item))
        for (const entry of item as readonly Json[])
          table([...keys, key], entry as object as { [key: string]: Json }, 2);
      else table([...keys, key], item as { [key: string]: Json }, 1);
    }
  };
  const parent = [...names, ...rest.slice(0, -1)];
  if ('raw' in value) {
    const key = rest.at(-1);
    if (key === undefined) throw new TomlEditRefused('a value cannot become a table');
    lines.push(element ? `[[${renderKeys(names)}]]` : `[${renderKeys(parent)}]`);
    lines.push(`${renderKeys(element ? rest : [key])} = ${value.raw}${value.comment}`);
  } else if (element) {
    if (rest.length === 0 && !isTable(value.json)) throw new TomlEditRefused(`${renderKeys(names)} holds only tables`);
    const body = rest.reduceRight<Json>((inner, key) => ({ [key]: inner }), value.json);
    table(names, body as { readonly [key: string]: Json }, 2);
  } else if (isTable(value.json)) table([...parent, rest.at(-1) ?? ''], value.json, 1);
  else if (isSection(value.json))
    for (const entry of value.json as readonly Json[])
      table([...parent, rest.at(-1) ?? ''], entry as { [key: string]: Json }, 2);
  else table(parent, { [rest.at(-1) ?? '']: value.json }, 1);

  const family = sites.headers.filter(({ path }) => startsWith(path, after)).at(-1)?.node;
  const lastPair = family?.body.at(-1);
  const at =
    after.length === 0 || family === undefined
      ? text.length
      : lineEnd(text, lastPair === undefined ? family.key.range[1] : lastPair.range[1]);
  const above = text.slice(0, at);
  const spaced = above.trim() === '' || /\n[ \t]*\r?\n$/.test(above) ? lines : ['', ...lines];
  const below = text.slice(at);
  return insertLines(text, at, below.trim() !== '' && !/^[ \t]*\r?\n/.test(below) ? [...spaced, ''] : spaced);
}

/** The key parts of a path in headers: without the indexes of arrays of tables. */
function withoutIndexes(sites: Sites, path: Path): string[] {
  return path.filter((_, index) => !isArrayIndex(sites, path, index));
}
const isArrayIndex = (sites: Sites, path: Path, index: number): boolean =>
  sites.headers.some(
    ({ node, path: header }) =>
      startsWith(header, path.slice(0, index + 1)) && typeof node.resolvedKey[index] === 'number',
  );

function addToInlineTable(text: string, table: AST.TOMLInlineTable, keys: Path, value: string): string {
  const pair = `${renderKeys(keys)} = ${value}`;
  const last = table.body.at(-1);
  const start = table.range[0] + 1;
  if (last !== undefined) {
    const after = text.slice(last.range[1], table.range[1] - 1);
    const comma = /^\s*,/.exec(after)?.[0];
    return comma === undefined
      ? apply(text, [{ at: last.range[1], to: last.range[1], text: `, ${pair}` }])
      : apply(text, [{ at: last.range[1] + comma.length, to: last.range[1] + comma.length, text: ` ${pair}` }]);
  }
  const blank = /^[ \t]*\}/.test(text.slice(start));
  return apply(text, [{ at: start, to: blank ? table.range[1] - 1 : start, text: ` ${pair} ` }]);
}

function addToArray(text: string, sites: Sites, array: AST.TOMLArray, value: string): string {
  const last = array.elements.at(-1);
  if (last === undefined) return apply(text, [{ at: array.range[0] + 1, to: array.range[0] + 1, text: value }]);
  const end = last.range[1];
  const comma = sites.tokens.find((token) => token.range[0] >= end && token.range[0] < array.range[1]);
  const hasComma = comma?.value === ',';
  const afterComma = hasComma && comma !== undefined ? comma.range[1] : end;
  const many = text.slice(array.range[0], last.range[0]).includes('\n');
  if (!many) return apply(text, [{ at: afterComma, to: afterComma, text: hasComma ? ` ${value}` : `, ${value}` }]);
  const beside = sites.comments.find(
    (comment) => comment.range[0] >= afterComma && comment.range[0] < lineEnd(text, afterComma),
  );
  const line = `${newlineOf(text)}${indentAt(text, last.range[0])}${value}${hasComma ? ',' : ''}`;
  const at = beside?.range[1] ?? afterComma;
  return apply(text, [
    ...(hasComma ? [] : [{ at: end, to: end, text: at === end ? `,${line}` : ',' }]),
    ...(hasComma || at !== end ? [{ at, to: at, text: line }] : []),
  ]);
}

// -------------------------------------------------------------- remove

function remove(text: string, path: Path): string {
  const sites = sitesOf(text);
  const pair = sites.pairs.find((site) => samePath(site.path, path));
  if (pair !== undefined) return removePair(text, sites, pair);
  const element = sites.elements.find((site) => samePath(site.path, path));
  if (element !== undefined) {
    const { array, node } = element;
    return apply(text, [itemSplice(text, sites, array, array.elements, node, true)]);
  }
  const dotted = sites.pairs.find((site) => startsWith(site.path, path) && !startsWith(site.container, path));
  if (dotted !== undefined) {
    const less = removePair(text, sites, dotted);
    return meaningAt(meaningOf(less), path) === undefined ? less : remove(less, path);
  }
  const headers = sites.headers.filter((site) => startsWith(site.path, path));
  if (headers.length === 0) throw new TomlEditRefused(`${renderKeys(path)} is not in the file`);
  return apply(
    text,
    headers.map(({ node }) => ({
      at: lineStart(text, node.range[0]),
      to: lineEnd(text, node.body.at(-1)?.range[1] ?? node.key.range[1]),
      text: '',
    })),
  );
}

function removePair(text: string, sites: Sites, { node, inline }: PairSite): string {
  return inline === null
    ? apply(text, [{ at: lineStart(text, node.range[0]), to: lineEnd(text, node.range[1]), text: '' }])
    : apply(text, [itemSplice(text, sites, inline, inline.body, node, false)]);
}

/** Takes one item out of a list with one comma; an item alone on its lines goes with them. */
function itemSplice(
  text: string,
  sites: Sites,
  list: { readonly range: readonly [number, number] },
  items: readonly { readonly range: readonly [number, number] }[],
  item: { readonly range: readonly [number, number] },
  mayEndWithComma: boolean,
): Splice {
  const [start, end] = item.range;
  const index = items.findIndex(({ range }) => range[0] === start);
  const next = sites.tokens.find((token) => token.range[0] >= end && token.range[0] < list.range[1]);
  const comma = next?.value === ',' ? next : undefined;
  const afterComma = comma?.range[1] ?? end;
  const previous = items[index - 1];
  const isLast = index === items.length - 1;
  const alone =
    text.slice(lineStart(text, start), start).trim() === '' &&
    /^[ \t]*(#[^\n]*)?\r?\n/.test(text.slice(afterComma)) &&
    lineStart(text, start) > list.range[0];
  if (alone && (comma !== undefined || mayEndWithComma))
    return { at: lineStart(text, start), to: lineEnd(text, afterComma), text: '' };
  if (previous !== undefined && isLast && comma === undefined) {
    const before = sites.tokens.find((token) => token.value === ',' && token.range[0] >= previous.range[1]);
    const between = before === undefined ? '' : text.slice(before.range[1], start);
    // A comment between the comma and the item is not ours to take.
    return between.includes('#') && mayEndWithComma
      ? { at: start, to: end, text: '' }
      : { at: previous.range[1], to: end, text: '' };
  }
  const space = /^[ \t]*/.exec(text.slice(afterComma))?.[0].length ?? 0;
  return { at: start, to: isLast ? afterComma : afterComma + space, text: '' };
}

// -------------------------------------------------------------- rename

function rename(text: string, path: Path, to: Path): string {
  if (samePath(path, to)) return text;
  const sites = sitesOf(text);
  const pair = sites.pairs.find((site) => samePath(site.path, path));
  if (pair !== undefined) return renamePair(text, sites, pair, to);
  let common = 0;
  while (common < path.length && common < to.length && path[common] === to[common]) common++;

  // Keys whose tables would have to change with them move one by one.
  const moving = sites.pairs.find(
    (site) => startsWith(site.path, path) && !startsWith(site.container, path) && site.container.length > common,
  );
  if (moving !== undefined) {
    const moved = renamePair(text, sites, moving, [...to, ...moving.path.slice(path.length)]);
    return meaningAt(meaningOf(moved), path) === undefined ? moved : rename(moved, path, to);
  }
  const splices: Splice[] = [];
  const retoken = (key: AST.TOMLKey, from: number, until: number): void => {
    const first = key.keys[from];
    const last = key.keys[until - 1];
    if (first === undefined || last === undefined)
      throw new TomlEditRefused(`${renderKeys(path)} cannot become ${renderKeys(to)}`);
    splices.push({ at: first.range[0], to: last.range[1], text: renderKeys(to.slice(common)) });
  };
  const indexes = (upTo: number): number =>
    path.slice(0, upTo).length - withoutIndexes(sites, path.slice(0, upTo)).length;
  for (const { path: at, node } of sites.headers) {
    if (startsWith(at, path)) retoken(node.key, common - indexes(common), path.length - indexes(path.length));
  }
  for (const { path: at, node, container } of sites.pairs) {
    if (startsWith(at, path) && !startsWith(container, path))
      retoken(node.key, common - container.length, path.length - container.length);
  }
  return apply(text, splices);
}

function renamePair(text: string, sites: Sites, { node, path, container, inline }: PairSite, to: Path): string {
  const keys = node.key.keys;
  const inPlace =
    startsWith(to, container) &&
    to.length > container.length &&
    (keys.length > 1 || to.length === container.length + 1);
  if (inPlace) {
    let same = 0;
    while (
      container.length + same < to.length - 1 &&
      same < keys.length - 1 &&
      path[container.length + same] === to[container.length + same]
    )
      same++;
    const first = keys[same];
    if (first !== undefined) {
      const after = apply(text, [
        { at: first.range[0], to: node.key.range[1], text: renderKeys(to.slice(container.length + same)) },
      ]);
      if (isValid(after)) return after;
    }
  }
  const lineStop = lineEnd(text, node.range[1]);
  const comment =
    inline === null
      ? (sites.comments.find(({ range }) => range[0] >= node.range[1] && range[0] < lineStop)?.range ?? null)
      : null;
  const value: NewValue = {
    raw: text.slice(node.value.range[0], node.value.range[1]),
    comment: comment === null ? '' : text.slice(node.range[1], comment[1]),
  };
  return add(removePair(text, sites, { node, path, container, inline }), to, value);
}

function isValid(text: string): boolean {
  try {
    meaningOf(text);
    return true;
  } catch {
    return false;
  }
}
