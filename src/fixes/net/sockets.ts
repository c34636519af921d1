import type { SocketsEvidence } from '../../checks/net/socket-case.ts';
import { configEdit } from '../../facts/rights/config-edit.ts';
import { rights } from '../../facts/rights/rights.ts';
import { session } from '../../facts/start/session.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { mayOwn } from '../../rights/rights.ts';
import { tell } from '../advice.ts';
import { quoted } from '../quoted.ts';
import { correctAddress } from './socket-address.ts';
import { misplacedBy } from './socket-cause.ts';

const needs = {
  identity,
  session,
  launcher,
  configEdit: optional(configEdit),
  rights: optional(rights),
};
type Facts = FactsOf<typeof needs>;

/** Gives back directories that root left behind, closes what is open to all, and corrects an address. */
export const repairSockets: Fix<typeof needs, SocketsEvidence> = {
  needs,
  title: 'Make the sockets usable by the user, and only by the user',
  plan(problems, facts) {
    return problems.flatMap((problem, index): readonly Treatment[] => {
      const steps = stepsFor(problem, facts);
      if (steps === null) return [];
      const acts = steps.some(({ do: what }) => what !== 'tell');
      const edits = steps.some(({ do: what }) => what === 'edit');
      return [{ for: [index], risk: acts ? 'safe' : 'manual', ...(edits ? { until: 'restart' as const } : {}), steps }];
    });
  },
};

function stepsFor({ evidence, severity }: Problem<SocketsEvidence>, facts: Facts): readonly Step[] | null {
  const { what, path, address, key } = evidence;
  if (severity === 'info') return null;
  switch (what) {
    case 'scheme':
    case 'relative':
      return correctAddress(evidence, facts.configEdit.value ?? null);
    case 'fd':
      return [tell('Start buildkitd from a systemd socket unit, or write a path: unix:///run/buildkit/buildkitd.sock')];
    case 'too-long':
      return [
        tell(
          `Choose a path of at most 104 bytes, for example by a shorter XDG_RUNTIME_DIR, in place of ${path ?? address}`,
        ),
      ];
    case 'cannot-make':
    case 'not-searchable':
    case 'unreachable':
      return openWay(evidence, facts);
    case 'occupied':
      return [tell(`Move ${path ?? address} away, or choose another path`)];
    case 'foreign-leftover':
      return [
        tell(
          `Choose a path in a directory of the user's own, or, if nobody uses it, as root:\nrm ${quoted(path ?? address)}`,
        ),
      ];
    case 'owner':
    case 'group':
      return [
        tell(
          `Leave ${key} out: in rootless mode its number counts inside the user namespace, and 0 (the default) is the user; a group given by --group must exist`,
        ),
      ];
    case 'exposed-mode':
    case 'exposed-directory':
    case 'exposed-group':
      return close(evidence, facts);
    case 'same':
      return [tell(`Give ${key} a path of its own`)];
  }
}

/** The directory on the way becomes the account's, or its clients may pass. */
function openWay(evidence: SocketsEvidence, facts: Facts): readonly Step[] {
  const { what, at, owner, mode } = evidence;
  const { uid, gid } = facts.identity.target;
  const cause = misplacedBy(evidence, facts.session, facts.launcher);
  if (cause !== null) return [tell(`Repair ${cause} first (runtime/session).`)];
  if (what === 'unreachable') {
    if (at !== null && mode !== null && owner?.uid === uid)
      return [{ do: 'mode', as: 'target', path: at, from: mode, to: mode | 0o700 }];
    return [
      tell(
        at === null
          ? 'Choose an address outside of /run, or leave --copy-up=/run out'
          : `Let the user enter ${at}, or choose another path`,
      ),
    ];
  }
  const rootMay = at !== null && facts.rights.value !== undefined && mayOwn(at, facts.rights.value);
  if (!rootMay || owner === null || owner.uid === uid || mode === null)
    return [tell('Choose a path that the user may write, below XDG_RUNTIME_DIR or the home directory')];
  return [
    { do: 'owner', as: 'root', path: at, from: owner, to: { uid, gid } },
    ...((mode & 0o700) === 0o700 ? [] : [{ do: 'mode', as: 'root', path: at, from: mode, to: mode | 0o700 } as const]),
  ];
}

/** Takes the rights of other accounts away, where the place is the account's own. */
function close({ what, at, owner, mode, path, address }: SocketsEvidence, facts: Facts): readonly Step[] | null {
  const { uid } = facts.identity.target;
  if (what === 'exposed-group')
    return [
      tell(`Choose a path below a directory of mode 0700, such as /run/user/${uid}, in place of ${path ?? address}`),
    ];
  if (at === null || mode === null) return null;
  const mine = owner?.uid === uid;
  if (what === 'exposed-mode')
    return [{ do: 'mode', as: mine && uid !== 0 ? 'target' : 'root', path: at, from: mode, to: mode & ~0o007 }];
  if (mine) return [{ do: 'mode', as: uid === 0 ? 'root' : 'target', path: at, from: mode, to: mode & ~0o022 }];
  return [tell(`Choose a path in a directory that only the user may write, in place of ${path ?? address}`)];
}
