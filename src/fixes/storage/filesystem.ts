import type { FilesystemEvidence } from '../../checks/storage/filesystem.ts';
import type { Fix, NoNeeds, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { quoted } from '../quoted.ts';

/** Says how to give the cache a file system that suits it; makes what a dangling link points at. */
export const mendFilesystem: Fix<NoNeeds, FilesystemEvidence> = {
  needs: {},
  title: 'Give the cache directory a file system that suits BuildKit',
  plan: (problems) =>
    problems.flatMap(({ evidence, severity }, index): readonly Treatment[] => {
      if (evidence.kind === 'dangling' && isBelow(evidence.target, evidence.home)) {
        const owner = { uid: evidence.uid, gid: evidence.gid };
        return [
          {
            for: [index],
            risk: 'safe',
            steps: [{ do: 'directory', as: 'target', path: evidence.target, mode: 0o700, owner }],
          },
        ];
      }
      if (evidence.kind === 'noexec' && evidence.config !== null && evidence.overlayWorks) {
        return [
          {
            for: [index],
            risk: 'risky',
            consequence: 'What the native snapshotter has cached is not used any more, and stays on the disk.',
            until: 'restart',
            steps: configSteps(evidence.config, [
              { change: 'set', path: ['worker', 'oci', 'snapshotter'], value: 'auto' },
            ]),
          },
        ];
      }
      if (severity === 'info') return [];
      return [{ for: [index], risk: 'manual', steps: [tell(advice(evidence))] }];
    }),
};

function isBelow(path: string | null, home: string | null): path is string {
  return home?.startsWith('/') === true && path?.startsWith(`${home}/`) === true;
}

function advice({ kind, path, mount, contained }: FilesystemEvidence): string {
  const elsewhere = contained
    ? `Mount a volume of a local disk on ${path}: docker run -v buildkit:${quoted(path)}, in a pod an emptyDir volume.`
    : 'Put the cache on a local disk (ext4, xfs, btrfs): root = "DIRECTORY" in buildkitd.toml, or buildkitd --root DIRECTORY.';
  const at = quoted(mount ?? path);
  switch (kind) {
    case 'dangling':
      return `Make what the link points at, or remove the link: ls -ld ${quoted(path)}`;
    case 'not-a-directory':
      return `Look at it, then move it away: mv ${quoted(path)} ${quoted(`${path}.old`)}`;
    case 'read-only':
      return contained
        ? `Mount a writable volume on ${path}: docker run -v buildkit:${quoted(path)}, in a pod an emptyDir volume.`
        : `Mount it writable as root: mount -o remount,rw ${at} (a file system that became read-only by itself has errors: see dmesg, and run fsck).`;
    case 'noexec':
      return `Mount it without noexec as root: mount -o remount,exec ${at}, and in /etc/fstab; or use overlayfs, which is not affected.`;
    case 'no-xattr':
      return `${elsewhere} Or use fuse-overlayfs: snapshotter = "fuse-overlayfs" below [worker.oci].`;
    case 'damaged':
      return `End buildkitd, then put the database aside; what it knew of the cache is lost: mv ${quoted(path)} ${quoted(`${path}.damaged`)}. If builds then miss layers, move the whole state directory away.`;
    case 'unwritable':
      return `See what forbids it: lsattr -d ${quoted(path)}; findmnt -T ${quoted(path)}; getfacl ${quoted(path)}`;
    case 'locked-flags':
      return `Upgrade BuildKit to v0.11.5 or later. ${elsewhere}`;
    case 'network':
    case 'no-owners':
    case 'no-dtype':
      return elsewhere;
  }
}
