import type { IdRange } from '../../model/look.ts';

export const overlaps = (a: IdRange, b: IdRange): boolean => a.start < b.start + b.count && b.start < a.start + a.count;

export const contains = ({ start, count }: IdRange, id: number): boolean => id >= start && id < start + count;

export const isWithin = (range: IdRange, piece: IdRange): boolean =>
  range.start >= piece.start && range.start + range.count <= piece.start + piece.count;

/** "100000-165535" */
export const rangeText = ({ start, count }: IdRange): string => `${start}-${start + count - 1}`;
