import { isSince, type Release, release } from '../version.ts';
import { KEYS, type KeySpec } from './keys.ts';

/** A place in the configuration: a key, or a table with what may stand in it. */
export type SchemaNode = SchemaTable | SchemaKey;
export interface SchemaKey {
  readonly kind: 'key';
  readonly spec: KeySpec;
  readonly since: Release;
  /** As BuildKit's decoder names it: the last part, but a capital where the field has no other name. */
  readonly tag: string;
}
export interface SchemaTable {
  readonly kind: 'table' | 'tables';
  /** Canonical key, without quotes' meaning lost: parts are in `path`. */
  readonly path: readonly string[];
  readonly since: Release;
  readonly children: ReadonlyMap<string, SchemaNode>;
  /** Names of the children by their lower case. */
  readonly byLower: ReadonlyMap<string, string>;
  /** For a map by host: what each entry is. */
  readonly each: SchemaTable | null;
}

interface Growing {
  kind: 'table' | 'tables';
  path: string[];
  since: Release;
  children: Map<string, SchemaNode>;
  byLower: Map<string, string>;
  each: Growing | null;
}

/** The parts of a dotted key: `frontend."gateway.v0".enabled` has three. */
export function splitKey(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|([^.]+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** A dotted key from its parts, quoted only where a reader would misread it. */
export function joinKey(path: readonly string[]): string {
  return path.map((part) => (/^[A-Za-z0-9_[\]*-]+$/.test(part) ? part : JSON.stringify(part))).join('.');
}

/** A key for people: list indexes in square brackets. */
export function keyText(path: readonly string[]): string {
  let out = '';
  for (const [index, part] of path.entries()) {
    if (index > 0 && /^\d+$/.test(part) && !isName(path, index)) out += `[${part}]`;
    else out += (out === '' ? '' : '.') + joinKey([part]);
  }
  return out;
}

/** A number may be a label, or part of a registry's address. */
function isName(path: readonly string[], index: number): boolean {
  const before = path[index - 1] ?? '';
  return before === 'labels' || (path[0] === 'registry' && (index === 1 || /^\d+$/.test(before)));
}

function grow(keys: readonly KeySpec[]): SchemaTable {
  const root: Growing = {
    kind: 'table',
    path: [],
    since: [0, 3, 0],
    children: new Map(),
    byLower: new Map(),
    each: null,
  };
  for (const spec of keys) {
    let at = root;
    const parts = splitKey(spec.key);
    const since = release(spec.since);
    for (const [index, part] of parts.entries()) {
      const name = part.replace(/\[\]$/, '');
      if (index === parts.length - 1) {
        const field = spec.go.slice(spec.go.lastIndexOf('.') + 1);
        const untagged = spec.go.startsWith('ghatypes.VerifyPolicy.') && !field.endsWith('Threshold');
        at.byLower.set(name.toLowerCase(), name);
        at.children.set(name, { kind: 'key', spec, since, tag: untagged ? field : name });
        break;
      }
      let next = name === '*' ? at.each : (at.children.get(name) as Growing | undefined);
      if (next === null || next === undefined) {
        const kind = part.endsWith('[]') ? 'tables' : 'table';
        next = { kind, path: [...at.path, name], since, children: new Map(), byLower: new Map(), each: null };
        if (name === '*') at.each = next;
        else {
          at.byLower.set(name.toLowerCase(), name);
          at.children.set(name, next);
        }
      }
      at = next;
    }
  }
  return root;
}

export const SCHEMA: SchemaTable = grow(KEYS);

/** The key's row in the table; null for a table or a key that does not exist. */
export function specOf(path: readonly string[]): KeySpec | null {
  let at: SchemaNode | null = SCHEMA;
  for (const part of path) {
    if (at === null || at.kind === 'key') return null;
    if (at.kind === 'tables' && /^\d+$/.test(part)) continue;
    at = at.children.get(part) ?? at.each;
  }
  return at !== null && at.kind === 'key' ? at.spec : null;
}

/** Does a release read the table at a path as written? `anyCase`: letter case does not matter. */
export function isReadTable(path: readonly string[], at: Release, anyCase: boolean): boolean {
  let node: SchemaNode | null = SCHEMA;
  for (const part of path) {
    if (node.kind === 'key') return true;
    const next: SchemaNode | null =
      node.children.get(part) ??
      (anyCase ? node.children.get(node.byLower.get(part.toLowerCase()) ?? '') : undefined) ??
      node.each;
    if (next === null || !isSince(at, next.since)) return false;
    node = next;
  }
  return true;
}
