import type { ProbeEvidence, Stage } from '../../checks/userns/probe.ts';
import { settings } from '../../facts/config/settings.ts';
import { container } from '../../facts/confinement/container.ts';
import { probeArgs } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { clauseFor, type Engine, sentenceFor } from '../../knowledge/engines.ts';
import { placesOf, sentencesOf, stepsAt } from '../../knowledge/remedies/remedy.ts';
import { REMEDIES } from '../../knowledge/remedies/table.ts';
import type { Condition, FactsOf, Problem } from '../../model/decide.ts';
import type { Fix } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { quoted } from '../quoted.ts';
import { UMASK_WORDS } from '../umask.ts';

const needs = { launcher, settings, container: optional(container) };

/** What a probe finds is mended where it is explained; here stands how to see it, or to mend what nothing else explains. */
export const showProbe: Fix<typeof needs, ProbeEvidence> = {
  needs,
  title: 'Show how to find what refuses the namespaces',
  unexplained: true,
  plan: (problems, facts) =>
    problems.map((problem, index) => advice([index], wordsFor(problem, facts), ...known(problem, facts))),
};

/** What is known of the condition that the words of the launch name; where they name none, there is nothing to copy. */
function known({ condition }: Problem<ProbeEvidence>, { container }: FactsOf<typeof needs>): readonly string[] {
  if (condition === 'userns.blocked-unspecified' || WORDS_OF_ITS_OWN.has(condition)) return [];
  return sentencesOf(stepsAt(REMEDIES[condition], placesOf(container.value?.kind ?? null)));
}

const WORDS_OF_ITS_OWN: ReadonlySet<Condition> = new Set<Condition>([
  'container.not-privileged',
  'idmap.subid-too-few',
  'seccomp.blocked',
  'limits.pids',
  'limits.out-of-memory',
  'runtime.runc-too-old',
  'lsm.landlock-denied',
  'apparmor.mount-denied',
  'proc.read-only',
  'env.umask',
]);

function wordsFor({ condition, evidence }: Problem<ProbeEvidence>, facts: FactsOf<typeof needs>): string {
  const { stage } = evidence;
  const inside = facts.container.value?.kind ?? null;
  switch (condition) {
    case 'container.not-privileged':
      return privilegeWords(inside);
    case 'idmap.subid-too-few':
      return facts.launcher === 'none'
        ? `buildkitd runs as root of a user namespace that somebody else made: give that one a map of at least 65536 ids: ${clauseFor(inside ?? 'other', ['ids', '65536'])}`
        : 'Give the user 65536 subordinate ids in /etc/subuid and /etc/subgid.';
    case 'seccomp.blocked':
      return sentenceFor(inside ?? 'other', 'unfiltered-calls');
    case 'limits.pids':
    case 'limits.out-of-memory':
      return 'Compare with ulimit -a in the shell, /etc/security/limits.conf, LimitNPROC=, TasksMax=, LimitAS= and MemoryMax= of the unit, and the limits of the container: "ulimit -u" counts processes and threads.';
    case 'runtime.runc-too-old':
      return /seccomp/.test(evidence.said)
        ? 'This runtime is built without seccomp, which BuildKit asks of it for every step: install one that has it, such as the package runc, or a release of https://github.com/opencontainers/runc/releases.'
        : 'Run "runc --version" as the same user, and install it anew if that fails; BuildKit\'s release archive has one of its own, buildkit-runc, which buildkitd prefers. "bk-doctor verify" runs a whole build and shows what the runtime says there.';
    case 'lsm.landlock-denied':
      return 'Start buildkitd outside of the sandbox around this session: a Landlock rule set (of an agent, a CI runner, a hardened service) forbids every mount, and cannot be taken off from inside.';
    case 'apparmor.mount-denied':
      return inside === null
        ? 'As root, see which profile refused it: journalctl -k --grep apparmor; and start buildkitd outside of it.'
        : sentenceFor(inside, 'no-apparmor');
    case 'proc.read-only':
      return inside === null ? 'As root:\nmount -o remount,bind,rw /proc' : sentenceFor(inside, 'unmasked-proc');
    case 'env.umask':
      return UMASK_WORDS;
    default:
      return stage === 'step' ? stepWords(condition) : launchWords(stage, facts.settings.rootlesskitArgs);
  }
}

const stepWords = (condition: Condition): string =>
  condition === 'userns.max-other-zero'
    ? 'Look at user.max_*_namespaces:\ngrep . /proc/sys/user/max_*_namespaces'
    : 'To see it:\nrootlesskit unshare --fork --pid --mount --ipc --uts mount -t proc proc /proc';

/** The launch as it was tried: what rootlesskit says of its options shows only with them. */
function launchWords(stage: Stage, args: readonly string[]): string {
  const shown = `As the user: "${['rootlesskit', ...probeArgs(args).map(quoted), 'true'].join(' ')}" shows it`;
  switch (stage) {
    case 'clone':
      return `${shown}. The kernel does not say who refuses; as root, dmesg or journalctl -k names AppArmor, SELinux or seccomp if it was one of them; a chroot refuses silently.`;
    case 'map':
      return `${shown}; "getsubids USER", "ls -l /usr/bin/newuidmap" and "getcap /usr/bin/newuidmap" show what it depends on.`;
    case 'network':
      return `${shown}; without --net= the host's network is used.`;
    default:
      return `${shown}.`;
  }
}

function privilegeWords(inside: Engine | null): string {
  return inside === null
    ? 'Run buildkitd with all capabilities of root, or rootless through rootlesskit.'
    : `${sentenceFor(inside, 'privileged')} Or use the image moby/buildkit:rootless. ${sentenceFor(inside, 'unfiltered-calls', 'no-apparmor')}`;
}
