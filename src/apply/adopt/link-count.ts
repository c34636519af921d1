import type * as fs from 'node:fs';
import type { Owner } from '../../model/look.ts';
import type { Remarks } from './remarks.ts';

/** So many are remembered at most: the rest is left for another run. */
const MOST = 50_000;

interface Several {
  readonly path: string;
  readonly to: Owner;
  readonly ino: string;
  readonly names: bigint;
  readonly ifUnlisted: boolean;
  seen: bigint;
}

/**
 * Counts the names of files that have several, to tell those whose names all stand inside the tree. A name that is
 * moved about while we count could be counted twice; so only files that nothing happened to since one second before
 * the beginning are counted (adding, moving and removing a name all set the time of change).
 */
export function createLinkCount(): {
  readonly since: bigint;
  /** A name that may be given. */
  count(path: string, to: Owner, stat: fs.BigIntStats, ifUnlisted: boolean): void;
  complete(
    remarks: Remarks,
  ): Iterable<{ readonly path: string; readonly to: Owner; readonly ino: string; readonly ifUnlisted: boolean }>;
} {
  const since = BigInt(Date.now() - 1000) * 1_000_000n;
  const files = new Map<string, Several>();
  const unsure: { readonly path: string; readonly why: string }[] = [];
  let left = 0;
  return {
    since,
    count(path, to, stat, ifUnlisted) {
      const key = `${stat.dev}:${stat.ino}`;
      const known = files.get(key);
      if (known !== undefined) known.seen++;
      else if (stat.ctimeNs >= since) {
        left++;
        if (unsure.length < 20) unsure.push({ path, why: 'has several names, one of which changed just now' });
      } else if (files.size < MOST)
        files.set(key, { path, to, ino: String(stat.ino), names: stat.nlink, ifUnlisted, seen: 1n });
      else {
        left++;
        if (unsure.length < 20)
          unsure.push({ path, why: 'has several names, and there are too many such files for one run' });
      }
    },
    *complete(remarks) {
      for (const { path, why } of unsure) remarks.add(path, why);
      remarks.more(left - unsure.length);
      for (const file of files.values())
        if (file.seen === file.names) yield file;
        else remarks.add(file.path, 'has other names (hard links) outside the tree');
    },
  };
}
