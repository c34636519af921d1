import { DIALECTS } from '../toml/dialect.ts';
import { type Bracket, compareReleases, NEWEST, type Release, release, releaseRangeText } from '../version.ts';
import { KEYS } from './keys.ts';

/** Where buildkitd is absent, those of the last years are meant. */
const ASSUMED_MIN: Release = [0, 12, 0];
const OLDEST: Release = [0, 3, 0];
/** Releases from which on something is read differently. */
const TURNS: readonly Release[] = [
  ...DIALECTS.map(({ since }) => since),
  [0, 12, 0] as const,
  // What addresses, platforms and name servers may look like.
  [0, 15, 0] as const,
  [0, 19, 0] as const,
  [0, 24, 0] as const,
  ...KEYS.map(({ since }) => release(since)),
  ...KEYS.flatMap(({ deprecated }) => (deprecated === undefined ? [] : [release(deprecated.since)])),
].sort(compareReleases);

/** One release for each stretch of the bracket in which buildkitd reads alike, oldest first. */
export function releasesOf(by: Bracket): readonly Release[] {
  const min = by.min ?? (by.text === null ? ASSUMED_MIN : OLDEST);
  const max = by.max ?? (compareReleases(min, NEWEST) > 0 ? min : NEWEST);
  const out: Release[] = [min];
  for (const turn of TURNS)
    if (compareReleases(turn, out.at(-1) ?? min) > 0 && compareReleases(turn, max) <= 0) out.push(turn);
  return out;
}

/**
 * What is found in each of some releases, told once. `versions` names those concerned when they are not all;
 * the words of the newest count.
 */
export function acrossReleases<T>(
  releases: readonly Release[],
  find: (release: Release, index: number) => readonly T[],
  id: (item: T) => string,
): readonly { readonly item: T; readonly versions: string | null }[] {
  const groups = new Map<string, { item: T; at: Set<number> }>();
  for (const [index, release] of releases.entries()) {
    for (const item of find(release, index)) {
      const group = groups.get(id(item));
      if (group === undefined) groups.set(id(item), { item, at: new Set([index]) });
      else {
        group.item = item;
        group.at.add(index);
      }
    }
  }
  return [...groups.values()].map(({ item, at }) => ({
    item,
    versions: at.size === releases.length ? null : ranges(at, releases),
  }));
}

/** Names the releases at some indexes of the judged ones. */
function ranges(at: ReadonlySet<number>, releases: readonly Release[]): string {
  const out: string[] = [];
  for (let from = 0; from < releases.length; from++) {
    if (!at.has(from)) continue;
    let to = from;
    while (at.has(to + 1)) to++;
    out.push(releaseRangeText(from === 0 ? null : (releases[from] ?? null), releases[to + 1] ?? null));
    from = to;
  }
  return out.join(' and ');
}
