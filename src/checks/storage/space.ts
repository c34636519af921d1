import { filesystem } from '../../facts/cache/filesystem.ts';
import { quota } from '../../facts/cache/quota.ts';
import { selectedSnapshotter } from '../../facts/cache/snapshotters.ts';
import { workerDirectory } from '../../facts/cache/worker-directory.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { gcPolicy } from '../../facts/config/gc-policy.ts';
import { settings } from '../../facts/config/settings.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { instance } from '../../facts/start/instance.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';

export interface SpaceEvidence {
  readonly kind: 'bytes' | 'inodes' | 'quota' | 'policy';
  readonly path: string;
  readonly mount: string | null;
  readonly available: number;
  readonly total: number;
  readonly needed: number;
  /** How the running buildkitd can be asked to prune; null where none runs or buildctl is missing. */
  readonly prune: { readonly buildctl: string; readonly address: string } | null;
  readonly key: string | null;
}

const needs = {
  identity,
  settings,
  directory: cacheDirectory,
  disk: filesystem,
  selected: optional(selectedSnapshotter),
  worker: optional(workerDirectory),
  policy: optional(gcPolicy),
  quota: optional(quota),
  instance: optional(instance),
  binaries: optional(binaries),
};

/**
 * What buildkitd itself used to start and to build a 2 MB image, measured on file systems of that size (v0.11.6, v0.32.2):
 * native copies the layer once more; a worker directory that exists saves the databases.
 */
function smallest(native: boolean, used: boolean): { readonly bytes: number; readonly inodes: number } {
  const bytes = (native ? 6_200_000 : 4_300_000) - (used ? 300_000 : 0);
  return { bytes, inodes: used ? (native ? 36 : 24) : native ? 46 : 52 };
}

/** Below this an image of an ordinary base hardly fits. */
const COMFORTABLE = { bytes: 1024 ** 3, inodes: 10_000 };

export const storageSpace: Check<typeof needs, SpaceEvidence> = {
  id: 'storage/space',
  title: 'Cache directory has space left',
  why: 'Every layer of a build is written below the cache directory; without blocks or inodes a build, or the start itself, fails.',
  decides: true,
  conditions: ['storage.disk-full', 'storage.inodes-exhausted', 'storage.quota-exceeded', 'storage.gc-policy'],
  needs,
  examine({
    identity: who,
    settings: options,
    directory,
    disk,
    selected,
    worker,
    policy,
    quota: limits,
    instance: live,
    binaries: programs,
  }) {
    const { stat, mount } = disk;
    const { path } = directory;
    if (stat === null || stat.totalBytes === 0) {
      // ramfs and the like count nothing: there is no limit to run into.
      if (stat !== null) return { problems: [], unseen: [] };
      return {
        problems: [],
        unseen: [{ why: `the free space below ${path} could not be read`, command: `df ${directory.nearest}` }],
      };
    }
    const problems: Problem<SpaceEvidence>[] = [];
    const socket = options.addresses.value.find((address) => address.startsWith('unix://'));
    const buildctl = programs.value?.buildctl;
    const base: SpaceEvidence = {
      kind: 'bytes',
      path,
      mount: mount?.point ?? null,
      available: 0,
      total: 0,
      needed: 0,
      prune:
        live.value?.running === true && buildctl?.executable === true && socket !== undefined
          ? { buildctl: buildctl.path, address: socket }
          : null,
      key: null,
    };
    const report = (
      condition: Condition,
      severity: Severity,
      message: string,
      evidence: Partial<SpaceEvidence>,
    ): void => {
      problems.push({
        condition,
        severity,
        subject: mount?.point ?? path,
        message,
        evidence: { ...base, ...evidence },
      });
    };
    const where =
      mount === null
        ? path
        : mount.point === path
          ? `${path} (${mount.fstype})`
          : `${mount.point} (${mount.fstype}), which holds ${path},`;
    const least = smallest(selected.value?.selected === 'native', worker.value?.exists === true);

    // The reserve of a file system is only for root of the initial namespace.
    const bytes = who.mode === 'rootful' ? stat.freeBytes : stat.availableBytes;
    const counts = { available: bytes, total: stat.totalBytes };
    if (bytes < least.bytes)
      report(
        'storage.disk-full',
        'error',
        `${where} has ${human(bytes)} left of ${human(stat.totalBytes)}: buildkitd needs ${human(least.bytes)} for the smallest build.`,
        { ...counts, kind: 'bytes', needed: least.bytes },
      );
    else if (bytes < COMFORTABLE.bytes)
      report(
        'storage.disk-full',
        'warning',
        `${where} has only ${human(bytes)} left of ${human(stat.totalBytes)}: the layers of an ordinary image may not fit.`,
        { ...counts, kind: 'bytes', needed: COMFORTABLE.bytes },
      );

    if (stat.files > 0) {
      const inodes = { available: stat.filesFree, total: stat.files };
      if (stat.filesFree < least.inodes)
        report(
          'storage.inodes-exhausted',
          'error',
          `${where} has ${stat.filesFree} inodes left of ${stat.files}: buildkitd needs ${least.inodes} for the smallest build.`,
          { ...inodes, kind: 'inodes', needed: least.inodes },
        );
      else if (stat.filesFree < COMFORTABLE.inodes)
        report(
          'storage.inodes-exhausted',
          'warning',
          `${where} has only ${stat.filesFree} inodes left of ${stat.files}: the files of an ordinary image may not fit.`,
          { ...inodes, kind: 'inodes', needed: COMFORTABLE.inodes },
        );
    }

    const allowance = limits.value;
    if (allowance?.refused === true)
      report('storage.quota-exceeded', 'error', `The quota on ${where} refuses another block (EDQUOT).`, {
        kind: 'quota',
        total: stat.totalBytes,
      });
    else if (allowance?.left != null && allowance.left < COMFORTABLE.bytes)
      report(
        'storage.quota-exceeded',
        allowance.left < least.bytes ? 'error' : 'warning',
        `The quota on ${where} leaves ${human(Math.max(0, allowance.left))}${
          allowance.left < least.bytes ? `: buildkitd needs ${human(least.bytes)} for the smallest build` : ''
        }.`,
        { kind: 'quota', available: Math.max(0, allowance.left), total: stat.totalBytes, needed: least.bytes },
      );

    if (policy.value?.enabled === true)
      for (const { key, reserved, max, minFree } of policy.value.rules) {
        const total = stat.totalBytes;
        const impossible =
          minFree > total
            ? `minFreeSpace of ${human(minFree)} is more than the whole file system has (${human(total)}): the cache is emptied after every build`
            : reserved > total && max === 0 && minFree === 0
              ? `reservedSpace of ${human(reserved)} is more than the whole file system has (${human(total)}): nothing is ever removed, and the disk fills up`
              : max > total && minFree === 0
                ? `maxUsedSpace of ${human(max)} is more than the whole file system has (${human(total)}), and no minFreeSpace is kept: the disk can fill up`
                : null;
        if (impossible !== null)
          report('storage.gc-policy', 'warning', `${key}: ${impossible}.`, {
            kind: 'policy',
            key,
            total,
            available: bytes,
            needed: Math.max(minFree, reserved, max),
          });
      }
    return { problems, unseen: [] };
  },
};

/** Decimal units, as df -H and BuildKit's own output use them. */
export function human(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit]}`;
}
