import * as fs from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { crypto } from '../../host/looks/crypto.ts';
import { UsageError } from '../../host/usage-error.ts';
import { nearest } from '../../text/nearest.ts';
import { visible } from '../../text/visible.ts';
import { Undelivered } from './outlet.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = fs.constants;

/** A file that will appear whole (mode 0600, if nothing else is said) or not at all. */
export interface PrivateFile {
  readonly path: string;
  write(text: string): void;
}

/** Checks before anything is done that the file can be made there. Throws UsageError. */
export function preparePrivateFile(option: string, given: string, env: NodeJS.ProcessEnv, mode = 0o600): PrivateFile {
  const path = resolve(given);
  const name = basename(path);
  const refuse = (why: string): never => {
    throw new UsageError(`${option} ${visible(given)}: ${why}`);
  };
  if (given === '' || name === '') refuse('this is not the name of a file');
  if (given.endsWith('/')) refuse('this is a directory, not a file');
  const directory = openDirectory(dirname(path), refuse);
  const at = `/proc/self/fd/${directory}`;
  const existing = fs.lstatSync(`${at}/${name}`, { throwIfNoEntry: false });
  if (existing?.isDirectory()) refuse('this is a directory, not a file');
  if (existing?.isSymbolicLink()) refuse('this is a symbolic link: name the file itself');
  if (existing !== undefined && !existing.isFile()) refuse('this is not a regular file');
  try {
    fs.accessSync(at, fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    refuse(`no file can be made there (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
  return {
    path,
    write(text) {
      const temporary = `${at}/.${name.slice(0, 200)}.${crypto().randomBytes(6).toString('hex')}`;
      try {
        const file = fs.openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
        try {
          fs.fchmodSync(file, mode);
          giveToCaller(file, directory, env);
          fs.writeFileSync(file, text);
          fs.fsyncSync(file);
        } finally {
          fs.closeSync(file);
        }
        fs.renameSync(temporary, `${at}/${name}`);
      } catch (error) {
        fs.rmSync(temporary, { force: true });
        throw new Undelivered(`${visible(path)} could not be written: ${(error as Error).message}`);
      }
    },
  };
}

/** Holds the directory, so that exchanging it later changes nothing. */
function openDirectory(path: string, refuse: (why: string) => never): number {
  try {
    return process.geteuid?.() === 0 ? openAsRoot(path, refuse) : fs.openSync(path, O_RDONLY | O_DIRECTORY);
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
        return refuse(`the directory ${visible(path)} does not exist`);
      case 'ENOTDIR':
        return refuse(`${visible(path)} is not a directory`);
      case 'EACCES':
        return refuse(`${visible(path)} may not be entered or read`);
      case 'ELOOP':
        return refuse(`${visible(path)} was exchanged while it was looked at`);
    }
    throw error;
  }
}

const MOST_LINKS = 40;

/**
 * Component by component, each held while the next is opened, so that no name is looked up twice. Root passes only
 * through links of its own, in directories where nobody else can exchange them.
 */
function openAsRoot(path: string, refuse: (why: string) => never): number {
  const waiting = path.split('/').filter(Boolean);
  const above: number[] = [];
  let here = fs.openSync('/', O_RDONLY | O_DIRECTORY);
  try {
    for (let links = 0; waiting.length > 0; ) {
      const name = waiting.shift() ?? '';
      const outer = name === '..' ? above.pop() : undefined;
      if (name === '..') {
        if (outer === undefined) continue;
        fs.closeSync(here);
        here = outer;
        continue;
      }
      const at = `/proc/self/fd/${here}/${name}`;
      const stat = fs.lstatSync(at);
      if (!stat.isSymbolicLink()) {
        const inner = fs.openSync(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        above.push(here);
        here = inner;
        continue;
      }
      if (stat.uid !== 0 || !isOnlyRoots(fs.fstatSync(here)))
        refuse(
          `${visible(name)} in ${visible(path)} is, or may become, another account's symbolic link, through which root does not write`,
        );
      if (++links > MOST_LINKS) refuse(`${visible(path)} goes through too many symbolic links`);
      const goal = fs.readlinkSync(at);
      waiting.unshift(...goal.split('/').filter((part) => part !== '' && part !== '.'));
      if (!goal.startsWith('/')) continue;
      fs.closeSync(here);
      here = fs.openSync('/', O_RDONLY | O_DIRECTORY);
      for (const directory of above.splice(0)) fs.closeSync(directory);
    }
    return here;
  } catch (error) {
    fs.closeSync(here);
    throw error;
  } finally {
    for (const directory of above) fs.closeSync(directory);
  }
}

/** Can nobody but root take a name of root's away there? In a sticky directory others can only add theirs. */
function isOnlyRoots({ uid, mode }: fs.Stats): boolean {
  return uid === 0 && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
}

/** Under sudo a report in the caller's own directory is the caller's to read. */
function giveToCaller(file: number, directory: number, env: NodeJS.ProcessEnv): void {
  const { SUDO_UID: uid = '', SUDO_GID: gid = '' } = env;
  if (process.geteuid?.() !== 0 || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return;
  if (fs.fstatSync(directory).uid === Number(uid)) fs.fchownSync(file, Number(uid), Number(gid));
}

/** A file that an option names must be there. Throws UsageError with the nearest name in its directory. */
export function existingFile(option: string, given: string): string {
  if (given === '') throw new UsageError(`${option} needs the name of a file`);
  const path = resolve(given);
  try {
    fs.statSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return path;
    const close = nearest(basename(path), neighbours(dirname(path)));
    const meant = close === null ? '' : `; did you mean ${visible(resolve(dirname(path), close))}?`;
    throw new UsageError(`${option}: ${visible(path)} does not exist${meant}`);
  }
  return path;
}

function neighbours(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory).slice(0, 10_000);
  } catch {
    return [];
  }
}
