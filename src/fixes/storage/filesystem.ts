import type { FilesystemEvidence } from '../../checks/storage/filesystem-case.ts';
import { snapshotters } from '../../facts/cache/snapshotters.ts';
import { settings } from '../../facts/config/settings.ts';
import { container } from '../../facts/confinement/container.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { identity } from '../../facts/target/identity.ts';
import { clauseFor, type Engine } from '../../knowledge/engines.ts';
import type { FactsOf } from '../../model/decide.ts';
import type { Account } from '../../model/look.ts';
import type { Fix, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { quoted } from '../quoted.ts';

const needs = {
  identity,
  settings,
  config: optional(configEdit),
  trials: optional(snapshotters),
  container: optional(container),
};

/** Says how to give the cache a file system that suits it; makes what a dangling link points at. */
export const mendFilesystem: Fix<typeof needs, FilesystemEvidence> = {
  needs,
  title: 'Give the cache directory a file system that suits BuildKit',
  plan: (problems, facts) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      const treatment = targetMade(evidence, facts, index) ?? overlayfsAllowed(evidence, facts, index);
      if (treatment !== null) return [treatment];
      const inside = facts.container.value;
      return severity === 'info'
        ? []
        : [advice([index], adviceFor(evidence, inside?.kind ?? null, facts.identity.target))];
    }),
};

type Facts = FactsOf<typeof needs>;

/** What a dangling link points at, where that lies in the account's own home. */
function targetMade({ kind, target: path }: FilesystemEvidence, facts: Facts, index: number): Treatment | null {
  const { home, uid, gid } = facts.identity.target;
  if (kind !== 'dangling' || !isBelow(path, home)) return null;
  return {
    for: [index],
    risk: 'safe',
    steps: [{ do: 'directory', as: 'target', path, mode: 0o700, owner: { uid, gid } }],
  };
}

/** Overlayfs is not affected by noexec: where the file names native, buildkitd may choose again. */
function overlayfsAllowed({ kind }: FilesystemEvidence, facts: Facts, index: number): Treatment | null {
  const { config, settings: options, trials } = facts;
  if (kind !== 'noexec' || config.value == null || options.oci.snapshotter.source !== 'file') return null;
  if (trials.value?.overlayfs.works !== true) return null;
  return {
    for: [index],
    risk: 'risky',
    consequence: 'What the native snapshotter has cached is not used any more, and stays on the disk.',
    until: 'restart',
    steps: configSteps(config.value, [{ change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'auto' }]),
  };
}

function isBelow(path: string | null, home: string | null): path is string {
  return home?.startsWith('/') === true && path?.startsWith(`${home}/`) === true;
}

/** The directory of the worker, by that of its snapshots. */
const workerOf = (snapshots: string): string => snapshots.slice(0, snapshots.lastIndexOf('/'));

function adviceFor({ kind, path, mount, fstype }: FilesystemEvidence, inside: Engine | null, account: Account): string {
  const volume = inside === null ? null : clauseFor(inside, ['volume', quoted(path)]);
  const elsewhere =
    volume !== null
      ? `Mount a volume of a local disk on ${path}: ${volume}`
      : 'Put the cache on a local disk (ext4, xfs, btrfs): root = "DIRECTORY" in buildkitd.toml, or buildkitd --root DIRECTORY.';
  const at = quoted(mount ?? path);
  switch (kind) {
    case 'dangling':
      return `Make what the link points at, or remove the link. To look at it:\nls -ld ${quoted(path)}`;
    case 'not-a-directory':
      return `Look at it, then move it away:\nmv ${quoted(path)} ${quoted(`${path}.old`)}`;
    case 'read-only':
      return volume !== null
        ? `Mount a writable volume on ${path}: ${volume}`
        : `Mount it writable as root: mount -o remount,rw ${at} (a file system that became read-only by itself has errors: see dmesg, and run fsck).${fstype === 'btrfs' ? ` A subvolume of btrfs can be read-only by itself, as snapshots are: btrfs property get ${quoted(path)} ro, and to change it: btrfs property set ${quoted(path)} ro false` : ''}`;
    case 'noexec':
      return `Mount it without noexec as root: mount -o remount,exec ${at}, and in /etc/fstab; or use overlayfs, which is not affected.`;
    case 'no-xattr':
      return `${elsewhere} Or use fuse-overlayfs: snapshotter = "fuse-overlayfs" below [worker.oci].`;
    case 'damaged':
      return `End buildkitd, then put the database aside; what it knew of the cache is lost: mv ${quoted(path)} ${quoted(`${path}.damaged`)}. If builds then miss layers, move the whole state directory away.`;
    case 'snapshots-missing':
    case 'snapshots-in-the-way':
      return `End buildkitd, then move its worker aside; what it has cached is lost:\nmv ${quoted(workerOf(path))} ${quoted(`${workerOf(path)}.damaged`)}`;
    case 'encrypted':
      return `Unlock it: log in as its user (pam_fscrypt), or fscrypt unlock ${quoted(path)}; a service that starts before the login needs its cache elsewhere.`;
    case 'failing':
      return `See what the kernel says: dmesg | tail; unmount it, and check it: fsck (xfs_repair, btrfs check).`;
    case 'unwritable':
      return `See what forbids it:\nlsattr -d ${quoted(path)}\nfindmnt -T ${quoted(path)}\ngetfacl ${quoted(path)}`;
    case 'locked-flags':
      return `Upgrade BuildKit to v0.11.5 or later. ${elsewhere}`;
    case 'unmapped-ids':
      return `Use subordinate ids that this mount has: systemd-homed keeps 524288 to 1879048191 as they are. As root, in /etc/subuid and /etc/subgid, put ${account.name ?? account.uid}:524288:65536 in the place of the line that is there. ${elsewhere.replace('Put', 'Or put')}`;
    case 'network':
    case 'no-owners':
    case 'no-dtype':
      return elsewhere;
  }
}
