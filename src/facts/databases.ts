import type { Fact, Look, Stat } from '../model.ts';
import { cacheDirectory } from './cache-directory.ts';
import { identity } from './identity.ts';
import { Unseen } from './unseen.ts';
import { workerDirectory } from './worker-directory.ts';

/** Something below the state directory that buildkitd opens, or makes, at every start. */
export interface StateEntry {
  readonly path: string;
  readonly use: 'directory' | 'worker-database' | 'cache-database' | 'history-database';
  readonly stat: Stat;
  /** False: it belongs to the target with the right to write, and yet cannot be written. */
  readonly writable: boolean;
  /** Of a database: would it open? Null: not to be seen. */
  readonly sound: boolean | null;
}

/** What is there already of buildkitd's own state; image files are not looked at. */
export const stateEntries: Fact<readonly StateEntry[]> = {
  id: 'state-entries',
  async read(look) {
    const [{ real, path, exists }, worker] = await Promise.all([look.get(cacheDirectory), look.get(workerDirectory)]);
    if (!exists) return [];
    const root = real ?? path;
    const own = worker.path === null ? null : `${root}${worker.path.slice(path.length)}`;
    const wanted: readonly (readonly [string, StateEntry['use']])[] = [
      [`${root}/cache.db`, 'cache-database'],
      [`${root}/history.db`, 'history-database'],
      ...(own === null
        ? []
        : ([
            [own, 'directory'],
            [`${own}/content`, 'directory'],
            [`${own}/snapshots`, 'directory'],
            [`${own}/executor`, 'directory'],
            [`${own}/metadata_v2.db`, 'worker-database'],
            [`${own}/containerdmeta.db`, 'worker-database'],
            [`${own}/snapshots/metadata.db`, 'worker-database'],
          ] as const)),
    ];
    const found = await Promise.all(wanted.map(([at, use]) => entryAt(look, at, use)));
    return found.filter((entry) => entry !== null);
  },
};

async function entryAt(look: Look, path: string, use: StateEntry['use']): Promise<StateEntry | null> {
  const { host } = look;
  const { target } = await look.get(identity);
  try {
    const stat = await host.stat(path, 'target');
    if (stat === null) return null;
    const mine = stat.uid === target.uid && (stat.mode & 0o200) !== 0;
    const database = use !== 'directory' && stat.kind === 'file';
    const [writable, answer] = await Promise.all([
      mine ? host.access(path, 'w', 'target') : true,
      database ? host.probe('bolt', { path }, 'target', {}) : null,
    ]);
    return { path, use, stat, writable, sound: answer?.sound ?? null };
  } catch (error) {
    if (error instanceof Unseen) return null;
    throw error;
  }
}
