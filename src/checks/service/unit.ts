import { surelyBefore } from '../../buildkit/version.ts';
import { settings } from '../../facts/config/settings.ts';
import type { By } from '../../facts/confinement/unit-mounts.ts';
import { mounts } from '../../facts/machine/mounts.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import { type UnitConfinement, unitConfinement } from '../../facts/start/unit-confinement.ts';
import type { Refusal } from '../../facts/start/unit-refusals.ts';
import { unitSocket } from '../../facts/start/unit-socket.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { unit } from '../../facts/target/unit.ts';
import type { Check, Condition, Severity } from '../../model/decide.ts';
import type { Mount } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';
import { MEASURES } from '../runtime/process-sandbox.ts';
import { mannersOf } from './unit-manners.ts';
import { conditionOfPlaces, isOnlyConfiguration, placesWords, togetherLost } from './unit-places.ts';
import { listed, written } from './unit-words.ts';

const needs = {
  unit,
  socket: optional(unitSocket),
  confinement: unitConfinement,
  launcher,
  version: optional(buildkitdVersion),
  mounts: optional(mounts),
  settings,
};

/** The directives that take something away. */
export interface UnitEvidence {
  readonly unit: string;
  readonly scope: 'system' | 'user';
  /** Each of them suffices. */
  readonly directives: readonly { readonly option: string; readonly value: string }[];
  /** What is taken: paths, capabilities, system calls, namespaces, devices. */
  readonly lacks: readonly string[];
}
type Report = (
  condition: Condition,
  severity: Severity,
  by: By | readonly [By, ...By[]],
  lacks: readonly string[],
  message: string,
) => void;

export const serviceUnit: Check<typeof needs, UnitEvidence> = {
  id: 'service/unit',
  title: 'The unit leaves buildkitd what a build needs, and runs it as a service',
  why: 'Options that harden a unit take rights away from everything that it starts: from rootlesskit and newuidmap, from buildkitd and from the OCI runtime. Others decide what a start, a stop and a crash look like.',
  decides: true,
  conditions: [
    'service.start-fails',
    'service.confined',
    'daemon.needs-root',
    'seccomp.blocked',
    'proc.masked',
    'idmap.nested-userns',
    'idmap.newuidmap-not-setuid',
    'idmap.user-lookup-failed',
    'storage.read-only',
    'storage.permission',
    'cgroup.read-only',
    'snapshotter.fuse-device-missing',
    'net.tun-missing',
    'net.registry-unreachable',
    'service.hides-failure',
    'service.stop-fails',
    'service.restart',
    'service.limits',
    'service.path',
    'service.not-enabled',
    'service.socket-mode',
  ],
  needs,
  examine({ unit, socket, confinement, launcher, version, mounts, settings }) {
    if (unit === null) return { notApplicable: 'no systemd unit starts buildkitd for this account' };
    const found = findings<UnitEvidence>();
    const { name, scope } = unit;
    for (const { condition, severity, unit: of, option, value, message, at } of mannersOf(unit, socket.value ?? null))
      found.add(condition, severity, of, message, { unit: of, scope, directives: [{ option, value }], lacks: [] }, at);
    if (confinement === null) return { problems: found.problems, unseen: found.unseen };
    const report: Report = (condition, severity, by, lacks, message) => {
      const all = 'option' in by ? ([by] as const) : by;
      const directives = all.map(({ option, value }) => ({ option, value }));
      found.add(condition, severity, name, message, { unit: name, scope, directives, lacks }, all[0].at);
    };
    for (const { by, why, path } of confinement.refusals)
      report('service.start-fails', 'error', by, path === null ? [] : [path], refusalWords(by, why, path));
    judgePlaces(report, found, confinement);
    judgePrivilege(report, confinement, launcher === 'rootlesskit');
    // Only what measures RUN steps reads more of /proc, and gives them a namespace of control groups.
    const measures = version.value === undefined || !surelyBefore(version.value, MEASURES);
    judgeFilters(report, confinement, measures);
    judgeDevices(report, confinement);
    if (!settings.oci.noProcessSandbox.value && !hasAnotherProc(mounts.value ?? [])) judgeMasks(report, confinement);
    judgeRest(report, measures ? confinement : { ...confinement, processesOnly: null });
    for (const by of confinement.untold)
      found.unseen.push({ why: `what ${written(by)} of ${name} does to buildkitd cannot be told from here` });
    return { problems: found.problems, unseen: found.unseen };
  },
};

function refusalWords(by: By, why: Refusal, path: string | null): string {
  switch (why) {
    case 'missing-path':
      return `systemd does not start the unit: ${written(by)} wants ${path}, which does not exist.`;
    case 'no-namespace':
      return `A user's systemd cannot make the mount namespace that ${written(by)} wants, and does not start the unit without it.`;
    case 'capabilities':
      return `A user's systemd may not change capabilities: with ${written(by)} it does not start the unit.`;
    case 'securebits':
      return `A user's systemd may not set secure bits: with ${written(by)} it does not start the unit.`;
    case 'credentials':
      return `A user's systemd may not change accounts or groups: with ${written(by)} it does not start the unit.`;
  }
}

function judgePlaces(report: Report, found: Findings<UnitEvidence>, { places }: UnitConfinement): void {
  for (const group of togetherLost(places)) {
    const [{ by }] = group;
    if (isOnlyConfiguration(group[0]))
      found.unseen.push({
        why: `${placesWords(group)}, so that buildkitd has another configuration than the one judged here`,
      });
    else
      report(
        conditionOfPlaces(group),
        'error',
        by,
        group.map(({ path }) => path),
        `${placesWords(group)}.`,
      );
  }
}

