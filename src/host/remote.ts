import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Unseen } from '../facts/unseen.ts';
import type { Account, UnseenReason } from '../model.ts';
import { builtProgram } from '../package-directory.ts';
import type { Call } from './verbs.ts';

/** A look answers within this time or is given up; tools, probes and surveys have limits of their own. */
const LOOK_MS = 5000;
const LONG_MS = 330_000;

interface Pending {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Unseen) => void;
  timer: NodeJS.Timeout;
}

/** node:readline does the same, and takes as long to load as a whole examination's looks. */
function onLine(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

/** Looks made by a process of their own: as another account, or where a look may hang. */
export class Remote {
  readonly #account: Account | null;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | null = null;
  #next = 0;

  /** Null: as ourselves. */
  constructor(account: Account | null) {
    this.#account = account;
  }

  call(call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const pending: Pending = { call, resolve, reject, timer: setTimeout(() => {}, 0) };
      this.#pending.set(id, pending);
      this.#send(id, pending);
    });
  }

  close(): void {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    this.#child?.stdin?.end();
    this.#child = null;
  }

  #send(id: number, pending: Pending): void {
    const child = this.#child ?? this.#start();
    clearTimeout(pending.timer);
    const long = pending.call.verb === 'probe' || pending.call.verb === 'survey' || pending.call.verb === 'run';
    pending.timer = setTimeout(() => this.#giveUp(id, pending), long ? LONG_MS : LOOK_MS);
    child.stdin?.write(`${JSON.stringify({ id, call: pending.call })}\n`);
    (child.stdin as unknown as { ref?: () => void })?.ref?.();
    child.ref();
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, [builtProgram('helper')], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      env: {},
      cwd: '/',
    });
    this.#child = child;
    const account = this.#account;
    child.stdin?.on('error', () => {});
    child.stdin?.write(
      `${JSON.stringify(account === null ? null : { name: account.name, uid: account.uid, gid: account.gid })}\n`,
    );
    if (child.stdout) {
      onLine(child.stdout, (line) => {
        const { id, value, unseen } = JSON.parse(line) as { id: number; value?: unknown; unseen?: UnseenReason };
        const pending = this.#pending.get(id);
        if (pending === undefined) return;
        clearTimeout(pending.timer);
        this.#pending.delete(id);
        if (unseen === undefined) pending.resolve(value ?? null);
        else pending.reject(new Unseen(unseen.why, unseen.command, unseen.tooMuch));
      });
    }
    child.on('close', () => {
      if (this.#child !== child) return;
      this.#child = null;
      for (const [id, pending] of [...this.#pending])
        this.#fail(id, pending, 'the process that looks for bk-doctor ended');
    });
    child.on('error', () => {});
    return child;
  }

  /** The oldest look hangs: the process is replaced, and what waited behind it is asked again. */
  #giveUp(id: number, culprit: Pending): void {
    const child = this.#child;
    this.#child = null;
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
    child?.unref();
    child?.stdout?.destroy();
    this.#fail(id, culprit, `${String(culprit.call.args[0])} did not answer within ${LOOK_MS / 1000} seconds`);
    for (const [waiting, pending] of this.#pending) this.#send(waiting, pending);
  }

  #fail(id: number, { timer, reject }: Pending, why: string): void {
    clearTimeout(timer);
    this.#pending.delete(id);
    reject(new Unseen(why));
  }
}
