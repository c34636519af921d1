/**
 * CI tries every moment and every row of what is the same many times over; a person who waits gets a part of them, evenly
 * spread: one in so many.
 */
export function oneIn(part: number): number {
  return process.env.CI ? 1 : part;
}
