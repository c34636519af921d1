import type { ConfigReading } from '../../buildkit/config.ts';
import { joinKey } from '../../buildkit/schema-tree.ts';

/** The line on which a file sets a key (joined by dots); null when it does not. `item`: of that element of a list. */
export function lineOf({ values }: ConfigReading, key: string, item?: number): number | null {
  const entry = values.find(({ path }) => joinKey(path) === key || path.join('.') === key);
  if (entry === undefined) return null;
  return item === undefined ? entry.line : (entry.itemLines[item] ?? entry.line);
}
