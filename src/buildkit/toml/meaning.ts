import { parse, TomlDate } from 'smol-toml';
import type { Json } from '../../model/look.ts';

/** What a TOML document means: tables as maps, so that no key is special, and integers apart from floats. */
export type Meaning = Table | Meaning[] | string | number | bigint | boolean | TomlDate;
export type Table = Map<string, Meaning>;

/** The meaning of a text; throws smol-toml's TomlError. */
export function meaningOf(text: string): Table {
  return tableOf(parse(text, { integersAsBigInt: true }) as object);
}

function tableOf(value: object): Table {
  return new Map(Object.entries(value).map(([key, item]) => [key, toMeaning(item)]));
}

function toMeaning(value: unknown): Meaning {
  if (Array.isArray(value)) return value.map(toMeaning);
  if (value instanceof TomlDate) return value;
  if (typeof value === 'object' && value !== null) return tableOf(value);
  return value as Meaning;
}

/** The meaning that a value will have once written. */
export function meaningOfJson(value: Json): Meaning {
  if (Array.isArray(value)) return value.map((item: Json) => meaningOfJson(item));
  if (typeof value === 'object' && value !== null) {
    return new Map(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, meaningOfJson(item)] as const])),
    );
  }
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return value as Meaning;
}

export function sameMeaning(a: Meaning | undefined, b: Meaning | undefined): boolean {
  if (a instanceof Map) {
    return b instanceof Map && a.size === b.size && [...a].every(([key, item]) => sameMeaning(item, b.get(key)));
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameMeaning(item, b[index]));
  }
  if (a instanceof TomlDate) return b instanceof TomlDate && a.toISOString() === b.toISOString();
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

export function meaningAt(table: Meaning, path: readonly string[]): Meaning | undefined {
  let at: Meaning | undefined = table;
  for (const part of path) {
    if (at instanceof Map) at = at.get(part);
    else if (Array.isArray(at) && /^\d+$/.test(part)) at = at[Number(part)];
    else return undefined;
  }
  return at;
}

/** Puts a value at a path, making the tables on the way; false where something else stands in the way. */
export function put(table: Table, path: readonly string[], value: Meaning): boolean {
  let at: Meaning = table;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    if (at instanceof Map) {
      if (last) at.set(part, value);
      else {
        const next: Meaning = at.get(part) ?? (path[index + 1] === '0' ? [] : new Map());
        at.set(part, next);
        at = next;
      }
    } else if (Array.isArray(at) && /^\d+$/.test(part) && Number(part) <= at.length) {
      if (last) at[Number(part)] = value;
      else {
        const next: Meaning = at[Number(part)] ?? new Map();
        at[Number(part)] = next;
        at = next;
      }
    } else return false;
  }
  return true;
}

/** Takes what is at a path away; undefined when nothing was there. */
export function take(table: Table, path: readonly string[]): Meaning | undefined {
  const parent = meaningAt(table, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  const found = parent === undefined ? undefined : meaningAt(parent, [key]);
  if (found === undefined) return undefined;
  if (parent instanceof Map) parent.delete(key);
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  return found;
}

/** Drops the tables on the way to a path that are empty: whether they are written at all is no difference in meaning. */
export function pruneTo(table: Table, path: readonly string[]): void {
  for (let length = path.length - 1; length > 0; length--) {
    const here = path.slice(0, length);
    const at = meaningAt(table, here);
    const parent = meaningAt(table, here.slice(0, -1));
    const key = here.at(-1) ?? '';
    if (at === undefined) continue;
    const empty = at instanceof Map ? at.size === 0 : Array.isArray(at) && at.length === 0;
    if (empty && parent instanceof Map) parent.delete(key);
    else if (!empty) return;
  }
}
