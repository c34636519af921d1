import { settings } from '../../facts/config/settings.ts';
import { cgroups } from '../../facts/confinement/cgroups.ts';
import { container } from '../../facts/confinement/container.ts';
import { mounts } from '../../facts/machine/mounts.ts';
import { type ProcessStatus, processStatus } from '../../facts/machine/process-status.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { probing } from '../../facts/target/probing.ts';
import type { Check, Condition, Problem } from '../../model/decide.ts';
import type { NamespaceAnswer } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { ENOUGH } from '../idmap/allocation.ts';
import { masksOf } from '../runtime/process-sandbox.ts';

const needs = {
  probing,
  launcher,
  settings,
  namespace: optional(namespace),
  container: optional(container),
  mounts: optional(mounts),
  status: optional(processStatus),
  cgroups: optional(cgroups),
};

export interface ProbeEvidence {
  readonly stage: string;
  readonly errno: string | null;
  /** The words of the program that failed. */
  readonly said: string;
  /** What a person can type to see it, or to mend what nothing else explains. */
  readonly text: string;
}

export const usernsProbe: Check<typeof needs, ProbeEvidence> = {
  id: 'userns/probe',
  title: "buildkitd's namespaces can be created",
  why: 'What the start-up chain and runc do at the beginning of every build is really done here once, as the user who would run buildkitd: create the namespaces, map the ids, mount /proc.',
  decides: true,
  conditions: [
    'userns.blocked-unspecified',
    'userns.max-user-namespaces-zero',
    'userns.max-other-zero',
    'idmap.newuidmap-missing',
    'idmap.newuidmap-not-setuid',
    'idmap.no-new-privs',
    'idmap.nested-userns',
    'idmap.subid-missing',
    'idmap.subid-invalid',
    'idmap.subid-overlap',
    'idmap.subid-too-few',
    'idmap.user-lookup-failed',
    'net.slirp4netns-failed',
    'proc.masked',
    'container.not-privileged',
    'storage.disk-full',
    'seccomp.blocked',
    'runtime.runc-too-old',
  ],
  needs,
  examine(facts) {
    if (!facts.probing) return { notApplicable: 'not probed (--no-probe)' };
    const answer = facts.namespace.value;
    if (answer === undefined) return { problems: [], unseen: [facts.namespace.unseen] };
    const rootless = facts.launcher === 'rootlesskit';
    const { launch } = answer;
    if (!launch.ok) {
      const said = shortened(launch.message || answer.log.trim().split('\n').at(-1) || 'it said nothing');
      return {
        problems: [
          {
            condition: rootless
              ? conditionOf(launch.errno, launch.message, launch.stage ?? 'setup', facts.status.value)
              : 'container.not-privileged',
            severity: 'error',
            subject: rootless ? 'rootlesskit' : 'namespaces',
            message: rootless
              ? `rootlesskit could not ${stageWords(launch.stage)}: ${said}`
              : `No mount namespace can be made here, although buildkitd would run as root: ${said}`,
            evidence: {
              stage: launch.stage ?? 'setup',
              errno: launch.errno,
              said,
              text: rootless ? decidingWords(launch.stage) : privilegeWords(facts.container.value?.kind ?? null),
            },
          },
        ],
        unseen: [],
      };
    }
    return { problems: insideProblems(facts, answer), unseen: [] };
  },
};

