import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type Role, roleStart } from '../package/form.ts';
import { endFamily } from './looks/processes.ts';

/** One answer may have so many bytes; 100,000 names of files fit. */
const MOST_ANSWER = 32 * 1024 * 1024;
/** What one that is told to end may take to tidy up. */
const END_MS = 700;

export interface StandInOptions {
  readonly env?: { readonly [name: string]: string };
  /** A descriptor that it gets as its number 3. */
  readonly descriptor?: number;
  /** The words that start another build of the program. */
  readonly start?: readonly string[];
  /** What starts it: words before its own. */
  readonly before?: readonly string[];
  readonly mostBytes?: number;
  /** A line of its: any JSON value, of any shape. */
  readonly onAnswer: (answer: unknown) => void;
  /** Once: it ended by itself, or was ended for what it answered. Not after `kill` or `end`. */
  readonly onEnd: (why: string) => void;
}

/**
 * A process of our own that looks or acts in our stead, as another account or where we could hang. That account may
 * stop it, end it, or do worse: nothing that comes from it is trusted, in shape, size or time.
 */
export interface StandIn {
  readonly pid: number | undefined;
  tell(value: object | null): void;
  /** Lets it end by itself, and ends it when it does not within so many milliseconds (default 700). */
  end(patienceMs?: number): Promise<void>;
  /** With all that it started. */
  kill(): void;
}

export function startStandIn(role: Role, options: StandInOptions): StandIn {
  const { descriptor, start = roleStart(role), before = [], mostBytes = MOST_ANSWER } = options;
  const [program = process.execPath, ...words] = [...before, ...start];
  const child = spawn(program, words, {
    // A session of its own, none of our terminal, descriptors or environment.
    stdio: ['pipe', 'pipe', 'ignore', ...(descriptor === undefined ? [] : [descriptor])],
    detached: true,
    env: { ...options.env },
    cwd: '/',
  });
  let settled = false;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const kill = (): void => {
    settled = true;
    if (child.pid !== undefined) endFamily({ pids: [child.pid], mark: null });
    child.stdin?.destroy();
    child.stdout?.destroy();
    child.unref();
  };
  const fail = (why: string): void => {
    if (settled) return;
    kill();
    options.onEnd(why);
  };
  const { stdin, stdout } = child as { readonly stdin: Writable | null; readonly stdout: Readable | null };
  stdin?.on('error', () => {});
  if (stdout !== null && stdout !== undefined) {
    onLine(stdout, mostBytes, (line) => {
      if (settled) return;
      const answer = line === null ? undefined : parsed(line);
      if (line === null) fail(`answered with more than ${mostBytes / 1024 / 1024} MB`);
      else if (answer === undefined) fail('answered what is not JSON');
      else options.onAnswer(answer);
    });
  }
  child.on('error', (error) => fail(`could not be started: ${error.message}`));
  child.on('close', (code, signal) => fail(`ended (${signal ?? `exit ${code}`})`));
  return {
    pid: child.pid,
    tell(value) {
      if (!settled) stdin?.write(`${JSON.stringify(value)}\n`);
    },
    async end(patienceMs = END_MS) {
      if (settled) return;
      settled = true;
      stdin?.end();
      const late = new Promise<'late'>((resolve) => setTimeout(resolve, patienceMs, 'late').unref());
      if ((await Promise.race([gone, late])) === 'late') kill();
    },
    kill,
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Whole lines, in time and memory that grow with them alone; null for one that is too long. node:readline has no limit, and is slow to load. */
function onLine(stream: Readable, most: number, take: (line: string | null) => void): void {
  let parts: Buffer[] = [];
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, at)]).toString('utf8');
      parts = [];
      length = 0;
      from = at + 1;
      take(line);
    }
    if (from === chunk.length) return;
    length += chunk.length - from;
    if (length > most) {
      parts = [];
      length = 0;
      take(null);
    } else parts.push(chunk.subarray(from));
  });
}
