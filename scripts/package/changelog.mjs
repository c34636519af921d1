const DATED = /^## (\d+\.\d+\.\d+\S*) - (\d{4}-\d{2}-\d{2})$/m;

/** The newest version in a text of changes, and its day. */
export function newestIn(changes) {
  const found = DATED.exec(changes);
  if (found === null) throw new Error('CHANGELOG.md names no version with a day');
  return { version: found[1], day: found[2] };
}