function insideProblems(
  facts: Parameters<typeof usernsProbe.examine>[0],
  answer: NamespaceAnswer,
): readonly Problem<ProbeEvidence>[] {
  const problems: Problem<ProbeEvidence>[] = [];
  for (const [kind, map] of [
    ['user', answer.uidMap],
    ['group', answer.gidMap],
  ] as const) {
    const last = lastMapped(map);
    if (map.length === 0 || last >= ENOUGH) continue;
    problems.push({
      condition: 'idmap.subid-too-few',
      severity: 'error',
      subject: `${kind} ids`,
      message: `Inside the namespace only the ${kind} ids 0 to ${last} exist, so a build cannot give a file to nobody (65534).`,
      evidence: {
        stage: 'map',
        errno: 'EINVAL',
        said: map.map((line) => line.join(' ')).join(', '),
        text:
          facts.launcher === 'none'
            ? 'buildkitd runs as root of a user namespace that somebody else made: give that one a map of at least 65536 ids (podman: a wider --uidmap and --gidmap or a larger range in /etc/subuid; LXD: security.idmap.size).'
            : 'Give the user 65536 subordinate ids in /etc/subuid and /etc/subgid.',
      },
    });
  }
  const { isolate, proc, step } = answer;
  const sandboxed = !facts.settings.oci.noProcessSandbox.value;
  const failed =
    isolate?.ok === false
      ? { outcome: isolate, what: 'the mount, IPC and host name namespaces of a RUN step' }
      : // Masks over /proc are told apart, and mended, elsewhere.
        sandboxed && proc?.ok === false && (proc.errno === 'ENOSPC' || masksOf(facts.mounts.value ?? []).length === 0)
        ? { outcome: proc, what: 'the process namespace of a RUN step, with a /proc of its own,' }
        : null;
  if (failed !== null) {
    const said = shortened(failed.outcome.message || failed.outcome.errno || 'refused');
    const full = failed.outcome.errno === 'ENOSPC';
    problems.push({
      condition: full ? 'userns.max-other-zero' : isolate?.ok === false ? 'userns.blocked-unspecified' : 'proc.masked',
      severity: 'error',
      subject: 'RUN steps',
      message: `Inside the namespace, ${failed.what} could not be made: ${said}`,
      evidence: {
        stage: 'step',
        errno: failed.outcome.errno,
        said,
        text: full
          ? 'Look at user.max_*_namespaces: grep . /proc/sys/user/max_*_namespaces'
          : 'To see it: rootlesskit unshare --fork --pid --mount --ipc --uts mount -t proc proc /proc',
      },
    });
  }
  // What a smaller trial showed already is only seen once more.
  const { layout, controllers } = facts.cgroups.value ?? { layout: 'unified', controllers: [] };
  const incomplete = layout === null || (layout === 'legacy' && !controllers.includes('devices'));
  const groups = incomplete && step?.ok === false && /cgroup/i.test(step.message);
  if (step?.ok === false && failed === null && problems.length === 0 && proc?.ok !== false && !groups) {
    // runc's log line, without what only a machine reads.
    const said = shortened(
      /level=error msg="((?:[^"\\]|\\.)*)"/.exec(step.message)?.[1] ??
        (step.message || step.errno || 'it said nothing'),
    );
    // Where nobody made a user namespace, a container engine may have taken capabilities that every step gets.
    const poor = facts.launcher === 'none' && /apply caps/i.test(said);
    const filtered = !poor && facts.status.value?.seccomp === 2 && /not permitted/i.test(said);
    problems.push({
      condition: poor ? 'container.not-privileged' : filtered ? 'seccomp.blocked' : 'runtime.runc-too-old',
      severity: 'error',
      subject: 'RUN steps',
      message: `The OCI runtime (${facts.settings.oci.binary.value ?? 'runc'}) could not make a RUN step${poor ? ', because this process lacks capabilities that every step gets' : filtered ? ', and a seccomp filter is active here' : ''}: ${said}`,
      evidence: {
        stage: 'step',
        errno: step.errno,
        said,
        text: poor
          ? privilegeWords(facts.container.value?.kind ?? null)
          : filtered
            ? 'Start the container with --security-opt seccomp=unconfined, in a pod: seccompProfile: {type: Unconfined}.'
            : '"bk-doctor verify" runs a whole build and shows what the runtime says there.',
      },
    });
  }
  return problems;
}

/** The last id of the unbroken run from 0, which is what images number by. */
function lastMapped(map: NamespaceAnswer['uidMap']): number {
  let next = 0;
  for (const [inside, , count] of map.toSorted((a, b) => a[0] - b[0])) {
    if (inside > next) break;
    next = Math.max(next, inside + count);
  }
  return next - 1;
}

