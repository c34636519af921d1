import { isUtf8 } from 'node:buffer';
import * as fs from 'node:fs';
import type { FileKind, FsStat, Mount, Owner, Reading, Stat } from '../../model/look.ts';
import { tooMuch, Unanswered, Unseen } from '../../model/unseen.ts';
import { parseMountInfo } from '../../text/mountinfo.ts';
import { crypto } from './crypto.ts';
import { errnoOf } from './errno.ts';

/** open(2): a handle that reads nothing and blocks on nothing; Node does not name it. */
export const O_PATH = 0o10000000;
const DEFAULT_LIMIT = 1024 * 1024;
const MOST_NAMES = 100_000;

export function kindOf(stat: fs.Stats): FileKind {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isSocket()) return 'socket';
  if (stat.isFIFO()) return 'fifo';
  return stat.isCharacterDevice() ? 'character' : 'block';
}

export function toStat(stat: fs.Stats): Stat {
  return {
    kind: kindOf(stat),
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    nlink: stat.nlink,
    ino: stat.ino,
    dev: stat.dev,
    mtimeMs: stat.mtimeMs,
  };
}

function statOrNull(stat: fs.Stats | undefined): Stat | null {
  return stat === undefined ? null : toStat(stat);
}

/** Most looks find nothing, and an error costs more than the look. */
const NO_THROW = { throwIfNoEntry: false };
/** What is read first comes here; most files are small, and a buffer for each would be the most of an examination's garbage. */
const scratch = Buffer.allocUnsafeSlow(65_536);
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

/** What bk-doctor itself was short of: nothing of the host refused anything. */
const SCARCE: ReadonlyMap<string, string> = new Map([
  ['EMFILE', 'bk-doctor may not open more files'],
  ['ENFILE', 'nobody may open more files on this machine'],
  ['ENOMEM', 'no memory was left'],
]);

/** A look that was not made for want of something, which may be there again in a moment. */
export class Scarce extends Unanswered {}

/** Null for absence; what exists but may not be looked at becomes Unseen. */
function absentOr<T>(path: string, look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof Unseen) throw error;
    const errno = errnoOf(error);
    if (ABSENT.has(errno)) return null;
    if (SCARCE.has(errno)) throw new Scarce(`${path} could not be looked at: ${SCARCE.get(errno)} (${errno})`);
    throw new Unseen(`${path} cannot be looked at: ${wordsFor(errno)}`, `sudo ls -ld ${shellWord(path)}`);
  }
}

const sizeWords = (bytes: number): string =>
  bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} bytes`;

export function wordsFor(errno: string): string {
  if (errno === 'EACCES') return 'permission denied';
  if (errno === 'EPERM') return 'operation not permitted';
  if (errno === 'EIO') return 'input/output error';
  return errno;
}

export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Looks made by this very process, with its own rights. Every call is synchronous and bounded:
 * nothing but regular files is ever opened for reading.
 */
export const looker = {
  read(path: string, limit: number = DEFAULT_LIMIT, owner?: Owner): Reading | null {
    return absentOr(path, () => {
      const handle = fs.openSync(path, O_PATH);
      let file: number;
      try {
        const stat = fs.fstatSync(handle);
        if (!stat.isFile()) throw new Unseen(`${path} is a ${kindOf(stat)}, not a regular file`);
        if (owner !== undefined && (stat.uid !== owner.uid || stat.gid !== owner.gid))
          throw new Unseen(`${path} belongs to another account`);
        try {
          file = fs.openSync(
            `/proc/self/fd/${handle}`,
            fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY,
          );
        } catch (error) {
          if (errnoOf(error) !== 'ENOENT') throw error;
          // Without /proc there is no way from the handle to the file; the path was a regular file a moment ago.
          file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
        }
      } finally {
        fs.closeSync(handle);
      }
      try {
        const chunks: Buffer[] = [];
        let length = 0;
        // Files of procfs have size 0: read until the end, or one byte beyond the limit.
        while (length <= limit) {
          const count = fs.readSync(file, scratch, 0, Math.min(scratch.length, limit + 1 - length), null);
          if (count === 0) break;
          chunks.push(Buffer.from(scratch.subarray(0, count)));
          length += count;
        }
        if (length > limit) throw tooMuch(`${path} is longer than ${sizeWords(limit)}`);
        const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
        return {
          ...decode(bytes),
          get digest() {
            return crypto().createHash('sha256').update(bytes).digest('hex');
          },
        };
      } finally {
        fs.closeSync(file);
      }
    });
  },
  stat: (path: string): Stat | null => absentOr(path, () => statOrNull(fs.statSync(path, NO_THROW))),
  lstat: (path: string): Stat | null => absentOr(path, () => statOrNull(fs.lstatSync(path, NO_THROW))),
  readlink(path: string): string | null {
    try {
      return fs.readlinkSync(path);
    } catch (error) {
      if (errnoOf(error) === 'EINVAL') return null;
      return absentOr(path, () => {
        throw error;
      });
    }
  },
  realpath: (path: string): string | null => absentOr(path, () => fs.realpathSync.native(path)),
  list(directory: string): readonly string[] | null {
    return absentOr(directory, () => {
      const names: string[] = [];
      const open = fs.opendirSync(directory, { bufferSize: 1024 });
      try {
        for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
          if (names.length === MOST_NAMES)
            throw tooMuch(`${directory} has more than ${MOST_NAMES.toLocaleString('en')} entries`);
          names.push(entry.name);
        }
      } finally {
        open.closeSync();
      }
      // By code unit, which for names without surrogates is the order of their bytes; the locale's order would differ.
      return names.sort();
    });
  },
  statfs(path: string): FsStat | null {
    return absentOr(path, () => {
      const { type, bsize, blocks, bfree, bavail, files, ffree } = fs.statfsSync(path);
      return {
        type,
        totalBytes: blocks * bsize,
        freeBytes: bfree * bsize,
        availableBytes: bavail * bsize,
        files,
        filesFree: ffree,
      };
    });
  },
  mountOf(path: string): Mount | null {
    return absentOr(path, () => {
      const handle = fs.openSync(path, O_PATH);
      try {
        const id = /^mnt_id:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${handle}`, 'latin1'))?.[1];
        if (id === undefined) return null;
        const text = `\n${fs.readFileSync('/proc/self/mountinfo', 'utf8')}`;
        const at = text.indexOf(`\n${id} `);
        return at < 0 ? null : (parseMountInfo(text.slice(at + 1, text.indexOf('\n', at + 1)))[0] ?? null);
      } finally {
        fs.closeSync(handle);
      }
    });
  },
  access(path: string, mode: 'r' | 'w' | 'x' | 'wx'): boolean {
    const { R_OK, W_OK, X_OK } = fs.constants;
    try {
      fs.accessSync(path, { r: R_OK, w: W_OK, x: X_OK, wx: W_OK | X_OK }[mode]);
      return true;
    } catch {
      return false;
    }
  },
  /** Scans /proc/PID/fd; only processes that this account may inspect are seen. */
};

function decode(bytes: Buffer): { text: string; utf8: boolean } {
  return { text: bytes.toString('utf8'), utf8: isUtf8(bytes) };
}

export type Looker = typeof looker;
export type LookVerb = keyof Looker;
