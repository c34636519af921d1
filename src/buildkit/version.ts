/** BuildKit releases, as [major, minor, patch]. */
export type Release = readonly [number, number, number];

/** Which releases a buildkitd at hand may be: exact when min equals max, open where null. */
export interface Bracket {
  readonly min: Release | null;
  readonly max: Release | null;
  /** What it printed about itself; null when there is no buildkitd. */
  readonly text: string | null;
}

export const ANY_RELEASE: Bracket = { min: null, max: null, text: null };

export function compareReleases(a: Release, b: Release): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Is every release of the bracket at or after `release`? */
export function surelySince(by: Bracket, release: Release): boolean {
  return by.min !== null && compareReleases(by.min, release) >= 0;
}

/** Is every release of the bracket before `release`? */
export function surelyBefore(by: Bracket, release: Release): boolean {
  return by.max !== null && compareReleases(by.max, release) < 0;
}
