import { fuseInUserNamespace } from '../../knowledge/kernels.ts';
import { type Installable, installOf } from '../../knowledge/packages.ts';
import { octal } from '../../text/octal.ts';
import type { Binary } from '../programs/find-in-path.ts';
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

/** What to type for a missing program on this distribution. */
function bring(program: Installable, { os }: Circumstances): string {
  const { argv, text } = installOf(program, os ?? { id: 'linux', idLike: [], version: null });
  return argv === null ? `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.` : `Type as root: ${text}`;
}

function certainCauses(here: Circumstances): readonly Cause[] {
  const { programs, fuseDevice, kernel, filesystems } = here;
  const causes: Cause[] = [];
  const absence = (name: string, program: Binary | null): string =>
    program === null
      ? `${name} is not in PATH (${here.path ?? 'which is not set'})`
      : `${program.path} is not executable`;
  if (!programs['fuse-overlayfs']?.executable)
    causes.push({
      condition: 'snapshotter.fuse-overlayfs-missing',
      because: absence('fuse-overlayfs', programs['fuse-overlayfs']),
      remedy: bring('fuse-overlayfs', here),
    });
  if (!programs['mount.fuse3']?.executable)
    causes.push({
      condition: 'snapshotter.fuse-overlayfs-missing',
      because: `its mount helper ${absence('mount.fuse3', programs['mount.fuse3'])}`,
      remedy: `Let PATH contain the directory of mount.fuse3 (/usr/sbin or /sbin), and where it is not installed: ${bring('mount.fuse3', here)}`,
    });
  if (fuseDevice === null)
    causes.push({
      condition: 'snapshotter.fuse-device-missing',
      because:
        filesystems?.fuse === 'absent'
          ? '/dev/fuse is missing and the kernel has no fuse module here'
          : '/dev/fuse is missing',
      remedy: here.contained
        ? 'Give the container the device: docker run --device /dev/fuse, in a pod a device plugin for /dev/fuse.'
        : 'Type as root: modprobe fuse',
    });
  else if (!fuseDevice.usable)
    causes.push({
      condition: 'snapshotter.fuse-device-missing',
      because: `/dev/fuse has mode ${octal(fuseDevice.mode)} and owner ${fuseDevice.uid}:${fuseDevice.gid}, so that ${here.account} may not open it`,
      remedy:
        'Let udev give it its default mode again: a line KERNEL=="fuse", MODE="0666" in /etc/udev/rules.d/99-fuse.rules.',
    });
  const rule = kernel === null ? null : fuseInUserNamespace(kernel);
  if (here.userns && rule?.allows === false)
    causes.push({
      condition: 'kernel.too-old',
      because: `${rule.because} and lets only real root mount FUSE`,
      remedy: 'Run Linux 4.18 or later.',
    });
  return causes;
}

/** Would buildkitd's own test of fuse-overlayfs on the cache directory succeed? */
export function tryFuse(here: Circumstances): Trial {
  const named = unmountable(here);
  if (named !== null) return refused('files', null, [named]);
  const causes = certainCauses(here);
  if (!here.programs['fuse-overlayfs']?.executable) return refused('files', null, causes);
  const outcome = here.answer?.fuseOverlay ?? null;
  if (wasTried(outcome)) return outcome.ok ? working('probe') : refused('probe', failureWords(outcome), causes);
  if (here.probe) return untried(whyUntried(here, outcome));
  return causes.length === 0 ? working('files') : refused('files', null, causes);
}
