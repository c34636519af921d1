import { type GroupLimit, type Limits, limits } from '../../facts/confinement/limits.ts';
import type { Rlimit, Rlimits } from '../../facts/confinement/process-limits.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, Condition } from '../../model/decide.ts';
import { type Findings, findings } from '../findings.ts';
import { written } from '../service/unit-words.ts';

const needs = { limits, launcher };

/** A key quota of the kernel and how much of it is used. */
export interface QuotaEvidence {
  readonly key: string;
  readonly limit: number;
  readonly used: number;
}
export type KernelLimitsEvidence =
  | QuotaEvidence
  | { readonly limit: number; readonly path: string; readonly option: string | null };

type Found = Findings<KernelLimitsEvidence>;
type Launcher = 'rootlesskit' | 'none';

/**
 * What buildkitd, runc and, where it is there, rootlesskit take for one small build, measured with v0.32.2 and v0.11.6
 * (Go 1.26, 1.19) on two processors.
 */
const NEEDS = {
  openFiles: 32,
  processes: 50,
  /** That of a static shell, the smallest that a build copies. */
  fileSize: 2 * 1024 ** 2,
};
const STARTED_BY = {
  rootlesskit: { pids: 45, memory: 24 * 1024 ** 2, addressSpace: 1300 * 1024 ** 2, data: 150 * 1024 ** 2 },
  none: { pids: 20, memory: 15 * 1024 ** 2, addressSpace: 850 * 1024 ** 2, data: 130 * 1024 ** 2 },
};
/** What bk-doctor itself has running while it looks. */
const OURS = 12;
/** With less than this a build of ordinary size is likely to fail. */
const COMFORT = { openFiles: 256, processes: 256, memory: 256 * 1024 ** 2, fileSize: 1024 ** 3 };
/** A session keyring's name takes this many bytes of the quota. */
const KEY_BYTES = 64;
const FEW_KEYS = 8;
const SESSION = '/proc/self/limits';

export const kernelLimits: Check<typeof needs, KernelLimitsEvidence> = {
  id: 'kernel/limits',
  title: 'Kernel limits leave room for a build',
  why: 'runc takes a key of the kernel for every RUN step, and buildkitd needs some files, processes and memory of its own. Limits of inotify do not concern it.',
  decides: false,
  conditions: [
    'limits.keyring-quota',
    'limits.open-files',
    'limits.pids',
    'limits.out-of-memory',
    'limits.file-size',
    'idmap.no-new-privs',
  ],
  needs,
  examine({ limits: { keys, process, noNewPrivileges, pids, memory }, launcher }) {
    const found = findings<KernelLimitsEvidence>();
    judgeKeys(found, keys);
    judgeSession(found, process, launcher);
    if (noNewPrivileges !== null && launcher === 'rootlesskit')
      found.add(
        'idmap.no-new-privs',
        'error',
        'no_new_privs',
        `Whoever logs in, by "${noNewPrivileges.value}" of ${noNewPrivileges.at.path}, gains no privilege by any program: newuidmap cannot map the subordinate ids.`,
        { limit: 1, path: noNewPrivileges.at.path, option: null },
        noNewPrivileges.at,
      );
    judgeGroups(found, STARTED_BY[launcher], pids, memory);
    return { problems: found.problems, unseen: [] };
  },
};

function judgeKeys(found: Found, keys: Limits['keys']): void {
  for (const [name, limit, used, one, unit] of [
    ['maxkeys', keys.maxKeys, keys.used?.keys, 1, 'keys'],
    ['maxbytes', keys.maxBytes, keys.used?.bytes, KEY_BYTES, 'bytes of keys'],
  ] as const) {
    if (limit === null || used === undefined) continue;
    // A user without keys gets two keyrings along with the first session keyring.
    const next = used === 0 ? 3 * one : one;
    const left = Math.floor((limit - used) / one);
    const key = `kernel.keys.${keys.prefix}${name}`;
    if (used + next <= limit && left >= FEW_KEYS) continue;
    const full = used + next > limit;
    found.add(
      'limits.keyring-quota',
      full ? 'error' : 'warning',
      key,
      full
        ? `${used} of ${limit} ${unit} (${key}) are in use: runc gets no session keyring for a RUN step ("disk quota exceeded").`
        : `${used} of ${limit} ${unit} (${key}) are in use: only ${left} RUN steps can run at the same time.`,
      { key, limit, used },
    );
  }
}

/** A limit of the process: too low for any build (`needs`), or for one of ordinary size (`comfort`). */
interface ProcessLimit {
  readonly condition: Condition;
  readonly subject: string;
  readonly limit: number | null | undefined;
  readonly of: Rlimit | null;
  readonly needs: number;
  readonly comfort: number;
  readonly words: (limit: number, stops: boolean) => string;
}

