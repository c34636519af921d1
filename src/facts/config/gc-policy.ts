import { positionOf } from '../../buildkit/config/position.ts';
import { valueAt } from '../../buildkit/config/read.ts';
import { parseSize } from '../../buildkit/sizes.ts';
import type { Position } from '../../model/decide.ts';
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
  /** Where the file has each of them; null where it does not, or something else does. */
  readonly at: { readonly reserved: Position | null; readonly max: Position | null; readonly minFree: Position | null };
}
/** What the configuration asks of garbage collection. No rules: BuildKit's own, which follow the size of the file system. */
export interface GcPolicy {
  readonly enabled: boolean;
  readonly rules: readonly GcRule[];
}

type Table = { readonly [key: string]: Json | undefined };
const asTable = (value: Json | undefined): Table =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Table) : {};

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

/** The limits of one table, by BuildKit's names of its keys; the last one is what older releases call the first. */
function limitsIn(
  key: string,
  table: Table,
  older: string,
  totalBytes: number,
  placeOf: (key: string) => Position | null,
): GcRule | null {
  const bytes = (name: string): number | null => sizeInBytes(table[name], totalBytes);
  const max = bytes('maxUsedSpace');
  const minFree = bytes('minFreeSpace');
  const reserved = bytes('reservedSpace');
  // Of the worker itself the old name counts only where none of the new ones is written.
  const old = reserved === null && (older === 'keepBytes' || (max === null && minFree === null)) ? bytes(older) : null;
  if (max === null && minFree === null && reserved === null && old === null) return null;
  return {
    key,
    reserved: reserved ?? old ?? 0,
    max: max ?? 0,
    minFree: minFree ?? 0,
    at: {
      reserved: placeOf(`${key}.${reserved === null ? older : 'reservedSpace'}`),
      max: placeOf(`${key}.maxUsedSpace`),
      minFree: placeOf(`${key}.minFreeSpace`),
    },
  };
}

export function gcRules(
  worker: Json | undefined,
  flag: string | undefined,
  totalBytes: number,
  placeOf: (key: string) => Position | null,
): readonly GcRule[] {
  const table = asTable(worker);
  if (Array.isArray(table.gcpolicy) && table.gcpolicy.length > 0)
    return (table.gcpolicy as readonly Json[]).flatMap(
      (rule, index) => limitsIn(`worker.oci.gcpolicy.${index}`, asTable(rule), 'keepBytes', totalBytes, placeOf) ?? [],
    );
  if (flag !== undefined) {
    const [reserved, minFree, max] = flag.split(',').map((part) => Number(part.trim()) * 1e6 || 0);
    const at = { reserved: null, max: null, minFree: null };
    return [{ key: '--oci-worker-gc-keepstorage', reserved: reserved ?? 0, max: max ?? 0, minFree: minFree ?? 0, at }];
  }
  const own = limitsIn('worker.oci', table, 'gckeepstorage', totalBytes, placeOf);
  return own === null ? [] : [own];
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
        (key) => positionOf(config, key),
      ),
    };
  },
};
