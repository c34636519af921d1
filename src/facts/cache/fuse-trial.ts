import { fuseInUserNamespace } from '../../knowledge/kernels.ts';
import {
  type Circumstances,
  failureWords,
  type Obstacle,
  refused,
  type Trial,
  unmountable,
  untried,
  wasTried,
  whyUntried,
  working,
} from './snapshotter-trial.ts';

function certainObstacles(here: Circumstances): readonly Obstacle[] {
  const { programs, fuseDevice, kernel, filesystems, account } = here;
  const obstacles: Obstacle[] = [];
  for (const program of ['fuse-overlayfs', 'mount.fuse3'] as const)
    if (!programs[program]?.executable)
      obstacles.push({ kind: 'program', program, found: programs[program]?.path ?? null, searched: here.path ?? null });
  if (fuseDevice === null) obstacles.push({ kind: 'no-fuse-device', moduleAbsent: filesystems?.fuse === 'absent' });
  else if (!fuseDevice.usable) {
    const { mode, uid, gid } = fuseDevice;
    obstacles.push({ kind: 'closed-fuse-device', mode, uid, gid, account });
  }
  const rule = kernel === null ? null : fuseInUserNamespace(kernel);
  if (here.userns && kernel !== null && rule?.allows === false)
    obstacles.push({ kind: 'kernel', mounts: 'FUSE', release: kernel.release, rule: rule.because });
  return obstacles;
}

/** Would buildkitd's own test of fuse-overlayfs on the cache directory succeed? */
export function tryFuse(here: Circumstances): Trial {
  const named = unmountable(here);
  if (named !== null) return refused('files', null, [named]);
  const obstacles = certainObstacles(here);
  if (!here.programs['fuse-overlayfs']?.executable) return refused('files', null, obstacles);
  const outcome = here.answer?.fuseOverlay ?? null;
  if (wasTried(outcome)) return outcome.ok ? working('probe') : refused('probe', failureWords(outcome), obstacles);
  if (here.probe) return untried(whyUntried(here, outcome));
  return obstacles.length === 0 ? working('files') : refused('files', null, obstacles);
}
