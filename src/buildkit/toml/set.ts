import type { Json } from '../../model/look.ts';
import { add, isTable, valueAt } from './add.ts';
import { meaningAt, meaningOf, meaningOfJson, sameMeaning, type Table } from './meaning.ts';
import { remove } from './remove.ts';
import { prefersLiteral, sitesOf } from './sites.ts';
import { spliced } from './splice.ts';
import { renderValue } from './text.ts';

/** Puts a value at a path: over the one that stands there, element by element and key by key, or beside its neighbours. */
export function set(text: string, path: readonly string[], value: Json): string {
  const sites = sitesOf(text);
  const current = meaningAt(meaningOf(text), path);
  if (current === undefined) return add(text, path, { json: value });
  if (sameMeaning(current, meaningOfJson(value))) return text;
  if (current instanceof Map && isTable(value)) return setEach(text, path, current, value);
  if (Array.isArray(current) && Array.isArray(value)) {
    const items = value as readonly Json[];
    if (items.length >= current.length && current.length > 0)
      return items.reduce((at: string, item, index) => set(at, [...path, String(index)], item), text);
  }
  const node = valueAt(sites, path);
  if (node === undefined) return add(remove(text, path), path, { json: value });
  const literal = node.kind === 'string' ? node.raw.startsWith("'") : prefersLiteral(sites);
  return spliced(text, [{ at: node.at, to: node.end, text: renderValue(value, literal) }]);
}

function setEach(
  text: string,
  path: readonly string[],
  current: Table,
  value: { readonly [key: string]: Json | undefined },
): string {
  let at = text;
  for (const [key, item] of Object.entries(value)) if (item !== undefined) at = set(at, [...path, key], item);
  for (const key of current.keys())
    if (!Object.hasOwn(value, key) || value[key] === undefined) at = remove(at, [...path, key]);
  return at;
}
