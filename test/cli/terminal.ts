import { spawn } from 'node:child_process';
import { environment, PROGRAM } from './run.ts';

export interface Typed {
  readonly code: number | null;
  /** Everything that appeared on the terminal, escapes included. */
  readonly screen: string;
}
/** Waits for the words, then types, or sends a signal to the program. */
export interface Act {
  readonly on: string;
  readonly type?: string;
  readonly signal?: NodeJS.Signals;
}

/** Runs a shell command line on a pseudo-terminal of 80 columns; `$BK` calls bk-doctor. */
export function onTerminal(
  line: string,
  acts: readonly Act[],
  env: { readonly [name: string]: string } = {},
): Promise<Typed> {
  return new Promise((done, fail) => {
    const child = spawn('script', ['-qefc', `stty cols 80 rows 40; ${line}`, '/dev/null'], {
      env: environment({ BK: `${process.execPath} ${PROGRAM}`, TERM: 'xterm', SHELL: '/bin/sh', ...env }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let screen = '';
    let seen = 0;
    const left = [...acts];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      screen += text;
      const [next] = left;
      if (next === undefined) return;
      const at = screen.indexOf(next.on, seen);
      if (at < 0) return;
      seen = at + next.on.length;
      left.shift();
      // A prompt shows itself before it listens.
      setTimeout(() => {
        if (next.type !== undefined) child.stdin.write(next.type);
        if (next.signal !== undefined) signalProgram(child.pid ?? 0, next.signal);
      }, 150);
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code, screen }));
  });
}

/** To the bk-doctor below our `script`, and to nothing else. */
function signalProgram(above: number, signal: NodeJS.Signals): void {
  const find = spawn('sh', ['-c', 'ps -e -o pid= -o ppid= -o args='], { stdio: ['ignore', 'pipe', 'ignore'] });
  let listing = '';
  find.stdout.setEncoding('utf8').on('data', (text) => {
    listing += text;
  });
  find.on('close', () => {
    const rows = listing
      .split('\n')
      .map((row) => /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(row))
      .filter((row) => row !== null)
      .map(([, pid, parent, args]) => ({ pid: Number(pid), parent: Number(parent), args: args ?? '' }));
    let pid = above;
    for (;;) {
      const child = rows.find(({ parent }) => parent === pid);
      if (child === undefined) return;
      pid = child.pid;
      if (child.args.startsWith(process.execPath) && child.args.includes(PROGRAM)) break;
    }
    process.kill(pid, signal);
  });
}
