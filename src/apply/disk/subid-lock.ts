import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentOf, writeAll } from './content.ts';
import { createChild, findChild, type Handle, statOf, syncDirectory } from './handle.ts';
import { removeTemp } from './live-file.ts';
import { Refused } from './refused.ts';
import { orRefuse, sentenceOf } from './sentence.ts';
import { walk } from './walk.ts';
import type { Work } from './work.ts';

const FILES = ['/etc/subuid', '/etc/subgid'];
const LOCKS = ['subuid.lock', 'subgid.lock'];
/** shadow gives up after 15 tries, one a second. A lock that names nobody will hardly go by itself. */
const WAIT_MS = { held: 10_000, nameless: 2000 };

/**
 * Does it under the locks that useradd and usermod take, when the path is one of the files that they guard.
 *
 * A lock is a second name of a file of ours beside it, whose name the journal knows. That file is on disk, content and
 * name, before the lock is, and goes after it: so a lock that a run left behind is known by its inode to be ours,
 * whatever process has its pid by then.
 */
export async function withSubidLocks<T>(path: string, work: Work, task: () => Promise<T>): Promise<T> {
  if (!FILES.includes(path) || work.uid !== 0) return task();
  const { directory } = walk('/etc', 0);
  try {
    let result: T;
    try {
      for (const name of LOCKS) await takeLock(directory, name, `${work.temp}-${name}`, work);
      result = await task();
    } catch (error) {
      const left = letGo(directory, work.temp);
      if (left === null) throw error;
      throw new Refused(`${error instanceof Error ? error.message : String(error)}; and ${left}`, FILES);
    }
    const left = letGo(directory, work.temp);
    if (left !== null) throw new Refused(left, FILES);
    return result;
  } finally {
    directory.close();
  }
}

/** Takes away what runs of ours, killed or cut off from power, left of the locks; `marks` are those in the journal. No such run may be alive. */
export async function clearLeftLocks(marks: ReadonlySet<string>, uid: number): Promise<void> {
  if (uid !== 0 || marks.size === 0) return;
  await orRefuse('/etc', () => {
    const { directory } = walk('/etc', 0);
    try {
      const temps = new Set(
        fs.readdirSync(directory.path).flatMap((name) => {
          const [, temp, mark] = /^(\.bk-doctor-(.+)-\d+)-sub[ug]id\.lock$/.exec(name) ?? [];
          return temp !== undefined && marks.has(mark ?? '') ? [temp] : [];
        }),
      );
      for (const temp of temps) {
        const left = letGo(directory, temp);
        if (left !== null) throw new Refused(left, FILES);
      }
    } finally {
      directory.close();
    }
  });
}

/** Removes the locks that are files of ours, then those files' own names. Says what could not be removed. */
function letGo(directory: Handle, temp: string): string | null {
  const left: string[] = [];
  for (const name of LOCKS.toReversed()) {
    const own = `${temp}-${name}`;
    try {
      if (isSameFile(directory, name, own)) {
        fs.unlinkSync(`${directory.path}/${name}`);
        syncDirectory(directory);
      }
      fs.rmSync(`${directory.path}/${own}`, { force: true });
    } catch (error) {
      left.push(sentenceOf(error, `/etc/${name}`));
    }
  }
  if (left.length === 0) return null;
  return `the lock that useradd and usermod look at could not be removed (${left.join('; ')}): bk-doctor undo tries again`;
}

function isSameFile(directory: Handle, one: string, other: string): boolean {
  const [a, b] = [findChild(directory, one), findChild(directory, other)];
  try {
    if (a === null || b === null) return false;
    const [first, second] = [statOf(a), statOf(b)];
    return first.ino === second.ino && first.dev === second.dev && first.isFile();
  } finally {
    a?.close();
    b?.close();
  }
}

/** A link to a file that holds our pid, without a newline: that is how shadow's commonio_lock does it, and what it understands. */
async function takeLock(directory: Handle, name: string, own: string, work: Work): Promise<void> {
  await orRefuse(`/etc/${name}`, async () => {
    if (isSameFile(directory, name, own)) fs.unlinkSync(`${directory.path}/${name}`);
    removeTemp(directory, own, work);
    const made = createChild(directory, own);
    try {
      writeAll(made.fd, Buffer.from(String(process.pid)));
      fs.fsyncSync(made.fd);
      syncDirectory(directory);
      const began = Date.now();
      for (;;) {
        const holder = tryLock(directory, name, own, made);
        if (holder === 'taken') return;
        if (Date.now() - began > (holder === null ? WAIT_MS.nameless : WAIT_MS.held))
          throw new Refused(
            holder === null
              ? `/etc/${name} exists and names no process: another program may be changing accounts; if none is, remove it`
              : `process ${holder} is changing accounts (it holds /etc/${name}): try again when it has finished`,
            [`/etc/${name}`],
          );
        await sleep(100);
      }
    } finally {
      made.close();
    }
  });
}

/** `taken`, or the pid of the holder (null: it names none). */
function tryLock(directory: Handle, name: string, own: string, made: Handle): 'taken' | number | null {
  for (let tries = 0; ; tries++) {
    try {
      fs.linkSync(`${directory.path}/${own}`, `${directory.path}/${name}`);
      // Whoever took the same stale lock for its own may have removed ours: then our file has one name again.
      if (statOf(made).nlink === 2n) return 'taken';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = holderOf(directory, name);
    if (holder !== 'stale' || tries > 0) return holder === 'stale' ? null : holder;
    fs.unlinkSync(`${directory.path}/${name}`);
  }
}

/** A lock whose process has ended is stale; one that names no process is never taken away, as in shadow. */
function holderOf(directory: Handle, name: string): number | null | 'stale' {
  const lock = findChild(directory, name);
  if (lock === null) return 'stale';
  try {
    const text = contentOf(lock, `/etc/${name}`).toString('latin1').replace(/\0$/, '');
    if (!/^\d{1,10}$/.test(text)) return null;
    process.kill(Number(text), 0);
    return Number(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'stale';
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return null;
    throw error;
  } finally {
    lock.close();
  }
}
