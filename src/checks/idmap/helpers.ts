import { container } from '../../facts/confinement/container.ts';
import { osRelease } from '../../facts/machine/os-release.ts';
import { CAP, hasCapability, processStatus } from '../../facts/machine/process-status.ts';
import { grants, type IdmapHelper, installedHelpers } from '../../facts/start/idmap-helpers.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { unit } from '../../facts/target/unit.ts';
import { familyOf, type Install, installOf } from '../../knowledge/packages.ts';
import type { Check, Condition, Problem } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { octal } from '../../text/octal.ts';

const needs = {
  launcher,
  helpers: installedHelpers,
  os: optional(osRelease),
  container: optional(container),
  status: optional(processStatus),
  unit: optional(unit),
  namespace: optional(namespace),
};

/** How a helper gets its privilege (back). */
export type HelperRepair =
  | { readonly how: 'install'; readonly install: Install }
  | { readonly how: 'mode'; readonly from: number; readonly to: number; readonly dropCapabilities: string | null }
  | { readonly how: 'capability'; readonly set: string; readonly previous: string | null }
  | { readonly how: 'manual'; readonly text: string };
export interface HelpersEvidence {
  readonly helpers: readonly string[];
  readonly path: string | null;
  readonly repair: HelperRepair;
}

type Name = IdmapHelper['name'];
const OWN: { readonly [N in Name]: { readonly capability: string; readonly bit: number; readonly flag: string } } = {
  newuidmap: { capability: 'cap_setuid', bit: CAP.setuid, flag: 'SETUID' },
  newgidmap: { capability: 'cap_setgid', bit: CAP.setgid, flag: 'SETGID' },
};
/** Distributions that ship the helpers with file capabilities; the others set the setuid bit. */
const CAPABILITY_FAMILIES = new Set(['fedora', 'el7', 'arch', 'azurelinux', 'photon']);

export const idmapHelpers: Check<typeof needs, HelpersEvidence> = {
  id: 'idmap/helpers',
  title: 'newuidmap and newgidmap can map ids',
  why: 'An ordinary user may map only its own id; newuidmap and newgidmap map the subordinate ones, and need a privilege of their own for that.',
  decides: true,
  conditions: ['idmap.newuidmap-missing', 'idmap.newuidmap-not-setuid', 'idmap.no-new-privs'],
  needs,
  examine(facts) {
    if (facts.launcher === 'none')
      return { notApplicable: 'buildkitd is started as root here, so nobody maps ids for it' };
    const problems: Problem<HelpersEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const launch = facts.namespace.value?.launch;
    const kind = facts.container.value?.kind ?? null;
    const service = facts.unit.value ?? null;

    if (service?.noNewPrivileges === true && service.rootlesskit !== null) {
      const by = service.noNewPrivilegesBy ?? 'NoNewPrivileges';
      problems.push({
        condition: 'idmap.no-new-privs',
        severity: 'error',
        subject: service.path,
        message: `${service.path} starts buildkitd with no_new_privs (${by}=), so newuidmap and newgidmap get no privilege under it.`,
        evidence: {
          helpers: ['newuidmap', 'newgidmap'],
          path: service.path,
          repair: {
            how: 'manual',
            text: `Take ${by}= out of ${service.path} and its drop-ins, or override it: systemctl ${service.scope === 'user' ? '--user ' : ''}edit ${service.path.slice(service.path.lastIndexOf('/') + 1)}, then "[Service]" and "${by}=${by === 'NoNewPrivileges' ? 'no' : ''}".`,
          },
        },
      });
    } else if (launch?.ok !== true && facts.status.value?.noNewPrivs === true) {
      problems.push({
        condition: 'idmap.no-new-privs',
        severity: 'error',
        subject: 'no_new_privs',
        message: 'no_new_privs is set on this process, so newuidmap and newgidmap get no privilege when they are run.',
        evidence: {
          helpers: ['newuidmap', 'newgidmap'],
          path: null,
          repair: { how: 'manual', text: noNewPrivsWords(kind) },
        },
      });
    }
    // Both have just done their work.
    if (launch?.ok === true) return { problems, unseen };
    for (const name of ['newuidmap', 'newgidmap'] as const) {
      const found = judge(facts.helpers[name], {
        distribution: facts.os.value ?? { id: 'linux', idLike: [], version: null },
        kind,
        bounding: facts.status.value?.capabilityBounding ?? null,
        suseLevel: facts.helpers.suseLevel,
        refused: launch?.ok === false && launch.stage === 'map' && launch.errno === 'EPERM',
        noNewPrivs: facts.status.value?.noNewPrivs === true,
      });
      if (found === null) continue;
      if ('why' in found) unseen.push(found);
      else problems.push(found);
    }
    return { problems, unseen };
  },
};

