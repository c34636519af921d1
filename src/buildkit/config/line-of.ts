import type { ConfigReading } from './read.ts';
import { joinKey } from './schema-tree.ts';

/** The line on which a file sets a key (joined by dots); null when it does not. `item`: of that element of a list. */
export function lineOf({ values }: ConfigReading, key: string, item?: number | null): number | null {
  const entry = values.find(({ path }) => joinKey(path) === key || path.join('.') === key);
  if (entry === undefined) return null;
  return item == null ? entry.line : (entry.itemLines[item] ?? entry.line);
}
