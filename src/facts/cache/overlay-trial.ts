import { overlayInUserNamespace, selinuxDeniesOverlay } from '../../knowledge/kernels.ts';
import { inheritsForeignGroup } from './ownership.ts';
import {
  type Cause,
  type Circumstances,
  failureWords,
  refused,
  type Trial,
  unmountable,
  untried,
  wasTried,
  whyUntried,
  working,
} from './snapshotter-trial.ts';

/** What forbids overlayfs by itself, as the kernel's and BuildKit's rules have it. */
function certainCauses(here: Circumstances): readonly Cause[] {
  const { directory, disk, kernel, filesystems, selinux, userns } = here;
  const place = directory.nearest;
  const release = kernel?.release ?? 'here';
  const causes: Cause[] = [];
  const move = 'Put the cache on a local disk (ext4, xfs, btrfs): root = "DIRECTORY" in buildkitd.toml.';
  if (disk.kind === 'union')
    causes.push({
      condition: 'snapshotter.overlay-on-overlay',
      because: `${place} itself lies on ${disk.name}`,
      remedy: here.contained
        ? `Mount a volume there: docker run -v buildkit:${directory.path}, in a pod an emptyDir volume with mountPath: ${directory.path}.`
        : move,
    });
  if (/^(network|fuse|stacked|ownerless)$/.test(disk.kind))
    causes.push({
      condition: 'snapshotter.overlay-unsupported',
      because: `${place} lies on ${disk.name}, which cannot hold the upper directory of overlayfs`,
      remedy: move,
    });
  if (disk.dtype === false)
    causes.push({
      condition: disk.name === 'xfs' ? 'storage.xfs-no-dtype' : 'snapshotter.overlay-unsupported',
      because: `the ${disk.name} file system of ${place} does not store the kinds of files in directories (d_type)`,
      remedy: `Use another file system, or make this one anew with ${disk.name === 'xfs' ? 'mkfs.xfs -n ftype=1' : 'mkfs.ext4 -O filetype'}.`,
    });
  if (!directory.readable && directory.writable)
    causes.push({
      condition: 'storage.permission',
      because: `${place} cannot be listed by ${here.account}`,
      remedy: `Give its owner and users the right to read it, for example: chmod a+r ${place}`,
    });
  const stat = directory.chain.find(({ path }) => path === place)?.stat;
  if (stat != null && inheritsForeignGroup(directory, disk.mount, here.allowed))
    causes.push({
      condition: 'storage.permission',
      because: `what is created in ${place} gets its group ${stat.gid}, which does not exist in the namespace of buildkitd`,
      remedy: `Take the setgid bit away: chmod g-s ${place}`,
    });
  if (filesystems?.overlay === 'absent')
    causes.push({
      condition: 'kernel.config-missing',
      because: `the running kernel ${release} has no overlay module here`,
      remedy: "Reboot if the kernel was updated; else install the kernel's modules, and type as root: modprobe overlay",
    });
  if (filesystems?.overlay === 'disabled')
    causes.push({
      condition: 'kernel.config-missing',
      because: 'loading the overlay module is forbidden on this host',
      remedy: 'Allow it in /etc/modprobe.d, and type as root: modprobe overlay',
    });
  const rule =
    kernel === null ? null : overlayInUserNamespace(kernel, here.os, filesystems?.permitMountsInUserns === true);
  if (userns && rule?.allows === false)
    causes.push({
      condition: 'kernel.too-old',
      because: `${rule.because} and lets only real root mount overlayfs`,
      remedy: `${/\.el8/.test(release) ? 'Update to Enterprise Linux 8.5 or later' : 'Run Linux 5.11 or later'}, or install fuse-overlayfs and fuse3.`,
    });
  if (userns && selinux?.state === 'enforcing' && kernel !== null && selinuxDeniesOverlay(kernel))
    causes.push({
      condition: 'lsm.selinux-denied',
      because: `SELinux refuses overlayfs in user namespaces with Linux ${release}`,
      remedy: 'Run Linux 5.13 or later, or install fuse-overlayfs and fuse3.',
    });
  return causes;
}

/** What confines a container, and so can make any mount fail. */
function confiningCauses({ confinement, status, contained }: Circumstances): readonly Cause[] {
  const causes: Cause[] = [];
  if (confinement?.profile != null && confinement.mode === 'enforce')
    causes.push({
      condition: 'apparmor.mount-denied',
      because: `the AppArmor profile ${confinement.profile} may deny mounts`,
      remedy:
        'Start the container with --security-opt apparmor=unconfined, in a pod: appArmorProfile: {type: Unconfined}.',
    });
  if (status?.seccomp === 2 && contained)
    causes.push({
      condition: 'seccomp.blocked',
      because: "the container's seccomp profile may forbid mount(2)",
      remedy:
        'Start the container with --security-opt seccomp=unconfined, in a pod: seccompProfile: {type: Unconfined}.',
    });
  return causes;
}

/** Would buildkitd's own test of overlayfs on the cache directory succeed? */
export function tryOverlay(here: Circumstances): Trial {
  const named = unmountable(here);
  if (named !== null) return refused('files', null, [named]);
  const certain = certainCauses(here);
  const outcome = here.answer?.overlay ?? null;
  if (wasTried(outcome)) {
    if (!outcome.ok) return refused('probe', failureWords(outcome), [...certain, ...confiningCauses(here)]);
    // buildkitd lists the directory and wants d_type before it mounts; the kernel itself would only warn.
    const { disk, directory } = here;
    if (disk.dtype === false || (!directory.readable && directory.writable)) return refused('probe', null, certain);
    return working('probe');
  }
  if (here.probe) return untried(whyUntried(here, outcome));
  if (certain.length > 0) return refused('files', null, certain);
  if (here.kernel === null) return untried({ why: 'the kernel release could not be read', command: 'uname -r' });
  return working('files');
}
