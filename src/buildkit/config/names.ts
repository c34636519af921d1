import type { Json } from '../../model/look.ts';
import { nearest } from '../../text/nearest.ts';
import { parseDuration, parseSize } from '../sizes.ts';
import { isSince, type Release, release as versionOf } from '../version.ts';
import type { Stray } from './found.ts';
import { INVENTED } from './invented-keys.ts';
import type { KeyType } from './keys.ts';
import { joinKey, SCHEMA, type SchemaNode, type SchemaTable, specOf, splitKey } from './schema-tree.ts';
import { SIZES_SINCE } from './value.ts';

/** Why nothing reads a key, and what was most likely meant. */
export interface Advice {
  readonly kind: 'newer' | 'letter-case' | 'embedded' | 'misspelt' | 'misplaced' | 'unquoted' | 'invented' | 'unknown';
  /** The real key or table, as parts; null when there is none to name. */
  readonly to: readonly string[] | null;
  /** How many parts of the stray key's own path become `to`; absent: all of them. */
  readonly parts?: number;
  readonly says: string | null;
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, '');
/** Names that say little without their table. */
const COMMON = new Set([
  'address',
  'enabled',
  'key',
  'cert',
  'ca',
  'path',
  'name',
  'options',
  'all',
  'filters',
  'level',
  'format',
  'labels',
  'namespace',
  'required',
  'command',
  'disabled',
  'issuer',
]);

interface Candidate {
  readonly path: readonly string[];
  readonly node: SchemaNode;
}
/** Every table and key, without registries' hosts and list indexes made up. */
function everyName(): readonly Candidate[] {
  const all: Candidate[] = [];
  const walk = (node: SchemaTable, path: readonly string[]): void => {
    for (const [name, child] of node.children) {
      all.push({ path: [...path, name], node: child });
      if (child.kind !== 'key') walk(child, [...path, name]);
    }
    if (node.each !== null) walk(node.each, [...path, '*']);
  };
  walk(SCHEMA, []);
  return all;
}
const CANDIDATES = everyName();
const KEY_NAMES = [
  ...new Set(CANDIDATES.flatMap(({ path, node }) => (node.kind === 'key' ? [path.at(-1) ?? ''] : []))),
];

/** The table of the schema that a path names; null when there is none. */
function tableAt(path: readonly string[]): SchemaTable | null {
  let at: SchemaTable = SCHEMA;
  for (const part of path) {
    if (at.kind === 'tables' && /^\d+$/.test(part)) continue;
    const next: SchemaNode | null = at.children.get(part) ?? at.each;
    if (next === null || next.kind === 'key') return null;
    at = next;
  }
  return at;
}

/** The place of the schema that a path names; null when there is none. */
function nodeAt(path: readonly string[]): SchemaNode | null {
  return tableAt(path.slice(0, -1))?.children.get(path.at(-1) ?? '') ?? tableAt(path);
}

/** Would a value do as one of a type in a release? Unknown values would not. */
function fits(value: Json | undefined, type: KeyType, at: Release): boolean {
  if (value === undefined) return false;
  if ((type === 'size' || type === 'duration') && !isSince(at, SIZES_SINCE)) return fits(value, 'int', at);
  switch (type) {
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'number' && Number.isInteger(value);
    case 'string':
      return typeof value === 'string';
    case 'string[]':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'size':
      return (typeof value === 'string' && parseSize(value) !== null) || (typeof value === 'number' && value >= 0);
    case 'duration':
      return (typeof value === 'string' && parseDuration(value) !== null) || Number.isInteger(value);
    case 'text-table':
    case 'free-table':
      return false;
  }
}

const same = (pattern: readonly string[], path: readonly string[]): boolean =>
  pattern.length === path.length && pattern.every((part, index) => part === '*' || part === path[index]);

