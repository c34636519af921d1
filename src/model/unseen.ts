import type { Optional } from './decide.ts';
import type { Fact, UnseenReason } from './look.ts';

/** Thrown where something exists, or may exist, but cannot be learnt from here. */
export class Unseen extends Error implements UnseenReason {
  readonly why: string;
  readonly command?: string;
  readonly tooMuch?: true;
  constructor(why: string, command?: string, tooMuch?: true) {
    super(why);
    this.name = 'Unseen';
    this.why = why;
    if (command !== undefined) this.command = command;
    if (tooMuch === true) this.tooMuch = true;
  }
}

/** More than is looked at: what a limit cuts off must not pass for absent. `what` is a sentence without its full stop. */
export function tooMuch(what: string): Unseen {
  return new Unseen(`${what}, which is more than bk-doctor looks at`, undefined, true);
}

/** Nobody answered: nothing follows from it, not even a refusal. */
export class Unanswered extends Unseen {}

/** A recording does not answer this question. */
export class NotRecorded extends Unanswered {
  constructor() {
    super('not recorded');
  }
}

/** A need that a check can do without: it then learns why it is missing. */
export function optional<T, S>(fact: Fact<T, S>): Optional<T, S> {
  return { optional: fact };
}

export function reasonOf(error: unknown): UnseenReason {
  if (error instanceof Unseen) {
    const { why, command, tooMuch } = error;
    return { why, ...(command === undefined ? {} : { command }), ...(tooMuch === undefined ? {} : { tooMuch }) };
  }
  return { why: error instanceof Error ? error.message : String(error) };
}

/** For a look whose refusal means the same as absence; what nobody answered stays unknown. */
export function asAbsent(error: unknown): null {
  if (error instanceof Unseen && !(error instanceof Unanswered) && error.tooMuch !== true) return null;
  throw error;
}

/** For a look whose refusal is as good as absence; only what is too much stays unknown. */
export function unlessTooMuch(error: unknown): null {
  if (error instanceof Unseen && error.tooMuch === true) throw error;
  return null;
}
