import type { Fact, Mount } from '../../model/look.ts';
import { Unseen } from '../../model/unseen.ts';
import { parseMountInfo } from '../../text/mountinfo.ts';

/** Mounts of the target's own mount namespace. */
export const mounts: Fact<readonly Mount[]> = {
  id: 'mounts',
  async read({ host }) {
    const file = await host.read('/proc/self/mountinfo', 'target', 8 * 1024 * 1024);
    if (file === null) throw new Unseen('/proc/self/mountinfo is missing: /proc is not mounted here');
    return parseMountInfo(file.text);
  },
};
