import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { contentOf, writeAll } from '../disk/content.ts';
import { createChild, findChild, statOf, syncDirectory } from '../disk/handle.ts';
import { Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import { takeLock } from './lock.ts';
import { findState, openState } from './state-directory.ts';

const NAME = 'names.json';
const WAIT_MS = 2000;
/** Nobody has so many names. */
const LONGEST = 16 * 1024 * 1024;

/** What was kept beside the journal, for this account alone; null where nothing was. Throws Refused. */
export function readNameMap(path: string, uid: number): unknown {
  const state = findState(path, uid);
  if (state === null) return null;
  try {
    return contentIn(state, uid);
  } finally {
    state.close();
  }
}

function contentIn(state: Parameters<typeof findChild>[0], uid: number): unknown {
  const found = findChild(state, NAME);
  if (found === null) return null;
  try {
    const stat = statOf(found);
    if (!stat.isFile() || stat.uid !== BigInt(uid) || (stat.mode & 0o077n) !== 0n || stat.size > LONGEST)
      throw new Refused(`${NAME} in the journal's directory is not a private file of this account: remove it`, [NAME]);
    return JSON.parse(contentOf(found, NAME).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Refused(`${NAME} in the journal's directory is damaged: remove it`, [NAME]);
    throw error;
  } finally {
    found.close();
  }
}

/** Changes what is kept, one run at a time; the file appears whole, and only its owner can read it. Throws Refused and Busy. */
export async function changeNameMap<T>(
  path: string,
  uid: number,
  change: (kept: unknown) => { readonly kept: unknown; readonly answer: T },
): Promise<T> {
  const state = openState(path, uid);
  try {
    const lock = await takeLock(state, WAIT_MS);
    try {
      const before = contentIn(state, uid);
      const { kept, answer } = change(before);
      if (JSON.stringify(kept) === JSON.stringify(before)) return answer;
      await orRefuse('the map of names', async () => {
        const temporary = `.${NAME}.${randomBytes(6).toString('hex')}`;
        const made = createChild(state, temporary);
        try {
          writeAll(made.fd, Buffer.from(`${JSON.stringify(kept)}\n`));
          fs.fsyncSync(made.fd);
          fs.renameSync(`${state.path}/${temporary}`, `${state.path}/${NAME}`);
          syncDirectory(state);
        } catch (error) {
          fs.rmSync(`${state.path}/${temporary}`, { force: true });
          throw error;
        } finally {
          made.close();
        }
      });
      return answer;
    } finally {
      lock.release();
    }
  } finally {
    state.close();
  }
}
