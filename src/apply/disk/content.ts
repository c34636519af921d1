import * as fs from 'node:fs';
import { visible } from '../../text/visible.ts';
import { type Handle, reopen, statOf } from './handle.ts';
import { Refused } from './refused.ts';

/** No file that we edit is anywhere near it. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Everything in an open regular file, from its beginning. */
export function readAll(fd: number, path: string): Buffer {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const got = fs.readSync(fd, chunk, 0, chunk.length, at);
    if (got === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, got));
    at += got;
    if (at > MOST_BYTES) throw new Refused(`${visible(path)} is larger than 16 MiB, so it is not edited`, [path]);
  }
}

/** Writes from the beginning; a write cut short is continued, and one that cannot be throws. */
export function writeAll(fd: number, content: Buffer): void {
  for (let at = 0; at < content.length; ) at += fs.writeSync(fd, content, at, content.length - at, at);
}

/** The content of the regular file that the handle holds. */
export function contentOf(handle: Handle, path: string): Buffer {
  if (!statOf(handle).isFile()) throw new Refused(`${visible(path)} is not a regular file`, [path]);
  const open = reopen(handle);
  try {
    return readAll(open.fd, path);
  } finally {
    open.close();
  }
}
