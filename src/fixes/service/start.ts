import type { StartEvidence } from '../../checks/service/start.ts';
import { unitEdit } from '../../facts/rights/unit-edit.ts';
import { listOf } from '../../facts/target/directives.ts';
import { type Unit, unit } from '../../facts/target/unit.ts';
import type { Fix } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { advice } from '../advice.ts';
import { dropIn, reread } from './drop-in.ts';
import { isLater } from './unit.ts';

const needs = { edit: optional(unitEdit), unit };

/** What one line of a unit decides is dropped in; the rest is its author's, who is told the commands. */
export const mendStart: Fix<typeof needs, StartEvidence> = {
  needs,
  title: 'Change the unit so that it starts buildkitd',
  plan(problems, { edit, unit }) {
    const place = edit.value ?? null;
    const lines = problems.map(({ evidence, at }) => (isLater(at) ? [] : linesFor(evidence, unit)));
    const ours = problems.flatMap((_, index) => (place !== null && (lines[index]?.length ?? 0) > 0 ? [index] : []));
    const told = problems.flatMap(({ evidence }, index) =>
      ours.includes(index) ? [] : [advice([index], ...wordsFor(evidence))],
    );
    if (place === null || ours.length === 0) return told;
    const wanted = [...new Set(ours.flatMap((index) => lines[index] ?? []))];
    const name = problems[ours[0] ?? 0]?.evidence.unit ?? '';
    const steps = reread(place, dropIn(place, name, 'start', { Service: wanted }));
    return [{ for: ours, risk: 'safe', steps }, ...told];
  },
};

const NOTIFIED = ['Type=notify', 'NotifyAccess=all'];

/** It has Type=notify already where nobody can notify. */
const typeFor = (now: string): readonly string[] => (now.startsWith('notify') ? ['Type=simple'] : NOTIFIED);

/** What mends it by a line of [Service] alone; nothing where more is to be decided. */
function linesFor({ kind, what, other }: StartEvidence, unit: Unit | null): readonly string[] {
  switch (kind) {
    case 'type':
      return typeFor(what);
    case 'not-notified':
      return ['NotifyAccess=all'];
    case 'watchdog':
      return ['WatchdogSec=0'];
    case 'without-rootlesskit':
      return other === 'dynamic' ? ['DynamicUser=no'] : [];
    case 'socket-not-passed':
      return withOwnAddress(unit);
    default:
      return [];
  }
}

/** The start line with an address of buildkitd's own, where it is that line which names fd://. */
function withOwnAddress(unit: Unit | null): readonly string[] {
  const line = unit === null ? undefined : listOf(unit.directives, 'ExecStart').at(-1)?.value;
  if (line === undefined || !/fd:\/\/(?=["'\s]|$)/.test(line)) return [];
  const own = line.replaceAll('%', '%%').replace(/fd:\/\/(?=["'\s]|$)/, 'unix://%t/buildkit/buildkitd.sock');
  return ['ExecStart=', `ExecStart=${own}`];
}

const control = ({ scope }: StartEvidence): string => (scope === 'user' ? 'systemctl --user' : 'sudo systemctl');

/** What a person drops in by systemctl edit. */
const edited = (evidence: StartEvidence, ...lines: readonly string[]): string =>
  `Override it with the lines "[Service]" and ${lines.map((line) => `"${line}"`).join(', ')}:\n${control(evidence)} edit ${evidence.unit}`;

function wordsFor(evidence: StartEvidence): readonly string[] {
  const { kind, what, other, unit } = evidence;
  const systemctl = control(evidence);
  switch (kind) {
    case 'masked':
      return [`Unmask the unit:\n${systemctl} unmask ${unit}`];
    case 'no-start':
    case 'several-starts':
      return [
        `Leave one ExecStart= with an absolute path, and ask what systemd makes of it:\n${systemctl} edit --full ${unit}\nsystemd-analyze ${evidence.scope === 'user' ? '--user ' : ''}verify ${unit}`,
      ];
    case 'condition':
      return [`Make ${what} true, or take the line out: ${systemctl} edit --full ${unit}.`];
    case 'requirement':
      return [`Install what brings ${what}, or take it out of Requires=: ${systemctl} edit --full ${unit}.`];
    case 'command-fails':
    case 'command-missing':
      return [
        `Mend what ${what} wants, or put "-" before its path, where buildkitd does without it: ${systemctl} edit --full ${unit}.`,
      ];
    case 'program-missing':
      return [`Install ${what}, or name the program that there is: ${systemctl} edit --full ${unit}.`];
    case 'environment-file':
      return [`Make ${what}, or put "-" before it, so that it may be missing: EnvironmentFile=-${what}.`];
    case 'working-directory':
      return [`Make ${what} for the unit's account, or take WorkingDirectory= out: ${systemctl} edit --full ${unit}.`];
    case 'group':
      return [
        other === 'user'
          ? `Take SupplementaryGroups= out, and add the account to the group instead (as root: usermod -aG ${what} ACCOUNT; then a new login).`
          : `As root: groupadd --system ${what}; or name another group.`,
      ];
    case 'type':
      return [edited(evidence, ...typeFor(what))];
    case 'not-notified':
      return [edited(evidence, 'NotifyAccess=all')];
    case 'watchdog':
      return [edited(evidence, 'WatchdogSec=0')];
    case 'socket-not-passed':
      return [
        `Give buildkitd an address of its own in ExecStart=, such as --addr unix://%t/buildkit/buildkitd.sock, and take the socket unit away (${systemctl} disable --now ${unit.replace(/\.service$/, '.socket')}).`,
      ];
    case 'socket-missing':
      return [
        `Make ${what} with "[Socket]", "ListenStream=%t/buildkit/buildkitd.sock" and "SocketMode=0660", and start it: ${systemctl} enable --now ${what}; or give buildkitd the address unix:///PATH instead of fd://.`,
      ];
    case 'unknown-flag':
      return [
        `Take --${what} out of ExecStart=, or install a buildkitd that has it; ${other ?? 'buildkitd'} --help lists those that it knows.`,
      ];
    case 'flag-value':
      return [
        `Mend ${what} in ExecStart=, or where the variable that it comes from is set: ${systemctl} cat ${unit} shows the lines.`,
      ];
    case 'without-rootlesskit':
      if (other === 'dynamic') return [edited(evidence, 'DynamicUser=no')];
      return [
        `Start it through rootlesskit: ExecStart=/usr/bin/rootlesskit ${what}, in: ${systemctl} edit --full ${unit}.`,
      ];
    case 'as-root':
      return [`Take "+" or "!" away from before ${what}: ${systemctl} edit --full ${unit}.`];
    case 'entered-stopped':
      return [`Start containerd first:\n${systemctl} start containerd.service\n${systemctl} start ${unit}`];
  }
}
