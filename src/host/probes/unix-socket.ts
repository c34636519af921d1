import * as fs from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Outcome } from '../../model/look.ts';
import { errnoOf } from '../looks/errno.ts';
import { makeScratch, removeScratch } from './scratch.ts';

/** In bytes; the kernel takes no more (unix(7)). */
const LONGEST = 107;
const LIMIT_MS = 5000;

/** Is a filter of system calls in force for this process? */
export function isFiltered(): boolean {
  try {
    return /^Seccomp:\s*2$/m.test(fs.readFileSync('/proc/self/status', 'latin1'));
  } catch {
    return false;
  }
}

/** Listens on a Unix socket in a directory of its own, and takes a connection to it; null where nothing was tried. */
export async function tryUnixSocket(directories: readonly string[]): Promise<Outcome | null> {
  for (const directory of directories) {
    let work: string;
    try {
      work = makeScratch(directory);
    } catch {
      continue;
    }
    try {
      const path = `${work}/s`;
      return Buffer.byteLength(path) > LONGEST ? null : await listenAt(path);
    } finally {
      removeScratch(work);
    }
  }
  return null;
}

/** So many turns of the loop a connection that is made may wait to be taken; it should be there in the first. */
const TURNS = 100;

function listenAt(path: string): Promise<Outcome | null> {
  return new Promise((resolve) => {
    let doing = 'bind and listen';
    let turns: number | null = 0;
    const server = createServer();
    const timer = setTimeout(() => end(null), LIMIT_MS);
    function end(outcome: Outcome | null): void {
      turns = null;
      clearTimeout(timer);
      server.close();
      resolve(outcome);
    }
    const failed = (errno: string | null): void =>
      end({ ok: false, errno, message: `${doing} on a Unix socket: ${errno ?? 'refused'}` });
    // libuv tries again and again, without a word, where accept(2) is refused.
    const wait = (): void => {
      if (turns === null) return;
      if (++turns > TURNS) failed(null);
      else setImmediate(wait);
    };
    server.on('error', (error) => failed(errnoOf(error)));
    server.on('connection', (taken) => {
      taken.destroy();
      end({ ok: true });
    });
    server.listen(path, () => {
      doing = 'connect';
      const client = connect({ path });
      client.on('error', (error) => failed(errnoOf(error)));
      client.on('connect', () => {
        doing = 'accept';
        client.destroy();
        wait();
      });
    });
  });
}
