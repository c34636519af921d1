import type { Fact, SnapshotsAnswer } from '../../model/look.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { selectedSnapshotter } from './snapshotters.ts';
import { workerDirectory } from './worker-directory.ts';

/** What the worker's snapshotter keeps. */
export interface SnapshotDirectories extends SnapshotsAnswer {
  readonly directory: string;
}

/** Whether the snapshots are still what the databases say; null where there are none yet. */
export const snapshotDirectories: Fact<SnapshotDirectories | null> = {
  id: 'snapshot-directories',
  async read(look) {
    const [{ real, path, exists }, worker, { selected }] = await Promise.all([
      look.get(cacheDirectory),
      look.get(workerDirectory),
      look.get(selectedSnapshotter),
    ]);
    if (!exists || worker.path === null || !worker.exists || selected === null) return null;
    const directory = `${real ?? path}${worker.path.slice(path.length)}/snapshots`;
    if ((await look.host.stat(directory, 'target'))?.kind !== 'directory') return null;
    const below = selected === 'native' ? '' : '/fs';
    const answer = await look.host.probe('snapshots', { directory, below }, 'target', {});
    return { directory, ...answer };
  },
};
