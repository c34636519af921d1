import type { Account } from '../model/look.ts';
import { Unanswered, type Unseen, unseenOf } from '../model/unseen.ts';
import { seconds } from '../text/seconds.ts';
import { fits, helperAnswer } from './answers.ts';
import type { Budget } from './budget.ts';
import { hangingPoints, isBelow } from './hanging.ts';
import { activityOf } from './looks/processes.ts';
import { waitFor } from './looks/waiting.ts';
import { type WithoutLimits, withoutOwnLimits } from './own-limits.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { type Call, limitOf, WHILE_MOVING } from './verbs.ts';

/**
 * A process that is silent for so long, though looks wait for it, and does nothing in the meantime, hangs in the first of
 * them; so it does in the beginning of what takes longer.
 */
const LOOK_MS = 5000;
/** What a process may take to say that its own limit is reached. */
const MARGIN_MS = 2000;
/** A process that so often did not answer, or ended, is not started again. */
const MOST_FAILURES = 3;

interface Pending {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Unseen) => void;
  /** Ends the waiting for what has begun; null: it waits for its turn. */
  end: (() => void) | null;
}

/** Looks made by a process of their own: as another account, or where a look may hang. */
export class Remote {
  readonly #account: Account | null;
  readonly #budget: Budget;
  readonly #pending = new Map<number, Pending>();
  readonly #dead: string[];
  readonly #limits: WithoutLimits;
  #standIn: StandIn | null = null;
  #next = 0;
  #failures = 0;
  /** Ends the waiting for its next line. */
  #listening: (() => void) | null = null;

  /** An account that is null: as ourselves. `dead` gathers the mount points below which a look hung. */
  constructor(account: Account | null, budget: Budget, dead: string[] = []) {
    this.#account = account;
    this.#budget = budget;
    this.#dead = dead;
    this.#limits = account === null ? { before: [] } : withoutOwnLimits();
  }

