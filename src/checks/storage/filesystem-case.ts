import { stateEntries } from '../../facts/cache/databases.ts';
import { filesystem } from '../../facts/cache/filesystem.ts';
import { firstWrite } from '../../facts/cache/first-write.ts';
import { ownership } from '../../facts/cache/ownership.ts';
import { snapshotDirectories } from '../../facts/cache/snapshot-directories.ts';
import { selectedSnapshotter } from '../../facts/cache/snapshotters.ts';
import { cacheDirectory } from '../../facts/config/cache-directory.ts';
import { settings } from '../../facts/config/settings.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { identity } from '../../facts/target/identity.ts';
import type { FactsOf } from '../../model/decide.ts';
import { optional } from '../../model/unseen.ts';
import type { Findings } from '../findings.ts';

/** What was seen of a file system that does not suit. */
export interface FilesystemEvidence {
  readonly kind:
    | 'dangling'
    | 'not-a-directory'
    | 'read-only'
    | 'noexec'
    | 'network'
    | 'no-owners'
    | 'unmapped-ids'
    | 'no-xattr'
    | 'locked-flags'
    | 'no-dtype'
    | 'damaged'
    | 'snapshots-missing'
    | 'snapshots-in-the-way'
    | 'encrypted'
    | 'failing'
    | 'unwritable';
  /** What is wrong, and the mount that holds it. */
  readonly path: string;
  readonly mount: string | null;
  readonly fstype: string;
  /** Where a dangling link points, after resolving it against its directory. */
  readonly target: string | null;
}

export const filesystemNeeds = {
  identity,
  settings,
  directory: cacheDirectory,
  disk: filesystem,
  ownership: optional(ownership),
  namespace: optional(namespace),
  selected: optional(selectedSnapshotter),
  state: optional(stateEntries),
  snapshots: optional(snapshotDirectories),
  written: optional(firstWrite),
  version: optional(buildkitdVersion),
};

/** What one examination of the file system knows. */
export type FilesystemCase = FactsOf<typeof filesystemNeeds>;
export type FilesystemFindings = Findings<FilesystemEvidence>;

/** What was seen of one thing that is wrong: of the cache directory, where nothing else is named. */
export function evidenceOf(
  { directory, disk }: FilesystemCase,
  kind: FilesystemEvidence['kind'],
  more: Partial<Pick<FilesystemEvidence, 'path' | 'mount' | 'target'>> = {},
): FilesystemEvidence {
  return {
    kind,
    path: directory.path,
    mount: disk.mount?.point ?? null,
    fstype: disk.name,
    target: null,
    ...more,
  };
}
