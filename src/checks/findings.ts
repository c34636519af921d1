import type { Condition, Position, Problem, Severity } from '../model/decide.ts';
import type { UnseenReason } from '../model/look.ts';
import { sentence } from '../text/sentence.ts';

/** What one check finds, gathered: the builder of its answer, whose messages are sentences. `E`: its evidence. */
export interface Findings<E> {
  readonly problems: Problem<E>[];
  readonly unseen: UnseenReason[];
  /** `at`: where it is written, for what stands in a file. */
  add(
    condition: Condition,
    severity: Severity,
    subject: string,
    message: string,
    evidence: E,
    at?: Position | null,
  ): void;
}

/** Nothing found yet. */
export function findings<E>(): Findings<E> {
  const problems: Problem<E>[] = [];
  return {
    problems,
    unseen: [],
    add: (condition, severity, subject, message, evidence, at) => {
      problems.push({ condition, severity, subject, message: sentence(message), evidence, ...(at ? { at } : {}) });
    },
  };
}
