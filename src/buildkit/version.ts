/** BuildKit releases, as [major, minor, patch]. */
export type Release = readonly [number, number, number];

/** Which releases a buildkitd at hand may be: exact when min equals max, open where null. Both ends belong to it. */
export interface Bracket {
  readonly min: Release | null;
  readonly max: Release | null;
  /** What it printed about itself; null when there is no buildkitd. */
  readonly text: string | null;
}

export const ANY_RELEASE: Bracket = { min: null, max: null, text: null };

/** The newest release that this knowledge was checked against. */
export const NEWEST: Release = [0, 32, 2];

/** The last patch of each minor release, up to NEWEST. */
const LAST_PATCH: { readonly [minor: number]: number } = {
  3: 3,
  4: 0,
  5: 1,
  6: 4,
  7: 2,
  8: 3,
  9: 3,
  10: 6,
  11: 6,
  12: 5,
  13: 2,
  14: 1,
  15: 2,
  16: 0,
  17: 3,
  18: 2,
  19: 0,
  20: 2,
  21: 1,
  22: 0,
  23: 2,
  24: 0,
  25: 2,
  26: 3,
  27: 1,
  28: 1,
  29: 0,
  30: 0,
  31: 2,
  32: 2,
};

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

export const isSince = (release: Release, since: Release): boolean => compareReleases(release, since) >= 0;

/** "v0.12.0" */
export const releaseText = (release: Release): string => `v${release.join('.')}`;

/** Reads "v0.12.0" or "0.12.0" as written in data; anything else is a mistake in the data. */
export function release(text: string): Release {
  const found = parseRelease(text);
  if (found === null) throw new Error(`not a release: ${text}`);
  return found;
}

/** The release that a version text begins with; null for what names none, "0.0.0+unknown" included. */
export function parseRelease(text: string): Release | null {
  const found = /(?:^|[\s/:])v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?![\d.])/.exec(text);
  if (found === null) return null;
  const [major, minor, patch] = [Number(found[1]), Number(found[2]), Number(found[3])];
  return major + minor + patch === 0 ? null : [major, minor, patch];
}

/** The last release before one that begins a minor series or a patch. */
export function lastBefore([major, minor, patch]: Release): Release {
  return patch > 0 ? [major, minor, patch - 1] : [major, minor - 1, LAST_PATCH[minor - 1] ?? 0];
}

/** Names some of a bracket's releases, given as a run of [from, before) pairs: "up to v0.27.1", "from v0.28.0 on". */
export function releaseRangeText(from: Release | null, before: Release | null): string {
  if (from === null && before === null) return 'every version';
  if (from === null) return `versions up to ${releaseText(lastBefore(before ?? NEWEST))}`;
  if (before === null) return `versions from ${releaseText(from)} on`;
  const last = lastBefore(before);
  return compareReleases(from, last) === 0
    ? releaseText(from)
    : `versions ${releaseText(from)} to ${releaseText(last)}`;
}

/** Flags of buildkitd and the release whose tree first had them; hidden or platform-bound flags tell nothing and are not here. */
const FLAGS_SINCE: { readonly [flag: string]: string } = {
  'oci-worker-no-process-sandbox': 'v0.4.0',
  'allow-insecure-entitlement': 'v0.5.0',
  'oci-worker-net': 'v0.6.0',
  'oci-worker-binary': 'v0.7.0',
  'oci-worker-proxy-snapshotter-path': 'v0.8.0',
  'oci-worker-apparmor-profile': 'v0.8.2',
  'containerd-worker-rootless': 'v0.10.0',
  'oci-worker-selinux': 'v0.10.6',
  'oci-cni-pool-size': 'v0.11.0',
  trace: 'v0.12.0',
  'otel-socket-path': 'v0.13.0',
  'cdi-disabled': 'v0.20.0',
  'oci-max-parallelism': 'v0.24.0',
  'log-level': 'v0.30.0',
  'proxy-network': 'v0.31.0',
};
/** Shown up to v0.29, hidden later. */
const HIDDEN_SINCE: { readonly [flag: string]: string } = { trace: 'v0.30.0' };

/** Brackets a buildkitd that does not know its version by the flags in its --help; null when the text is no help of buildkitd. */
export function bracketFromHelp(help: string): { readonly min: Release | null; readonly max: Release | null } | null {
  const flags = new Set([...help.matchAll(/^[ \t]+--([a-z][a-z0-9-]*)/gm)].map(([, name]) => name));
  if (!flags.has('oci-worker') && !flags.has('containerd-worker')) return null;
  let min: Release | null = null;
  let max: Release | null = null;
  const notAfter = (last: Release): void => {
    if (max === null || compareReleases(last, max) < 0) max = last;
  };
  for (const [flag, since] of Object.entries(FLAGS_SINCE)) {
    const at = release(since);
    if (flags.has(flag)) {
      if (min === null || compareReleases(at, min) > 0) min = at;
    } else if (HIDDEN_SINCE[flag] === undefined) notAfter(lastBefore(at));
  }
  for (const [flag, hidden] of Object.entries(HIDDEN_SINCE)) {
    const shownUntil = lastBefore(release(hidden));
    // Not shown: not there yet, unless it may be hidden already.
    if (flags.has(flag)) notAfter(shownUntil);
    else if (max !== null && compareReleases(max, shownUntil) <= 0)
      notAfter(lastBefore(release(FLAGS_SINCE[flag] ?? hidden)));
  }
  // A build between two releases can have the newer flag without the older: then only the older end is sure.
  return min !== null && max !== null && compareReleases(min, max) > 0 ? { min: max, max: null } : { min, max };
}

/**
 * A buildkitd whose default file is broken answers neither --version nor --help: it reads that file before its flags.
 * The words of its complaint tell which TOML library it has.
 */
export function bracketFromComplaint(stderr: string): Pick<Bracket, 'min' | 'max'> {
  if (!stderr.includes('failed to parse config')) return { min: null, max: null };
  const library2 = release('v0.28.0');
  // Nothing older than 2020 is expected here; without a floor, keys of v0.5.0 would count as perhaps unknown to it.
  return /^\(\d+, \d+\): /m.test(stderr)
    ? { min: release('v0.8.0'), max: lastBefore(library2) }
    : { min: library2, max: null };
}
