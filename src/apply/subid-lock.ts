import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentOf, writeAll } from './content.ts';
import { createChild, findChild, type Handle, statOf } from './handle.ts';
import { removeTemp } from './live-file.ts';
import { Refused } from './refused.ts';
import { orRefuse } from './sentence.ts';
import { walk } from './walk.ts';
import type { Work } from './work.ts';

const FILES = ['/etc/subuid', '/etc/subgid'];
/** shadow gives up after 15 tries, one a second. A lock that names nobody will hardly go by itself. */
const WAIT_MS = { held: 10_000, nameless: 2000 };

/** Does it under the locks that useradd and usermod take, when the path is one of the files that they guard. */
export async function withSubidLocks<T>(path: string, work: Work, task: () => Promise<T>): Promise<T> {
  if (!FILES.includes(path) || work.uid !== 0) return task();
  const { directory } = walk('/etc', 0);
  const held: string[] = [];
  try {
    for (const file of FILES) {
      const name = `${file.slice('/etc/'.length)}.lock`;
      await takeLock(directory, name, work);
      held.push(name);
    }
    return await task();
  } finally {
    for (const name of held.reverse()) fs.unlinkSync(`${directory.path}/${name}`);
    directory.close();
  }
}

/** Takes away what a killed run of ours left of the locks, if it is still there and nobody else's. */
export async function clearStaleLocks(path: string, work: Work): Promise<void> {
  if (!FILES.includes(path) || work.uid !== 0) return;
  const { directory } = walk('/etc', 0);
  try {
    for (const file of FILES) {
      const name = `${file.slice('/etc/'.length)}.lock`;
      const holder = await orRefuse(`/etc/${name}`, () => tryLock(directory, name, `${work.temp}-lock`, work));
      if (holder === 'taken') fs.unlinkSync(`${directory.path}/${name}`);
    }
  } finally {
    directory.close();
  }
}

/** A link to a file that holds our pid, without a newline: that is how shadow's commonio_lock does it, and what it understands. */
async function takeLock(directory: Handle, name: string, work: Work): Promise<void> {
  const temp = `${work.temp}-lock`;
  const began = Date.now();
  for (;;) {
    const holder = await orRefuse(`/etc/${name}`, () => tryLock(directory, name, temp, work));
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
}

/** `taken`, or the pid of the holder (null: it names none). */
function tryLock(directory: Handle, name: string, temp: string, work: Work): 'taken' | number | null {
  removeTemp(directory, temp, work);
  const made = createChild(directory, temp);
  try {
    writeAll(made.fd, Buffer.from(String(process.pid)));
    for (let tries = 0; ; tries++) {
      try {
        fs.linkSync(`${directory.path}/${temp}`, `${directory.path}/${name}`);
        // Whoever took the same stale lock for its own may have removed ours: then our file has one name again.
        if (statOf(made).nlink === 2n) return 'taken';
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = holderOf(directory, name);
      if (holder !== 'stale' || tries > 0) return holder === 'stale' ? null : holder;
      fs.unlinkSync(`${directory.path}/${name}`);
    }
  } finally {
    made.close();
    fs.unlinkSync(`${directory.path}/${temp}`);
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
