import { filesystem } from '../../facts/cache/filesystem.ts';
import { quota } from '../../facts/cache/quota.ts';
import { selectedSnapshotter } from '../../facts/cache/snapshotters.ts';
import { workerDirectory } from '../../facts/cache/worker-directory.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { type GcRule, gcPolicy } from '../../facts/config/gc-policy.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, FactsOf } from '../../model/decide.ts';
import type { FsStat } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';

export interface SpaceEvidence {
  readonly kind: 'bytes' | 'inodes' | 'quota' | 'policy';
  readonly path: string;
  readonly mount: string | null;
  readonly available: number;
  readonly total: number;
  readonly needed: number;
  /** For a limit of the configuration: its table, or the flag. */
  readonly key: string | null;
}

const needs = {
  identity,
  directory: cacheDirectory,
  disk: filesystem,
  selected: optional(selectedSnapshotter),
  worker: optional(workerDirectory),
  policy: optional(gcPolicy),
  quota: optional(quota),
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
  examine(facts) {
    const { disk, directory } = facts;
    const found = findings<SpaceEvidence>();
    // ramfs and the like count nothing: there is no limit to run into.
    if (disk.stat !== null && disk.stat.totalBytes > 0) {
      const judged = judgedSpace(facts, disk.stat);
      judgeBytes(judged, found);
      judgeInodes(judged, found);
      judgeQuota(facts, judged, found);
      judgePolicy(facts, judged, found);
    } else if (disk.stat === null)
      found.unseen.push({
        why: `the free space below ${directory.path} could not be read`,
        command: `df ${directory.nearest}`,
      });
    return { problems: found.problems, unseen: found.unseen };
  },
};

type Facts = FactsOf<typeof needs>;
type Found = Findings<SpaceEvidence>;

/** What of the file system this buildkitd can use, and what it needs of it. */
interface JudgedSpace {
  readonly stat: FsStat;
  /** The mount, or the directory where it could not be seen. */
  readonly subject: string;
  readonly where: string;
  readonly available: number;
  readonly least: { readonly bytes: number; readonly inodes: number };
  readonly base: SpaceEvidence;
}

function judgedSpace(
  { identity: who, directory: { path }, disk: { mount }, selected, worker }: Facts,
  stat: FsStat,
): JudgedSpace {
  return {
    stat,
    subject: mount?.point ?? path,
    where:
      mount === null
        ? path
        : mount.point === path
          ? `${path} (${mount.fstype})`
          : `${mount.point} (${mount.fstype}), which holds ${path},`,
    // The reserve of a file system is only for root of the initial namespace.
    available: who.mode === 'rootful' ? stat.freeBytes : stat.availableBytes,
    least: smallest(selected.value?.selected === 'native', worker.value?.exists === true),
    base: { kind: 'bytes', path, mount: mount?.point ?? null, available: 0, total: 0, needed: 0, key: null },
  };
}

function judgeBytes({ stat, subject, where, available, least, base }: JudgedSpace, { add }: Found): void {
  const total = stat.totalBytes;
  if (available < least.bytes)
    add(
      'storage.disk-full',
      'error',
      subject,
      `${where} has ${human(available)} left of ${human(total)}: buildkitd needs ${human(least.bytes)} for the smallest build.`,
      { ...base, available, total, needed: least.bytes },
    );
  else if (available < COMFORTABLE.bytes)
    add(
      'storage.disk-full',
      'warning',
      subject,
      `${where} has only ${human(available)} left of ${human(total)}: the layers of an ordinary image may not fit.`,
      { ...base, available, total, needed: COMFORTABLE.bytes },
    );
}

function judgeInodes({ stat, subject, where, least, base }: JudgedSpace, { add }: Found): void {
  const { files: total, filesFree: available } = stat;
  if (total === 0) return;
  if (available < least.inodes)
    add(
      'storage.inodes-exhausted',
      'error',
      subject,
      `${where} has ${available} inodes left of ${total}: buildkitd needs ${least.inodes} for the smallest build.`,
      { ...base, kind: 'inodes', available, total, needed: least.inodes },
    );
  else if (available < COMFORTABLE.inodes)
    add(
      'storage.inodes-exhausted',
      'warning',
      subject,
      `${where} has only ${available} inodes left of ${total}: the files of an ordinary image may not fit.`,
      { ...base, kind: 'inodes', available, total, needed: COMFORTABLE.inodes },
    );
}

function judgeQuota(
  { quota: { value } }: Facts,
  { stat, subject, where, least, base }: JudgedSpace,
  { add }: Found,
): void {
  const total = stat.totalBytes;
  if (value?.refused === true)
    add('storage.quota-exceeded', 'error', subject, `The quota on ${where} refuses what a build writes (EDQUOT).`, {
      ...base,
      kind: 'quota',
      total,
    });
  else if (value?.left != null && value.left < COMFORTABLE.bytes) {
    const available = Math.max(0, value.left);
    const lacks = value.left < least.bytes;
    add(
      'storage.quota-exceeded',
      lacks ? 'error' : 'warning',
      subject,
      `The quota on ${where} leaves ${human(available)}${lacks ? `: buildkitd needs ${human(least.bytes)} for the smallest build` : ''}.`,
      { ...base, kind: 'quota', available, total, needed: least.bytes },
    );
  }
}

function judgePolicy(
  { policy: { value } }: Facts,
  { stat, subject, available, base }: JudgedSpace,
  { add }: Found,
): void {
  const total = stat.totalBytes;
  for (const rule of value?.enabled === true ? value.rules : []) {
    const { key, reserved, max, minFree } = rule;
    const impossible = impossibleLimit(rule, total);
    if (impossible !== null)
      add(
        'storage.gc-policy',
        'warning',
        subject,
        `${key}: ${impossible.words}.`,
        { ...base, kind: 'policy', key, total, available, needed: Math.max(minFree, reserved, max) },
        rule.at[impossible.limit],
      );
  }
}

/** The limit of a rule that this file system cannot keep, and what comes of it. */
function impossibleLimit(
  { reserved, max, minFree }: GcRule,
  total: number,
): { readonly limit: keyof GcRule['at']; readonly words: string } | null {
  const all = `is more than the whole file system has (${human(total)})`;
  if (minFree > total)
    return {
      limit: 'minFree',
      words: `minFreeSpace of ${human(minFree)} ${all}: the cache is emptied after every build`,
    };
  if (minFree > 0) return null;
  if (reserved > total && max === 0)
    return {
      limit: 'reserved',
      words: `reservedSpace of ${human(reserved)} ${all}: nothing is ever removed, and the disk fills up`,
    };
  if (max > total)
    return {
      limit: 'max',
      words: `maxUsedSpace of ${human(max)} ${all}, and no minFreeSpace is kept: the disk can fill up`,
    };
  return null;
}

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
