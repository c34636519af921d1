import { settings } from '../../facts/config/settings.ts';
import { cgroups } from '../../facts/confinement/cgroups.ts';
import { mounts } from '../../facts/machine/mounts.ts';
import { type ProcessStatus, processStatus } from '../../facts/machine/process-status.ts';
import { namespace } from '../../facts/start/namespace.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { probing } from '../../facts/target/probing.ts';
import { crashIn } from '../../knowledge/errors/crash.ts';
import { ENOUGH } from '../../knowledge/id-ranges.ts';
import type { Check, Condition, FactsOf } from '../../model/decide.ts';
import type { NamespaceAnswer, Outcome } from '../../model/look.ts';
import { optional } from '../../model/unseen.ts';
import { type MessageMeaning, meaningOf } from '../../symptoms/meaning.ts';
import { type Findings, findings } from '../findings.ts';
import { masksOf } from '../runtime/process-sandbox.ts';

const needs = {
  probing,
  launcher,
  settings,
  namespace: optional(namespace),
  mounts: optional(mounts),
  status: optional(processStatus),
  cgroups: optional(cgroups),
};

export interface ProbeEvidence {
  readonly stage: Stage;
  readonly errno: string | null;
  /** The words of the program that failed. */
  readonly said: string;
}
/** Where the chain broke: before the namespaces were there, or in what a RUN step makes inside. */
export type Stage = NonNullable<NamespaceAnswer['launch']['stage']> | 'step';

type Refused = Outcome & { readonly ok: false };
type Found = Findings<ProbeEvidence>;
type Facts = FactsOf<typeof needs>;

export const usernsProbe: Check<typeof needs, ProbeEvidence> = {
  id: 'userns/probe',
  title: "buildkitd's namespaces can be created",
  why: 'What starts buildkitd and a RUN step is really tried here, as the user who would run it: the namespaces, the maps of ids, a /proc.',
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
    'runtime.device-unusable',
    'proc.read-only',
    'lsm.landlock-denied',
    'apparmor.mount-denied',
    'env.umask',
    'env.tmpdir',
    'limits.keyring-quota',
    'apparmor.lxc-sysctl-denied',
    'apparmor.profile-load-failed',
    'cgroup.v1-only',
    'limits.pids',
    'limits.out-of-memory',
  ],
  needs,
  examine(facts) {
    if (!facts.probing) return { notApplicable: 'not probed (--no-probe)' };
    const answer = facts.namespace.value;
    if (answer === undefined) return { problems: [], unseen: [facts.namespace.unseen] };
    const found = findings<ProbeEvidence>();
    const { launch } = answer;
    // It may hang, or this machine may be slow: nothing was learnt.
    if (!launch.ok && launch.stage === 'timeout') {
      const why = `${facts.launcher === 'rootlesskit' ? 'rootlesskit' : 'unshare'} did not make the namespaces in time: ${shortened(launch.message)}`;
      return { problems: [], unseen: [{ why, command: 'rootlesskit true' }] };
    }
    if (answer.launch.ok) judgeInside(found, facts, answer);
    else judgeLaunch(found, facts, answer.launch, answer.log);
    return { problems: found.problems, unseen: [] };
  },
};

function judgeLaunch(
  found: Found,
  { launcher, status }: Facts,
  { errno, message, stage = 'setup' }: Refused & { readonly stage?: Exclude<Stage, 'step'> },
  log: string,
): void {
  const said = shortened(message || log.trim().split('\n').at(-1) || 'it said nothing');
  const evidence = { stage, errno, said };
  if (launcher === 'rootlesskit')
    found.add(
      launchCondition(message, status.value),
      'error',
      'rootlesskit',
      `rootlesskit could not ${stageWords(stage)}: ${said}`,
      evidence,
    );
  else
    found.add(
      'container.not-privileged',
      'error',
      'namespaces',
      `No mount namespace can be made here, although buildkitd would run as root: ${said}`,
      evidence,
    );
}