function invented(path: readonly string[]): Advice | null {
  const folded = path.map(plain);
  for (const { key, means, says } of INVENTED) {
    const pattern = key.split('.');
    if (!same(pattern, folded)) continue;
    const caught = pattern.flatMap((part, index) => (part === '*' ? [path[index] ?? ''] : []));
    let next = 0;
    const to = means?.split('.').map((part) => (part === '*' ? (caught[next++] ?? part) : part)) ?? null;
    return { kind: 'invented', to, says: says ?? null };
  }
  return null;
}

/** Puts hosts and indexes of a stray key's own path in the place of `*`; null when there are none to put. */
function fill(path: readonly string[], from: readonly string[]): readonly string[] | null {
  if (!path.includes('*')) return path;
  return path[0] === from[0] && from[1] !== undefined && from.length >= path.length
    ? [path[0] ?? '', from[1], ...path.slice(2)]
    : null;
}

function elsewhere(stray: Pick<Stray, 'path' | 'table' | 'list' | 'value'>, at: Release): Advice | null {
  const name = plain(stray.path.at(-1) ?? '');
  const parent = stray.path.length > 1 ? plain(stray.path.at(-2) ?? '') : null;
  const own = stray.path.slice(0, -1).join('\0');
  const candidates = CANDIDATES.filter(({ path, node }) => {
    if (plain(path.at(-1) ?? '') !== name || path.slice(0, -1).join('\0') === own || !isSince(at, node.since))
      return false;
    // What stands below a registry is meant for that registry.
    if (stray.path[0] === 'registry' && path[0] !== 'registry') return false;
    return stray.table
      ? node.kind === (stray.list ? 'tables' : 'table')
      : node.kind === 'key' && fits(stray.value, node.spec.type, at);
  });
  const sameParent = candidates.filter(({ path }) => parent !== null && plain(path.at(-2) ?? '') === parent);
  const mentions = (text: string) => candidates.filter(({ path }) => path.includes(text));
  const wanted =
    sameParent.length > 0
      ? sameParent
      : COMMON.has(name)
        ? []
        : stray.path.includes('containerd') && mentions('containerd').length > 0
          ? mentions('containerd')
          : candidates.some(({ path }) => path[1] === 'oci')
            ? mentions('oci')
            : candidates;
  const outside = wanted.filter(({ path }) => !path.some((part) => part === 'gcpolicy' && path.at(-1) !== 'gcpolicy'));
  const [only, second] = outside.length > 0 ? outside : wanted;
  if (only === undefined || second !== undefined) return null;
  const to = fill(only.path, stray.path);
  if (to === null && stray.path.length > 1 && !stray.path[0]?.startsWith('registr')) return null;
  return {
    kind: 'misplaced',
    to,
    says: to === null ? `It belongs in [${joinKey(only.path.slice(0, -1)).replace('*', '"HOST"')}].` : null,
  };
}

/** A name with a dot that lacks its quotation marks is read as a table in a table. */
function unquoted({ path, below }: Stray): Advice | null {
  const inner = below[0]?.path ?? path;
  const advice = (from: number, to: number): Advice => ({
    kind: 'unquoted',
    to: [...inner.slice(0, from), inner.slice(from, to).join('.')],
    parts: to,
    says: null,
  });
  if (path[0] === 'frontend' && path.length === 2) {
    const joined = `${inner[1]}.${inner[2]}`;
    return SCHEMA.children.get('frontend')?.kind === 'table' && tableAt(['frontend', joined]) !== null
      ? advice(1, 3)
      : null;
  }
  if (path[0] !== 'registry' || path.length !== 3) return null;
  const keys = tableAt(['registry', 'x'])?.children;
  const first = inner.findIndex((part, index) => index > 2 && keys?.has(part));
  // A part with a dot or a port had its quotation marks; what stands beside it is no part of a host.
  if (keys?.has(path[1] ?? '') || path.slice(1).some((part) => /[.:]/.test(part))) return null;
  return advice(1, first < 0 ? (below.length === 0 ? inner.length : inner.length - 1) : first);
}