  call(call: Call): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      const refusal = this.#refusalOf(call);
      if (refusal !== null) {
        reject(new Unanswered(refusal));
        return;
      }
      const id = this.#next++;
      const pending: Pending = { call, resolve, reject, end: null };
      this.#pending.set(id, pending);
      this.#send(id, pending);
    });
    return this.#budget.spend(answer);
  }

  async close(): Promise<void> {
    this.#listening?.();
    for (const { end } of this.#pending.values()) end?.();
    this.#pending.clear();
    const standIn = this.#standIn;
    this.#standIn = null;
    await standIn?.end();
  }

  get #who(): string {
    const { name, uid } = this.#account ?? {};
    return this.#account === null ? 'the process that looks' : `the process that looks as ${name ?? `user ${uid}`}`;
  }

  /** Why it is not asked at all; null: it is. */
  #refusalOf(call: Call): string | null {
    if (this.#budget.left() === 0) return this.#budget.usedUp;
    if ('why' in this.#limits) return `${this.#who} was not started: ${this.#limits.why}`;
    if (this.#failures >= MOST_FAILURES)
      return `${this.#who} ended or did not answer ${MOST_FAILURES} times, and is not asked again`;
    const dead = this.#dead.find((point) => pathsOf(call).some((path) => isBelow(path, point)));
    return dead === undefined ? null : `the file system at ${dead} does not answer`;
  }

  #send(id: number, pending: Pending): void {
    let standIn = this.#standIn;
    if (standIn === null) {
      standIn = this.#start();
      this.#standIn = standIn;
      const account = this.#account;
      standIn.tell(account === null ? null : { name: account.name, uid: account.uid, gid: account.gid });
    }
    if (this.#listening === null) this.#listen();
    const { pace } = this.#budget;
    const mostMs = Math.max(MARGIN_MS * pace, this.#budget.left() - MARGIN_MS * pace);
    standIn.tell({ id, call: pending.call, mostMs, pace });
  }

  /** It answers one look after the other: the first that waits is the one that it is at. */
  #listen(): void {
    this.#listening?.();
    this.#listening = null;
    const pid = this.#standIn?.pid;
    const first = [...this.#pending].find(([, { end }]) => end === null);
    if (first === undefined) return;
    const timeoutMs = Math.min(LOOK_MS * this.#budget.pace, this.#budget.left());
    const untilMs = Math.min(timeoutMs * WHILE_MOVING, this.#budget.left());
    this.#listening = waitFor(
      { timeoutMs, untilMs },
      () => (pid === undefined ? '' : activityOf(pid)),
      (ms) => this.#giveUp(...first, ms),
    );
  }

  /** What has begun says itself that it takes too long. */
  #begin(id: number, pending: Pending): void {
    const { pace } = this.#budget;
    const ms = (limitOf(pending.call) * WHILE_MOVING + MARGIN_MS) * pace;
    const timeoutMs = Math.min(ms, this.#budget.left());
    pending.end = waitFor(
      { timeoutMs },
      () => '',
      (tookMs) => this.#giveUp(id, pending, tookMs),
    );
    this.#listen();
  }

  #start(): StandIn {
    return startStandIn('helper', {
      before: 'before' in this.#limits ? this.#limits.before : [],
      onAnswer: (line) => this.#take(line),
      onEnd: (why) => this.#ended(why),
    });
  }

  #take(line: unknown): void {
    const answer = helperAnswer(line);
    const pending = answer === null ? undefined : this.#pending.get(answer.id);
    if (answer === null) this.#mistrust();
    else if (pending === undefined) return;
    else if ('begun' in answer) {
      if (pending.end === null) this.#begin(answer.id, pending);
    } else if ('unseen' in answer) this.#settle(answer.id, pending).reject(unseenOf(answer.unseen));
    else if (!fits(pending.call, answer.value ?? null)) this.#mistrust();
    else this.#settle(answer.id, pending).resolve(answer.value ?? null);
  }

  #mistrust(): void {
    this.#standIn?.kill();
    this.#ended('gave an answer that none of bk-doctor gives');
  }

  #ended(why: string): void {
    this.#standIn = null;
    this.#listening?.();
    this.#listening = null;
    this.#failures++;
    for (const [id, pending] of [...this.#pending]) this.#fail(id, pending, `${this.#who} ${why}`);
  }

  /** The oldest look hangs: the process is replaced, and what waited behind it is asked again. */
  #giveUp(id: number, culprit: Pending, ms: number): void {
    this.#standIn?.kill();
    this.#standIn = null;
    this.#listening?.();
    this.#listening = null;
    const paths = pathsOf(culprit.call);
    const point = hangingPoints().findLast((each) => paths.some((path) => isBelow(path, each)));
    // Where the place may not answer, the process is not to blame.
    if (point === undefined) this.#failures++;
    else this.#dead.push(point);
    this.#fail(id, culprit, `${whatOf(culprit.call)} did not answer within ${seconds(ms)}`);
    for (const [waiting, pending] of [...this.#pending]) {
      const refusal = this.#refusalOf(pending.call);
      pending.end?.();
      pending.end = null;
      if (refusal === null) this.#send(waiting, pending);
      else this.#fail(waiting, pending, refusal);
    }
  }

  #fail(id: number, pending: Pending, why: string): void {
    this.#settle(id, pending).reject(new Unanswered(why));
  }

  #settle(id: number, pending: Pending): Pending {
    pending.end?.();
    this.#pending.delete(id);
    // It has spoken: what waits behind has the whole time again.
    if (this.#standIn !== null && pending.end === null) this.#listen();
    return pending;
  }
}

/** What a call is about, in words. */
function whatOf(call: Call): string {
  switch (call.verb) {
    case 'run':
      return [call.args[0].tool, ...call.args[0].args].join(' ');
    case 'probe':
      return `the trial "${call.args[0]}"`;
    default:
      return String(call.args[0]);
  }
}

/** Paths that a call leads to. */
function pathsOf(call: Call): readonly string[] {
  switch (call.verb) {
    case 'run':
      return call.args[0].path.split(':');
    case 'probe':
      return Object.values((call.args[1] ?? {}) as object).filter((value) => typeof value === 'string');
    default:
      return [String(call.args[0])];
  }
}