function judgeInside(found: Found, facts: Facts, answer: NamespaceAnswer): void {
  judgeMap(found, 'user', answer.uidMap);
  judgeMap(found, 'group', answer.gidMap);
  judgeFiltered(found, facts, 'files', answer.files, 'with its own files');
  judgeFiltered(found, facts, 'sockets', answer.sockets, 'with its sockets');
  const stepWorks = judgeStepNamespaces(found, facts, answer);
  // What a smaller trial showed already is only seen once more.
  if (stepWorks && found.problems.length === 0) judgeStep(found, facts, answer);
}

/** What was tried only because system calls are filtered. */
function judgeFiltered(
  found: Found,
  { status }: Facts,
  subject: string,
  outcome: Outcome | null | undefined,
  what: string,
): void {
  if (outcome?.ok !== false) return;
  const said = shortened(outcome.message);
  found.add(
    status.value?.seccomp === 2 ? 'seccomp.blocked' : 'userns.blocked-unspecified',
    'error',
    subject,
    `A filter of system calls is active here, and refuses what buildkitd does ${what}: ${said}`,
    { stage: 'step', errno: outcome.errno, said },
  );
}

function judgeMap(found: Found, kind: 'user' | 'group', map: NamespaceAnswer['uidMap']): void {
  const last = lastMapped(map);
  if (map.length === 0 || last >= ENOUGH) return;
  found.add(
    'idmap.subid-too-few',
    'error',
    `${kind} ids`,
    `Inside the namespace only the ${kind} ids 0 to ${last} exist, so a build cannot give a file to nobody (65534).`,
    { stage: 'map', errno: 'EINVAL', said: map.map((line) => line.join(' ')).join(', ') },
  );
}

/** Can the namespaces of a RUN step be made, and was /proc not refused either? */
function judgeStepNamespaces(found: Found, { settings, mounts }: Facts, { isolate, proc }: NamespaceAnswer): boolean {
  const failed =
    isolate?.ok === false
      ? { outcome: isolate, what: 'the mount, IPC and host name namespaces of a RUN step' }
      : // Masks over /proc are told apart, and mended, elsewhere.
        !settings.oci.noProcessSandbox.value &&
          proc?.ok === false &&
          (proc.errno === 'ENOSPC' || masksOf(mounts.value ?? []).length === 0)
        ? { outcome: proc, what: 'the process namespace of a RUN step, with a /proc of its own,' }
        : null;
  // Without a sandbox of processes a RUN step mounts no /proc.
  if (failed === null) return settings.oci.noProcessSandbox.value || proc?.ok !== false;
  const { errno, message } = failed.outcome;
  const said = shortened(message || errno || 'refused');
  found.add(
    errno === 'ENOSPC' ? 'userns.max-other-zero' : isolate?.ok === false ? 'userns.blocked-unspecified' : 'proc.masked',
    'error',
    'RUN steps',
    `RUN steps will fail: inside the namespaces, ${failed.what} could not be made: ${said}`,
    { stage: 'step', errno, said },
  );
  return false;
}

/** Does the runtime itself come as far as the program of a RUN step? */
function judgeStep(found: Found, { cgroups, settings, status }: Facts, { step }: NamespaceAnswer): void {
  if (step?.ok !== false) return;
  const said = shortened(runtimeWords(step.message) || step.errno || 'it said nothing');
  const meaning = meaningOf(said, 'runtime');
  const { layout, controllers } = cgroups.value ?? { layout: 'unified', controllers: [] };
  const incomplete = layout === null || (layout === 'legacy' && !controllers.includes('devices'));
  if (incomplete && meaning?.means[0]?.startsWith('cgroup.')) return;
  const condition = crashCondition(step.message) ?? stepCondition(meaning, status.value);
  found.add(
    condition,
    'error',
    'RUN steps',
    `The OCI runtime (${settings.oci.binary.value ?? 'runc'}) could not make a RUN step${REASONS[condition] ?? ''}: ${said}`,
    { stage: 'step', errno: step.errno, said },
  );
}

