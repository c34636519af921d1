import * as fs from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { crypto } from '../host/crypto.ts';
import { UsageError } from '../host/usage-error.ts';
import { nearest } from '../nearest.ts';
import { visible } from '../report/visible.ts';
import { Undelivered } from './outlet.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = fs.constants;

/** A file for people that will appear whole (mode 0600) or not at all. */
export interface PrivateFile {
  readonly path: string;
  write(text: string): void;
}

/** Checks before anything is done that the file can be made there. Throws UsageError. */
export function preparePrivateFile(option: string, given: string, env: NodeJS.ProcessEnv): PrivateFile {
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
          fs.fchmodSync(file, 0o600);
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

/**
 * Holds the directory, so that exchanging it later changes nothing. Root does not pass through a link that somebody
 * else made.
 */
function openDirectory(path: string, refuse: (why: string) => never): number {
  try {
    if (process.geteuid?.() === 0) refuseForeignLinks(path, refuse);
    return fs.openSync(path, O_RDONLY | O_DIRECTORY);
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
        return refuse(`the directory ${visible(path)} does not exist`);
      case 'ENOTDIR':
        return refuse(`${visible(path)} is not a directory`);
      case 'EACCES':
        return refuse(`${visible(path)} may not be entered or read`);
    }
    throw error;
  }
}

function refuseForeignLinks(path: string, refuse: (why: string) => never): void {
  const parts = path.split('/').filter(Boolean);
  for (let count = 1; count <= parts.length; count++) {
    const at = `/${parts.slice(0, count).join('/')}`;
    const stat = fs.lstatSync(at);
    if (stat.isSymbolicLink() && stat.uid !== 0)
      refuse(`${visible(at)} is another account's symbolic link, through which root does not write`);
  }
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
