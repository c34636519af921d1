import * as fs from 'node:fs';
import { Unanswered } from '../../model/unseen.ts';
import { seconds } from '../../text/seconds.ts';

type Holder = { readonly pid: number; readonly command: string; readonly uid: number };

/** For all questions to one host together: any account can open descriptors by the million. */
export const HOLDERS_MS = 10_000;
/** Of looking, before signals are heard again. */
const AT_ONCE_MS = 50;

/** Finds who holds a socket, from the descriptors of every process that may be seen; null when none of them does. */
export function socketHolders(mostMs = HOLDERS_MS): (inode: number) => Promise<Holder | null> {
  let left = mostMs;
  let turn: Promise<unknown> = Promise.resolve();
  const find = async (inode: number): Promise<Holder | null> => {
    const wanted = `socket:[${inode}]`;
    let started = performance.now();
    for (const pid of left > 0 ? processes() : []) {
      const holder = holds(pid, wanted);
      if (holder !== null) return holder;
      const took = performance.now() - started;
      if (took < Math.min(AT_ONCE_MS, left)) continue;
      left -= took;
      if (left <= 0) break;
      await new Promise((heard) => setImmediate(heard));
      started = performance.now();
    }
    if (left <= 0)
      throw new Unanswered(`the open files of all processes could not be looked through within ${seconds(mostMs)}`);
    left -= performance.now() - started;
    await new Promise((heard) => setImmediate(heard));
    return null;
  };
  // One after the other, so that no time counts twice.
  return (inode) => {
    const answer = turn.then(() => find(inode));
    turn = answer.catch(() => {});
    return answer;
  };
}

function processes(): readonly string[] {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function holds(pid: string, wanted: string): Holder | null {
  try {
    for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
      if (fs.readlinkSync(`/proc/${pid}/fd/${fd}`) !== wanted) continue;
      const command = fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      return { pid: Number(pid), command, uid: fs.statSync(`/proc/${pid}`).uid };
    }
  } catch {
    // Gone meanwhile, or another account's.
  }
  return null;
}
