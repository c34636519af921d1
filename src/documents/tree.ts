/** A piece of a file's text: offsets of its first character and of the one behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Data with the place where each piece of it is written. */
export type Value = Scalar | List | Fields;

/** A single value. `text` is what is written, without quotes; `plain` is false where it is quoted. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly text: string;
  readonly plain: boolean;
  readonly span: Span;
}

export interface List {
  readonly kind: 'list';
  readonly items: readonly Value[];
  readonly span: Span;
}

export interface Fields {
  readonly kind: 'fields';
  readonly entries: readonly Entry[];
  readonly span: Span;
}

/** One key with its value; `span` covers both. `foreign`: it came by an alias or a merge, and stands elsewhere. */
export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Value;
  readonly span: Span;
  readonly foreign?: true;
}

/** Where something stands: the path of keys to it, and the text. */
export interface Place {
  readonly path: string;
  readonly span: Span;
}

/** A value together with its place. */
export interface At<T> extends Place {
  readonly value: T;
}

/** A place in the data: what is there (null: nothing), and the nearest text that can be pointed at. */
export interface Cursor extends Place {
  readonly node: Value | null;
  /** The text of key and value; the value alone where there is no key. */
  readonly whole: Span;
}

export const rootOf = (node: Value): Cursor => ({ node, path: '', span: node.span, whole: node.span });

const joined = (path: string, key: string): string =>
  /^[\w:/-]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;

/** The last of that name, as every decoder takes it. */
function entryOf(node: Value | null, key: string): Entry | undefined {
  if (node?.kind !== 'fields') return undefined;
  const { entries } = node;
  for (let at = entries.length - 1; at >= 0; at--) if (entries[at]?.key === key) return entries[at];
  return undefined;
}

const below = (at: Cursor, { key, keySpan, value, span }: Entry): Cursor => {
  // What has no text of its own is pointed at by its key.
  const own = value.span.end > value.span.start ? value.span : keySpan;
  return { node: value, path: joined(at.path, key), span: own, whole: span };
};

export function field(at: Cursor, key: string): Cursor {
  const found = entryOf(at.node, key);
  return found === undefined
    ? { node: null, path: joined(at.path, key), span: at.span, whole: at.span }
    : below(at, found);
}

/** Without the cost of a place. */
export const has = ({ node }: Cursor, key: string): boolean => entryOf(node, key) !== undefined;

export const fieldAt = (at: Cursor, ...keys: readonly string[]): Cursor => keys.reduce(field, at);

/** Each key of a map with what is below it; nothing where there is no map. */
export const fields = (at: Cursor): readonly (Cursor & { readonly key: string; readonly keySpan: Span })[] =>
  at.node?.kind === 'fields'
    ? at.node.entries.map((entry) => ({ ...below(at, entry), key: entry.key, keySpan: entry.keySpan }))
    : [];

export const items = (at: Cursor): readonly Cursor[] =>
  at.node?.kind === 'list'
    ? at.node.items.map((node, index) => ({
        node,
        path: `${at.path}[${index}]`,
        span: node.span,
        whole: node.span,
      }))
    : [];

export const exists = ({ node }: Cursor): boolean => node !== null;
export const isNull = ({ node }: Cursor): boolean => node?.kind === 'scalar' && node.value === null;
export const isMap = ({ node }: Cursor): boolean => node?.kind === 'fields';
export const isList = ({ node }: Cursor): boolean => node?.kind === 'list';

const at = <T>({ path, span }: Cursor, value: T): At<T> => ({ path, span, value });

/** A string, or what is written for a number or a switch; null for anything else. */
export function textAt(cursor: Cursor): At<string> | null {
  const { node } = cursor;
  if (node?.kind !== 'scalar' || node.value === null) return null;
  return at(cursor, typeof node.value === 'string' ? node.value : node.text);
}

export const textOf = (cursor: Cursor): string | null => textAt(cursor)?.value ?? null;

/** A whole number, also where it is quoted by mistake. */
export function numberAt(cursor: Cursor): At<number> | null {
  const text = textOf(cursor)?.trim() ?? '';
  return /^-?\d+$/.test(text) ? at(cursor, Number(text)) : null;
}

const SWITCHES: { readonly [word: string]: boolean } = {
  true: true,
  yes: true,
  on: true,
  y: true,
  false: false,
  no: false,
  off: false,
  n: false,
};

/** A switch in any of YAML's spellings, also where it is quoted by mistake. */
export function switchAt(cursor: Cursor): At<boolean> | null {
  const found = SWITCHES[(textOf(cursor) ?? '').toLowerCase()];
  return found === undefined ? null : at(cursor, found);
}

/** The texts of a list; a single text counts as a list of one. */
export function textsAt(cursor: Cursor): readonly At<string>[] {
  const single = textAt(cursor);
  if (single !== null) return [single];
  return items(cursor).flatMap((item) => textAt(item) ?? []);
}