/** A signal, or the limit that a program died of: none where it ended by itself, or its crash names none. */
function crashCondition(message: string): Condition | null {
  // SIGSYS: a filter that ends whoever calls what it refuses.
  if (/^ended by signal 31\b/.test(message)) return 'seccomp.blocked';
  return crashIn(message)?.limit ?? null;
}

/** What runc logs, without what only a machine reads: what the first of its children died of, else its last error. */
function runtimeWords(message: string): string {
  const said = (level: string): readonly (string | undefined)[] =>
    [...message.matchAll(new RegExp(`level=${level} msg="((?:[^"\\\\]|\\\\.)*)"`, 'g'))].map(([, words]) => words);
  return said('fatal')[0] ?? said('error').at(-1) ?? crashIn(message)?.words ?? lastOf(message);
}

const lastOf = (message: string): string =>
  message.startsWith('ended by signal ') ? message.slice(0, 600) : message.slice(-600);

/** What was seen beside the runtime's words. */
const REASONS: { readonly [C in Condition]?: string } = {
  'container.not-privileged': ', because this process lacks capabilities that every step gets',
  'seccomp.blocked': ', and a seccomp filter is active here',
};

/** The last id of the unbroken run from 0, which is what images number by. */
function lastMapped(map: NamespaceAnswer['uidMap']): number {
  let next = 0;
  for (const [inside, , count] of map.toSorted((a, b) => a[0] - b[0])) {
    if (inside > next) break;
    next = Math.max(next, inside + count);
  }
  return next - 1;
}

/** What rootlesskit, newuidmap and newgidmap mean; where their words have several causes, what this process is allowed tells them apart. */
function launchCondition(message: string, status: ProcessStatus | undefined): Condition {
  const meaning = meaningOf(message, 'rootlesskit', 'idmap-helper');
  const means = reportable(meaning);
  const proven: Proven = {
    'lsm.landlock-denied': status?.seccomp === 0,
    'idmap.no-new-privs': status?.noNewPrivs === true,
    'idmap.nested-userns': status !== undefined && asksForUnmapped(message, status),
    // What forbids new namespaces is for userns/permission to say.
    ...(means.includes('userns.blocked-unspecified') ? { 'seccomp.blocked': false } : {}),
  };
  // What could have been seen, and was not, is not it.
  const open = means.find((one) => proven[one] === undefined);
  const seen = means.find((one) => proven[one]);
  // Words with several causes, of which the likeliest is another check's to find, name none here.
  if (seen === undefined && meaning?.decisive === false && meaning.means[0] !== means[0])
    return 'userns.blocked-unspecified';
  // Nothing else lets nobody start a program.
  const filtered = /: EPERM$/.test(message) && status?.seccomp === 2;
  return seen ?? open ?? means[0] ?? (filtered ? 'seccomp.blocked' : 'userns.blocked-unspecified');
}

/** What the runtime's words mean; where they have several causes, only one that was seen is named. */
function stepCondition(meaning: MessageMeaning | null, status: ProcessStatus | undefined): Condition {
  const means = reportable(meaning);
  const proven: Proven = { 'seccomp.blocked': status?.seccomp === 2 };
  const sure = meaning?.decisive ? means[0] : means.find((one) => proven[one]);
  return sure ?? 'runtime.runc-too-old';
}

type Proven = { readonly [C in Condition]?: boolean };

function reportable(meaning: MessageMeaning | null): readonly Condition[] {
  return meaning?.means.filter((one) => usernsProbe.conditions.includes(one)) ?? [];
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

function stageWords(stage: Stage): string {
  switch (stage) {
    case 'clone':
      return 'create the user and mount namespaces';
    case 'map':
      return 'map the ids';
    case 'network':
      return 'set up its network';
    case 'spawn':
      return 'be started';
    default:
      return 'set up the namespaces';
  }
}

/** Without what Go prints of its own structures. */
function shortened(words: string): string {
  const from = words.indexOf(' &{');
  const to = words.lastIndexOf('}:');
  const text = from >= 0 && to > from ? words.slice(0, from) + words.slice(to + 1) : words;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
