import type { SocketsEvidence } from '../../checks/net/socket-case.ts';
import type { Problem } from '../../model/decide.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { configSteps } from '../config-steps.ts';
import { quoted } from '../quoted.ts';

/** Gives back directories that root left behind, closes what is open to all, and corrects an address. */
export const repairSockets: Fix<NoNeeds, SocketsEvidence> = {
  needs: {},
  title: 'Make the sockets usable, and only by whom they are for',
  plan(problems) {
    return problems.flatMap((problem, index): readonly Treatment[] => {
      const steps = stepsFor(problem);
      if (steps === null) return [];
      const acts = steps.some(({ do: what }) => what !== 'tell');
      const edits = steps.some(({ do: what }) => what === 'edit');
      return [{ for: [index], risk: acts ? 'safe' : 'manual', ...(edits ? { until: 'restart' as const } : {}), steps }];
    });
  },
};

function stepsFor({ evidence, severity }: Problem<SocketsEvidence>): readonly Step[] | null {
  const { what, at, owner, mode, uid, gid, rootMay, misplacedBy, path, address, instead, config, key, index } =
    evidence;
  if (severity === 'info') return null;
  switch (what) {
    case 'scheme':
    case 'relative':
      if (instead === null || config === null || config.digest === null)
        return [tell(instead === null ? 'write it as unix:///PATH or tcp://HOST:PORT' : `write it as ${instead}`)];
      // A relative path may be meant: only a person knows from which directory.
      if (what === 'relative') return [tell(`Write it as ${instead} at ${key} in ${config.path}`)];
      return configSteps(config, [
        { change: 'set', path: [...key.split('.'), ...(index === null ? [] : [String(index)])], value: instead },
      ]);
    case 'elsewhere':
      return [tell(`config/buildkitd says how ${key} is mended.`)];
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
      if (misplacedBy !== null) return [tell(`Repair ${misplacedBy} first (runtime/session).`)];
      if (at !== null && owner !== null && rootMay && owner.uid !== uid && mode !== null)
        return [
          { do: 'owner', as: 'root', path: at, from: owner, to: { uid, gid } },
          ...((mode & 0o700) === 0o700
            ? []
            : [{ do: 'mode', as: 'root', path: at, from: mode, to: mode | 0o700 } as const]),
        ];
      return [tell('Choose a path that the user may write, below XDG_RUNTIME_DIR or the home directory')];
    case 'occupied':
      return [tell(`Move ${path ?? address} away, or choose another path`)];
    case 'foreign-leftover':
      return [
        tell(
          `As root, if nobody uses it: rm ${quoted(path ?? address)}; better choose a path in a directory of the user's own`,
        ),
      ];
    case 'unreachable':
      if (misplacedBy !== null) return [tell(`Repair ${misplacedBy} first (runtime/session).`)];
      if (at !== null && mode !== null && owner?.uid === uid)
        return [{ do: 'mode', as: 'target', path: at, from: mode, to: mode | 0o700 }];
      return [
        tell(
          at === null
            ? 'choose an address outside of /run, or leave --copy-up=/run out'
            : `let the user enter ${at}, or choose another path`,
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
      return at === null || mode === null
        ? null
        : [
            {
              do: 'mode',
              as: owner?.uid === uid && uid !== 0 ? 'target' : 'root',
              path: at,
              from: mode,
              to: mode & ~0o007,
            },
          ];
    case 'exposed-directory':
      if (at === null || mode === null) return null;
      if (owner?.uid === uid)
        return [{ do: 'mode', as: uid === 0 ? 'root' : 'target', path: at, from: mode, to: mode & ~0o022 }];
      return [tell(`Choose a path in a directory that only the user may write, in place of ${path ?? address}`)];
    case 'exposed-group':
      return [
        tell(`Choose a path below a directory of mode 0700, such as /run/user/${uid}, in place of ${path ?? address}`),
      ];
    case 'same':
      return [tell(`Give ${key} a path of its own`)];
  }
}
