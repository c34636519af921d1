import type { Fact, Optional, UnseenReason } from '../model.ts';

/** Thrown where something exists, or may exist, but cannot be learnt from here. */
export class Unseen extends Error implements UnseenReason {
  readonly why: string;
  readonly command?: string;
  constructor(why: string, command?: string) {
    super(why);
    this.name = 'Unseen';
    this.why = why;
    if (command !== undefined) this.command = command;
  }
}

/** A recording does not answer this question: nothing follows from it, not even a refusal. */
export class NotRecorded extends Unseen {
  constructor() {
    super('not recorded');
  }
}

/** A need that a check can do without: it then learns why it is missing. */
export function optional<T>(fact: Fact<T>): Optional<T> {
  return { optional: fact };
}

export function reasonOf(error: unknown): UnseenReason {
  if (error instanceof Unseen)
    return error.command === undefined ? { why: error.why } : { why: error.why, command: error.command };
  return { why: error instanceof Error ? error.message : String(error) };
}

/** For a look whose refusal means the same as absence; what a recording lacks stays unknown. */
export function asAbsent(error: unknown): null {
  if (error instanceof Unseen && !(error instanceof NotRecorded)) return null;
  throw error;
}