/** The words of rootlesskit, newuidmap and newgidmap, where they tell one cause from the others. */
function conditionOf(
  errno: string | null,
  message: string,
  stage: string,
  status: ProcessStatus | undefined,
): Condition {
  if (/"new[ug]idmap": executable file not found/.test(message)) return 'idmap.newuidmap-missing';
  if (/unknown userid|Cannot determine your user name|owned by a different user/.test(message))
    return 'idmap.user-lookup-failed';
  if (/No sub[ug]id ranges found|open \/etc\/sub[ug]id: no such file/.test(message)) return 'idmap.subid-missing';
  if (/Cannot parse subuid|conversion failed|not allowed|overflow detected|\/etc\/sub[ug]id/.test(message))
    return 'idmap.subid-invalid';
  if (/write to [ug]id_map failed: Invalid argument/.test(message)) return 'idmap.subid-overlap';
  if (/[ug]id_map failed|Could not set caps|new[ug]idmap: operation not permitted/i.test(message)) {
    // One text, three causes: what this process is allowed tells the first two.
    if (status?.noNewPrivs === true) return 'idmap.no-new-privs';
    if (status !== undefined && asksForUnmapped(message, status)) return 'idmap.nested-userns';
    return 'idmap.newuidmap-not-setuid';
  }
  if (stage === 'network') return 'net.slirp4netns-failed';
  // The same errno says that files could not be made.
  if (errno === 'ENOSPC')
    return /\b(mkdir|write|open|creat\w*) /.test(message) && !/clone|unshare|fork/.test(message)
      ? 'storage.disk-full'
      : 'userns.max-user-namespaces-zero';
  return 'userns.blocked-unspecified';
}

/** Does "newuidmap PID [INSIDE OUTSIDE COUNT …]" name an id that does not exist in our own user namespace? */
function asksForUnmapped(message: string, { uidMap, gidMap }: ProcessStatus): boolean {
  const found = /(newuidmap|newgidmap) \d+ \[([\d ]+)\]/.exec(message);
  const numbers = (found?.[2] ?? '').split(' ').map(Number);
  const exists = found?.[1] === 'newgidmap' ? gidMap : uidMap;
  for (let at = 0; at + 2 < numbers.length; at += 3) {
    const [, first = 0, count = 0] = numbers.slice(at);
    if (!exists.some(([start, , length]) => first >= start && first + count <= start + length)) return true;
  }
  return false;
}

function stageWords(stage: string | undefined): string {
  switch (stage) {
    case 'clone':
      return 'create the user and mount namespaces';
    case 'map':
      return 'map the ids';
    case 'network':
      return 'set up its network';
    case 'timeout':
      return 'start within the time limit';
    case 'spawn':
      return 'be started';
    default:
      return 'set up the namespaces';
  }
}

function decidingWords(stage: string | undefined): string {
  switch (stage) {
    case 'clone':
      return 'As the user: "rootlesskit true" shows it. The kernel does not say who refuses; as root, dmesg or journalctl -k names AppArmor, SELinux or seccomp if it was one of them; a chroot refuses without a word.';
    case 'map':
      return 'As the user: "rootlesskit true" shows it; "getsubids USER", "ls -l /usr/bin/newuidmap" and "getcap /usr/bin/newuidmap" show what it depends on.';
    case 'network':
      return 'As the user: "rootlesskit --net=slirp4netns --copy-up=/etc true", with the options of your unit, shows it; without --net= the host\'s network is used.';
    default:
      return 'As the user: "rootlesskit true" shows it.';
  }
}

function privilegeWords(kind: string | null): string {
  switch (kind) {
    case null:
      return 'Run buildkitd with all capabilities of root, or rootless through rootlesskit.';
    case 'kubernetes':
      return 'In the pod: securityContext.privileged: true; or use the image moby/buildkit:rootless with seccompProfile and appArmorProfile of type Unconfined.';
    default:
      return 'Start the container with --privileged; or use the image moby/buildkit:rootless with --security-opt seccomp=unconfined --security-opt apparmor=unconfined.';
  }
}

/** Without what Go prints of its own structures. */
function shortened(words: string): string {
  const from = words.indexOf(' &{');
  const to = words.lastIndexOf('}:');
  const text = from >= 0 && to > from ? words.slice(0, from) + words.slice(to + 1) : words;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
