import type { Identity } from '../model/look.ts';
import { seconds } from '../text/seconds.ts';

/** Where root waits for another account, which may mean harm. */
const FOR_ANOTHER_MS = 40_000;
const FOR_ONESELF_MS = 330_000;

/**
 * How long one call of bk-doctor waits, all in all, for what may not answer: looks that hang, programs that it runs,
 * steps made as another account. Time in which it waits for nothing of this kind (a question to the person, its own
 * work) does not count; what is waited for side by side counts once.
 */
export class Budget {
  readonly wholeMs: number;
  /** By how many times every limit is longer here than on an ordinary machine. */
  readonly pace: number;
  #left: number;
  #waiting = 0;
  #since = 0;

  constructor(wholeMs: number, pace = 1) {
    this.wholeMs = wholeMs;
    this.pace = pace;
    this.#left = wholeMs;
  }

  /** Milliseconds that may still be waited. */
  left(): number {
    return Math.max(0, this.#left - (this.#waiting === 0 ? 0 : performance.now() - this.#since));
  }

  /** Counts the time until it settles. */
  async spend<T>(work: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) this.#since = performance.now();
    try {
      return await work;
    } finally {
      if (--this.#waiting === 0) this.#left -= performance.now() - this.#since;
    }
  }

  /** For a sentence that says why something was not waited for. */
  get usedUp(): string {
    return `the ${seconds(this.wholeMs)} that bk-doctor waits in all for what may not answer are used up`;
  }
}

/** The one place that says how long a call may wait. */
export function budgetFor({ self, target }: Identity, pace = 1): Budget {
  return new Budget(pace * (self.uid === 0 && target.uid !== 0 ? FOR_ANOTHER_MS : FOR_ONESELF_MS), pace);
}
