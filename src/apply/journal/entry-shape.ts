import {
  account,
  byField,
  listOf,
  mapOf,
  matching,
  name,
  oneOf,
  orAbsent,
  orNull,
  record,
  type Shape,
  text as textOf,
  whole,
} from '../../host/shape.ts';
import type { Json } from '../../model/look.ts';
import type { JournalEntry } from './entry.ts';

/** A journal has 64 MiB at most, and so has everything in it. */
const MOST = 64 * 1024 * 1024;
const text = textOf(MOST);
const lists = (shape: Shape): Shape => listOf(shape, MOST);
const number = matching(/^\d{1,30}$/);
const digest = matching(/^[0-9a-f]{64}$/);
/** Plain, absolute: the rules of places are about such paths alone. */
const path = matching(/^\/[^\0]*$/);
const owner = record({ uid: whole, gid: whole });
const words = lists(text);
const ranges = lists(record({ start: whole, count: whole }));

const edit = byField('edit', {
  whole: record({ text }),
  append: record({ line: text }),
  'replace-line': record({ line: text, by: orNull(text) }),
  toml: record({
    changes: lists(
      byField('change', {
        set: record({ path: words, value: (value) => value !== undefined && isShallow(value, 20) }),
        remove: record({ path: words }),
        rename: record({ path: words, to: words }),
      }),
    ),
  }),
});

const as = oneOf('self', 'target', 'root');
const step = byField('do', {
  edit: record({ as, path, expects: orNull(digest), edit, mode: whole, owner }),
  directory: record({ as, path, mode: whole, owner }),
  remove: record({ as, path, expects: digest }),
  owner: record({ as, path, from: owner, to: owner }),
  mode: record({ as, path, from: whole, to: whole }),
  adopt: record({
    as,
    tree: path,
    allowed: record({ uids: ranges, gids: ranges }),
    only: orNull(lists(whole)),
    to: owner,
  }),
  sysctl: record({ as, key: text, from: text, to: text }),
  run: record({ as, argv: words, undo: orNull(words), why: text }),
  tell: record({ as, text }),
});

const kept = record({ uid: whole, gid: whole, mode: whole, size: number, mtimeNs: matching(/^-?\d{1,30}$/), digest });
const object = record({ dev: number, ino: number, born: orAbsent(orNull(number)), boot: orAbsent(text) });
/** What each kind of step prepares. */
const PREPARED: { readonly [kind: string]: Shape } = {
  edit: record({ before: orNull(kept), after: digest }),
  directory: record({ made: (value) => lists(name)(value) && (value as readonly unknown[]).length > 0 }),
  remove: record({ before: kept }),
  owner: object,
  mode: object,
  adopt: object,
  sysctl: record({ before: text }),
  run: record({ program: path, undoProgram: orNull(path) }),
};

export const isPreparedFor = (kind: string, prepared: Json): boolean =>
  Object.hasOwn(PREPARED, kind) && (PREPARED[kind]?.(prepared) ?? false);

/** Of this form are the names of backups made: nothing in them leads to another directory. */
const transaction = matching(/^[1-9]\d{0,14}\.[1-9]\d{0,8}$/);
const ofStep = record({ transaction, step: whole });

const entry = byField('entry', {
  run: record({
    id: text,
    at: text,
    user: text,
    version: text,
    token: matching(/^[0-9a-f]{12}$/),
    target: account,
    permitted: lists(path),
    environment: mapOf(text),
  }),
  transaction: record({ transaction, check: matching(/^[a-z]+\/[a-z0-9-]+$/), steps: lists(step) }),
  intent: record({
    transaction,
    step: whole,
    actor: oneOf('self', 'target'),
    temp: text,
    // Judged with the step that it was prepared for.
    prepared: record({}),
  }),
  done: ofStep,
  already: ofStep,
  applied: record({ transaction }),
  undoing: ofStep,
  'not-undone': ofStep,
  undone: ofStep,
  'taken-back': record({ transaction }),
});

/** Is this an entry that the code can rely on? */
export function isEntry(value: unknown): value is JournalEntry {
  return entry(value);
}

/** A value of a TOML file, which nobody nests deeply. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
