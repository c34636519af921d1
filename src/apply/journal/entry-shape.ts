import type { Json } from '../../model/look.ts';
import {
  byField,
  exactly,
  having,
  isObject,
  listOf,
  mapOf,
  matching,
  maybe,
  orNull,
  type Shape,
  text,
  whole,
} from '../disk/shape.ts';
import type { Entry } from './journal.ts';

const number = matching(/^\d{1,30}$/);
const digest = matching(/^[0-9a-f]{64}$/);
/** Plain, absolute: the rules of places are about such paths alone. */
const path = matching(/^\/[^\0]*$/);
const owner = having({ uid: whole, gid: whole });
const account = having({
  uid: whole,
  gid: whole,
  groups: listOf(whole),
  name: orNull(text),
  home: orNull(text),
  shell: orNull(text),
});
const words = listOf(text);
const ranges = listOf(having({ start: whole, count: whole }));

const edit = byField('edit', {
  whole: having({ text }),
  append: having({ line: text }),
  'replace-line': having({ line: text, by: orNull(text) }),
  toml: having({
    changes: listOf(
      byField('change', {
        set: having({ path: words, value: (value) => value !== undefined && isShallow(value, 20) }),
        remove: having({ path: words }),
        rename: having({ path: words, to: words }),
      }),
    ),
  }),
});

const as = exactly('self', 'target', 'root');
const step = byField('do', {
  edit: having({ as, path, expects: orNull(digest), edit, mode: whole, owner }),
  directory: having({ as, path, mode: whole, owner }),
  remove: having({ as, path, expects: digest }),
  owner: having({ as, path, from: owner, to: owner }),
  mode: having({ as, path, from: whole, to: whole }),
  adopt: having({
    as,
    tree: path,
    allowed: having({ uids: ranges, gids: ranges }),
    only: orNull(listOf(whole)),
    to: owner,
  }),
  sysctl: having({ as, key: text, from: text, to: text }),
  run: having({ as, argv: words, undo: orNull(words), why: text }),
  tell: having({ as, text }),
});

const kept = having({ uid: whole, gid: whole, mode: whole, size: number, mtimeNs: matching(/^-?\d{1,30}$/), digest });
const object = having({ dev: number, ino: number, born: maybe(orNull(number)), boot: maybe(text) });
/** A name in a directory, and not the way out of it. */
const name: Shape = (value) =>
  typeof value === 'string' && !['', '.', '..'].includes(value) && !/[/\0]/.test(value) && value.length < 256;

/** What each kind of step prepares. */
const PREPARED: { readonly [kind: string]: Shape } = {
  edit: having({ before: orNull(kept), after: digest }),
  directory: having({ made: (value) => listOf(name)(value) && (value as readonly unknown[]).length > 0 }),
  remove: having({ before: kept }),
  owner: object,
  mode: object,
  adopt: object,
  sysctl: having({ before: text }),
  run: having({ program: path, undoProgram: orNull(path) }),
};

export const isPreparedFor = (kind: string, prepared: Json): boolean =>
  Object.hasOwn(PREPARED, kind) && (PREPARED[kind]?.(prepared) ?? false);

/** Of this form are the names of backups made: nothing in them leads to another directory. */
const transaction = matching(/^[1-9]\d{0,14}\.[1-9]\d{0,8}$/);
const ofStep = having({ transaction, step: whole });

const entry = byField('entry', {
  run: having({
    id: text,
    at: text,
    user: text,
    version: text,
    token: matching(/^[0-9a-f]{12}$/),
    target: account,
    permitted: listOf(path),
    environment: mapOf(text),
  }),
  transaction: having({ transaction, check: matching(/^[a-z]+\/[a-z0-9-]+$/), steps: listOf(step) }),
  intent: having({
    transaction,
    step: whole,
    actor: exactly('self', 'target'),
    temp: text,
    // Judged with the step that it was prepared for.
    prepared: isObject,
  }),
  done: ofStep,
  already: ofStep,
  applied: having({ transaction }),
  undoing: ofStep,
  'not-undone': ofStep,
  undone: ofStep,
  'taken-back': having({ transaction }),
});

/** Is this an entry that the code can rely on? */
export function isEntry(value: unknown): value is Entry {
  return entry(value);
}

/** A value of a TOML file, which nobody nests deeply. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1));
}
