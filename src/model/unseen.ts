import type { Optional, Seen } from './decide.ts';
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
export class Unanswered extends Unseen {
  readonly unanswered = true;
}

/** A recording does not answer this question. */
export class NotRecorded extends Unanswered {
  constructor() {
    super('not recorded');
  }
}

/**
 * A need that a check can do without where the host refuses it: it then learns why it is missing. Where nobody answered,
 * or it is too much, the check is unknown by itself.
 */
export function optional<T, S>(fact: Fact<T, S>): Optional<T, S> {
  return { optional: fact };
}

/** The same, but only for words and advice: nothing is judged by it. */
export function explains<T, S>(fact: Fact<T, S>): Optional<T, S> {
  return { optional: fact, explains: true };
}

export function reasonOf(error: unknown): UnseenReason {
  if (error instanceof Unseen) {
    const { why, command, tooMuch } = error;
    return {
      why,
      ...(command === undefined ? {} : { command }),
      ...(tooMuch === undefined ? {} : { tooMuch }),
      ...(error instanceof Unanswered ? { unanswered: true } : {}),
    };
  }
  return { why: error instanceof Error ? error.message : String(error) };
}

/** The reverse: what another process, or a recording, could not see. */
export function unseenOf({ why, command, tooMuch, unanswered }: UnseenReason): Unseen {
  return unanswered === true ? new Unanswered(why, command) : new Unseen(why, command, tooMuch);
}

/**
 * For a look whose refusal means the same as absence: buildkitd, as this account, is refused as well, or what is closed
 * to ordinary accounts only adds details. What nobody answered, and what is too much, stays unseen.
 */
export function asAbsent(error: unknown): null {
  if (error instanceof Unseen && !(error instanceof Unanswered) && error.tooMuch !== true) return null;
  throw error;
}

/** For a look by which nothing is judged: whatever kept it from being made, its words are left out. */
export function decidesNothing(error: unknown): null {
  if (error instanceof Unseen) return null;
  throw error;
}

/** The answer, or the host's refusal of it, where that is not the same as absence. What nobody answered still throws. */
export async function unlessRefused<T>(look: Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await look };
  } catch (error) {
    asAbsent(error);
    return { unseen: reasonOf(error) };
  }
}

/** What a fact can do without: it goes on, and carries why this is missing. */
export async function seen<T>(look: Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await look };
  } catch (error) {
    if (error instanceof Unseen) return { unseen: reasonOf(error) };
    throw error;
  }
}
