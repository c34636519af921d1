import { type Release, surelyBefore } from '../../buildkit/version.ts';
import { settings } from '../../facts/config/settings.ts';
import { type ContainerKind, container } from '../../facts/confinement/container.ts';
import { mounts } from '../../facts/machine/mounts.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, Problem } from '../../model/decide.ts';
import type { Mount } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';

export interface ProcessSandboxEvidence {
  readonly masks: readonly string[];
  readonly container: ContainerKind | null;
  /** Where the process sandbox could be switched off, as the last resort. */
  readonly config: ConfigEdit | null;
  /** The setting is decided by a flag of a unit, which no edit of the file overrides. */
  readonly fromUnit: boolean;
}

const needs = {
  mounts: optional(mounts),
  namespace: optional(namespace),
  settings,
  launcher,
  container: optional(container),
  status: optional(processStatus),
  configEdit,
  version: optional(buildkitdVersion),
};

/** Since this release buildkitd measures every build, and reads /proc/stat for it. */
const MEASURES: Release = [0, 12, 0];

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

/** A whole proc elsewhere, as LXC with nesting has at /dev/.lxc/proc: the kernel then allows new ones, whatever is masked. */
function hasWholeProc(mounted: readonly Mount[]): boolean {
  return mounted.some(
    ({ fstype, root, point, options }) =>
      fstype === 'proc' &&
      root === '/' &&
      point !== '/proc' &&
      !options.includes('ro') &&
      !mounted.some((other) => other.point.startsWith(`${point}/`)),
  );
}

export const runtimeProcessSandbox: Check<typeof needs, ProcessSandboxEvidence> = {
  id: 'runtime/process-sandbox',
  title: 'Build steps get a /proc of their own',
  why: 'Each RUN step runs in a process namespace with a fresh /proc; the kernel refuses to mount one where parts of the visible /proc are masked, as container engines do.',
  decides: true,
  conditions: ['proc.masked'],
  needs,
  examine(facts) {
    const { settings: options, launcher: by, container: inside, configEdit: config } = facts;
    const setting = options.oci.noProcessSandbox;
    const inUserNamespace = by === 'rootlesskit' || facts.status.value?.inUserNamespace === true;
    const masks = masksOf(facts.mounts.value ?? []);
    const evidence: ProcessSandboxEvidence = {
      masks,
      container: inside.value?.kind ?? null,
      config,
      fromUnit: setting.source === 'unit',
    };
    const problem = (
      severity: 'error' | 'warning' | 'info',
      message: string,
      more: Partial<ProcessSandboxEvidence> = {},
    ): Problem<ProcessSandboxEvidence> => ({
      condition: 'proc.masked',
      severity,
      subject: '/proc',
      message,
      evidence: { ...evidence, ...more },
    });
    const outcome = facts.namespace.value?.launch.ok === true ? facts.namespace.value.proc : null;
    const refused = outcome !== null && !outcome.ok;
    const proc = facts.mounts.value?.findLast(({ point }) => point === '/proc');
    const measures = facts.version.value === undefined || !surelyBefore(facts.version.value, MEASURES);
    if (proc?.superOptions.includes('subset=pid') && measures)
      return {
        problems: [
          problem(
            'error',
            '/proc is mounted with subset=pid and so lacks /proc/stat, which buildkitd reads for every build',
            // buildkitd itself reads it: no setting of the sandbox helps.
            { config: null },
          ),
        ],
        unseen: [],
      };
    if (setting.value) {
      // A host where /proc can be mounted gives up the protection for nothing.
      const needless = outcome?.ok === true && masks.length === 0 && inUserNamespace;
      return {
        problems: needless
          ? [
              problem(
                'warning',
                `noProcessSandbox is set (${setting.key}) although a new /proc can be mounted here: build steps can end and inspect buildkitd's processes for nothing`,
              ),
            ]
          : [],
        unseen: [],
      };
    }
    const named = masks.length === 0 ? '' : ` (masked: ${list(masks)})`;
    if (outcome?.ok === true) return { problems: [], unseen: [] };
    if (refused && masks.length > 0)
      return {
        problems: [
          problem('error', `A new /proc cannot be mounted: ${wordsOf(outcome)}${named}; every RUN step fails there`),
        ],
        unseen: [],
      };
    // Another cause than masks is the namespace probe's to tell.
    if (refused)
      return {
        problems: [],
        unseen: [{ why: `a new /proc could not be mounted (${wordsOf(outcome)}), but nothing masks the present one` }],
      };
    if (facts.mounts.unseen !== undefined) return { problems: [], unseen: [facts.mounts.unseen] };
    // Outside of a user namespace root may mount proc whatever is masked.
    return masks.length === 0 || !inUserNamespace || hasWholeProc(facts.mounts.value ?? [])
      ? { problems: [], unseen: [] }
      : {
          problems: [
            problem(
              'error',
              `Parts of /proc are masked (${list(masks)}): the kernel then refuses to mount a new /proc for a RUN step`,
            ),
          ],
          unseen: [],
        };
  },
};

const wordsOf = (outcome: {
  readonly ok: boolean;
  readonly message?: string;
  readonly errno?: string | null;
}): string => outcome.message || outcome.errno || 'refused';

function list(paths: readonly string[]): string {
  return paths.length <= 3 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`;
}
