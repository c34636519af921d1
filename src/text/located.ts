import type { Problem } from '../model/decide.ts';

/** A problem's message with the place that it speaks of before it, as compilers print one. */
export function located({ message, at }: Pick<Problem, 'message' | 'at'>): string {
  return at === undefined ? message : `${at.path}:${at.line}: ${message}`;
}
