import { sysctlPlace } from '../../facts/confinement/sysctl-place.ts';
import { kernel } from '../../facts/machine/kernel.ts';
import { type SetAtBoot, setAtBoot, sysctlFiles } from '../../facts/machine/sysctl.ts';
import { namespace } from '../../facts/start/namespace.ts';
import {
  limitKey,
  NAMESPACE_KINDS,
  type NamespaceKind,
  type NamespaceLimits,
  namespaceLimits,
  namespaceNeeds,
} from '../../facts/start/namespace-limits.ts';
import { type Engine, groundOf } from '../../knowledge/engines.ts';
import type { Check, Problem } from '../../model/decide.ts';
import type { Outcome } from '../../model/look.ts';
import { explains, optional } from '../../model/unseen.ts';
import { type Findings, findings } from '../findings.ts';
import { nextBootWords, placeOf, type SysctlEvidence, setterOf, sysctlEvidence } from './sysctl-evidence.ts';

const needs = {
  limits: optional(namespaceLimits),
  needed: namespaceNeeds,
  kernel: optional(kernel),
  files: explains(sysctlFiles),
  place: sysctlPlace,
  namespace: optional(namespace),
};

type Running = NamespaceLimits['running'];
/** A refusal that no limit here explains: then only a look at the outer namespaces or at other programs can help. */
export interface UsedUpEvidence {
  readonly refused: 'launch' | 'step';
  readonly running: Running | null;
}
export type LimitsEvidence = SysctlEvidence | UsedUpEvidence;

/** RootlessKit asks for 1024 at least (rootlesscontaine.rs). */
export const LEAST = 1024;
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
    const found = findings<LimitsEvidence>();
    const answer = facts.namespace.value;
    const running = facts.limits.value?.running ?? null;
    if (running === null && answer?.launch.ok !== true)
      found.unseen.push({
        why: 'the limits in /proc/sys/user could not be read',
        command: 'grep . /proc/sys/user/max_*',
      });
    const atBoot = (kind: NamespaceKind): SetAtBoot | null =>
      facts.files.value === undefined ? null : setAtBoot(facts.files.value, limitKey(kind));
    for (const kind of NAMESPACE_KINDS) {
      const need = needed.launcher[kind] + needed.step[kind];
      const limit = running?.[kind] ?? null;
      if (need === 0 || limit === null) continue;
      const one = { kind, need, limit, atBoot: atBoot(kind) };
      const leavesRoom = judgeLimit(found, one);
      // What another namespace sets at its own boot is not ours to read.
      if (leavesRoom && place.container === null && !place.inUserNamespace)
        judgeNextBoot(found, one, facts.files.value === undefined ? null : (facts.kernel.value?.release ?? null));
    }
    const { problems, unseen } = found;
    if (problems.some(({ severity }) => severity === 'error')) return { problems, unseen };
    const used = usedUp(answer, needed.launcher.user > 0);
    if (used === null) return { problems, unseen };
    const full = usedUpProblem(used, running, place.container);
    const low = KINDS_OF[used].find((kind) => (running?.[kind] ?? LEAST) < LEAST);
    if (low === undefined) return { problems: [...problems, full], unseen };
    const evidence = sysctlEvidence(limitKey(low), running?.[low] ?? 0, atBoot(low));
    // One finding a key: that it is used up says more than that it is low.
    const others = problems.filter(({ subject }) => subject !== limitKey(low));
    return { problems: [...others, { ...full, subject: limitKey(low), evidence }], unseen };
  },
};

interface Limit {
  readonly kind: NamespaceKind;
  /** How many a build needs at the same time. */
  readonly need: number;
  readonly limit: number;
  readonly atBoot: SetAtBoot | null;
}

/** Is there room for one build at least? */
function judgeLimit(found: Findings<LimitsEvidence>, { kind, need, limit, atBoot }: Limit): boolean {
  const key = limitKey(kind);
  const condition = kind === 'user' ? 'userns.max-user-namespaces-zero' : 'userns.max-other-zero';
  const evidence = sysctlEvidence(key, limit, atBoot);
  if (limit < need) {
    const by = isLow(atBoot, need) ? atBoot : null;
    found.add(
      condition,
      'error',
      key,
      `${key} is ${limit}, but a build needs ${MAKES[kind]}${limit === 0 ? '' : ` (${need} at the same time)`}.${by === null ? '' : ` It is set at boot by ${setterOf(by)}.`}`,
      evidence,
      placeOf(by),
    );
    return false;
  }
  if (limit < need + ROOM)
    found.add(
      condition,
      'warning',
      key,
      `${key} is ${limit}: ${kind === 'user' ? 'few more programs can have a user namespace beside buildkitd' : `only ${limit - need + 1} RUN steps can run at the same time`}.`,
      evidence,
    );
  return true;
}

/** `release` of the kernel; null: it is not known, or not known what is set at boot. */
function judgeNextBoot(
  found: Findings<LimitsEvidence>,
  { kind, need, limit, atBoot }: Limit,
  release: string | null,
): void {
  const key = limitKey(kind);
  const zeroByDefault = kind === 'user' && /\.el7\b/.test(release ?? '');
  if (atBoot === null ? !zeroByDefault : !isLow(atBoot, need)) return;
  found.add(
    'sysctl.not-persistent',
    'warning',
    key,
    nextBootWords(key, limit, atBoot),
    sysctlEvidence(key, limit, atBoot),
    placeOf(atBoot),
  );
}

const isLow = (atBoot: SetAtBoot | null, need: number): boolean =>
  atBoot !== null && /^-?\d+$/.test(atBoot.value) && Number(atBoot.value) < need;

type Used = UsedUpEvidence['refused'];
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

function usedUpProblem(used: Used, running: Running | null, container: Engine | null): Problem<LimitsEvidence> {
  const shown = KINDS_OF[used].map((kind) => `${limitKey(kind)} is ${running?.[kind] ?? 'unknown'}`).join(', ');
  return {
    condition: used === 'launch' ? 'userns.max-user-namespaces-zero' : 'userns.max-other-zero',
    severity: 'error',
    subject: used === 'launch' ? limitKey('user') : 'user.max_*_namespaces',
    message: `The kernel refuses ${used === 'launch' ? 'another user or mount namespace' : 'the namespaces of a RUN step'} (ENOSPC) although ${shown} here: the limit is used up, or that of ${outsideOf(container)} is lower.`,
    evidence: { refused: used, running },
  };
}

/** Whose limits count here as well. */
export const outsideOf = (container: Engine | null): string =>
  container === null ? 'an outer namespace' : `the ${groundOf(container)}`;
