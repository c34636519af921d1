import { OWN } from '../../checks/idmap/helpers.ts';
import type { IdmapHelper } from '../../facts/start/idmap-helpers.ts';
import { type Engine, sentenceFor } from '../../knowledge/engines.ts';

/** `path`: of the helper that is outside of PATH. */
export function pathWords(path: string): string {
  const directory = path.slice(0, path.lastIndexOf('/'));
  return `Put ${directory} into PATH where buildkitd is started${directory === '/run/wrappers/bin' ? ', before /run/current-system/sw/bin' : ''}.`;
}

/** A setuid helper does without `lacking` where it has its own capability instead. */
export function boundedSetuidWords(
  name: IdmapHelper['name'],
  path: string,
  lacking: string,
  kind: Engine | null,
): string {
  const { capability } = OWN[name];
  return kind === null
    ? `As root: chmod u-s ${path} && setcap ${capability}=ep ${path}; so it needs no other privilege. Or: ${capabilityWords(lacking, kind)}`
    : `${imageWords(name, path, capability)} Or give the container what it lacks: ${capabilityWords(lacking, kind)}`;
}

export function noNewPrivsWords(kind: Engine | null): string {
  if (kind === null)
    return 'Start buildkitd from a session or unit without it: it comes from setpriv --no-new-privs, from NoNewPrivileges= or a filtering option of a systemd unit, or from a sandbox around the shell; once set it cannot be taken off.';
  const daemon =
    kind === 'docker' || kind === 'other' ? ' Look also for "no-new-privileges": true in /etc/docker/daemon.json.' : '';
  return `${sentenceFor(kind, 'new-privileges')}${daemon}`;
}

export function capabilityWords(capability: string, kind: Engine | null): string {
  return kind === null
    ? `Start buildkitd from a session whose bounding set has CAP_${capability} (see CapBnd in /proc/self/status; CapabilityBoundingSet= of a systemd unit limits it).`
    : `${sentenceFor(kind, ['capability', capability])} Nothing may take it away again (--cap-drop; in a pod a drop of ALL without this add).`;
}

export function imageWords(name: string, path: string, capability: string): string {
  return `Give ${name} its file capability in the image: RUN chmod u-s ${path} && setcap ${capability}=ep ${path}; moby/buildkit:rootless has working helpers.`;
}

export function remountWords(point: string, option: 'suid' | 'exec', kind: Engine | null): string {
  return kind === null
    ? `As root: mount -o remount,${option} ${point}, and take "no${option}" out of its line in /etc/fstab; or install the helpers on a file system without it.`
    : `Mount ${point} without "no${option}" into the container, or keep the helpers in the image itself.`;
}
