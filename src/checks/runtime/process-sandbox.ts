import { type Release, surelyBefore } from '../../buildkit/version.ts';
import { isFlag, settings } from '../../facts/config/settings.ts';
import { container } from '../../facts/confinement/container.ts';
import { mounts } from '../../facts/machine/mounts.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Engine } from '../../knowledge/engines.ts';
import type { Check, FactsOf, Problem } from '../../model/decide.ts';
import type { Mount, UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';

export interface ProcessSandboxEvidence {
  readonly masks: readonly string[];
  readonly container: Engine | null;
  /** /proc is mounted with the processes alone, and this buildkitd reads /proc/stat. */
  readonly lacksStat: boolean;
}

const needs = {
  mounts: optional(mounts),
  namespace: optional(namespace),
  settings,
  launcher,
  container: optional(container),
  status: optional(processStatus),
  version: optional(buildkitdVersion),
};

/** Since this release buildkitd measures every build, and reads /proc/stat for it. */
export const MEASURES: Release = [0, 12, 0];

/** Directories of procfs that are always empty: a mount on them hides nothing, and the kernel allows a new proc beside it. */
const EMPTY = /^\/(?:sys\/fs\/binfmt_misc|fs\/nfsd)(?:\/|$)/;

/** Mounts below `point` that hide a part of it; what was mounted there before it is hidden itself. */
function hiding(mounted: readonly Mount[], point: string): readonly string[] {
  const whole = mounted.findLastIndex((mount) => mount.point === point);
  const below = mounted.slice(whole + 1).map((mount) => mount.point);
  return [...new Set(below)].filter((at) => at.startsWith(`${point}/`) && !EMPTY.test(at.slice(point.length)));
}

/**
 * Mounts that hide a part of /proc; none where another proc is mounted in full, as nesting LXC does on /dev/.lxc/proc:
 * the kernel wants one whole proc anywhere in the mount namespace (mount_too_revealing in fs/namespace.c).
 */
export function masksOf(mounted: readonly Mount[]): readonly string[] {
  const isWhole = mounted.some(
    ({ fstype, root, point, options }) =>
      fstype === 'proc' && root === '/' && !options.includes('ro') && hiding(mounted, point).length === 0,
  );
  return isWhole ? [] : hiding(mounted, '/proc');
}

export const runtimeProcessSandbox: Check<typeof needs, ProcessSandboxEvidence> = {
  id: 'runtime/process-sandbox',
  title: 'Build steps get a /proc of their own',
  why: 'Each RUN step runs in a process namespace with a fresh /proc; the kernel refuses to mount one where parts of the visible /proc are masked, as container engines do.',
  decides: true,
  conditions: ['proc.masked', 'config.invalid-value'],
  needs,
  examine(facts) {
    const { problems, unseen, add } = findings<ProcessSandboxEvidence>();
    const { noProcessSandbox: off, rootless, enabled } = facts.settings.oci;
    if (off.value && !rootless.value && enabled.value !== false && isFlag(off.source)) {
      // In the file it is told with the file.
      add(
        'config.invalid-value',
        'error',
        '--oci-worker-no-process-sandbox',
        'buildkitd as root outside of a user namespace takes no --oci-worker-no-process-sandbox: it ends with "can\'t enable NoProcessSandbox without Rootless"',
        evidenceOf(facts),
      );
      return { problems, unseen };
    }
    const found = judge(facts);
    if (found === null) return { problems, unseen };
    if ('why' in found) return { problems, unseen: [found] };
    const { severity, message, at } = found;
    add('proc.masked', severity, '/proc', message, evidenceOf(facts), at);
    return { problems, unseen };
  },
};

type Facts = FactsOf<typeof needs>;
type Judgement = Pick<Problem, 'severity' | 'message' | 'at'>;

const evidenceOf = (facts: Facts): ProcessSandboxEvidence => ({
  masks: masksOf(facts.mounts.value ?? []),
  container: facts.container.value?.kind ?? null,
  lacksStat: lacksStat(facts),
});

function lacksStat({ mounts: mounted, version }: Facts): boolean {
  const proc = mounted.value?.findLast(({ point }) => point === '/proc');
  const measures = version.value === undefined || !surelyBefore(version.value, MEASURES);
  return measures && proc?.superOptions.includes('subset=pid') === true;
}

const isInUserNamespace = ({ launcher: by, status }: Facts): boolean =>
  by === 'rootlesskit' || status.value?.inUserNamespace === true;

function judge(facts: Facts): Judgement | UnseenReason | null {
  if (lacksStat(facts))
    return {
      severity: 'error',
      message: '/proc is mounted with subset=pid and so lacks /proc/stat, which buildkitd reads for every build',
    };
  const outcome = facts.namespace.value?.launch.ok === true ? facts.namespace.value.proc : null;
  const masks = masksOf(facts.mounts.value ?? []);
  if (facts.settings.oci.noProcessSandbox.value) return judgeOff(facts, outcome?.ok === true && masks.length === 0);
  if (outcome === null) return judgeByFiles(facts, masks);
  if (outcome.ok) return null;
  const words = outcome.message || outcome.errno || 'refused';
  // Another cause than masks is the namespace probe's to tell.
  if (masks.length === 0)
    return { why: `a new /proc could not be mounted (${words}), but nothing masks the present one` };
  return {
    severity: 'error',
    message: `A new /proc cannot be mounted: ${words} (masked: ${list(masks)}); every RUN step fails there`,
  };
}

/** The sandbox is off: a host where /proc can be mounted gives up the protection for nothing. */
function judgeOff(facts: Facts, mountable: boolean): Judgement | null {
  if (!mountable || !isInUserNamespace(facts)) return null;
  const { key, at } = facts.settings.oci.noProcessSandbox;
  return {
    severity: 'warning',
    message: `noProcessSandbox is set (${key}) although a new /proc can be mounted here: build steps can kill and trace buildkitd's processes, without need`,
    ...(at === null ? {} : { at }),
  };
}

/** Without a trial. Outside of a user namespace root may mount proc whatever is masked. */
function judgeByFiles(facts: Facts, masks: readonly string[]): Judgement | UnseenReason | null {
  if (facts.mounts.unseen !== undefined) return facts.mounts.unseen;
  if (masks.length === 0 || !isInUserNamespace(facts)) return null;
  return {
    severity: 'error',
    message: `Parts of /proc are masked (${list(masks)}): the kernel then refuses to mount a new /proc for a RUN step`,
  };
}

function list(paths: readonly string[]): string {
  return paths.length <= 3 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
}
