import { type ChildProcessByStdio, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { Unseen } from '../facts/unseen.ts';
import { keepsNames, onlyRootWrites } from '../knowledge/trust.ts';
import type { Ran } from '../model.ts';
import { errnoOf } from './errno.ts';

/** Where root looks for tools that it runs for its own sake. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const MOST_OUTPUT = 1024 * 1024;

export interface RunOptions {
  readonly env: { readonly [name: string]: string };
  /** Milliseconds until it is ended, with all that it started. */
  readonly timeoutMs: number;
  /** Receives standard output as it comes instead of collecting it. */
  readonly onStdout?: (chunk: Buffer) => void;
}

/** First executable regular file of that name. */
export function findTool(name: string, path: string): string | null {
  for (const directory of name.includes('/') ? [''] : path.split(':')) {
    const candidate = name.includes('/') ? name : `${directory}/${name}`;
    if (!candidate.startsWith('/')) continue;
    try {
      if (!fs.statSync(candidate).isFile()) continue;
      fs.accessSync(candidate, fs.constants.X_OK);
      return candidate;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** What root runs must be root's all the way: otherwise whoever can write there would be running it. */
export function refuseUntrusted(path: string): void {
  if (process.getuid?.() !== 0) return;
  const owner = writableByOthers(path);
  if (owner !== null)
    throw new Unseen(`${path} is not run as root: ${owner} can be changed by another account`, `ls -ld ${owner}`);
}

/** The first component of a path, as it is written and with links resolved, that an account other than root can change; null when none. */
export function writableByOthers(path: string): string | null {
  for (const start of [fs.realpathSync.native(path), path])
    for (let at = start; ; at = dirname(at)) {
      const stat = fs.statSync(at);
      if (!(stat.isDirectory() ? keepsNames(stat, 0) : onlyRootWrites(stat))) return at;
      if (at === '/') break;
    }
  return null;
}

/** Runs a program in a session of its own, without our terminal; it and its children are ended at the time limit. Never throws for what it does. */
export function runProgram(path: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve) => {
    let child: ChildProcessByStdio<null, Readable, Readable>;
    try {
      child = spawn(path, [...args], {
        env: { ...options.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        cwd: '/',
      });
    } catch (error) {
      // Where a seccomp filter or a limit forbids new processes.
      resolve({ code: null, stdout: '', stderr: `${path}: ${errnoOf(error)}`, timedOut: false });
      return;
    }
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let size = 0;
    let timedOut = false;
    let settled = false;
    const end = (signal: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // Already gone.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end('SIGTERM');
      setTimeout(() => {
        end('SIGKILL');
        // A child in uninterruptible sleep never closes its pipes; do not wait for it.
        setTimeout(() => finish(null), 200).unref();
      }, 800).unref();
    }, options.timeoutMs);
    const finish = (code: number | null, failure = ''): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      resolve({
        code,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8') + failure,
        timedOut,
      });
    };
    child.on('error', (error) => finish(null, `${path}: ${errnoOf(error)}`));
    // Without a descriptor left there are no pipes; the error comes by itself.
    if (child.stdout == null) return;
    const take = (into: Buffer[]) => (chunk: Buffer) => {
      if (size < MOST_OUTPUT) into.push(chunk);
      size += chunk.length;
    };
    if (options.onStdout === undefined) child.stdout.on('data', take(stdout));
    else child.stdout.on('data', options.onStdout);
    child.stderr.on('data', take(stderr));
    child.on('close', (code) => finish(code));
    // A grandchild may hold the pipes open after the program itself has ended.
    child.on('exit', (code) => setTimeout(() => finish(code), 500).unref());
  });
}
