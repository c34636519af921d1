import { valueAt } from '../../buildkit/config/read.ts';
import { parseSize } from '../../buildkit/sizes.ts';
import type { Fact, Json } from '../../model/look.ts';
import { cacheDirectory } from './cache-directory.ts';
import { configFile } from './config-file.ts';
import { settings } from './settings.ts';

/** One written limit of the OCI worker's garbage collection, in bytes; 0 means no limit. */
export interface GcRule {
  /** The dotted key of the table that holds it, or the flag. */
  readonly key: string;
  readonly reserved: number;
  readonly max: number;
  readonly minFree: number;
}
/** What the configuration asks of garbage collection. No rules: BuildKit's own, which follow the size of the file system. */
export interface GcPolicy {
  readonly enabled: boolean;
  readonly rules: readonly GcRule[];
}

/** Bytes as BuildKit's DiskSpace.AsBytes computes them: percentages are rounded up to whole gigabytes. Null: unset or refused. */
export function sizeInBytes(value: Json | undefined, total: number): number | null {
  if (typeof value === 'number') return value > 0 ? value : null;
  if (typeof value !== 'string') return null;
  const size = parseSize(value);
  if (size === null || size === 'unset') return null;
  if ('bytes' in size) return size.bytes > 0 ? size.bytes : null;
  if (size.percent <= 0) return null;
  return (Math.floor(Math.floor((total * size.percent) / 100) / 1024 ** 3) + 1) * 1e9;
}

export function gcRules(worker: Json | undefined, flag: string | undefined, totalBytes: number): readonly GcRule[] {
  const bytes = (table: Json | undefined, key: string): number | null =>
    table !== null && typeof table === 'object' && !Array.isArray(table)
      ? sizeInBytes((table as { [key: string]: Json })[key], totalBytes)
      : null;
  const table =
    worker !== null && typeof worker === 'object' && !Array.isArray(worker) ? (worker as { [key: string]: Json }) : {};
  if (Array.isArray(table.gcpolicy) && table.gcpolicy.length > 0) {
    return (table.gcpolicy as readonly Json[]).map((rule, index) => ({
      key: `worker.oci.gcpolicy.${index}`,
      reserved: bytes(rule, 'reservedSpace') ?? bytes(rule, 'keepBytes') ?? 0,
      max: bytes(rule, 'maxUsedSpace') ?? 0,
      minFree: bytes(rule, 'minFreeSpace') ?? 0,
    }));
  }
  if (flag !== undefined) {
    const [reserved, minFree, max] = flag.split(',').map((part) => Number(part.trim()) * 1e6 || 0);
    return [{ key: '--oci-worker-gc-keepstorage', reserved: reserved ?? 0, max: max ?? 0, minFree: minFree ?? 0 }];
  }
  const reserved = bytes(table, 'reservedSpace');
  const max = bytes(table, 'maxUsedSpace');
  const minFree = bytes(table, 'minFreeSpace');
  const old = reserved === null && max === null && minFree === null ? bytes(table, 'gckeepstorage') : null;
  if (reserved === null && max === null && minFree === null && old === null) return [];
  return [{ key: 'worker.oci', reserved: reserved ?? old ?? 0, max: max ?? 0, minFree: minFree ?? 0 }];
}

export const gcPolicy: Fact<GcPolicy> = {
  id: 'gc-policy',
  async read(look) {
    const [config, { flags }, { filesystem }] = await Promise.all([
      look.get(configFile),
      look.get(settings),
      look.get(cacheDirectory),
    ]);
    const { document } = config.content;
    return {
      enabled:
        !/^(false|f|0)$/i.test(flags['oci-worker-gc']?.at(-1) ?? '') &&
        valueAt(document, ['worker', 'oci', 'gc']) !== false,
      rules: gcRules(
        valueAt(document, ['worker', 'oci']),
        flags['oci-worker-gc-keepstorage']?.at(-1),
        filesystem?.totalBytes ?? 0,
      ),
    };
  },
};
