import type { KernelLimitsEvidence } from '../../checks/kernel/limits.ts';
import { container } from '../../facts/confinement/container.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { sysctlFiles } from '../../facts/machine/sysctl.ts';
import type { Condition } from '../../model/decide.ts';
import type { Fix } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { setSysctl } from '../sysctl/set.ts';

const needs = { files: optional(sysctlFiles), place: sysctlPlace, container: optional(container) };

/** What LXD's documentation sets for hosts with many containers. */
const MANY_KEYS = 2000;
const MANY_BYTES = 2000000;

/** Raises the key quota; limits of sessions and control groups belong to whoever sets them. */
export const raiseKernelLimits: Fix<typeof needs, KernelLimitsEvidence> = {
  needs,
  title: 'Raise the limit',
  plan: (problems, { files, place, container }) =>
    problems.flatMap(({ condition, evidence }, index) => {
      if ('key' in evidence) {
        const { key, limit } = evidence;
        const wanted = Math.max(2 * limit, key.endsWith('maxkeys') ? MANY_KEYS : MANY_BYTES);
        const change = { key, running: String(limit), wanted: String(wanted) };
        return setSysctl(index, change, files.value ?? null, place);
      }
      const inside = container.value?.kind ?? null;
      return [advice([index], limitWords(condition, evidence.path, inside))];
    }),
};

function limitWords(condition: Condition, path: string, inside: string | null): string {
  const ofSession = path === '/proc/self/limits';
  switch (condition) {
    case 'limits.open-files':
      return sessionWords('nofile', 'LimitNOFILE', inside);
    case 'limits.file-size':
      return sessionWords('fsize', 'LimitFSIZE', inside);
    case 'limits.pids':
      return ofSession ? sessionWords('nproc', 'LimitNPROC', inside) : groupWords('pids', path, inside);
    default:
      return ofSession ? sessionWords('as', 'LimitAS', inside) : groupWords('memory', path, inside);
  }
}

function sessionWords(item: string, setting: string, inside: string | null): string {
  const value = item === 'nofile' || item === 'nproc' ? '65536' : 'unlimited';
  if (inside !== null)
    return `Start the container with --ulimit ${item}=${value === 'unlimited' ? '-1' : value}, or raise the limit in the engine's own configuration.`;
  return `Where a login sets it: as root, a line "USER - ${item} ${value}" in /etc/security/limits.d/buildkit.conf, then log in again; for a unit: ${setting}=${value === 'unlimited' ? 'infinity' : `${value} (or infinity)`} under [Service]; in a shell script: take out its "ulimit" line.`;
}

function groupWords(controller: 'pids' | 'memory', path: string, inside: string | null): string {
  const flag = controller === 'pids' ? '--pids-limit 4096' : '--memory 2g';
  const key = controller === 'pids' ? 'TasksMax=' : 'MemoryMax=';
  switch (inside) {
    case null:
      return `${path} is set by the unit or slice that it is named after: raise its ${key} (systemctl set-property), or start buildkitd elsewhere.`;
    case 'kubernetes':
      return controller === 'pids'
        ? 'Raise podPidsLimit of the kubelet (node configuration).'
        : 'In the pod: resources.limits.memory of at least 2Gi, or none.';
    default:
      return `Start the container with ${flag}.`;
  }
}
