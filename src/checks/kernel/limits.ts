import { type GroupLimit, type Limits, limits, type Rlimits } from '../../facts/confinement/limits.ts';
import type { Check, Condition } from '../../model/decide.ts';
import { type Findings, findings } from '../findings.ts';

const needs = { limits };

/** A key quota of the kernel and how much of it is used. */
export interface QuotaEvidence {
  readonly key: string;
  readonly limit: number;
  readonly used: number;
}
export type KernelLimitsEvidence = QuotaEvidence | { readonly limit: number; readonly path: string };

/** What buildkitd, rootlesskit and runc take for one small build, measured with v0.32.2 and v0.11.6 (Go 1.26, 1.19). */
const NEEDS = {
  openFiles: 32,
  processes: 50,
  pids: 45,
  memory: 40 * 1024 ** 2,
  addressSpace: 768 * 1024 ** 2,
  /** That of a static shell, the smallest that a build copies. */
  fileSize: 2 * 1024 ** 2,
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
  conditions: ['limits.keyring-quota', 'limits.open-files', 'limits.pids', 'limits.out-of-memory', 'limits.file-size'],
  needs,
  examine({ limits: { keys, process, pids, memory } }) {
    const found = findings<KernelLimitsEvidence>();
    judgeKeys(found, keys);
    if (process !== null) judgeSession(found, process);
    judgeGroups(found, pids, memory);
    return { problems: found.problems, unseen: [] };
  },
};

function judgeKeys(found: Findings<KernelLimitsEvidence>, keys: Limits['keys']): void {
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

/** A limit of the session: too low for any build (`needs`), or for one of ordinary size (`comfort`). */
interface SessionLimit {
  readonly condition: Condition;
  readonly subject: string;
  readonly limit: number | null | undefined;
  readonly needs: number;
  readonly comfort: number;
  readonly words: (limit: number, stops: boolean) => string;
}

function judgeSession(found: Findings<KernelLimitsEvidence>, session: Rlimits): void {
  for (const { condition, subject, limit, needs, comfort, words } of sessionLimits(session)) {
    if (limit == null || limit >= comfort) continue;
    const stops = limit < needs;
    found.add(condition, stops ? 'error' : 'warning', subject, words(limit, stops), { limit, path: SESSION });
  }
}

const sessionLimits = ({ openFiles, processes, addressSpace, fileSize }: Rlimits): readonly SessionLimit[] => [
  {
    condition: 'limits.open-files',
    subject: 'open files',
    limit: openFiles?.hard,
    needs: NEEDS.openFiles,
    comfort: COMFORT.openFiles,
    words: (limit, stops) =>
      `This session may have ${limit} files open (hard limit); ${stops ? `a small build needs ${NEEDS.openFiles}` : 'builds with many layers or parallel steps need more'}.`,
  },
  {
    condition: 'limits.pids',
    subject: 'processes',
    limit: processes?.soft,
    needs: NEEDS.processes,
    comfort: COMFORT.processes,
    words: (limit, stops) =>
      `This session may have ${limit} processes and threads of its user; ${stops ? `a small build needs ${NEEDS.processes}` : 'parallel steps and compilers need more'}.`,
  },
  {
    condition: 'limits.out-of-memory',
    subject: 'address space',
    limit: addressSpace?.soft,
    needs: NEEDS.addressSpace,
    comfort: NEEDS.addressSpace,
    words: (limit) =>
      `This session may use ${mebibytes(limit)} of address space; buildkitd does not start with less than ${mebibytes(NEEDS.addressSpace)}.`,
  },
  {
    condition: 'limits.file-size',
    subject: 'file size',
    limit: fileSize?.soft,
    needs: NEEDS.fileSize,
    comfort: COMFORT.fileSize,
    words: (limit, stops) =>
      `This session may write files of at most ${mebibytes(limit)}; ${stops ? `a small build needs ${mebibytes(NEEDS.fileSize)}` : 'layers of images and databases of the cache grow larger'}.`,
  },
];

function judgeGroups(found: Findings<KernelLimitsEvidence>, pids: GroupLimit | null, memory: GroupLimit | null): void {
  if (pids !== null && leftOf(pids) < NEEDS.pids)
    found.add(
      'limits.pids',
      'error',
      pids.path,
      `${pids.path} allows ${pids.limit} processes and threads${pids.current === null ? '' : `, ${pids.current} of them in use`}; a small build needs ${NEEDS.pids}.`,
      { limit: pids.limit, path: pids.path },
    );
  if (memory !== null && memory.limit < COMFORT.memory) {
    const stops = memory.limit < NEEDS.memory;
    found.add(
      'limits.out-of-memory',
      stops ? 'error' : 'warning',
      memory.path,
      `${memory.path} allows ${mebibytes(memory.limit)} of memory; ${stops ? `a small build needs ${mebibytes(NEEDS.memory)}` : 'a compiler in a RUN step is likely to be killed'}.`,
      { limit: memory.limit, path: memory.path },
    );
  }
}

const leftOf = ({ limit, current }: GroupLimit): number => limit - (current ?? 0) + (current === null ? 0 : OURS);

const mebibytes = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;
