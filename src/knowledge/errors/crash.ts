import type { Condition } from '../conditions.ts';

/** What a program says when it does not end by itself: the runtimes of Go and C, and shells. */
export interface Crash {
  /** The line that says why; what follows it are registers and stacks. */
  readonly words: string;
  /** The limit that it ran into; null: another crash. */
  readonly limit: Extract<Condition, 'limits.pids' | 'limits.out-of-memory'> | null;
}

/** By what is likeliest to be the cause, not by what comes first. */
const CRASHES: readonly (readonly [says: RegExp, limit: Crash['limit']])[] = [
  [
    /failed to create new OS thread|\bnewosproc\b|pthread_create failed|[Cc]annot fork|fork: (?:retry: )?Resource temporarily unavailable/,
    'limits.pids',
  ],
  [
    /^(?:fatal error|runtime): .*(?:out of memory|cannot allocate (?:memory|heap)|failed to reserve|cannot (?:map|reserve))|^libgcc|memory allocation of \d+ bytes failed/,
    'limits.out-of-memory',
  ],
  [/^(?:fatal error|panic): |^unexpected fault address|^SIG[A-Z]+: /, null],
];

/** Null where a text is no crash's. */
export function crashIn(text: string): Crash | null {
  const lines = text.split('\n').map((line) => line.trim());
  for (const [says, limit] of CRASHES) {
    const words = lines.find((line) => says.test(line));
    if (words !== undefined) return { words, limit };
  }
  return null;
}
