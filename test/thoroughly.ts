import { inject } from 'vitest';

/**
 * CI tries every moment and every row of what is the same many times over; a person who waits gets a part of them, evenly
 * spread: one in so many. Who names a row gets it.
 */
export function oneIn(part: number): number {
  return process.env.CI || inject('namesRows') ? 1 : part;
}

/** The rows of a table that are tried here. */
export function some<T>(part: number, rows: readonly T[]): T[] {
  return rows.filter((_, index) => index % oneIn(part) === 0);
}
