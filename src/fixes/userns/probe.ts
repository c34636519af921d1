import type { ProbeEvidence, Stage } from '../../checks/userns/probe.ts';
import { container } from '../../facts/confinement/container.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { clauseFor, type Engine, sentenceFor } from '../../knowledge/engines.ts';
import type { Condition, FactsOf, Problem } from '../../model/decide.ts';
import type { Fix } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';

const needs = { launcher, container: optional(container) };

/** What a probe finds is mended where it is explained; here stands how to see it, or to mend what nothing else explains. */
export const showProbe: Fix<typeof needs, ProbeEvidence> = {
  needs,
  title: 'See what refuses the namespaces',
  unexplained: true,
  plan: (problems, facts) => problems.map((problem, index) => advice([index], wordsFor(problem, facts))),
};

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
    case 'runtime.runc-too-old':
      return '"bk-doctor verify" runs a whole build and shows what the runtime says there.';
    default:
      return stage === 'step' ? stepWords(condition) : launchWords(stage);
  }
}

const stepWords = (condition: Condition): string =>
  condition === 'userns.max-other-zero'
    ? 'Look at user.max_*_namespaces: grep . /proc/sys/user/max_*_namespaces'
    : 'To see it: rootlesskit unshare --fork --pid --mount --ipc --uts mount -t proc proc /proc';

function launchWords(stage: Stage): string {
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

function privilegeWords(inside: Engine | null): string {
  return inside === null
    ? 'Run buildkitd with all capabilities of root, or rootless through rootlesskit.'
    : `${sentenceFor(inside, 'privileged')} Or use the image moby/buildkit:rootless. ${sentenceFor(inside, 'unfiltered-calls', 'no-apparmor')}`;
}
