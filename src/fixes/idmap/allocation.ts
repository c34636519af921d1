import { LAST_ID } from '../../knowledge/id-ranges.ts';
import type { IdRange } from '../../model/look.ts';

export interface Bounds {
  readonly min: number;
  /** Inclusive. */
  readonly max: number;
}

/**
 * The lowest free range of `count` ids that touches nothing taken and lies in one piece of `within` (null: anywhere),
 * found as useradd finds it. Null: there is none.
 */
export function freeRange(
  taken: readonly IdRange[],
  { min, max }: Bounds,
  count: number,
  within: readonly IdRange[] | null,
): IdRange | null {
  const sorted = taken.filter((range) => range.count > 0).toSorted((a, b) => a.start - b.start);
  const pieces = within ?? [{ start: 0, count: LAST_ID + 1 }];
  for (const piece of pieces.toSorted((a, b) => a.start - b.start)) {
    let low = Math.max(min, piece.start);
    const last = Math.min(max, piece.start + piece.count - 1, LAST_ID);
    for (const { start, count: length } of sorted) {
      if (start + length <= low) continue;
      if (start >= low + count || start > last) break;
      low = start + length;
    }
    if (low + count - 1 <= last) return { start: low, count };
  }
  return null;
}

/**
 * Ids that no account may be given, whatever the files say: system accounts, ordinary ones, systemd's and nobody
 * (https://systemd.io/UIDS-GIDS).
 */
export const RESERVED: readonly IdRange[] = [{ start: 0, count: 65536 }];

/** SSSD maps a domain into slices of 200,000 ids; a directory user's own slice is full of other people. */
export function directorySlice(uid: number): IdRange | null {
  if (uid < 200000) return null;
  return { start: Math.floor(uid / 200000) * 200000, count: 200000 };
}
