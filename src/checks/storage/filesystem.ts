import { type Release, surelyBefore } from '../../buildkit/version.ts';
import { stateEntries } from '../../facts/cache/databases.ts';
import { filesystem } from '../../facts/cache/filesystem.ts';
import { inheritsForeignGroup, ownership } from '../../facts/cache/ownership.ts';
import { failureWords, wasTried } from '../../facts/cache/snapshotter-trial.ts';
import { selectedSnapshotter, snapshotters } from '../../facts/cache/snapshotters.ts';
import { type CacheDirectory, cacheDirectory, type PathComponent } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { container } from '../../facts/confinement/container.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { identity } from '../../facts/target/identity.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';

export interface FilesystemEvidence {
  readonly kind:
    | 'dangling'
    | 'not-a-directory'
    | 'read-only'
    | 'noexec'
    | 'network'
    | 'no-owners'
    | 'no-xattr'
    | 'locked-flags'
    | 'no-dtype'
    | 'damaged'
    | 'unwritable';
  /** What is wrong, and the mount that holds it. */
  readonly path: string;
  readonly mount: string | null;
  readonly fstype: string;
  /** Where a dangling link points, after resolving it against its directory. */
  readonly target: string | null;
  readonly home: string | null;
  readonly uid: number;
  readonly gid: number;
  readonly contained: boolean;
  /** For noexec: the configuration file that names native, and whether overlayfs would do. */
  readonly config: ConfigEdit | null;
  readonly overlayWorks: boolean;
}

const needs = {
  identity,
  settings,
  config: configEdit,
  directory: cacheDirectory,
  disk: filesystem,
  ownership: optional(ownership),
  namespace: optional(namespace),
  selected: optional(selectedSnapshotter),
  trials: optional(snapshotters),
  state: optional(stateEntries),
  version: optional(buildkitdVersion),
  container: optional(container),
};

/** EINVAL: the id is not mapped, which is a matter of the subordinate ids; the others are a matter of space. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(['EINVAL', 'ENOSPC', 'EDQUOT']);

/** Since these releases a damaged database is set aside (util/db/boltutil SafeOpen); others have to open. */
const RECOVERS: { readonly [use: string]: Release } = {
  'cache-database': [0, 14, 0],
  'history-database': [0, 27, 0],
};

/** Bind mounts of a user namespace could not be made read-only again before this release (moby/buildkit#3483). */
const KEEPS_LOCKED_FLAGS: Release = [0, 11, 5];

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

