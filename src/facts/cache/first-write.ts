import type { Fact } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { environment } from '../target/environment.ts';
import { filesystem } from './filesystem.ts';

/** What the kernel answered to a first file in the cache directory, or where that is to be made. */
export interface FirstWrite {
  /** The errno's name; null: it was written, or not tried. */
  readonly error: string | null;
}

/** Errors that come from the file system, whatever owner and mode say. */
export const OF_THE_FILE_SYSTEM: ReadonlySet<string> = new Set([
  'EROFS',
  'ENOKEY',
  'EKEYEXPIRED',
  'EKEYREVOKED',
  'EKEYREJECTED',
  'EIO',
  'EUCLEAN',
  'ENODEV',
  'ENXIO',
  'ESTALE',
  'EREMOTEIO',
  'ENOMEDIUM',
  'ENOTCONN',
]);

/** The least that a build writes (see storage/space): quotas of groups of btrfs show in no size of the file system. */
const SMALLEST_BUILD = 4_300_000;

export const firstWrite: Fact<FirstWrite> = {
  id: 'first-write',
  async read(look) {
    const [disk, directory, { values }] = await Promise.all([
      look.get(filesystem),
      look.get(cacheDirectory),
      look.get(environment),
    ]);
    if (!look.request.probe || disk.readOnly) return { error: null };
    const input = { directory: directory.nearest, ...(disk.name === 'btrfs' ? { bytes: SMALLEST_BUILD } : {}) };
    return (await look.host.probe('write', input, 'target', values).catch(asAbsent)) ?? { error: null };
  },
};
