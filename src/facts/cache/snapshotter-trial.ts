import type { Kernel } from '../../knowledge/kernels.ts';
import type { OsRelease } from '../../knowledge/os-release.ts';
import type { Condition } from '../../model/decide.ts';
import type { Allowed, NamespaceAnswer, Outcome, UnseenReason } from '../../model/look.ts';
import type { CacheDirectory } from '../config/cache-directory.ts';
import type { Confinement } from '../confinement/apparmor.ts';
import type { Selinux } from '../confinement/selinux.ts';
import type { KernelFilesystems } from '../machine/kernel-filesystems.ts';
import type { ProcessStatus } from '../machine/process-status.ts';
import type { Binaries } from '../programs/binaries.ts';
import type { Filesystem } from './filesystem.ts';

/** Something that keeps a snapshotter from working, with what a person can do about it. */
export interface Cause {
  readonly condition: Condition;
  /** A clause that can follow "because". */
  readonly because: string;
  readonly remedy: string;
}
/** Can a snapshotter be used on the cache directory? */
export interface Trial {
  /** Null: it could not be tried. */
  readonly works: boolean | null;
  /** Whether a real mount decided, or the files of the host did. */
  readonly by: 'probe' | 'files';
  /** The errno's name or the tool's words, where a mount failed. */
  readonly failure: string | null;
  /** Most likely first. */
  readonly causes: readonly Cause[];
  readonly unseen: UnseenReason | null;
}

/** All that tells whether a snapshotter can be used; null where it could not be learnt. */
export interface Circumstances {
  readonly account: string;
  readonly directory: CacheDirectory;
  readonly disk: Filesystem;
  readonly kernel: Kernel | null;
  readonly os: OsRelease | null;
  readonly filesystems: KernelFilesystems | null;
  readonly selinux: Selinux | null;
  readonly confinement: Confinement | null;
  readonly status: ProcessStatus | null;
  readonly contained: boolean;
  /** Ids that buildkitd's namespace has; null: all. */
  readonly allowed: Allowed | null;
  /** Will buildkitd run in a user namespace? */
  readonly userns: boolean;
  readonly programs: Binaries;
  readonly path: string | undefined;
  readonly fuseDevice: {
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly usable: boolean;
  } | null;
  /** Was the trial asked for? */
  readonly probe: boolean;
  readonly answer: NamespaceAnswer | null;
  readonly unseen: UnseenReason | null;
}

export const refused = (by: Trial['by'], failure: string | null, causes: readonly Cause[]): Trial => ({
  works: false,
  by,
  failure,
  causes,
  unseen: null,
});
export const working = (by: Trial['by']): Trial => ({ works: true, by, failure: null, causes: [], unseen: null });
export const untried = (unseen: UnseenReason): Trial => ({
  works: null,
  by: 'files',
  failure: null,
  causes: [],
  unseen,
});

/** Did the trial itself say something? Without a directory to work in, nothing was tried: owner, space or mount is to blame. */
export function wasTried(outcome: Outcome | null | undefined): outcome is Outcome {
  return outcome != null && !isWorkspaceFailure(outcome);
}

function isWorkspaceFailure(outcome: Outcome): boolean {
  return !outcome.ok && /^(mktemp|mkdir): /.test(outcome.message);
}

/** Mount options are one text of less than a page, in which these characters have a meaning of their own. */
export function unmountable({ directory: { path } }: Circumstances): Cause | null {
  const odd = /[,:\\]/.exec(path)?.[0];
  // Four paths below it stand in the options, each with a name of BuildKit's own behind it.
  const tooLong = 4 * (path.length + 32) + 40 >= 4096;
  if (odd === undefined && !tooLong) return null;
  return {
    condition: 'snapshotter.overlay-unsupported',
    because:
      odd === undefined
        ? `the path of the cache directory is too long (${path.length} characters) for the options of a mount`
        : `the path ${path} contains "${odd}", which separates or escapes the options of a mount`,
    remedy: 'Put the cache into a directory with a plain and short name: root = "DIRECTORY" in buildkitd.toml.',
  };
}

/** Why a mount that was asked for was not tried. */
export function whyUntried({ directory, answer, unseen }: Circumstances, outcome: Outcome | null): UnseenReason {
  if (outcome !== null && isWorkspaceFailure(outcome))
    return { why: `no mount could be tried in ${directory.nearest}: nothing can be created there` };
  if (unseen !== null) return unseen;
  return {
    why:
      answer?.launch.ok === false
        ? 'no mount could be tried, because the namespaces could not be created'
        : 'no mount could be tried',
  };
}

/** Words for people: the errno, else the tool's last words without temporary paths and advice. */
export function failureWords(outcome: Exclude<Outcome, { ok: true }>): string {
  if (outcome.errno !== null) return outcome.errno;
  return outcome.message
    .replaceAll(/\S+/g, (word) => (/\/\.bk-doctor-\w/.test(word) ? '' : word))
    .replace(/dmesg\(1\) may have more information[^.]*\.?/, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/(?<![\s.])[\s.]+$/, '')
    .trim();
}