function judgePrivilege(report: Report, confinement: UnitConfinement, rootless: boolean): void {
  const { userNamespace, capabilities, powerless, group, otherAccount } = confinement;
  if (otherAccount !== null)
    report(
      'daemon.needs-root',
      'error',
      otherAccount,
      [],
      `${written(otherAccount)} starts buildkitd as an account of the unit's own instead of root: it ends with "rootless mode requires to be executed as the mapped root in a user namespace".`,
    );
  const [first, ...more] = userNamespace;
  if (first !== undefined)
    report(
      'idmap.nested-userns',
      'error',
      [first, ...more],
      [],
      `${userNamespace.map(written).join(', ')} ${more.length === 0 ? 'puts' : 'put'} ${rootless ? 'rootlesskit into a user namespace in which the subordinate ids do not exist: newuidmap cannot map them' : 'buildkitd into a user namespace in which it has no right to the mounts of a build'}.`,
    );
  for (const { names, by } of capabilities)
    report(
      rootless ? 'idmap.newuidmap-not-setuid' : 'service.confined',
      'error',
      by,
      names,
      `${written(by)} takes ${listed(names)} away: ${rootless ? 'newuidmap and newgidmap cannot map ids without' : 'buildkitd mounts with CAP_SYS_ADMIN, and gives the others to every RUN step'}.`,
    );
  if (powerless !== null)
    report(
      rootless ? 'idmap.newuidmap-not-setuid' : 'service.confined',
      'error',
      powerless,
      [],
      `${written(powerless)} takes the privilege of root from ${rootless ? 'newuidmap and newgidmap, which are setuid root' : 'buildkitd and the OCI runtime'}.`,
    );
  if (group !== null)
    report(
      'idmap.user-lookup-failed',
      'error',
      group,
      [],
      `${written(group)} is not the account's own group: newuidmap refuses a process of another one ("owned by a different user").`,
    );
}

function judgeFilters(report: Report, { calls, namespaces }: UnitConfinement, measures: boolean): void {
  for (const { names, by, ends } of calls)
    report(
      'seccomp.blocked',
      'error',
      by,
      names,
      `${written(by)} ${ends ? 'ends every process that calls' : 'refuses'} ${listed(names)}, which a build needs.`,
    );
  const kinds = namespaces?.names.filter((kind) => measures || kind !== 'cgroup') ?? [];
  if (namespaces !== null && kinds.length > 0)
    report(
      'seccomp.blocked',
      'error',
      namespaces.by,
      kinds,
      `${written(namespaces.by)} refuses namespaces of the kinds ${listed(kinds)}, which ${kinds.includes('user') ? 'rootlesskit and every RUN step need' : 'every RUN step needs'}.`,
    );
}

/** Beneath the one that is seen; it counts where it is whole. */
const hasAnotherProc = (mounted: readonly Mount[]): boolean =>
  mounted.filter(({ fstype, root }) => fstype === 'proc' && root === '/').length > 1;

function judgeMasks(report: Report, { maskedProcesses }: UnitConfinement): void {
  for (const by of maskedProcesses)
    report(
      'proc.masked',
      'error',
      by,
      [],
      `${written(by)} covers a part of /proc: the kernel then refuses to mount the new /proc of a RUN step in a user namespace.`,
    );
}

function judgeDevices(report: Report, { devices }: UnitConfinement): void {
  for (const { names, by } of devices)
    for (const name of names) {
      const what = `${written(by)} keeps /dev/${name} from the unit`;
      if (name === 'fuse')
        report('snapshotter.fuse-device-missing', 'error', by, [name], `${what}: fuse-overlayfs cannot mount.`);
      else if (name === 'net/tun')
        report('net.tun-missing', 'error', by, [name], `${what}: rootlesskit cannot set up its network.`);
      else report('service.start-fails', 'error', by, [name], `${what}: systemd itself cannot open it (208/STDIN).`);
    }
}

function judgeRest(report: Report, { noSockets, processesOnly, umask, offline, noSetuidFiles }: UnitConfinement): void {
  if (noSockets !== null)
    report(
      'seccomp.blocked',
      'error',
      noSockets,
      ['AF_UNIX'],
      `${written(noSockets)} lets no Unix socket be made: neither rootlesskit nor buildkitd can listen.`,
    );
  if (processesOnly !== null)
    report(
      'service.confined',
      'error',
      processesOnly,
      [],
      `${written(processesOnly)} leaves nothing but processes in /proc: buildkitd misses /proc/stat at the end of every RUN step.`,
    );
  if (umask !== null)
    report(
      'storage.permission',
      'error',
      umask,
      [],
      `${written(umask)} takes the owner's own rights from every new file: rootlesskit cannot open what it has made.`,
    );
  if (offline !== null)
    report(
      'net.registry-unreachable',
      'warning',
      offline,
      [],
      `${written(offline)} leaves the unit without a network: no registry can be reached, so that only builds from local files work.`,
    );
  if (noSetuidFiles !== null)
    report(
      'service.confined',
      'warning',
      noSetuidFiles,
      [],
      `${written(noSetuidFiles)} lets no file become setuid: images that have such files, as those of most distributions, cannot be unpacked.`,
    );
}
