import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { kernel } from '../../facts/machine/kernel.ts';
import { sysctlFiles } from '../../facts/machine/sysctl.ts';
import { namespace } from '../../facts/start/namespace.ts';
import {
  limitKey,
  NAMESPACE_KINDS,
  type NamespaceKind,
  namespaceLimits,
  namespaceNeeds,
} from '../../facts/start/namespace-limits.ts';
import type { Check, Problem } from '../../model/decide.ts';
import type { Outcome, UnseenReason } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { atBootWords, type SysctlEvidence, sysctlEvidence } from './sysctl-evidence.ts';

const needs = {
  limits: optional(namespaceLimits),
  needed: namespaceNeeds,
  kernel: optional(kernel),
  files: optional(sysctlFiles),
  place: sysctlPlace,
  namespace: optional(namespace),
};

/** `null` where only a look at the outer namespaces or at other programs can help. */
export type LimitsEvidence = SysctlEvidence | { readonly key: string; readonly text: string };

/** RootlessKit asks for 1024 at least; 28633 is what its documentation and Docker's set (rootlesscontaine.rs). */
const LEAST = 1024;
const USUAL = 28633;
/** Parallel RUN steps that a host should have room for. */
const ROOM = 8;

const MAKES: { readonly [K in NamespaceKind]: string } = {
  user: 'a user namespace, in which rootlesskit starts buildkitd',
  mnt: 'mount namespaces, for rootlesskit and for every RUN step',
  pid: 'a process namespace for every RUN step',
  ipc: 'an IPC namespace for every RUN step',
  uts: 'a host name namespace for every RUN step',
  net: 'a network namespace, which this configuration asks for',
  cgroup: 'a cgroup namespace for every RUN step',
};

export const usernsLimits: Check<typeof needs, LimitsEvidence> = {
  id: 'userns/limits',
  title: 'Namespace limits leave room for a build',
  why: 'Every build needs namespaces: one set for buildkitd itself when it is rootless, one for each RUN step. A limit of 0 is a common hardening measure and stops both.',
  decides: true,
  conditions: ['userns.max-user-namespaces-zero', 'userns.max-other-zero', 'sysctl.not-persistent'],
  needs,
  examine(facts) {
    const { needed, place } = facts;
    const limits = facts.limits.value;
    const files = facts.files.value ?? null;
    const answer = facts.namespace.value;
    const problems: Problem<LimitsEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    if (limits === undefined) {
      if (answer?.launch.ok !== true)
        unseen.push({ why: 'the limits in /proc/sys/user could not be read', command: 'grep . /proc/sys/user/max_*' });
    }
    const running = limits?.running ?? null;
    const wanted = String(Math.max(LEAST, Math.min(USUAL, Math.floor((limits?.threadsMax ?? 2 * USUAL) / 2))));
    for (const kind of NAMESPACE_KINDS) {
      const need = needed.launcher[kind] + needed.step[kind];
      const limit = running?.[kind] ?? null;
      if (need === 0 || limit === null) continue;
      const key = limitKey(kind);
      const evidence = sysctlEvidence(key, String(limit), wanted, files, place);
      const condition = kind === 'user' ? 'userns.max-user-namespaces-zero' : 'userns.max-other-zero';
      if (limit < need) {
        problems.push({
          condition,
          severity: 'error',
          subject: key,
          message: `${key} is ${limit}, but a build needs ${MAKES[kind]}${limit === 0 ? '' : ` (${need} at the same time)`}.${isLow(evidence, need) && evidence.atBoot !== null ? ` It is set by ${atBootWords(evidence.atBoot)}.` : ''}`,
          evidence,
        });
        continue;
      }
      if (limit < need + ROOM)
        problems.push({
          condition,
          severity: 'warning',
          subject: key,
          message: `${key} is ${limit}: ${kind === 'user' ? 'few more programs can have a user namespace beside buildkitd' : `only ${limit - need + 1} RUN steps can run at the same time`}.`,
          evidence,
        });
      // What another namespace sets at its own boot is not ours to read.
      if (place.container !== null || place.inUserNamespace) continue;
      const { atBoot } = evidence;
      const zeroByDefault = kind === 'user' && /\.el7\b/.test(facts.kernel.value?.release ?? '');
      const later =
        atBoot !== null && isLow(evidence, need)
          ? `${atBootWords(atBoot)} sets it to ${atBoot.value} at the next boot`
          : atBoot === null && zeroByDefault && files !== null
            ? "no file keeps it: this kernel's own default is 0 at the next boot"
            : null;
      if (later !== null)
        problems.push({
          condition: 'sysctl.not-persistent',
          severity: 'warning',
          subject: key,
          message: `${key} is ${limit} now, but ${later}.`,
          evidence: { ...evidence, wanted: String(Math.max(limit, Number(wanted))) },
        });
    }
    if (!problems.some(({ severity }) => severity === 'error')) {
      const used = usedUp(answer, needed.launcher.user > 0);
      if (used !== null) {
        const low = KINDS_OF[used].find((kind) => (running?.[kind] ?? LEAST) < LEAST);
        const found = usedUpProblem(used, running, place.container);
        if (low === undefined) return { problems: [...problems, found], unseen };
        const evidence = sysctlEvidence(limitKey(low), String(running?.[low]), wanted, files, place);
        // One finding a key: that it is used up says more than that it is low.
        const others = problems.filter(({ subject }) => subject !== limitKey(low));
        return { problems: [...others, { ...found, subject: limitKey(low), evidence }], unseen };
      }
    }
    return { problems, unseen };
  },
};

