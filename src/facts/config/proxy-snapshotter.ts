import type { Fact } from '../../model/look.ts';
import { settings } from './settings.ts';

/** buildkitd looks for the proxy's socket before it starts. */
export const proxySocket: Fact<{ readonly path: string | null; readonly exists: boolean }> = {
  id: 'proxy-snapshotter',
  async read(look) {
    const path = (await look.get(settings)).oci.proxySnapshotterPath.value;
    if (path === null || !path.startsWith('/')) return { path, exists: false };
    return { path, exists: (await look.host.stat(path, 'target')) !== null };
  },
};
