import type { StartEvidence } from '../../checks/service/start.ts';
import type { Fix, NoNeeds } from '../../model/plan.ts';
import { advice } from '../advice.ts';

/** A unit is its author's: what to change is told, with the commands that do it. */
export const mendStart: Fix<NoNeeds, StartEvidence> = {
  needs: {},
  title: 'Change the unit so that it starts buildkitd',
  plan(problems) {
    return problems.map(({ evidence }, index) => advice([index], ...wordsFor(evidence)));
  },
};

const control = ({ scope }: StartEvidence): string => (scope === 'user' ? 'systemctl --user' : 'sudo systemctl');

/** A drop-in by systemctl edit, with these lines. */
const dropIn = (evidence: StartEvidence, ...lines: readonly string[]): string =>
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
      return [dropIn(evidence, 'Type=simple')];
    case 'not-notified':
      return [dropIn(evidence, 'NotifyAccess=all')];
    case 'watchdog':
      return [dropIn(evidence, 'WatchdogSec=0')];
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
      if (other === 'dynamic') return [dropIn(evidence, 'DynamicUser=no')];
      return [
        `Start it through rootlesskit: ExecStart=/usr/bin/rootlesskit ${what}, in: ${systemctl} edit --full ${unit}.`,
      ];
    case 'as-root':
      return [`Take "+" or "!" away from before ${what}: ${systemctl} edit --full ${unit}.`];
    case 'entered-stopped':
      return [`Start containerd first:\n${systemctl} start containerd.service\n${systemctl} start ${unit}`];
  }
}
