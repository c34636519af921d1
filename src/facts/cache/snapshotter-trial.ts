import type { Kernel } from '../../knowledge/kernels.ts';
import type { OsRelease } from '../../knowledge/os-release.ts';
import type { Allowed, NamespaceAnswer, Outcome, UnseenReason } from '../../model/look.ts';
import type { CacheDirectory } from '../config/cache-directory.ts';
import type { Confinement } from '../confinement/apparmor.ts';
import type { Selinux } from '../confinement/selinux.ts';
import type { KernelFilesystems } from '../machine/kernel-filesystems.ts';
import type { ProcessStatus } from '../machine/process-status.ts';
import type { Binaries } from '../programs/binaries.ts';
import type { Filesystem } from './filesystem.ts';

/** Something that keeps a snapshotter from working: what was seen, by name. */
export type Obstacle =
  /** A character of the path that means something in mount options, or a path too long for them. */
  | { readonly kind: 'path-character'; readonly path: string; readonly character: string }
  | { readonly kind: 'path-length'; readonly length: number }
  /** The file system of the place is an overlay itself, cannot hold an upper directory, or tells no kinds of files. */
  | { readonly kind: 'union' | 'no-upper' | 'no-dtype'; readonly place: string; readonly fstype: string }
  | { readonly kind: 'unlistable'; readonly place: string; readonly account: string }
  | { readonly kind: 'foreign-group'; readonly place: string; readonly gid: number }
  | { readonly kind: 'no-overlay-module' | 'selinux'; readonly release: string }
  | { readonly kind: 'overlay-module-forbidden' | 'seccomp' }
  /** A kernel that lets only real root mount it; `rule` says by what that is told. */
  | { readonly kind: 'kernel'; readonly mounts: 'overlayfs' | 'FUSE'; readonly release: string; readonly rule: string }
  | { readonly kind: 'apparmor'; readonly profile: string }
  /** `found`: it is there and not executable. */
  | {
      readonly kind: 'program';
      readonly program: 'fuse-overlayfs' | 'mount.fuse3';
      readonly found: string | null;
      readonly searched: string | null;
    }
  | { readonly kind: 'no-fuse-device'; readonly moduleAbsent: boolean }
  | {
      readonly kind: 'closed-fuse-device';
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly account: string;
    };

/** Can a snapshotter be used on the cache directory? */
export interface Trial {
  /** Null: it could not be tried. */
  readonly works: boolean | null;
  /** Whether a real mount decided, or the files of the host did. */
  readonly by: 'probe' | 'files';
  /** The errno's name or the tool's words, where a mount failed. */
  readonly failure: string | null;
  /** Most likely first. */
  readonly obstacles: readonly Obstacle[];
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

export const refused = (by: Trial['by'], failure: string | null, obstacles: readonly Obstacle[]): Trial => ({
  works: false,
  by,
  failure,
  obstacles,
  unseen: null,
});
export const working = (by: Trial['by']): Trial => ({ works: true, by, failure: null, obstacles: [], unseen: null });
export const untried = (unseen: UnseenReason): Trial => ({
  works: null,
  by: 'files',
  failure: null,
  obstacles: [],
  unseen,
});

/** Did the trial itself say something? Without a directory to work in, nothing was tried: owner, space or mount is to blame. */
export function wasTried(outcome: Outcome | null | undefined): outcome is Outcome {
  return outcome != null && !isWorkspaceFailure(outcome);
}

function isWorkspaceFailure(outcome: Outcome): boolean {
  return !outcome.ok && /^(mktemp|mkdir): /.test(outcome.message);
}

/** In mount options these characters have a meaning of their own. */
export function unmountable({ directory: { path } }: Circumstances): Obstacle | null {
  const character = /[,:\\]/.exec(path)?.[0];
  return character === undefined ? null : { kind: 'path-character', path, character };
}

/** Why a mount that was asked for was not tried. */
export function whyUntried({ directory, answer, unseen }: Circumstances, outcome: Outcome | null): UnseenReason {
  if (outcome !== null && !outcome.ok && isWorkspaceFailure(outcome))
    return {
      why: `no mount could be tried in ${directory.nearest}: nothing can be created there (${failureWords(outcome)})`,
    };
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
