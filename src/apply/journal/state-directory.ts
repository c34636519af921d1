import * as fs from 'node:fs';
import type { Account } from '../../model/look.ts';
import { visible } from '../../text/visible.ts';
import { type Handle, openChild, statOf, syncDirectory } from '../disk/handle.ts';
import { Refused } from '../disk/refused.ts';
import { sentenceOf } from '../disk/sentence.ts';
import { walk } from '../disk/walk.ts';

/** Where the journal of this account lives: /var/lib/bk-doctor for root, else $XDG_STATE_HOME/bk-doctor or ~/.local/state/bk-doctor. Null: no home. */
export function stateDirectory(
  self: Account,
  environment: { readonly [name: string]: string | undefined },
): string | null {
  if (self.uid === 0) return '/var/lib/bk-doctor';
  const { XDG_STATE_HOME: given } = environment;
  if (given?.startsWith('/')) return `${given.replace(/(?<!\/)\/+$/, '')}/bk-doctor`;
  return self.home === null ? null : `${self.home}/.local/state/bk-doctor`;
}

/** Opens the journal's directory, or makes it; nobody else may be able to read or write there. Throws Refused. */
export function openState(path: string, uid: number): Handle {
  try {
    return openOwn(path, uid, true) ?? fail(path);
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(
      `there is no place for the journal, and nothing is changed without one: ${sentenceOf(error, path)}`,
      [path],
    );
  }
}

/** As `openState`, but null when it does not exist. */
export function findState(path: string, uid: number): Handle | null {
  try {
    return openOwn(path, uid, false);
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(`the journal cannot be read: ${sentenceOf(error, path)}`, [path]);
  }
}

function fail(path: string): never {
  throw new Refused(`${visible(path)} could not be made`, [path]);
}

function openOwn(path: string, uid: number, create: boolean): Handle | null {
  for (;;) {
    const { directory, missing, trusted } = walk(path, uid);
    const [next] = missing;
    if (next !== undefined && !create) {
      directory.close();
      return null;
    }
    if (!trusted) {
      directory.close();
      throw new Refused(
        `the journal cannot be at ${visible(path)}: another account can write that directory, or one above it`,
        [path],
      );
    }
    if (next === undefined) {
      const stat = statOf(directory);
      if (stat.uid !== BigInt(uid) || (stat.mode & 0o022n) !== 0n) {
        directory.close();
        const why = stat.uid === BigInt(uid) ? 'other accounts can write there' : 'it belongs to another account';
        throw new Refused(`the journal cannot be at ${visible(path)}: ${why}`, [path]);
      }
      return directory;
    }
    try {
      makeOwn(directory, next);
    } finally {
      directory.close();
    }
  }
}

/** A directory for us alone; one that came into being meanwhile is looked at by whoever opens it. */
export function makeOwn(directory: Handle, name: string): void {
  try {
    fs.mkdirSync(`${directory.path}/${name}`, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return;
  }
  syncDirectory(directory);
}

/** The directory below, which must be a real one of ours. */
export function openOwnBelow(directory: Handle, name: string, uid: number): Handle {
  const found = openChild(directory, name);
  const stat = statOf(found);
  if (stat.isDirectory() && stat.uid === BigInt(uid) && (stat.mode & 0o022n) === 0n) return found;
  found.close();
  throw new Refused(`${name} in the journal's directory is not a directory of its own`, [name]);
}
