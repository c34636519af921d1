import { kernelVersion } from './checks/kernel/version.ts';
import { lsmApparmor } from './checks/lsm/apparmor.ts';
import { lsmSelinux } from './checks/lsm/selinux.ts';
import { snapshotterFuseOverlayfs } from './checks/snapshotter/fuse-overlayfs.ts';
import { snapshotterOverlayfs } from './checks/snapshotter/overlayfs.ts';
import { snapshotterSelected } from './checks/snapshotter/selected.ts';
import { storageFilesystem } from './checks/storage/filesystem.ts';
import { storageOwnership } from './checks/storage/ownership.ts';
import { storageSpace } from './checks/storage/space.ts';
import { freeFromProfile } from './fixes/lsm/apparmor.ts';
import { relabel } from './fixes/lsm/selinux.ts';
import { replaceFuseOverlayfs } from './fixes/snapshotter/fuse-overlayfs.ts';
import { replaceOverlayfs } from './fixes/snapshotter/overlayfs.ts';
import { chooseSnapshotter } from './fixes/snapshotter/selected.ts';
import { mendFilesystem } from './fixes/storage/filesystem.ts';
import { restoreOwnership } from './fixes/storage/ownership.ts';
import { makeRoom } from './fixes/storage/space.ts';
import type { Check, Fix } from './model.ts';

/** One line of the product: a check, its fix, when it is treated, and who can explain its failure. */
export interface CatalogEntry {
  // biome-ignore lint/suspicious/noExplicitAny: each line pairs its own types; `line` below checks that they agree
  readonly check: Check<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly fix?: Fix<any>;
  /** Checks whose treatments must come first. */
  readonly after?: readonly string[];
  /** For a probe: the checks that can explain its failure; they stand before it in the verdict's reasons. */
  readonly explainedBy?: readonly string[];
}

/** Every check in report order. */
export const catalog: readonly CatalogEntry[] = [
  { check: kernelVersion },
  { check: lsmSelinux, fix: relabel },
  { check: lsmApparmor, fix: freeFromProfile },
  {
    check: snapshotterOverlayfs,
    fix: replaceOverlayfs,
    after: ['storage/ownership', 'storage/space'],
    explainedBy: ['lsm/selinux', 'lsm/apparmor', 'storage/filesystem', 'storage/ownership', 'storage/space'],
  },
  {
    check: snapshotterFuseOverlayfs,
    fix: replaceFuseOverlayfs,
    after: ['storage/ownership', 'storage/space'],
    explainedBy: ['lsm/apparmor', 'storage/filesystem', 'storage/ownership', 'storage/space'],
  },
  {
    check: snapshotterSelected,
    fix: chooseSnapshotter,
    after: ['snapshotter/overlayfs', 'snapshotter/fuse-overlayfs'],
    explainedBy: ['snapshotter/overlayfs', 'snapshotter/fuse-overlayfs', 'storage/ownership', 'storage/space'],
  },
  { check: storageOwnership, fix: restoreOwnership },
  { check: storageSpace, fix: makeRoom, after: ['storage/ownership'] },
  { check: storageFilesystem, fix: mendFilesystem },
];
