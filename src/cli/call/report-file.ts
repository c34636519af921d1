import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Comparable, comparable } from '../../compare/report-shape.ts';
import { UsageError } from '../../host/usage-error.ts';

/** A report is some 50 kB; what is larger than this is none. */
const MOST_BYTES = 64 * 1024 * 1024;

/** A report in a file; `see` gets all of it. A sentence where it is none, or cannot be read. */
export function readReport(path: string, see: (report: unknown) => void = () => {}): Comparable | string {
  try {
    const report: unknown = JSON.parse(readText(path));
    see(report);
    return comparable(report);
  } catch (error) {
    if (error instanceof SyntaxError) return 'it is no JSON';
    return error instanceof Error
      ? error.message.replace(/^([A-Z]+): /, '').replace(/, open '.*$/s, '')
      : String(error);
  }
}

/** Throws UsageError. */
export function reportOf(argument: string, path: string, see?: (report: unknown) => void): Comparable {
  const report = readReport(path, see);
  if (typeof report === 'string') throw new UsageError(`${argument}: ${path}: ${report}`);
  return report;
}

/** A regular file of a reasonable size: nobody waits for a pipe, or reads a device. */
export function readText(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('it is not a regular file');
    if (stat.size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Files as named; of a directory its files that end in .json, in their order. */
export function filesOf(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isDirectory) return [path];
    return readdirSync(path)
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      .map((name) => join(path, name));
  });
}
