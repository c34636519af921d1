import { container } from '../../facts/confinement/container.ts';
import { type GroupLimit, limits } from '../../facts/confinement/limits.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { sysctlFiles } from '../../facts/machine/sysctl.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import { type SysctlEvidence, sysctlEvidence } from '../userns/sysctl-evidence.ts';

const needs = {
  limits,
  files: optional(sysctlFiles),
  place: sysctlPlace,
  container: optional(container),
};

export type KernelLimitsEvidence =
  | { readonly sysctl: SysctlEvidence }
  | { readonly limit: number; readonly path: string; readonly text: string };

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
/** What LXD's documentation sets for hosts with many containers. */
const WANTED = { maxkeys: '2000', maxbytes: '2000000' };

export const kernelLimits: Check<typeof needs, KernelLimitsEvidence> = {
  id: 'kernel/limits',
  title: 'Kernel limits leave room for a build',
  why: 'runc takes a key of the kernel for every RUN step, and buildkitd needs some files, processes and memory of its own. Limits of inotify do not concern it.',
  decides: false,
  conditions: ['limits.keyring-quota', 'limits.open-files', 'limits.pids', 'limits.out-of-memory', 'limits.file-size'],
  needs,
  examine(facts) {
    const { keys, process, pids, memory } = facts.limits;
    const problems: Problem<KernelLimitsEvidence>[] = [];
    const inside = facts.container.value?.kind ?? null;
    const report = (
      condition: Condition,
      severity: Severity,
      subject: string,
      message: string,
      evidence: KernelLimitsEvidence,
    ): void => {
      problems.push({ condition, severity, subject, message, evidence });
    };

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
      report(
        'limits.keyring-quota',
        full ? 'error' : 'warning',
        key,
        full
          ? `${used} of ${limit} ${unit} (${key}) are in use: runc gets no session keyring for a RUN step ("disk quota exceeded").`
          : `${used} of ${limit} ${unit} (${key}) are in use: only ${left} RUN steps can run at the same time.`,
        {
          sysctl: sysctlEvidence(
            key,
            String(limit),
            String(Math.max(2 * limit, Number(WANTED[name]))),
            facts.files.value ?? null,
            facts.place,
          ),
        },
      );
    }

    const files = process?.openFiles?.hard ?? null;
    if (files !== null && files < COMFORT.openFiles)
      report(
        'limits.open-files',
        files < NEEDS.openFiles ? 'error' : 'warning',
        'open files',
        `This session may have ${files} files open (hard limit); ${files < NEEDS.openFiles ? `a small build needs ${NEEDS.openFiles}` : 'builds with many layers or parallel steps need more'}.`,
        { limit: files, path: '/proc/self/limits', text: rlimitWords('nofile', 'LimitNOFILE', inside) },
      );
    const processes = process?.processes?.soft ?? null;
    if (processes !== null && processes < COMFORT.processes)
      report(
        'limits.pids',
        processes < NEEDS.processes ? 'error' : 'warning',
        'processes',
        `This session may have ${processes} processes and threads of its user; ${processes < NEEDS.processes ? `a small build needs ${NEEDS.processes}` : 'parallel steps and compilers need more'}.`,
        { limit: processes, path: '/proc/self/limits', text: rlimitWords('nproc', 'LimitNPROC', inside) },
      );
    const space = process?.addressSpace?.soft ?? null;
    if (space !== null && space < NEEDS.addressSpace)
      report(
        'limits.out-of-memory',
        'error',
        'address space',
        `This session may use ${mebibytes(space)} of address space; buildkitd does not start with less than ${mebibytes(NEEDS.addressSpace)}.`,
        { limit: space, path: '/proc/self/limits', text: rlimitWords('as', 'LimitAS', inside) },
      );
    const size = process?.fileSize?.soft ?? null;
    if (size !== null && size < COMFORT.fileSize)
      report(
        'limits.file-size',
        size < NEEDS.fileSize ? 'error' : 'warning',
        'file size',
        `This session may write files of at most ${mebibytes(size)}; ${size < NEEDS.fileSize ? `a small build needs ${mebibytes(NEEDS.fileSize)}` : 'layers of images and databases of the cache grow larger'}.`,
        { limit: size, path: '/proc/self/limits', text: rlimitWords('fsize', 'LimitFSIZE', inside) },
      );
    if (pids !== null && leftOf(pids) < NEEDS.pids)
      report(
        'limits.pids',
        'error',
        pids.path,
        `${pids.path} allows ${pids.limit} processes and threads${pids.current === null ? '' : `, ${pids.current} of them in use`}; a small build needs ${NEEDS.pids}.`,
        { limit: pids.limit, path: pids.path, text: groupWords('pids', pids, inside) },
      );
    if (memory !== null && memory.limit < COMFORT.memory)
      report(
        'limits.out-of-memory',
        memory.limit < NEEDS.memory ? 'error' : 'warning',
        memory.path,
        `${memory.path} allows ${mebibytes(memory.limit)} of memory; ${memory.limit < NEEDS.memory ? `a small build needs ${mebibytes(NEEDS.memory)}` : 'a compiler in a RUN step is likely to be killed'}.`,
        { limit: memory.limit, path: memory.path, text: groupWords('memory', memory, inside) },
      );
    return { problems, unseen: [] };
  },
};

const leftOf = ({ limit, current }: GroupLimit): number => limit - (current ?? 0) + (current === null ? 0 : OURS);

const mebibytes = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${Math.floor(bytes / 1024)} KiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;

function rlimitWords(item: string, setting: string, inside: string | null): string {
  const value = item === 'nofile' || item === 'nproc' ? '65536' : 'unlimited';
  if (inside !== null)
    return `Start the container with --ulimit ${item}=${value === 'unlimited' ? '-1' : value}, or raise the limit in the engine's own configuration.`;
  return `Where a login sets it: as root, a line "USER - ${item} ${value}" in /etc/security/limits.d/buildkit.conf, then log in again; for a unit: ${setting}=${value === 'unlimited' ? 'infinity' : `${value} (or infinity)`} under [Service]; in a shell script: take out its "ulimit" line.`;
}

function groupWords(controller: 'pids' | 'memory', { path }: GroupLimit, inside: string | null): string {
  const flag = controller === 'pids' ? '--pids-limit 4096' : '--memory 2g';
  const key = controller === 'pids' ? 'TasksMax=' : 'MemoryMax=';
  switch (inside) {
    case null:
      return `${path} is set by the unit or slice that it is named after: raise its ${key} (systemctl set-property), or start buildkitd elsewhere.`;
    case 'kubernetes':
      return controller === 'pids'
        ? 'Raise podPidsLimit of the kubelet (node configuration).'
        : 'In the pod: resources.limits.memory of at least 2Gi, or none.';
    default:
      return `Start the container with ${flag}.`;
  }
}
