import { resolve } from 'node:path';
import { Unseen } from '../model/unseen.ts';
import { looker } from './looks/looker.ts';

/** The files that a build command names, relative to a directory; nothing of them is kept. */
export interface NamedFiles {
  /** Null where nothing is there, undefined where it cannot be told. */
  kind(path: string): 'file' | 'directory' | null | undefined;
  /** Null where there is no such text of at most 64 KiB. */
  read(path: string): string | null;
}

const LONGEST = 64 * 1024;

export function namedFiles(directory: string): NamedFiles {
  const answer = <T>(look: () => T, otherwise: T): T => {
    try {
      return look();
    } catch (error) {
      if (error instanceof Unseen) return otherwise;
      throw error;
    }
  };
  return {
    kind: (path) =>
      answer(() => {
        const stat = looker.stat(resolve(directory, path));
        return stat === null ? null : stat.kind === 'directory' ? 'directory' : 'file';
      }, undefined),
    read: (path) =>
      answer(() => {
        const stat = looker.stat(resolve(directory, path));
        return stat?.kind === 'file' ? (looker.read(resolve(directory, path), LONGEST)?.text ?? null) : null;
      }, null),
  };
}
