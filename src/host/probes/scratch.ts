import * as fs from 'node:fs';

const made = new Set<string>();

/** A path for something new: who makes it refuses what exists already, so that it need not be a secret. */
export function scratchName(directory: string): string {
  return `${directory}/.bk-doctor-${process.pid.toString(36)}${Math.random().toString(36).slice(2, 10)}`;
}

/** A new directory for a probe. It goes with this process when nobody removes it before. Throws errno errors. */
export function makeScratch(directory: string): string {
  if (made.size === 0) process.once('exit', removeAll);
  const path = fs.mkdtempSync(`${directory}/.bk-doctor-`);
  made.add(path);
  return path;
}

export function removeScratch(path: string): void {
  made.delete(path);
  if (made.size === 0) process.off('exit', removeAll);
  fs.chmodSync(path, 0o700);
  fs.rmSync(path, { recursive: true, force: true });
}

function removeAll(): void {
  for (const path of [...made]) removeScratch(path);
}
