import * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { copyAttributes, isUntouched, seenOf } from './attributes.ts';
import { readAll, writeAll } from './content.ts';
import { digestOf } from './digest.ts';
import {
  createChild,
  findChild,
  type Handle,
  mountIdOf,
  permissionsOf,
  reopen,
  statOf,
  syncDirectory,
} from './handle.ts';
import { isPermitted, isTargetsPlace, refuseForeignFile } from './places.ts';
import { Refused } from './refused.ts';
import { orRefuse } from './sentence.ts';
import { walkToParent } from './walk.ts';
import type { Seen, Work } from './work.ts';

/** What a regular file was: with `content`, held open, so that nobody can put another in its place. */
export interface LiveFile {
  readonly handle: Handle;
  readonly content: Buffer;
  readonly digest: string;
  readonly seen: Seen;
}
/** The place of a file: its directory, held open, and what stands there. */
export interface FileLocation {
  readonly directory: Handle;
  readonly name: string;
  readonly file: LiveFile | null;
  close(): void;
}

const STORES = ['/nix/store/', '/gnu/store/', '/etc/static/', '/run/current-system/'];

/** Opens the directory of a file that may be written, and the file. Throws Refused for whatever is not a plain file that is ours to write. */
export async function openPlace(path: string, work: Work): Promise<FileLocation> {
  return orRefuse(path, () => {
    refuseForeignFile(path, work);
    const { directory, name, trusted } = walkToParent(path, work.uid);
    try {
      if (!trusted && !mayWorkIn(directory, path, work))
        throw new Refused(
          `${visible(path)} is not written: another account can write the directory it is in, or one above it`,
          [path],
        );
      const file = openLive(directory, name, path, work);
      return {
        directory,
        name,
        file,
        close() {
          file?.handle.close();
          directory.close();
        },
      };
    } catch (error) {
      directory.close();
      throw error;
    }
  });
}

/** Root works through the directory's own handle where root itself named the path, or in a directory of its own at the target's place. */
function mayWorkIn(directory: Handle, path: string, work: Work): boolean {
  if (work.uid !== 0) return false;
  if (isPermitted(path, work)) return true;
  const stat = statOf(directory);
  return isTargetsPlace(path, work) && stat.uid === 0n && (stat.mode & 0o022n) === 0n;
}

function openLive(directory: Handle, name: string, path: string, work: Work): LiveFile | null {
  const found = findChild(directory, name);
  if (found === null) return null;
  try {
    const stat = statOf(found);
    if (stat.isSymbolicLink()) throw new Refused(linkSentence(directory, name, path), [path]);
    if (!stat.isFile()) throw new Refused(`${visible(path)} is not a regular file`, [path]);
    if (stat.nlink > 1n)
      throw new Refused(`${visible(path)} has other names (hard links), which a change would cut off`, [path]);
    if ((stat.mode & 0o6000n) !== 0n)
      throw new Refused(`${visible(path)} has a setuid or setgid bit, so it is not written`, [path]);
    if (mountIdOf(found) !== mountIdOf(directory))
      throw new Refused(`${visible(path)} is itself a mount point: change it where it is mounted from`, [path]);
    if (work.uid !== 0 && stat.uid !== BigInt(work.uid))
      throw new Refused(
        `${visible(path)} belongs to another account (uid ${stat.uid}), and a change would take it from there`,
        [path],
      );
    const open = reopen(found);
    const content = readAll(open.fd, path);
    found.close();
    return { handle: open, content, digest: digestOf(content), seen: seenOf(stat) };
  } catch (error) {
    found.close();
    throw error;
  }
}

function linkSentence(directory: Handle, name: string, path: string): string {
  const goal = fs.readlinkSync(`${directory.path}/${name}`);
  const managed = STORES.some((store) => goal.startsWith(store));
  return managed
    ? `${visible(path)} is a link to ${visible(goal)}, which the system's own configuration makes: change it there`
    : `${visible(path)} is a link to ${visible(goal)}, which is not followed: change that file`;
}

export interface NewFile {
  readonly content: Buffer;
  /** Attributes come from this open file; with `times` its timestamps too. */
  readonly like: { readonly handle: Handle; readonly times: boolean } | null;
  /** For a file that had none before. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Puts a new file at the place: written beside it under a temporary name, made durable, and renamed only if what is
 * there is still what `place` saw. Nothing is left behind when it fails.
 */
export async function putFile(
  place: FileLocation,
  path: string,
  temp: string,
  file: NewFile,
  work: Work,
): Promise<void> {
  await orRefuse(path, () => {
    removeTemp(place.directory, temp, work);
    const made = createChild(place.directory, temp);
    try {
      writeAll(made.fd, file.content);
      if (file.like !== null)
        copyAttributes(file.like.handle, made, { times: file.like.times, path, transaction: work.transaction });
      else {
        const stat = statOf(made);
        if (stat.uid !== BigInt(file.uid) || stat.gid !== BigInt(file.gid)) fs.fchownSync(made.fd, file.uid, file.gid);
        fs.fchmodSync(made.fd, file.mode);
        if (permissionsOf(statOf(made)) !== file.mode)
          throw new Refused(`${visible(path)} cannot be given the mode ${file.mode.toString(8)}`, [path]);
      }
      fs.fsyncSync(made.fd);
      refuseChanged(place, path);
      fs.renameSync(`${place.directory.path}/${temp}`, `${place.directory.path}/${place.name}`);
    } catch (error) {
      removeTemp(place.directory, temp, work);
      throw error;
    } finally {
      made.close();
    }
    syncDirectory(place.directory);
  });
}

/** Is what stands there the very object that `place` holds, unchanged? */
export function refuseChanged(place: FileLocation, path: string): void {
  const now = findChild(place.directory, place.name);
  try {
    const same = place.file === null ? now === null : now !== null && isUntouched(now, place.file.seen);
    if (!same)
      throw new Refused(`${visible(path)} changed while it was being written, so it was left as it is`, [path]);
  } finally {
    now?.close();
  }
}

/** Takes our own temporary file away, if a killed run left it. */
export function removeTemp(directory: Handle, temp: string, work: Work): void {
  const found = findChild(directory, temp);
  if (found === null) return;
  const stat = statOf(found);
  found.close();
  if (stat.isFile() && (work.uid === 0 || stat.uid === BigInt(work.uid))) fs.unlinkSync(`${directory.path}/${temp}`);
}