export const storageFilesystem: Check<typeof needs, FilesystemEvidence> = {
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
  ],
  needs,
  examine(facts) {
    const { directory, disk, identity: who, settings: options } = facts;
    const { path, nearest } = directory;
    const problems: Problem<FilesystemEvidence>[] = [];
    const selected = facts.selected.value?.selected ?? null;
    const mount = disk.mount?.point ?? null;
    const where = mount === null ? disk.name : `${disk.name} mounted on ${mount}`;
    const report = (
      kind: FilesystemEvidence['kind'],
      condition: Condition,
      severity: Severity,
      message: string,
      more: Partial<FilesystemEvidence> = {},
    ): void => {
      const { home, uid, gid } = who.target;
      const contained = facts.container.value !== undefined && facts.container.value.kind !== null;
      const evidence = {
        kind,
        path,
        mount,
        fstype: disk.name,
        target: null,
        home,
        uid,
        gid,
        contained,
        config: null,
        overlayWorks: false,
      };
      problems.push({ condition, severity, subject: path, message, evidence: { ...evidence, ...more } });
    };

    const end = obstacle(directory);
    if (end !== null) {
      const what = end.path === path ? 'The cache directory' : `${end.path}, above the cache directory ${path},`;
      if (end.stat === null)
        report(
          'dangling',
          'storage.not-a-directory',
          'error',
          `${what} ${end.path === path ? `${path} ` : ''}is a link to ${end.link}, which does not exist, so that buildkitd cannot create ${path}.`,
          { path: end.path, target: linkTarget(end) },
        );
      else
        report(
          'not-a-directory',
          'storage.not-a-directory',
          'error',
          `${what} ${end.path === path ? `${path} ` : ''}is a ${end.stat.kind}, not a directory.`,
          { path: end.path },
        );
      return { problems, unseen: [] };
    }

    if (disk.readOnly)
      report('read-only', 'storage.read-only', 'error', `${path} lies on a read-only file system (${where}).`);

    const tried = facts.namespace.value;
    const chown = tried?.chown;
    const foreignGroup = inheritsForeignGroup(directory, disk.mount, facts.ownership.value?.allowed ?? null);
    const chownFailed =
      wasTried(chown) && !chown.ok && !NOT_ITS_FAULT.has(chown.errno ?? '') && !foreignGroup && !disk.readOnly
        ? failureWords(chown)
        : null;
    const rootless = who.mode === 'rootless';
    if (disk.kind === 'network') {
      const broken = chownFailed !== null || (tried === undefined && rootless);
      report(
        'network',
        'storage.network-filesystem',
        broken ? 'error' : 'warning',
        `${path} lies on ${where}, a network file system${chownFailed === null ? '' : ` that refuses a change of owner (${chownFailed})`}: ${
          broken
            ? 'the files of image layers cannot get their owners there'
            : "the locks of BuildKit's databases are not dependable there"
        }.`,
      );
    } else if (chownFailed !== null || (disk.kind === 'ownerless' && !wasTried(chown)))
      report(
        'no-owners',
        'storage.no-owners',
        'error',
        `The files below ${path} cannot change their owner (${where}${chownFailed === null ? '' : `: ${chownFailed}`}), which every image layer needs.`,
      );

    if (disk.noexec && selected === 'native') {
      const { snapshotter } = options.oci;
      report(
        'noexec',
        'storage.noexec',
        'error',
        `${path} lies on a mount with noexec (${where}) and buildkitd uses the native snapshotter here, so that no program of a build can be executed.`,
        {
          config: snapshotter.source === 'file' ? facts.config : null,
          overlayWorks: facts.trials.value?.overlayfs.works === true,
        },
      );
    }

    const bind = tried?.bindReadOnly;
    const flags = ['nosuid', 'nodev', 'noexec'].filter((flag) => disk[flag as 'nosuid']).join(',');
    if (wasTried(bind) && !bind.ok && !disk.readOnly)
      report(
        'locked-flags',
        'storage.locked-mount-flags',
        'error',
        `A read-only bind mount in ${nearest} was refused (${failureWords(bind)}; ${where}${flags === '' ? '' : `, ${flags}`}), and every build makes one.`,
      );
    else if (
      flags !== '' &&
      rootless &&
      facts.version.value !== undefined &&
      surelyBefore(facts.version.value, KEEPS_LOCKED_FLAGS)
    )
      report(
        'locked-flags',
        'storage.locked-mount-flags',
        'error',
        `${path} lies on a mount with ${flags} (${where}), and ${facts.version.value.text ?? 'this buildkitd'} drops such flags when it makes a mount read-only, which the kernel refuses in a user namespace (mended in v0.11.5).`,
      );

    if (disk.kind === 'memory' && rootless && (selected === 'overlayfs' || selected === 'stargz'))
      report(
        'no-xattr',
        'storage.xattr-unsupported',
        'warning',
        `${path} lies on ${disk.name}, where rootless overlayfs cannot mark removed directories: a RUN step that deletes a directory of an earlier layer fails with "Input/output error". The cache is also lost at a reboot.`,
      );

    for (const entry of facts.state.value ?? []) {
      const wanted = entry.use === 'directory' ? 'directory' : 'file';
      const recovers = RECOVERS[entry.use];
      const sure = recovers === undefined || (facts.version.value && surelyBefore(facts.version.value, recovers));
      if (entry.stat === null)
        report(
          'dangling',
          'storage.not-a-directory',
          'error',
          `${entry.path}, which buildkitd opens, is a link that leads nowhere.`,
          { path: entry.path },
        );
      else if (entry.stat.kind !== wanted)
        report(
          'not-a-directory',
          'storage.not-a-directory',
          sure ? 'error' : 'warning',
          `${entry.path} is a ${entry.stat.kind}, where buildkitd wants a ${wanted} of its own${sure ? '' : '; it sets it aside at its next start'}.`,
          { path: entry.path },
        );
      else if (entry.obstacle === 'unwritable' && !disk.readOnly)
        report(
          'unwritable',
          'storage.permission',
          'error',
          `${entry.path} cannot be written by ${who.target.name ?? `uid ${who.target.uid}`} although its owner and mode allow it: a read-only mount, an attribute (lsattr) or a security module forbids it.`,
          { path: entry.path },
        );
      else if (entry.sound === false) {
        report(
          'damaged',
          'storage.state-corrupted',
          sure ? 'error' : 'warning',
          sure
            ? `The database ${entry.path} is damaged: buildkitd does not start, or fails every build, with "invalid database".`
            : `The database ${entry.path} is damaged; buildkitd sets it aside at its next start and begins a new one.`,
          { path: entry.path },
        );
      }
    }

    if (disk.dtype === false && disk.name === 'xfs')
      report(
        'no-dtype',
        'storage.xfs-no-dtype',
        'info',
        `${where} was made with ftype=0, so that BuildKit refuses overlayfs on it.`,
      );
    return { problems, unseen: [] };
  },
};
