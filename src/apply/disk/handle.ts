import * as fs from 'node:fs';

/** open(2): a handle that reads nothing and blocks on nothing; Node does not name it. The number is the same on every architecture that Node runs on. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = fs.constants;

/** One object of the file system, held by a descriptor: renames and links made by others no longer matter. */
export interface Handle {
  readonly fd: number;
  /** Leads to the object itself, through the kernel, without looking at any name. */
  readonly path: string;
  close(): void;
}

function handleOf(fd: number): Handle {
  let open = true;
  return {
    fd,
    path: `/proc/self/fd/${fd}`,
    close() {
      if (open) fs.closeSync(fd);
      open = false;
    },
  };
}

export function openRootDirectory(): Handle {
  return handleOf(fs.openSync('/', O_PATH | O_DIRECTORY));
}

/** The object that a directory holds under that name, a link itself included. Throws ENOENT. */
export function openChild(directory: Handle, name: string | Buffer): Handle {
  const path =
    typeof name === 'string' ? `${directory.path}/${name}` : Buffer.concat([Buffer.from(`${directory.path}/`), name]);
  return handleOf(fs.openSync(path, O_PATH | O_NOFOLLOW));
}

/** As `openChild`; null when there is none. */
export function findChild(directory: Handle, name: string | Buffer): Handle | null {
  try {
    return openChild(directory, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Opens the very file that the handle holds, for reading unless `flags` say otherwise. It must have been seen to be a regular file. */
export function reopen(handle: Handle, flags = O_RDONLY): Handle {
  return handleOf(fs.openSync(handle.path, flags | O_NONBLOCK));
}

/** A new file that did not exist, open for writing. */
export function createChild(directory: Handle, name: string): Handle {
  const { O_CREAT, O_EXCL, O_RDWR } = fs.constants;
  return handleOf(fs.openSync(`${directory.path}/${name}`, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
}

export function statOf(handle: Handle): fs.BigIntStats {
  return fs.fstatSync(handle.fd, { bigint: true });
}

/** Which mount the object lies on: two mounts of one device differ in this alone. */
export function mountIdOf(handle: Handle): string {
  return /^mnt_id:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${handle.fd}`, 'utf8'))?.[1] ?? '?';
}

/** Makes names in the directory durable. A directory whose file system cannot do that (EINVAL) is left to it. */
export function syncDirectory(directory: Handle): void {
  const readable = handleOf(fs.openSync(directory.path, O_RDONLY | O_DIRECTORY));
  try {
    fs.fsyncSync(readable.fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    readable.close();
  }
}

/** Makes owner and mode of a file or directory durable; what may not be opened, or cannot be, is left to its file system. */
export function syncObject(handle: Handle): void {
  const stat = statOf(handle);
  if (!stat.isFile() && !stat.isDirectory()) return;
  try {
    const readable = reopen(handle);
    try {
      fs.fsyncSync(readable.fd);
    } finally {
      readable.close();
    }
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EINVAL', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

export function permissionsOf(stat: fs.BigIntStats): number {
  return Number(stat.mode & 0o7777n);
}
