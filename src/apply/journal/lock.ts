import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootId, startOf } from '../../host/looks/boot.ts';
import { contentOf, writeAll } from '../disk/content.ts';
import { createChild, findChild, type Handle, statOf } from '../disk/handle.ts';
import { Busy, Refused } from '../disk/refused.ts';
import { orRefuse } from '../disk/sentence.ts';
import { runTool } from '../disk/tools.ts';

/** Held until it is released, or until this process ends in whatever way. */
export interface Lock {
  release(): void;
}
const NAME = 'lock';
const PAUSE_MS = 100;

/** One run at a time in this state directory. Throws Busy when the other one does not end within `waitMs`. */
export async function takeLock(state: Handle, waitMs: number): Promise<Lock> {
  const until = Date.now() + waitMs;
  for (;;) {
    const lock = await orRefuse('the lock', () => tryFlock(state) ?? tryFile(state));
    if (typeof lock === 'object') return lock;
    if (Date.now() >= until) throw new Busy(lock === 0 ? null : lock);
    await sleep(Math.min(PAUSE_MS, Math.max(1, until - Date.now())));
  }
}

/**
 * Node has no flock(2): flock(1) takes it on our own open file, where it stays when flock has ended and goes when we
 * end. Null: no flock here. A number is the holder's pid, 0 when unknown.
 */
function tryFlock(state: Handle): Lock | number | null {
  const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = fs.constants;
  refuseOtherKind(state);
  const fd = fs.openSync(`${state.path}/${NAME}`, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if (!fs.fstatSync(fd).isFile()) {
    fs.closeSync(fd);
    throw notFile();
  }
  const ran = runTool('flock', ['-n', '-x', '3'], { descriptors: [fd] });
  if (ran?.code === 0) {
    fs.ftruncateSync(fd, 0);
    // Only for the sentence that the other one prints; a full disk is no reason to go without the lock.
    try {
      writeAll(fd, Buffer.from(`${process.pid}\n`));
    } catch {}
    return { release: () => fs.closeSync(fd) };
  }
  const holder = ran?.code === 1 && ran.stderr === '' ? Number(readShort(fd)) || 0 : null;
  fs.closeSync(fd);
  return holder;
}

function refuseOtherKind(state: Handle): void {
  const found = findChild(state, NAME);
  if (found === null) return;
  const isFile = statOf(found).isFile();
  found.close();
  if (!isFile) throw notFile();
}

function notFile(): Refused {
  return new Refused('the lock in the directory of the journal is not a regular file: remove it', [NAME]);
}

function readShort(fd: number): string {
  const text = Buffer.alloc(32);
  return text
    .subarray(0, fs.readSync(fd, text, 0, text.length, 0))
    .toString('latin1')
    .trim();
}

/** Without flock(1): a file that only one can make, naming its process and when that started. */
function tryFile(state: Handle): Lock | number {
  const name = `${NAME}.pid`;
  const own = `${name}.${process.pid}`;
  const at = (file: string): string => `${state.path}/${file}`;
  fs.rmSync(at(own), { force: true });
  const made = createChild(state, own);
  try {
    writeAll(made.fd, Buffer.from(`${process.pid} ${processOf(process.pid)}`));
    for (let tries = 0; tries < 2; tries++) {
      try {
        fs.linkSync(at(own), at(name));
        return {
          release() {
            // A lock that cannot be removed names us, and goes when it is seen that we have ended.
            try {
              fs.unlinkSync(at(name));
            } catch {}
          },
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const found = findChild(state, name);
      if (found === null) continue;
      const [pid, start] = contentOf(found, name).toString('latin1').split(' ');
      if (start !== undefined && processOf(Number(pid)) === start) {
        found.close();
        return Number(pid);
      }
      takeAway(state, name, found);
    }
    return 0;
  } finally {
    made.close();
    fs.unlinkSync(at(own));
  }
}

/** Removes the lock of a process that has ended, but not one that somebody else has put there in its place. */
function takeAway(state: Handle, name: string, stale: Handle): void {
  const aside = `${state.path}/${name}.stale`;
  fs.renameSync(`${state.path}/${name}`, aside);
  if (fs.lstatSync(aside, { bigint: true }).ino !== statOf(stale).ino) fs.linkSync(aside, `${state.path}/${name}`);
  fs.unlinkSync(aside);
  stale.close();
}

/** Which process that is, also after a boot; empty when there is none. */
function processOf(pid: number): string {
  const start = startOf(pid);
  return start === null ? '' : `${start}@${bootId()}`;
}
