import type { Fact } from '../../model/look.ts';
import { settings } from '../config/settings.ts';
import { binaries } from '../programs/binaries.ts';
import type { Binary } from '../programs/find-in-path.ts';
import { findInPath } from '../programs/find-in-path.ts';
import { environment } from '../target/environment.ts';
import { fromStart } from '../target/start-directory.ts';

/** The runtime that the OCI worker would execute: the configured one, else buildkit-runc, else runc. Null: none found. */
export const runtimeBinary: Fact<Binary | null> = {
  id: 'runtime-binary',
  async read(look) {
    const [{ values }, { oci }, found] = await Promise.all([
      look.get(environment),
      look.get(settings),
      look.get(binaries),
    ]);
    if (oci.binary.value !== null) {
      const { value } = oci.binary;
      return findInPath(look, value.includes('/') ? await fromStart(look, value) : value, values.PATH ?? '');
    }
    return found['buildkit-runc']?.executable ? found['buildkit-runc'] : found.runc;
  },
};