/** The only key whose name begins or ends like this one, or the other way round ("socket" for socketPath). */
function halfName(
  name: string,
  value: Json | undefined,
  siblings: readonly (readonly [string, SchemaNode])[],
  at: Release,
): string | null {
  const word = plain(name);
  const found = siblings.filter(([child, node]) => {
    const other = plain(child);
    const [short, long] = word.length < other.length ? [word, other] : [other, word];
    const like =
      short.length >= 4 && short.length * 2 >= long.length && (long.startsWith(short) || long.endsWith(short));
    return like && node.kind === 'key' && fits(value, node.spec.type, at);
  });
  const [only, second] = found;
  return only !== undefined && second === undefined ? only[0] : null;
}

/** The name that has taken an old one's place; else the same. */
function current({ to, ...advice }: Advice, release: Release): Advice {
  const old = to === null ? undefined : specOf(to)?.deprecated;
  if (to === null || old?.write !== 'same' || !isSince(release, versionOf(old.since))) return { ...advice, to };
  return { ...advice, to: [...to.slice(0, -1), old.successor] };
}

/** A key that only later releases have is none to write in this one. */
function known(advice: Advice, release: Release): Advice {
  const since = advice.to === null || advice.kind === 'newer' ? null : (nodeAt(advice.to)?.since ?? null);
  if (advice.to === null || since === null || isSince(release, since)) return advice;
  return { ...advice, to: null, says: `It means ${joinKey(advice.to)}, which is known from v${since.join('.')} on.` };
}

/** Says what a key that nothing reads was most likely meant to be. */
export function adviseOn(stray: Stray, release: Release): Advice {
  return known(current(guess(stray, release), release), release);
}

function guess(stray: Stray, release: Release): Advice {
  if (stray.known !== null && !isSince(release, stray.known.since))
    return { kind: 'newer', to: stray.path, says: null };
  const parent = stray.path.slice(0, -1);
  if (stray.letterCase !== null) return { kind: 'letter-case', to: [...parent, stray.letterCase], says: null };
  if (stray.embedded) return { kind: 'embedded', to: parent, says: null };
  const name = stray.path.at(-1) ?? '';
  const joined = stray.table && !stray.list ? unquoted(stray) : null;
  if (joined !== null) return joined;
  const table = tableAt(parent);
  const children = table === null ? [] : [...table.children].filter(([, node]) => isSince(release, node.since));
  const ofKind = children.filter(([, node]) => (node.kind === 'key') !== stray.table);
  const folded = ofKind.find(([child]) => plain(child) === plain(name));
  if (folded !== undefined) return { kind: 'misspelt', to: [...parent, folded[0]], says: null };
  const listed = invented(stray.path);
  if (listed !== null) return listed;
  const whole = [...parent, ...splitKey(name)];
  if (name.includes('.') && nodeAt(whole)?.kind === (stray.list ? 'tables' : stray.table ? 'table' : 'key'))
    return { kind: 'misplaced', to: whole, says: null };
  const moved = elsewhere(stray, release);
  const typo =
    name.length >= 3
      ? nearest(
          name,
          ofKind.map(([child]) => child),
        )
      : null;
  const half = stray.table ? null : halfName(name, stray.value, ofKind, release);
  if (typo === null && half !== null) return { kind: 'misspelt', to: [...parent, half], says: null };
  if (typo !== null && (moved === null || plain(typo).length > 3))
    return { kind: 'misspelt', to: [...parent, typo], says: null };
  if (moved !== null) return moved;
  if (name.length >= 6 && !stray.table) {
    const far = nearest(name, KEY_NAMES);
    const advice = far === null ? null : elsewhere({ ...stray, path: [...parent, far] }, release);
    if (advice !== null) return advice;
  }
  return { kind: 'unknown', to: null, says: null };
}

/** May a stray value be put at `to` by itself: the key takes it in this release, and is not among those that are set? */
export function canMove(
  value: Json | undefined,
  to: readonly string[],
  set: ReadonlySet<string>,
  release: Release,
): boolean {
  const node = nodeAt(to);
  return node?.kind === 'key' && fits(value, node.spec.type, release) && !set.has(joinKey(to));
}
