import type { Position } from '../../model/decide.ts';
import type { ConfigReading } from './read.ts';
import { joinKey } from './schema-tree.ts';

/** The line on which a file sets a key (joined by dots); null when it does not. `item`: of that element of a list. */
export function lineOf({ values }: ConfigReading, key: string, item?: number | null): number | null {
  const entry = values.find(({ path }) => joinKey(path) === key || path.join('.') === key);
  if (entry === undefined) return null;
  return item == null ? entry.line : (entry.itemLines[item] ?? entry.line);
}

/** The same with its file; of an element that stands on another line only that line is known. */
export function positionOf(
  { path, content }: { readonly path: string; readonly content: ConfigReading },
  key: string,
  item?: number | null,
): Position | null {
  const entry = content.values.find((one) => joinKey(one.path) === key || one.path.join('.') === key);
  if (entry === undefined) return null;
  const line = item == null ? entry.line : (entry.itemLines[item] ?? entry.line);
  return { path, line, column: line === entry.line ? entry.column : 1 };
}