function judgeSession(found: Found, session: Rlimits, launcher: Launcher): void {
  for (const { condition, subject, limit, of, needs, comfort, words } of processLimits(session, launcher)) {
    if (of === null || limit == null || limit >= comfort) continue;
    const stops = limit < needs;
    const { by, from } = of;
    found.add(
      condition,
      stops ? 'error' : 'warning',
      subject,
      `${whose(of)} ${words(limit, stops)}`,
      { limit, path: by?.at.path ?? SESSION, option: from === undefined ? (by?.option ?? null) : null },
      by?.at,
    );
  }
}

/** Who has the limit. */
function whose({ by, from }: Rlimit): string {
  if (by === null) return from === 'manager' ? "The account's systemd, and so what it starts," : 'This session';
  if (by.option === 'limits.conf') return `Whoever logs in, by "${by.value}" of ${by.at.path},`;
  return from === 'manager'
    ? `buildkitd, by ${written(by)} of its manager,`
    : `buildkitd, by ${written(by)} of its unit,`;
}

const processLimits = (
  { openFiles, processes, addressSpace, data, fileSize }: Rlimits,
  launcher: Launcher,
): readonly ProcessLimit[] => [
  {
    condition: 'limits.open-files',
    subject: 'open files',
    limit: openFiles?.hard,
    of: openFiles,
    needs: NEEDS.openFiles,
    comfort: COMFORT.openFiles,
    words: (limit, stops) =>
      `may have ${limit} files open (hard limit); ${stops ? `a small build needs ${NEEDS.openFiles}` : 'builds with many layers or parallel steps need more'}.`,
  },
  {
    condition: 'limits.pids',
    subject: 'processes',
    // The kernel counts none of root's (RLIMIT_NPROC in setrlimit(2)).
    limit: launcher === 'none' ? null : processes?.soft,
    of: processes,
    needs: NEEDS.processes,
    comfort: COMFORT.processes,
    words: (limit, stops) =>
      `may have ${limit} processes and threads of its user; ${stops ? `a small build needs ${NEEDS.processes}` : 'parallel steps and compilers need more'}.`,
  },
  {
    condition: 'limits.out-of-memory',
    subject: 'address space',
    limit: addressSpace?.soft,
    of: addressSpace,
    needs: STARTED_BY[launcher].addressSpace,
    comfort: STARTED_BY[launcher].addressSpace,
    words: (limit) =>
      `may use ${mebibytes(limit)} of address space; a small build needs ${mebibytes(STARTED_BY[launcher].addressSpace)}.`,
  },
  {
    condition: 'limits.out-of-memory',
    subject: 'data',
    limit: data?.soft,
    of: data,
    needs: STARTED_BY[launcher].data,
    comfort: STARTED_BY[launcher].data,
    words: (limit) =>
      `may use ${mebibytes(limit)} for data; a small build needs ${mebibytes(STARTED_BY[launcher].data)}.`,
  },
  {
    condition: 'limits.file-size',
    subject: 'file size',
    limit: fileSize?.soft,
    of: fileSize,
    needs: NEEDS.fileSize,
    comfort: COMFORT.fileSize,
    words: (limit, stops) =>
      `may write files of at most ${mebibytes(limit)}; ${stops ? `a small build needs ${mebibytes(NEEDS.fileSize)}` : 'layers of images and databases of the cache grow larger'}.`,
  },
];

function judgeGroups(
  found: Found,
  needs: (typeof STARTED_BY)[Launcher],
  pids: GroupLimit | null,
  memory: GroupLimit | null,
): void {
  const whose = ({ by, path }: GroupLimit): string => {
    if (by === null) return path;
    if (by.option.startsWith('Default')) return `${written(by)} of the unit's manager`;
    return `${written(by)} of ${/\.slice(?:\.d\/|$)/.test(path) ? "the unit's slice" : 'the unit'}`;
  };
  if (pids !== null && leftOf(pids) < needs.pids)
    found.add(
      'limits.pids',
      'error',
      pids.path,
      `${whose(pids)} allows ${pids.limit} processes and threads${pids.current === null ? '' : `, ${pids.current} of them in use`}; a small build needs ${needs.pids}.`,
      { limit: pids.limit, path: pids.path, option: pids.by?.option ?? null },
      pids.by?.at,
    );
  if (memory !== null && memory.limit < COMFORT.memory) {
    const stops = memory.limit < needs.memory;
    found.add(
      'limits.out-of-memory',
      stops ? 'error' : 'warning',
      memory.path,
      `${whose(memory)} allows ${mebibytes(memory.limit)} of memory; ${stops ? `a small build needs ${mebibytes(needs.memory)}` : 'a compiler in a RUN step is likely to be killed'}.`,
      { limit: memory.limit, path: memory.path, option: memory.by?.option ?? null },
      memory.by?.at,
    );
  }
}

const leftOf = ({ limit, current }: GroupLimit): number => limit - (current ?? 0) + (current === null ? 0 : OURS);

const mebibytes = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;
