import type { Position } from '../model/decide.ts';

/** Where something stands of which only the line is known; null where nothing is written. */
export function atLine(path: string, line: number | null): Position | null {
  return line === null ? null : { path, line, column: 1 };
}
