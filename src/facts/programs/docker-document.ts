import type { Position } from '../../model/decide.ts';
import type { Json, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { type JsonPlaces, jsonPlaces, placeIn } from '../../text/json-places.ts';

export type Table = { readonly [key: string]: Json | undefined };

/** A JSON file of Docker's. Never its credentials: only what is named here is taken from it. */
export interface Document {
  readonly path: string;
  readonly exists: boolean;
  /** Why it cannot be used; null when it is absent or an object. */
  readonly broken: string | null;
  readonly brokenAt: Position | null;
  readonly table: Table;
  /** Where one of its keys stands. */
  placeOf(...key: readonly string[]): Position | null;
}
/** Names that a file gives, and where the first of them stands. */
export interface Written {
  readonly names: readonly string[];
  readonly at: Position | null;
}

export const asTable = (value: Json | undefined): Table =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Table) : {};
export const asText = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** Why a file cannot be used, and where that stands; null where it can. */
export const faultOf = ({ path, broken, brokenAt }: Document) =>
  broken === null ? null : { path, why: broken, at: brokenAt };

export const written = (names: readonly string[], placeOf: (name: string) => Position | null): Written => ({
  names,
  at: names[0] === undefined ? null : placeOf(names[0]),
});

/** Only buildx minds an empty file, and only dockerd takes a byte order mark. */
type Reader = 'docker' | 'dockerd' | 'buildx';

export async function readDocument({ host }: Look, path: string, by: Reader): Promise<Document> {
  const without = { path, broken: null, brokenAt: null, table: {}, placeOf: () => null };
  // What may not be read is not known to be wrong.
  const file = await host.read(path, 'target', undefined, 'json').catch(asAbsent);
  if (file === null) return { ...without, exists: false };
  const text = by === 'dockerd' ? file.text.replace(/^\ufeff/, '') : file.text;
  if (by !== 'buildx' && text.trim() === '') return { ...without, exists: true };
  // Masks change columns, and never lines.
  const place = (from: number, to: number): Position => placeIn(path, text, from, to, file.masked !== true);
  let known: JsonPlaces | null = null;
  const places = (): JsonPlaces => {
    known ??= jsonPlaces(text);
    return known;
  };
  const broken = (why: string, at: number): Document => ({
    ...without,
    exists: true,
    broken: why,
    brokenAt: place(at, at),
  });
  const table = parsed(text);
  if (table === undefined) return broken('it is not valid JSON', places().fault ?? 0);
  if (table === null || typeof table !== 'object' || Array.isArray(table)) return broken('it is not a JSON object', 0);
  const placeOf = (...key: readonly string[]): Position | null => {
    const found = places().keys.get(key.join('\n'));
    return found === undefined ? null : place(found.from, found.to);
  };
  return { ...without, exists: true, table: table as Table, placeOf };
}

/** Undefined: it is no JSON. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
