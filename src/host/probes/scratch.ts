import * as fs from 'node:fs';
import { bootId, startOf } from '../looks/boot.ts';

const made = new Set<string>();
const PREFIX = '.bk-doctor-';

/** A path for something new: who makes it refuses what exists already, so that it need not be a secret. Its name says which process it belongs to. */
export function scratchName(directory: string): string {
  const random = Math.random().toString(36).slice(2, 10);
  return `${directory}/${PREFIX}${[...ownMarks(), process.pid.toString(36), startOf(process.pid) ?? '', random].join('-')}`;
}

/** The boot, and the process ids that a pid is one of: a container has its own. */
function ownMarks(): readonly [string, string] {
  return [bootId().slice(0, 8), fs.statSync('/proc/self/ns/pid').ino.toString(36)];
}

/** File systems of one machine alone: what another boot of it made there nobody uses any more. ext, XFS, btrfs, F2FS, ZFS, bcachefs, overlayfs, tmpfs. */
const LOCAL = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x794c7630, 0x01021994]);
/** No examination takes so long. */
const OLD_MS = 60 * 60 * 1000;
const MARKED = /^\.bk-doctor-([0-9a-f]{8})-([0-9a-z]+)-([0-9a-z]+)-(\d+)-[0-9a-z]+$/;
/** Of versions that did not say whose it is, and of `verify`. */
const UNMARKED = /^\.bk-doctor-(?:verify-)?[0-9A-Za-z]{6,24}$/;

/**
 * What earlier runs of this account, killed or cut off from power, left of their trials in a directory. Nothing of a run
 * that may still be under way, in a container or on another machine that shares the file system, too. Root looks only
 * where nobody else could have given something such a name.
 */
export function staleScratch(directory: string): readonly string[] {
  try {
    const stat = fs.statSync(directory);
    const uid = process.geteuid?.() ?? -1;
    if (uid === 0 && (stat.uid !== 0 || (stat.mode & 0o022) !== 0)) return [];
    const names = fs.readdirSync(directory).filter((name) => MARKED.test(name) || UNMARKED.test(name));
    if (names.length === 0) return [];
    const isLocal = LOCAL.has(fs.statfsSync(directory).type);
    return names
      .map((name) => `${directory}/${name}`)
      .filter((path) => {
        const found = fs.lstatSync(path, { throwIfNoEntry: false });
        if (found === undefined || found.uid !== uid || found.dev !== stat.dev || made.has(path)) return false;
        return (found.isFile() || found.isDirectory()) && isStale(path.slice(directory.length + 1), found, isLocal);
      });
  } catch {
    return [];
  }
}

function isStale(name: string, { mtimeMs }: fs.Stats, isLocal: boolean): boolean {
  const isOld = Date.now() - mtimeMs > OLD_MS;
  const [, boot, namespace, pid, start] = MARKED.exec(name) ?? [];
  if (boot === undefined) return isOld;
  const [thisBoot, ownNamespace] = ownMarks();
  if (boot !== thisBoot) return isLocal || isOld;
  if (namespace !== ownNamespace) return isOld;
  const number = Number.parseInt(pid ?? '', 36);
  const found = startOf(number);
  return found === null ? !isAlive(number) : found !== start;
}

/** Where /proc hides processes (hidepid), one of ours that was root's before is not to be seen there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes that, as far as this account can without help. */
export function sweepScratch(directory: string): void {
  for (const path of staleScratch(directory))
    try {
      fs.rmSync(path, { recursive: true, force: true });
    } catch {
      // What belongs to subordinate ids goes when namespaces are tried.
    }
}

/** A new directory for a probe. It goes with this process when nobody removes it before. Throws errno errors. */
export function makeScratch(directory: string): string {
  if (made.size === 0) process.once('exit', removeAll);
  const path = scratchName(directory);
  fs.mkdirSync(path, { mode: 0o700 });
  made.add(path);
  return path;
}

/** What a directory takes it does not always give back: an append-only one keeps it. That is no answer to any question. */
export function removeScratch(path: string): void {
  made.delete(path);
  if (made.size === 0) process.off('exit', removeAll);
  try {
    fs.chmodSync(path, 0o700);
    fs.rmSync(path, { recursive: true, force: true });
  } catch {
    // It is found, and tried again, by the next examination.
  }
}

function removeAll(): void {
  for (const path of [...made]) removeScratch(path);
}
