import { type ChildProcessByStdio, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { Ran } from '../../model/look.ts';
import { Unseen } from '../../model/unseen.ts';
import { keepsNames, onlyRootWrites } from '../../rights/trust.ts';
import { errnoOf } from './errno.ts';
import { activityOfFamily, endFamily, LOOK_MARK, newMark, signal } from './processes.ts';
import { type Waiting, waitFor } from './waiting.ts';

/** Where root looks for tools that it runs for its own sake. */
export const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const MOST_OUTPUT = 1024 * 1024;
/** What a program may take after its time is over. */
const END_MS = 800;
/** And when nobody waits for it any more. */
const STOP_MS = 300;

export interface RunOptions extends Waiting {
  readonly env: { readonly [name: string]: string };
  /** Receives standard output as it comes instead of collecting it, however much it is. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Receives both outputs as they come, up to the limit. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** What it leaves running when it has ended stays: a change may start a service. */
  readonly leavesRest?: boolean;
  /** Aborted: it is ended. */
  readonly signal?: AbortSignal;
  /** Beyond so much output it is ended; 1 MiB when not given. */
  readonly mostBytes?: number;
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

/** A program that runs. `done` never throws for what it does. */
export interface Program {
  readonly pid: number | undefined;
  readonly done: Promise<Ran>;
  /** It has ended itself; what it started may still run. */
  hasEnded(): boolean;
  /** Asks it to end, and ends it with all that it started where it does not, after so many milliseconds. */
  end(patienceMs: number): void;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Starts a program in a session of its own, without our terminal. At the end of our patience, beyond the limit of what it may
 * print, and where something holds its pipes open after its end, it is ended with all that it started.
 */
export function startProgram(path: string, args: readonly string[], options: RunOptions): Program {
  const mark = options.leavesRest ? null : newMark();
  let child: Child;
  try {
    child = spawn(path, [...args], {
      env: { ...options.env, ...(mark === null ? {} : { [LOOK_MARK]: mark }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      cwd: '/',
    });
  } catch (error) {
    // Where a seccomp filter or a limit forbids new processes.
    const ran: Ran = { code: null, stdout: '', stderr: spawnFailure(path, error), timedOut: false };
    return { pid: undefined, done: Promise.resolve(ran), hasEnded: () => true, end: () => {} };
  }
  return watch(child, path, mark, options);
}

/** Why a program was not started. Its standard input is opened before it: that may be what fails. */
function spawnFailure(path: string, error: unknown): string {
  try {
    fs.closeSync(fs.openSync('/dev/null', 'r'));
  } catch (other) {
    return `/dev/null: ${errnoOf(other)}`;
  }
  return `${path}: ${errnoOf(error)}`;
}

/** Waits for a program's end, and brings it about where it is due. */
function watch(child: Child, path: string, mark: string | null, options: RunOptions): Program {
  const { pid } = child;
  let timedOut = false;
  let ended = false;
  let asked = false;
  let settled = false;
  let settle: (ran: Ran) => void = () => {};
  const done = new Promise<Ran>((resolve) => {
    settle = resolve;
  });
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, task: () => void): void => {
    timers.add(setTimeout(task, ms).unref());
  };
  const endFamilyOf = (): void => endFamily({ pids: pid === undefined ? [] : [pid], mark });
  const finish = (code: number | null, failure = '', by: NodeJS.Signals | null = null): void => {
    ended = true;
    if (settled) return;
    settled = true;
    for (const timer of timers) clearTimeout(timer);
    stopWaiting();
    options.signal?.removeEventListener('abort', stop);
    if (asked) endFamilyOf();
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
    const { stdout, stderr } = output();
    settle({ code, stdout, stderr: stderr + failure, timedOut, ...(by === null ? {} : { signal: by }) });
  };
  const endAll = (code: number | null): void => {
    endFamilyOf();
    // A child in uninterruptible sleep never closes its pipes; do not wait for it.
    later(200, () => finish(code));
  };
  const end = (patienceMs: number): void => {
    if (settled) {
      endFamilyOf();
      return;
    }
    asked = true;
    if (pid !== undefined) signal(-pid, 'SIGTERM');
    later(patienceMs, () => endAll(null));
  };
  const stop = (): void => end(STOP_MS);
  options.signal?.addEventListener('abort', stop);
  const stopWaiting = waitFor(
    options,
    () => activityOfFamily({ pids: pid === undefined ? [] : [pid], mark }),
    () => {
      timedOut = true;
      end(END_MS);
    },
  );
  child.on('error', (error) => finish(null, spawnFailure(path, error)));
  const output = collect(child, options, () => endAll(null));
  child.on('close', (code, by) => finish(code, '', by));
  child.on('exit', (code) => {
    ended = true;
    // What it started may hold the pipes open.
    later(500, () => (options.leavesRest ? finish(code) : endAll(code)));
  });
  return { pid, done, hasEnded: () => ended, end };
}

/** Takes what a program prints; `beyond` is called once when that is more than it may. */
function collect(
  { stdout, stderr }: Child,
  { mostBytes = MOST_OUTPUT, onStdout, onOutput }: RunOptions,
  beyond: () => void,
): () => Pick<Ran, 'stdout' | 'stderr'> {
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let size = 0;
  const take = (into: Buffer[] | null) => (chunk: Buffer) => {
    if (into !== null && size < mostBytes) into.push(chunk);
    if (size <= mostBytes && size + chunk.length > mostBytes) beyond();
    size += chunk.length;
  };
  // Without a descriptor left there are no pipes; the error comes by itself.
  if (stdout != null) {
    if (onOutput !== undefined) {
      for (const stream of [stdout, stderr]) stream.on('data', onOutput).on('data', take(null));
    } else {
      stdout.on('data', onStdout ?? take(output.stdout));
      stderr.on('data', take(output.stderr));
    }
  }
  return () => ({
    stdout: Buffer.concat(output.stdout).toString('utf8'),
    stderr: Buffer.concat(output.stderr).toString('utf8'),
  });
}

/** Runs a program to its end. */
export function runProgram(path: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return startProgram(path, args, options).done;
}
