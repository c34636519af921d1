import type { DynamicRanges, SubidFile, SubidKind, Subids } from '../../facts/start/subids.ts';
import type { FatalLine, SubidEntry } from '../../facts/target/subid-file.ts';
import type { IdRange } from '../../model/look.ts';

/** The ranges that rootlesskit will ask newuidmap or newgidmap for, or why it does not come that far. */
export type Asked =
  | { readonly from: 'getsubids' | 'file'; readonly ranges: readonly IdRange[] }
  | { readonly from: 'file'; readonly failure: 'missing' | 'unreadable' | 'not-a-file' | 'none' | 'unknown' }
  | { readonly from: 'file'; readonly failure: 'malformed'; readonly at: FatalLine }
  | { readonly from: 'getsubids'; readonly failure: 'none' };

/** As RootlessKit decides: getsubids for both kinds if it has something for both, else its own reading of both files. */
export function askedOf(subids: Subids): { readonly uid: Asked; readonly gid: Asked } {
  const { dynamic, dropsDuplicates, dynamicOnly } = subids;
  if (dynamic !== null) {
    const [uid, gid] = [merged(dynamic.uid, dropsDuplicates), merged(dynamic.gid, dropsDuplicates)];
    if (uid !== null && gid !== null)
      return { uid: { from: 'getsubids', ranges: uid }, gid: { from: 'getsubids', ranges: gid } };
  }
  if (dynamicOnly) {
    const of = (ranges: DynamicRanges | undefined): Asked => {
      const found = ranges === undefined ? null : merged(ranges, dropsDuplicates);
      return found === null ? { from: 'getsubids', failure: 'none' } : { from: 'getsubids', ranges: found };
    };
    return { uid: of(dynamic?.uid), gid: of(dynamic?.gid) };
  }
  return { uid: fromFile(subids.uid), gid: fromFile(subids.gid) };
}

/** By name, then by uid; RootlessKit 1.1.0 keeps what comes twice. */
function merged({ byName, byUid }: DynamicRanges, dropsDuplicates: boolean | null): readonly IdRange[] | null {
  const all = [...(byName ?? []), ...(byUid ?? [])];
  if (all.length === 0) return null;
  if (dropsDuplicates === false) return all;
  return all.filter(
    (range, index) => all.findIndex(({ start, count }) => start === range.start && count === range.count) === index,
  );
}

function fromFile(file: SubidFile): Asked {
  if (file.state === 'missing') return { from: 'file', failure: 'missing' };
  if (file.state === 'other') return { from: 'file', failure: 'not-a-file' };
  if (!file.known) return { from: 'file', failure: file.readable ? 'unknown' : 'unreadable' };
  if (!file.readable) return { from: 'file', failure: 'unreadable' };
  const { fatal, rootlesskit } = file.content;
  if (fatal !== null) return { from: 'file', failure: 'malformed', at: fatal };
  if (rootlesskit.length === 0) return { from: 'file', failure: 'none' };
  return { from: 'file', ranges: rootlesskit.map(({ start, count }) => ({ start, count })) };
}

/** Does shadow's own reading of the file allow the whole range to the owners (its have_range)? */
export function isDelegated(entries: readonly SubidEntry[], owners: readonly string[], range: IdRange): boolean {
  if (range.count <= 0) return false;
  const own = entries.filter(({ owner }) => owners.includes(owner));
  let { start } = range;
  const end = range.start + range.count;
  for (let turn = 0; turn <= own.length && start < end; turn++) {
    const at = own.find((entry) => start >= entry.start && start < entry.start + entry.count);
    if (at === undefined) return false;
    start = at.start + at.count;
  }
  return start >= end;
}

/** Why rootlesskit reads no further. */
export const FATAL: { readonly [B in FatalLine['by']]: string } = {
  length: 'the line is longer than 64 KiB',
  form: 'the line does not have the form NAME:START:COUNT',
  number: 'its numbers are not written in plain decimal digits',
};

export const fileOf = (kind: SubidKind): string => `/etc/sub${kind}`;
