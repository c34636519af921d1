import type { Account } from '../model/look.ts';
import { Unanswered, type Unseen, unseenOf } from '../model/unseen.ts';
import { seconds } from '../text/seconds.ts';
import { fits, helperAnswer } from './answers.ts';
import type { Budget } from './budget.ts';
import { hangingPoints, isBelow } from './hanging.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { type Call, limitOf } from './verbs.ts';

/** A look answers within this time or is given up; so does the beginning of what takes longer. */
const LOOK_MS = 5000;
/** What a process may take to say that its own limit is reached. */
const MARGIN_MS = 2000;
/** A process that so often did not answer, or ended, is not started again. */
const MOST_FAILURES = 3;

interface Pending {
  readonly call: Call;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Unseen) => void;
  timer: NodeJS.Timeout | undefined;
}

/** Looks made by a process of their own: as another account, or where a look may hang. */
export class Remote {
  readonly #account: Account | null;
  readonly #budget: Budget;
  readonly #pending = new Map<number, Pending>();
  readonly #dead: string[];
  #standIn: StandIn | null = null;
  #next = 0;
  #failures = 0;

  /** An account that is null: as ourselves. `dead` gathers the mount points below which a look hung. */
  constructor(account: Account | null, budget: Budget, dead: string[] = []) {
    this.#account = account;
    this.#budget = budget;
    this.#dead = dead;
  }

  call(call: Call): Promise<unknown> {
    const answer = new Promise((resolve, reject) => {
      const refusal = this.#refusalOf(call);
      if (refusal !== null) {
        reject(new Unanswered(refusal));
        return;
      }
      const id = this.#next++;
      const pending: Pending = { call, resolve, reject, timer: undefined };
      this.#pending.set(id, pending);
      this.#send(id, pending);
    });
    return this.#budget.spend(answer);
  }

  async close(): Promise<void> {
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
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
    this.#wait(id, pending, LOOK_MS);
    standIn.tell({ id, call: pending.call, mostMs: Math.max(MARGIN_MS, this.#budget.left() - MARGIN_MS) });
  }

  #wait(id: number, pending: Pending, ms: number): void {
    clearTimeout(pending.timer);
    const most = Math.min(ms, this.#budget.left());
    pending.timer = setTimeout(() => this.#giveUp(id, pending, most), most);
  }

  #start(): StandIn {
    return startStandIn('helper', {
      onAnswer: (line) => this.#take(line),
      onEnd: (why) => this.#ended(why),
    });
  }

  #take(line: unknown): void {
    const answer = helperAnswer(line);
    const pending = answer === null ? undefined : this.#pending.get(answer.id);
    if (answer === null) this.#mistrust();
    else if (pending === undefined) return;
    else if ('begun' in answer) this.#wait(answer.id, pending, limitOf(pending.call) + MARGIN_MS);
    else if ('unseen' in answer) this.#settle(answer.id, pending).reject(unseenOf(answer.unseen));
    else if (!fits(pending.call, answer.value ?? null)) this.#mistrust();
    else this.#settle(answer.id, pending).resolve(answer.value ?? null);
  }

  #mistrust(): void {
    this.#standIn?.kill();
    this.#ended('gave an answer that none of bk-doctor gives');
  }

  #ended(why: string): void {
    this.#standIn = null;
    this.#failures++;
    for (const [id, pending] of [...this.#pending]) this.#fail(id, pending, `${this.#who} ${why}`);
  }

  /** The oldest look hangs: the process is replaced, and what waited behind it is asked again. */
  #giveUp(id: number, culprit: Pending, ms: number): void {
    this.#standIn?.kill();
    this.#standIn = null;
    const paths = pathsOf(culprit.call);
    const point = hangingPoints().findLast((each) => paths.some((path) => isBelow(path, each)));
    // Where the place may not answer, the process is not to blame.
    if (point === undefined) this.#failures++;
    else this.#dead.push(point);
    this.#fail(id, culprit, `${whatOf(culprit.call)} did not answer within ${seconds(ms)}`);
    for (const [waiting, pending] of [...this.#pending]) {
      const refusal = this.#refusalOf(pending.call);
      if (refusal === null) this.#send(waiting, pending);
      else this.#fail(waiting, pending, refusal);
    }
  }

  #fail(id: number, pending: Pending, why: string): void {
    this.#settle(id, pending).reject(new Unanswered(why));
  }

  #settle(id: number, pending: Pending): Pending {
    clearTimeout(pending.timer);
    this.#pending.delete(id);
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
