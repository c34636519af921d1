import type { KernelLimitsEvidence } from '../../checks/kernel/limits.ts';
import { container } from '../../facts/confinement/container.ts';
import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { sysctlFiles } from '../../facts/machine/sysctl.ts';
import { type Engine, sentenceFor } from '../../knowledge/engines.ts';
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
      const { option, path } = evidence;
      if (option !== null) return [advice([index], ...unitLimitWords(option, path))];
      const inside = container.value?.kind ?? null;
      return [advice([index], limitWords(condition, path, inside))];
    }),
};

/** Nobody's build needs a limit there. */
function unitLimitWords(option: string, path: string): readonly string[] {
  const section = /\.slice(?:\.d\/|$)/.test(path) ? 'Slice' : 'Service';
  return [
    `Take ${option}= out of ${path}, or override it in a drop-in of the ${section === 'Slice' ? 'slice' : 'unit'} (systemctl edit) with the following lines; then restart the unit.\n[${section}]\n${option.replace(/^Default/, '')}=infinity`,
  ];
}

function limitWords(condition: Condition, path: string, inside: Engine | null): string {
  const ofSession = !path.startsWith('/sys/');
  switch (condition) {
    case 'idmap.no-new-privs':
      return `As root, take the line with nonewprivs out of ${path}, or name the account in a line of its own with the value 0; then log in again.`;
    case 'limits.open-files':
      return sessionWords('open-files', inside);
    case 'limits.file-size':
      return sessionWords('file-size', inside);
    case 'limits.pids':
      return ofSession ? sessionWords('processes', inside) : groupWords('pids-of-group', path, inside);
    default:
      return ofSession ? sessionWords('address-space', inside) : groupWords('memory-of-group', path, inside);
  }
}

/** As limits.conf(5) and systemd name a limit, and the value that is enough. */
const SESSION = {
  'open-files': ['nofile', 'LimitNOFILE', '65536'],
  processes: ['nproc', 'LimitNPROC', '65536'],
  'file-size': ['fsize', 'LimitFSIZE', 'unlimited'],
  'address-space': ['as', 'LimitAS', 'unlimited'],
} as const;

function sessionWords(limit: keyof typeof SESSION, inside: Engine | null): string {
  const [item, setting, value] = SESSION[limit];
  if (inside !== null)
    return `${sentenceFor(inside, [limit, value])} Or raise the limit in the engine's own configuration.`;
  return `Where a login sets it: as root, a line "USER - ${item} ${value}" in /etc/security/limits.d/buildkit.conf, then log in again; for a unit: ${setting}=${value === 'unlimited' ? 'infinity' : `${value} (or infinity)`} under [Service]; in a shell script: take out its "ulimit" line.`;
}

function groupWords(limit: 'pids-of-group' | 'memory-of-group', path: string, inside: Engine | null): string {
  if (inside !== null) return sentenceFor(inside, [limit, '4096']);
  const key = limit === 'pids-of-group' ? 'TasksMax=' : 'MemoryMax=';
  return `${path} is set by the unit or slice that it is named after: raise its ${key} (systemctl set-property), or start buildkitd elsewhere.`;
}
