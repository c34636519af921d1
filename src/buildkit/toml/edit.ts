import { TomlError } from 'smol-toml';
import type { TomlEdit } from '../../model/plan.ts';
import { isMasked, unmasked } from '../../text/secret-words.ts';
import { meaningAt, meaningOf, meaningOfJson, pruneTo, put, sameMeaning, type Table, take } from './meaning.ts';
import { TomlEditRefused } from './refused.ts';
import { remove } from './remove.ts';
import { rename } from './rename.ts';
import { set } from './set.ts';
import { startsWith } from './sites.ts';
import { NotToml, renderKeys } from './text.ts';

export { TomlEditRefused };

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
    for (const path of change.change === 'rename' ? [change.path, change.to] : [change.path]) {
      pruneTo(wanted, path);
      pruneTo(got, path);
    }
    if (!sameMeaning(wanted, got)) throw new TomlEditRefused(`${describe(change)} would change more than that`);
    return after;
  } catch (error) {
    const reason = refusal(error);
    if (reason === null) throw error;
    throw new TomlEditRefused(`${describe(change)}: ${reason}`);
  }
}

/** A plan knows an address without its user information; what is written takes it from the value that it replaces. */
function withSecret(change: TomlEdit, before: Table): TomlEdit {
  if (change.change !== 'set' || !isMasked(JSON.stringify(change.value))) return change;
  const old = meaningAt(before, change.path);
  const value = typeof change.value === 'string' && typeof old === 'string' ? unmasked(change.value, old) : null;
  if (value === null)
    throw new TomlEditRefused(`${describe(change)}: it holds a secret, which has to be written by hand`);
  return { ...change, value };
}

/** Why a change cannot be made; null for an error that says it itself, or is none of the text's. */
function refusal(error: unknown): string | null {
  if (error instanceof TomlError)
    return `the file is not valid TOML (line ${error.line}: ${error.message.split('\n')[0]})`;
  if (error instanceof NotToml) return error.message;
  return error instanceof RangeError ? 'the file is nested too deeply' : null;
}

function describe(change: TomlEdit): string {
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
      throw new TomlEditRefused(`${describe(change)}: a value stands in the way`);
    return before;
  }
  const found = take(before, change.path);
  if (found === undefined) throw new TomlEditRefused(`${describe(change)}: it is not in the file`);
  if (change.change === 'remove') return before;
  if (meaningAt(before, change.to) !== undefined)
    throw new TomlEditRefused(`${describe(change)}: ${renderKeys(change.to)} exists already`);
  if (change.to.length === 0 || startsWith(change.to, change.path) || !put(before, change.to, found))
    throw new TomlEditRefused(`${describe(change)}: a value stands in the way`);
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
