import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { looksOnAs } from '../config/looking-on.ts';
import { selectedSnapshotter } from './snapshotters.ts';

/** The OCI worker's own directory below the cache directory. */
export interface WorkerDirectory {
  readonly path: string | null;
  /** Has buildkitd used it before? */
  readonly exists: boolean;
}

export const workerDirectory: Fact<WorkerDirectory> = {
  id: 'worker-directory',
  async read(look) {
    const [directory, { selected }] = await Promise.all([look.get(cacheDirectory), look.get(selectedSnapshotter)]);
    const as = await looksOnAs(look, directory.path, directory.chain.at(-1)?.stat ?? null);
    const at = directory.real ?? directory.path;
    if (selected === null) {
      const names = (await look.host.list(at, as).catch(asAbsent)) ?? [];
      return { path: null, exists: names.some((name) => name.startsWith('runc-')) };
    }
    const path = `${directory.path}/runc-${selected}`;
    const stat = await look.host.stat(`${at}/runc-${selected}`, as).catch(asAbsent);
    return { path, exists: stat?.kind === 'directory' };
  },
};
