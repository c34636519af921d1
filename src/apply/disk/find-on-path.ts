import * as fs from 'node:fs';

/** The first executable file of that name. Directories that are not absolute are passed by. */
export function findOnPath(name: string, path: string): string | null {
  for (const directory of path.split(':')) {
    if (!directory.startsWith('/')) continue;
    const candidate = `${directory}/${name}`;
    try {
      fs.accessSync(candidate, fs.constants.X_OK);
      if (fs.statSync(candidate).isFile()) return candidate;
    } catch {
      // Not here.
    }
  }
  return null;
}