interface Surroundings {
  readonly distribution: Parameters<typeof installOf>[1];
  readonly kind: string | null;
  readonly bounding: bigint | null;
  readonly suseLevel: string | null;
  /** A launch was refused the right to write the map. */
  readonly refused: boolean;
  readonly noNewPrivs: boolean;
}

/**
 * Does a setuid helper write the map as root? Built with libcap it becomes the user again first and keeps one capability,
 * like one with file capabilities (write_mapping in shadow's lib/idmapping.c): Alpine's is, Debian's and Ubuntu's are not.
 */
function writesAsRoot({ distribution, refused, noNewPrivs }: Surroundings): boolean {
  switch (familyOf(distribution)) {
    case 'debian':
      return true;
    case 'alpine':
      return false;
    default:
      return refused && !noNewPrivs;
  }
}

function judge(helper: IdmapHelper, around: Surroundings): Problem<HelpersEvidence> | UnseenReason | null {
  const { name, binary, capabilities, capabilitiesKnown, mount, writable, elsewhere } = helper;
  const { distribution, kind, bounding, suseLevel, refused } = around;
  const problem = (condition: Condition, message: string, repair: HelperRepair): Problem<HelpersEvidence> => ({
    condition,
    severity: 'error',
    subject: name,
    message,
    evidence: { helpers: [name], path: binary?.realpath ?? elsewhere, repair },
  });
  const manual = (text: string): HelperRepair => ({ how: 'manual', text });
  const own = OWN[name];

  if (binary === null) {
    if (elsewhere !== null) {
      const directory = elsewhere.slice(0, elsewhere.lastIndexOf('/'));
      return problem(
        'idmap.newuidmap-missing',
        `${name} stands in ${directory}, which is not in the PATH that buildkitd gets.`,
        manual(
          `Put ${directory} into PATH where buildkitd is started${directory === '/run/wrappers/bin' ? ', before /run/current-system/sw/bin' : ''}.`,
        ),
      );
    }
    return problem('idmap.newuidmap-missing', `${name} is not installed.`, {
      how: 'install',
      install: installOf(name, distribution),
    });
  }
  const { path, realpath, stat, executable } = binary;
  const mode = octal(stat.mode);
  const isSetuid = (stat.mode & 0o4000) !== 0 && stat.uid === 0;
  const isCapable = grants(capabilities, own.capability);
  const secured = writable === null && (stat.mode & 0o2000) === 0;
  const repair = (): HelperRepair => {
    if (distribution.id === 'nixos')
      return manual(
        'On NixOS the privileged helpers are /run/wrappers/bin/newuidmap and newgidmap: put /run/wrappers/bin first in PATH.',
      );
    if (suseLevel !== null && /paranoid/.test(suseLevel))
      return manual(
        `This system's permission level is "${suseLevel}": as root, add "${realpath} root:shadow 4755" to /etc/permissions.local and run chkstat --system.`,
      );
    if (kind !== null) return manual(imageWords(name, realpath, own.capability));
    if (!secured)
      return manual(
        `${writable ?? realpath} can be changed by another account than root, so no privilege is put there: use the ${name} of this system's package (${installOf(name, distribution).text}).`,
      );
    if (CAPABILITY_FAMILIES.has(familyOf(distribution) ?? '') && (stat.mode & 0o4000) === 0 && executable)
      return { how: 'capability', set: `${own.capability}=ep`, previous: capabilities?.text ?? null };
    return { how: 'mode', from: stat.mode, to: 0o4755, dropCapabilities: capabilities?.text ?? null };
  };

  if (!executable) {
    const noexec = mount?.options.includes('noexec') === true;
    return problem(
      'idmap.newuidmap-missing',
      noexec
        ? `${path} is on ${mount?.point}, which is mounted noexec, so it cannot be run.`
        : `${path} may not be executed (mode ${mode}).`,
      noexec ? manual(remountWords(mount?.point ?? '/', 'exec', kind)) : repair(),
    );
  }
  if (mount?.options.includes('nosuid'))
    return problem(
      'idmap.newuidmap-not-setuid',
      `${realpath} is on ${mount.point}, which is mounted nosuid: neither a setuid bit nor file capabilities count there.`,
      distribution.id === 'nixos' ? repair() : manual(remountWords(mount.point, 'suid', kind)),
    );
  if (hasCapability(bounding, own.bit) === false)
    return problem(
      'idmap.newuidmap-not-setuid',
      `The capability bounding set lacks CAP_${own.flag}, so ${name} cannot map ids here whatever its file says.`,
      manual(capabilityWords(own.flag, kind)),
    );
  if (isSetuid && capabilities !== null && (!isCapable || writesAsRoot(around)))
    return problem(
      'idmap.newuidmap-not-setuid',
      `${realpath} has both a setuid bit and file capabilities (${capabilities.text}); together they leave it without the right to write the map.`,
      isCapable && CAPABILITY_FAMILIES.has(familyOf(distribution) ?? '') && kind === null && secured
        ? { how: 'mode', from: stat.mode, to: 0o755, dropCapabilities: null }
        : repair(),
    );
  if (isSetuid) {
    if (!writesAsRoot(around)) return null;
    const lacking = [
      ...(hasCapability(bounding, CAP.sysAdmin) === false ? ['SYS_ADMIN'] : []),
      ...(hasCapability(bounding, CAP.dacOverride) === false ? ['DAC_OVERRIDE'] : []),
    ];
    return lacking.length === 0
      ? null
      : problem(
          'idmap.newuidmap-not-setuid',
          `${realpath} is setuid root, but the bounding set lacks ${lacking.map((flag) => `CAP_${flag}`).join(' and ')}, without which a setuid ${name} may not write the map of another namespace.`,
          manual(
            kind === null
              ? `As root: chmod u-s ${realpath} && setcap ${own.capability}=ep ${realpath}; so it needs no other privilege. Or: ${capabilityWords(lacking[0] ?? '', kind)}`
              : `${imageWords(name, realpath, own.capability)} Or give the container what it lacks: ${capabilityWords(lacking[0] ?? '', kind)}`,
          ),
        );
  }
  if (isCapable) return null;
  if (!capabilitiesKnown && !refused)
    return {
      why: `${realpath} has no setuid bit, and its file capabilities could not be seen (getcap is missing)`,
      command: `getcap ${realpath}`,
    };
  return problem('idmap.newuidmap-not-setuid', unprivilegedWords(helper, mode, own.capability), repair());
}