function isLow({ atBoot }: SysctlEvidence, need: number): boolean {
  return atBoot !== null && /^-?\d+$/.test(atBoot.value) && Number(atBoot.value) < need;
}

type Used = 'launch' | 'step';
const KINDS_OF: { readonly [U in Used]: readonly NamespaceKind[] } = {
  launch: ['user', 'mnt'],
  step: ['mnt', 'pid', 'ipc', 'uts'],
};

/** ENOSPC although every limit that we see leaves room: an outer namespace's limit, or all of it is in use. */
function usedUp(
  answer:
    | {
        readonly launch: Outcome & { readonly stage?: string };
        readonly isolate?: Outcome | null;
        readonly proc: Outcome | null;
      }
    | undefined,
  launches: boolean,
): Used | null {
  if (answer === undefined) return null;
  const isFull = (outcome: Outcome | null | undefined): boolean => outcome?.ok === false && outcome.errno === 'ENOSPC';
  if (launches && isFull(answer.launch) && answer.launch.ok === false && answer.launch.stage === 'clone')
    return 'launch';
  if (answer.launch.ok && (isFull(answer.isolate) || isFull(answer.proc))) return 'step';
  return null;
}

function usedUpProblem(
  used: Used,
  running: { readonly [K in NamespaceKind]: number | null } | null,
  container: string | null,
): Problem<LimitsEvidence> {
  const shown = KINDS_OF[used].map((kind) => `${limitKey(kind)} is ${running?.[kind] ?? 'unknown'}`).join(', ');
  const outside = container === null ? 'an outer namespace' : `the ${container === 'kubernetes' ? 'node' : 'host'}`;
  return {
    condition: used === 'launch' ? 'userns.max-user-namespaces-zero' : 'userns.max-other-zero',
    severity: 'error',
    subject: used === 'launch' ? limitKey('user') : 'user.max_*_namespaces',
    message: `The kernel refuses ${used === 'launch' ? 'another user or mount namespace' : 'the namespaces of a RUN step'} (ENOSPC) although ${shown} here: the limit is used up, or that of ${outside} is lower.`,
    evidence: {
      key: used === 'launch' ? limitKey('user') : limitKey('pid'),
      text: `Count what is in use with "lsns -t ${used === 'launch' ? 'user' : 'pid'}" (as root), and end what is not needed; inside a container or user namespace, look at user.max_*_namespaces of ${outside}, and raise it there.`,
    },
  };
}
