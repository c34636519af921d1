import type { Position } from '../model/decide.ts';
import type { Span } from './tree.ts';

/** Tells line and column of an offset; both count from 1. */
export interface Lines {
  readonly lineOf: (offset: number) => number;
  readonly position: (path: string, span: Span) => Position;
}

export function linesOf(text: string): Lines {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineOf = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  const columnOf = (offset: number): number => offset - (starts[lineOf(offset) - 1] ?? 0) + 1;
  return {
    lineOf,
    position: (path, { start, end }) => {
      const last = Math.max(start, end - 1);
      return {
        path,
        line: lineOf(start),
        column: columnOf(start),
        endLine: lineOf(last),
        endColumn: columnOf(last),
      };
    },
  };
}
