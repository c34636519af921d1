import { type Release, surelyBefore } from '../../buildkit/version.ts';
import { inheritsForeignGroup } from '../../facts/cache/ownership.ts';
import { failureWords, wasTried } from '../../facts/cache/snapshotter-trial.ts';
import type { CacheDirectory, PathComponent } from '../../facts/config/cache-directory.ts';
import type { Check } from '../../model/decide.ts';
import { findings } from '../findings.ts';
import {
  evidenceOf,
  type FilesystemCase,
  type FilesystemEvidence,
  type FilesystemFindings,
  filesystemNeeds,
} from './filesystem-case.ts';
import { judgeSnapshots, judgeState } from './state.ts';

/** EINVAL: the id is not mapped, which is a matter of the subordinate ids; the others are a matter of space. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(['EINVAL', 'ENOSPC', 'EDQUOT']);

/** Bind mounts of a user namespace could not be made read-only again before this release (moby/buildkit#3483). */
const KEEPS_LOCKED_FLAGS: Release = [0, 11, 5];

export const storageFilesystem: Check<typeof filesystemNeeds, FilesystemEvidence> = {
  id: 'storage/filesystem',
  title: 'File system of the cache directory suits BuildKit',
  why: 'buildkitd keeps databases and image layers there: it needs a writable local file system that stores owners and locks files.',
  decides: true,
  conditions: [
    'storage.not-a-directory',
    'storage.read-only',
    'storage.noexec',
    'storage.network-filesystem',
    'storage.no-owners',
    'storage.xattr-unsupported',
    'storage.locked-mount-flags',
    'storage.xfs-no-dtype',
    'storage.state-corrupted',
    'storage.permission',
    'storage.encrypted',
    'storage.io-error',
  ],
  needs: filesystemNeeds,
  examine(facts) {
    const found = findings<FilesystemEvidence>();
    const end = obstacle(facts.directory);
    // What is no directory has no file system of its own.
    if (end !== null) judgePath(facts, end, found);
    else {
      judgeWritable(facts, found);
      judgeWritten(facts, found);
      judgeOwners(facts, found);
      judgeExecution(facts, found);
      judgeFlags(facts, found);
      judgeXattrs(facts, found);
      for (const entry of facts.state.value ?? []) judgeState(facts, entry, found);
      judgeSnapshots(facts, found);
      judgeDtype(facts, found);
    }
    return { problems: found.problems, unseen: found.unseen };
  },
};

/** The file system in words. */
function where({ disk: { name, mount } }: FilesystemCase): string {
  return mount === null ? name : `${name} mounted on ${mount.point}`;
}

/** The component that is no directory, and so ends the path; null when the whole path can be a directory. */
function obstacle({ chain }: CacheDirectory): PathComponent | null {
  const last = chain.at(-1);
  if (last === undefined) return null;
  if (last.link !== null && last.stat === null) return last;
  if (last.stat !== null && last.stat.kind !== 'directory') return last;
  return null;
}

