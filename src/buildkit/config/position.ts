import type { Position } from '../../model/decide.ts';
import type { ConfigReading, TextPosition } from './read.ts';
import { joinKey } from './schema-tree.ts';

/** A configuration file, read. */
interface ReadFile {
  readonly path: string;
  readonly content: ConfigReading;
}

/** A place in a configuration file. */
export const positionIn = ({ path }: Pick<ReadFile, 'path'>, { line, column }: TextPosition): Position => ({
  path,
  line,
  column,
});

/** Where a file sets a key (joined by dots); null when it does not. `item`: where that element of a list stands. */
export function positionOf(file: ReadFile, key: string, item?: number | null): Position | null {
  const entry = file.content.values.find(({ path }) => joinKey(path) === key || path.join('.') === key);
  if (entry === undefined) return null;
  return positionIn(file, item == null ? entry : (entry.items[item] ?? entry));
}
