import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createGunzip } from 'node:zlib';
import { findTool, SYSTEM_PATH } from '../host/looks/run-tool.ts';
import { UsageError } from '../host/usage-error.ts';

/** Told by its first bytes, whatever its name is. */
const PACKED: readonly (readonly [magic: string, program: string])[] = [
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'bzip2'],
];

/** The bytes of a file, unpacked: gzip by ourselves, the rest by the program of its name. Throws UsageError where that is missing, and while it is read for what is damaged. */
export async function* unpacked(path: string): AsyncGenerator<Buffer> {
  const file = fs.createReadStream(path);
  const magic = firstBytes(path);
  if (magic.startsWith('1f8b')) {
    const gunzip = createGunzip();
    file.on('error', (error) => gunzip.destroy(error));
    yield* guarded(file.pipe(gunzip) as AsyncIterable<Buffer>);
    return;
  }
  const program = PACKED.find(([start]) => magic.startsWith(start))?.[1];
  if (program === undefined) {
    yield* guarded(file as AsyncIterable<Buffer>);
    return;
  }
  file.destroy();
  yield* byProgram(program, path);
}

function firstBytes(path: string): string {
  const file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(6);
    return bytes.subarray(0, fs.readSync(file, bytes, 0, 6, 0)).toString('hex');
  } finally {
    fs.closeSync(file);
  }
}

async function* guarded(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`it is damaged (${(error as Error).message})`);
  }
}

async function* byProgram(program: string, path: string): AsyncGenerator<Buffer> {
  const found = findTool(program, SYSTEM_PATH);
  if (found === null)
    throw new UsageError(`it is packed by ${program}, and there is no ${program} here: install it, or unpack it first`);
  const input = fs.openSync(path, fs.constants.O_RDONLY);
  // A header may ask for any amount of memory; the highest preset needs 65 MiB.
  const limit = program === 'xz' ? ['--memlimit-decompress=1GiB'] : [];
  const child = spawn(found, ['-dc', ...limit], {
    stdio: [input, 'pipe', 'ignore'],
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
  });
  fs.closeSync(input);
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    if ((await ended) !== 0) throw new UsageError(`it is damaged: ${program} cannot unpack it`);
  } finally {
    child.kill('SIGKILL');
  }
}
