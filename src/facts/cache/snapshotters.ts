import { SNAPSHOTTER_NAMES } from '../../buildkit/snapshotter-names.ts';
import type { Fact, Outcome, UnseenReason } from '../../model/look.ts';
import { asAbsent, seen } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { type Settings, settings } from '../config/settings.ts';
import { confinement } from '../confinement/apparmor.ts';
import { container } from '../confinement/container.ts';
import { selinux } from '../confinement/selinux.ts';
import { kernel } from '../machine/kernel.ts';
import { kernelFilesystems } from '../machine/kernel-filesystems.ts';
import { osRelease } from '../machine/os-release.ts';
import { processStatus } from '../machine/process-status.ts';
import { binaries } from '../programs/binaries.ts';
import { namespace } from '../start/namespace.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { filesystem } from './filesystem.ts';
import { tryFuse } from './fuse-trial.ts';
import { tryOverlay } from './overlay-trial.ts';
import { allowedIds } from './ownership.ts';
import { type Circumstances, type Trial, untried } from './snapshotter-trial.ts';

/** What could be mounted on the cache directory, as the user who will run buildkitd. */
export interface Snapshotters {
  readonly overlayfs: Trial;
  readonly fuse: Trial;
  /** buildkitd chooses fuse-overlayfs by a read-only mount; this is the writable one that RUN steps need. Null: not tried. */
  readonly fuseWrite: Outcome | null;
}

/** What buildkitd will choose. */
export interface Prediction {
  /** The snapshotter that buildkitd will use; null where that cannot be told, or where buildkitd refuses the name. */
  readonly selected: string | null;
  /** Why it cannot be told; null where it can. */
  readonly unseen: UnseenReason | null;
}

/** What buildkitd will choose: a proxy's or a written name, else overlayfs, fuse-overlayfs, native in this order. */
export function predictSnapshotter(
  { oci, containerd }: Pick<Settings, 'oci' | 'containerd'>,
  { overlayfs, fuse }: Pick<Snapshotters, 'overlayfs' | 'fuse'>,
): Prediction {
  const name = oci.snapshotter.value;
  const certain = (selected: string | null): Prediction => ({ selected, unseen: null });
  if (oci.enabled.value === false)
    return certain(containerd.enabled.value === false ? null : containerd.snapshotter.value);
  if (oci.proxySnapshotterPath.value !== null) return certain(name);
  if (!SNAPSHOTTER_NAMES.includes(name)) return certain(null);
  if (name !== 'auto') return certain(name);
  if (overlayfs.works) return certain('overlayfs');
  const first = overlayfs.works === null ? overlayfs : fuse;
  if (first.works === null) return { selected: null, unseen: first.unseen ?? { why: 'no mount could be tried' } };
  return certain(fuse.works ? 'fuse-overlayfs' : 'native');
}

export const selectedSnapshotter: Fact<Prediction> = {
  id: 'selected-snapshotter',
  async read(look) {
    const [options, { value: trials, unseen }] = await Promise.all([look.get(settings), seen(look.get(snapshotters))]);
    if (unseen === undefined) return predictSnapshotter(options, trials);
    return predictSnapshotter(options, { overlayfs: untried(unseen), fuse: untried(unseen) });
  },
};

export const snapshotters: Fact<Snapshotters> = {
  id: 'snapshotters',
  async read(look) {
    const quiet = <T>(reading: Promise<T>): Promise<T | null> => reading.catch(asAbsent);
    const { host, request } = look;
    const looks = {
      directory: look.get(cacheDirectory),
      disk: look.get(filesystem),
      kernel: quiet(look.get(kernel)),
      os: quiet(look.get(osRelease)),
      filesystems: quiet(look.get(kernelFilesystems)),
      selinux: quiet(look.get(selinux)),
      confinement: quiet(look.get(confinement)),
      programs: look.get(binaries),
      allowed: quiet(look.get(allowedIds)),
      status: quiet(look.get(processStatus)),
    };
    const [who, inside, { values }, device, readable, writable, tried] = await Promise.all([
      look.get(identity),
      quiet(look.get(container)),
      look.get(environment),
      host.stat('/dev/fuse', 'target').catch(asAbsent),
      host.access('/dev/fuse', 'r', 'target').catch(asAbsent),
      host.access('/dev/fuse', 'w', 'target').catch(asAbsent),
      seen(look.get(namespace)),
      ...Object.values(looks),
    ]);
    const status = await looks.status;
    const here: Circumstances = {
      account: who.target.name ?? `uid ${who.target.uid}`,
      directory: await looks.directory,
      disk: await looks.disk,
      kernel: await looks.kernel,
      os: await looks.os,
      filesystems: await looks.filesystems,
      selinux: await looks.selinux,
      confinement: await looks.confinement,
      programs: await looks.programs,
      allowed: await looks.allowed,
      status,
      contained: inside !== null && inside.kind !== null,
      userns: who.mode === 'rootless' || status?.inUserNamespace === true,
      path: values.PATH,
      fuseDevice: device?.kind === 'character' ? { ...device, usable: readable === true && writable === true } : null,
      probe: request.probe,
      answer: tried.value ?? null,
      unseen: tried.unseen ?? null,
    };
    return { overlayfs: tryOverlay(here), fuse: tryFuse(here), fuseWrite: tried.value?.fuseWrite ?? null };
  },
};
