import { execFileSync } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Bracket, bracketFromHelp, parseRelease } from '../../src/buildkit/version.ts';

/** A buildkitd of this machine and what it says of itself; one that was built without a version is known by its flags alone. */
export interface Installed {
  readonly path: string;
  readonly version: string;
  readonly help: string;
  readonly releases: Bracket;
}

/** What a buildkitd at a path says of itself. */
export function inspect(path: string): Installed {
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
  const help = execFileSync(path, ['--help'], { encoding: 'utf8' });
  const exact = parseRelease(version.replace(/^buildkitd\s+\S+/, ''));
  const bracket = exact === null ? bracketFromHelp(help) : { min: exact, max: exact };
  if (bracket === null) throw new Error(`neither --version nor --help of ${path} tells its release`);
  return { path, version, help, releases: { ...bracket, text: version } };
}

/** Every buildkitd on PATH, not only the first: another release may lie in a later directory. */
export function installed(): readonly Installed[] {
  const found = (process.env.PATH ?? '').split(delimiter).flatMap((directory) => {
    const path = join(directory, 'buildkitd');
    try {
      accessSync(path, constants.X_OK);
      return [realpathSync(path)];
    } catch {
      return [];
    }
  });
  return [...new Set(found)].map(inspect);
}