function unprivilegedWords({ binary, capabilities }: IdmapHelper, mode: string, wanted: string): string {
  const { realpath = '', stat } = binary ?? {};
  if (stat !== undefined && (stat.mode & 0o4000) !== 0)
    return `${realpath} is setuid, but belongs to uid ${stat.uid} and not to root.`;
  if (capabilities?.rootId != null)
    return `${realpath} has ${capabilities.text} only for a user namespace of uid ${capabilities.rootId}.`;
  if (capabilities !== null)
    return `${realpath} has the file capability ${capabilities.text}, not ${wanted}=ep, and no setuid bit (mode ${mode}).`;
  return `${realpath} has neither a setuid bit (mode ${mode}) nor the file capability ${wanted}.`;
}

function noNewPrivsWords(kind: string | null): string {
  switch (kind) {
    case null:
      return 'Start buildkitd from a session or unit without it: it comes from setpriv --no-new-privs, from NoNewPrivileges= or a filtering option of a systemd unit, or from a sandbox around the shell; once set it cannot be taken off.';
    case 'kubernetes':
      return 'Set securityContext.allowPrivilegeEscalation: true for the container. The Pod Security levels "restricted" and "baseline" both refuse a rootless BuildKit pod: its namespace needs "privileged".';
    default:
      return 'Start the container without --security-opt no-new-privileges, and without "no-new-privileges": true in /etc/docker/daemon.json.';
  }
}

function capabilityWords(flag: string, kind: string | null): string {
  switch (kind) {
    case null:
      return `Start buildkitd from a session whose bounding set has CAP_${flag} (see CapBnd in /proc/self/status; CapabilityBoundingSet= of a systemd unit limits it).`;
    case 'kubernetes':
      return `securityContext.capabilities.add: [${flag}], and no drop of ALL without it.`;
    default:
      return `docker run --cap-add ${flag} (and no --cap-drop that takes it away).`;
  }
}

function imageWords(name: string, path: string, capability: string): string {
  return `Give ${name} its file capability in the image: RUN chmod u-s ${path} && setcap ${capability}=ep ${path}; moby/buildkit:rootless has working helpers.`;
}

function remountWords(point: string, option: 'suid' | 'exec', kind: string | null): string {
  return kind === null
    ? `As root: mount -o remount,${option} ${point}, and take "no${option}" out of its line in /etc/fstab; or install the helpers on a file system without it.`
    : `Mount ${point} without "no${option}" into the container, or keep the helpers in the image itself.`;
}