/** Where a link leads, without looking again. */
function linkTarget({ path, link }: PathComponent): string | null {
  if (link === null) return null;
  const parts = link.startsWith('/') ? [] : path.split('/').slice(1, -1);
  for (const part of link.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function judgePath(facts: FilesystemCase, end: PathComponent, { add }: FilesystemFindings): void {
  const { path } = facts.directory;
  const what = end.path === path ? `The cache directory ${path}` : `${end.path}, above the cache directory ${path},`;
  if (end.stat === null)
    add(
      'storage.not-a-directory',
      'error',
      path,
      `${what} is a link to ${end.link}, which does not exist, so that buildkitd cannot create ${path}.`,
      evidenceOf(facts, 'dangling', { path: end.path, target: linkTarget(end) }),
    );
  else
    add(
      'storage.not-a-directory',
      'error',
      path,
      `${what} is a ${end.stat.kind}, not a directory.`,
      evidenceOf(facts, 'not-a-directory', { path: end.path }),
    );
}

function judgeWritable(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const { path } = facts.directory;
  if (facts.disk.readOnly)
    add(
      'storage.read-only',
      'error',
      path,
      `${path} lies on a read-only file system (${where(facts)}).`,
      evidenceOf(facts, 'read-only'),
    );
}

/** Errors by which the kernel says that a directory is encrypted (fscrypt), or that a file system is broken. */
const LOCKED = new Set(['ENOKEY', 'EKEYEXPIRED', 'EKEYREVOKED', 'EKEYREJECTED']);
const BROKEN = new Set(['EIO', 'EUCLEAN', 'ENODEV', 'ENXIO', 'ESTALE', 'EREMOTEIO', 'ENOMEDIUM', 'ENOTCONN']);

/** What the first file said, where it is the file system itself that refuses it. */
function judgeWritten(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const error = facts.written.value?.error ?? null;
  const { path, nearest } = facts.directory;
  if (error === null) return;
  if (LOCKED.has(error))
    add(
      'storage.encrypted',
      'error',
      path,
      `Nothing can be made in ${nearest}: it is encrypted, and its key is not there (${error}; ${where(facts)}).`,
      evidenceOf(facts, 'encrypted', { path: nearest }),
    );
  else if (BROKEN.has(error))
    add(
      'storage.io-error',
      'error',
      path,
      `Nothing can be made in ${nearest}: the file system answers ${error} (${where(facts)}).`,
      evidenceOf(facts, 'failing', { path: nearest }),
    );
  else if (error === 'EROFS')
    add(
      'storage.read-only',
      'error',
      path,
      `Nothing can be made in ${nearest}: the kernel answers EROFS, although the mount is not read-only (${where(facts)}): a read-only subvolume, or a file system with errors.`,
      evidenceOf(facts, 'read-only'),
    );
}

/** What a change of owner said where it failed for the file system's own fault; null where it did not. */
function refusedOwner({ directory, disk, namespace: tried, ownership: owners }: FilesystemCase): string | null {
  const chown = tried.value?.chown;
  if (!wasTried(chown) || chown.ok || NOT_ITS_FAULT.has(chown.errno ?? '') || disk.readOnly) return null;
  if (inheritsForeignGroup(directory, disk.mount, owners.value?.allowed ?? null)) return null;
  return failureWords(chown);
}

function judgeOwners(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const { directory, disk, identity: who, namespace: tried } = facts;
  const { path } = directory;
  const refusal = refusedOwner(facts);
  if (disk.kind === 'network') {
    const broken = refusal !== null || (tried.value === undefined && who.mode === 'rootless');
    const refuses = refusal === null ? '' : ` that refuses a change of owner (${refusal})`;
    add(
      'storage.network-filesystem',
      broken ? 'error' : 'warning',
      path,
      `${path} lies on ${where(facts)}, a network file system${refuses}: ${
        broken
          ? 'the files of image layers cannot get their owners there'
          : "the locks of BuildKit's databases are not dependable there"
      }.`,
      evidenceOf(facts, 'network'),
    );
  } else if (refusal !== null && disk.mount?.options.includes('idmapped') === true)
    add(
      'storage.no-owners',
      'error',
      path,
      `${path} lies on an idmapped mount (${where(facts)}), as systemd-homed makes it for a home, which has no place for the subordinate ids of ${who.target.name ?? `uid ${who.target.uid}`}: ${refusal}.`,
      evidenceOf(facts, 'unmapped-ids'),
    );
  else if (refusal !== null || (disk.kind === 'ownerless' && !wasTried(tried.value?.chown)))
    add(
      'storage.no-owners',
      'error',
      path,
      `The files below ${path} cannot change their owner (${where(facts)}${refusal === null ? '' : `: ${refusal}`}), which every image layer needs.`,
      evidenceOf(facts, 'no-owners'),
    );
}

function judgeExecution(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const { path } = facts.directory;
  if (facts.disk.noexec && facts.selected.value?.selected === 'native')
    add(
      'storage.noexec',
      'error',
      path,
      `${path} lies on a mount with noexec (${where(facts)}) and buildkitd uses the native snapshotter here, so that no program of a build can be executed.`,
      evidenceOf(facts, 'noexec'),
      facts.settings.oci.snapshotter.at,
    );
}

function judgeFlags(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const { directory, disk, identity: who, namespace: tried, version } = facts;
  const bind = tried.value?.bindReadOnly;
  const flags = (['nosuid', 'nodev', 'noexec'] as const).filter((flag) => disk[flag]).join(',');
  if (wasTried(bind) && !bind.ok && !disk.readOnly)
    add(
      'storage.locked-mount-flags',
      'error',
      directory.path,
      `A read-only bind mount in ${directory.nearest} was refused (${failureWords(bind)}; ${where(facts)}${flags === '' ? '' : `, ${flags}`}), and every build makes one.`,
      evidenceOf(facts, 'locked-flags'),
    );
  else if (
    flags !== '' &&
    who.mode === 'rootless' &&
    version.value !== undefined &&
    surelyBefore(version.value, KEEPS_LOCKED_FLAGS)
  )
    add(
      'storage.locked-mount-flags',
      'error',
      directory.path,
      `${directory.path} lies on a mount with ${flags} (${where(facts)}), and ${version.value.text ?? 'this buildkitd'} drops such flags when it makes a mount read-only, which the kernel refuses in a user namespace (mended in v0.11.5).`,
      evidenceOf(facts, 'locked-flags'),
    );
}

function judgeXattrs(facts: FilesystemCase, { add }: FilesystemFindings): void {
  const { path } = facts.directory;
  const selected = facts.selected.value?.selected;
  if (facts.disk.kind !== 'memory' || facts.identity.mode !== 'rootless') return;
  if (selected === 'overlayfs' || selected === 'stargz')
    add(
      'storage.xattr-unsupported',
      'warning',
      path,
      `${path} lies on ${facts.disk.name}, where rootless overlayfs cannot mark removed directories: a RUN step that deletes a directory of an earlier layer fails with "Input/output error". The cache is also lost at a reboot.`,
      evidenceOf(facts, 'no-xattr'),
    );
}

function judgeDtype(facts: FilesystemCase, { add }: FilesystemFindings): void {
  if (facts.disk.dtype === false && facts.disk.name === 'xfs')
    add(
      'storage.xfs-no-dtype',
      'info',
      facts.directory.path,
      `${where(facts)} was made with ftype=0, so that BuildKit refuses overlayfs on it.`,
      evidenceOf(facts, 'no-dtype'),
    );
}
