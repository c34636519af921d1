import type { SessionEvidence } from '../../checks/runtime/session-case.ts';
import type { Problem } from '../../model/decide.ts';
import type { Fix, NoNeeds, Step, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { quoted } from '../quoted.ts';

/** Gives buildkitd a session it can start in. */
export const repairSession: Fix<NoNeeds, SessionEvidence> = {
  needs: {},
  title: 'Make the runtime directory and say which variables to set',
  plan(problems) {
    return problems.flatMap((problem, index): readonly Treatment[] => {
      const steps = stepsFor(problem);
      if (steps === null) return [];
      const acts = steps.some(({ do: what }) => what !== 'tell');
      return [
        {
          for: [index],
          risk: acts ? 'safe' : 'manual',
          // The directory is there at once, but a shell learns its new variable at the next login.
          ...(acts && ASKS_VARIABLE.has(problem.evidence.kind) ? { until: 'login' as const } : {}),
          steps,
        },
      ];
    });
  },
};

const ASKS_VARIABLE = new Set<SessionEvidence['kind']>(['unset', 'relative', 'list']);

function stepsFor({ evidence, severity }: Problem<SessionEvidence>): readonly Step[] | null {
  const { kind, path, uid, gid, runUser, userName, home, variable, mode, owner, rootMay, runUserReady } = evidence;
  const me = { uid, gid };
  switch (kind) {
    case 'unset':
    case 'relative':
    case 'list': {
      const set = tell(
        `export XDG_RUNTIME_DIR=${runUser} (in the shell, or Environment=XDG_RUNTIME_DIR=${runUser} in the unit that starts buildkitd)`,
      );
      return runUserReady ? [set] : [...makeRunUser(evidence), set];
    }
    case 'missing':
      if (severity === 'info') return null;
      if (path === runUser) return makeRunUser(evidence);
      return [
        tell(
          `export XDG_RUNTIME_DIR=${runUser}, or as an administrator make ${path ?? 'that directory'} and give it to the user`,
        ),
      ];
    case 'owner':
      if (severity !== 'error' || path === null || owner === null) return [elsewhere(evidence)];
      if (!rootMay) return [elsewhere(evidence)];
      return [
        { do: 'owner', as: 'root', path, from: owner, to: me },
        ...(mode !== null && mode !== 0o700 ? [{ do: 'mode', as: 'root', path, from: mode, to: 0o700 } as const] : []),
      ];
    case 'mode':
    case 'too-open':
      if (path === null || mode === null) return null;
      if (owner?.uid !== uid) return [elsewhere(evidence)];
      return [{ do: 'mode', as: 'target', path, from: mode, to: kind === 'mode' ? mode | 0o700 : 0o700 }];
    case 'not-a-directory':
    case 'read-only':
      return [elsewhere(evidence)];
    case 'user':
      return [
        tell(
          `export USER=${userName ?? '$(id -un)'} (in the shell, or Environment=USER=${userName ?? 'NAME'} in the unit that starts buildkitd)`,
        ),
      ];
    case 'home':
      return [
        tell(
          home === null
            ? 'set HOME to a directory that belongs to the user, or set "root" in buildkitd.toml'
            : path === home
              ? `give ${home} to its user as root: chown ${uid}:${gid} ${quoted(home)} (or make it: install -d -m 0700 -o ${uid} -g ${gid} ${quoted(home)})`
              : `export HOME=${quoted(home)}`,
        ),
      ];
    case 'data-home':
      return [tell(`unset XDG_DATA_HOME, or point ${variable} at a directory that belongs to the user`)];
    case 'full':
      return [
        tell(
          `See what uses it: ls -la ${quoted(path ?? '/tmp')}; df ${quoted(path ?? '/tmp')}; or point ${variable} at a directory with room`,
        ),
      ];
    case 'temporary':
      if (severity === 'info') return null;
      return [
        tell(
          path === '/tmp'
            ? 'as root: chmod 1777 /tmp (or mount it writable); or export TMPDIR to a directory that the user may write'
            : 'unset TMPDIR, so that /tmp is used, or export it as a directory that exists and that the user may write',
        ),
      ];
    case 'state-directory':
      return [tell(`Change --state-dir of rootlesskit to a directory that the user may write, or leave it out`)];
    case 'telemetry':
      return [
        tell(
          `unset ${variable} where buildkitd is started, or name what it has: the exporters otlp, jaeger (for traces) and none, the protocols grpc and http/protobuf`,
        ),
      ];
    case 'resolver':
      return [
        tell(
          `as root, put a list of name servers there that everybody may read: ls -lL ${quoted(path ?? '/etc/resolv.conf')}`,
        ),
      ];
    case 'no-linger':
      if (userName === null || evidence.loginctl === null) return null;
      return [
        {
          do: 'run',
          as: 'root',
          argv: [evidence.loginctl, 'enable-linger', userName],
          undo: [evidence.loginctl, 'disable-linger', userName],
          why: `Keep the systemd of ${userName}, and with it buildkitd, running after logout`,
        },
      ];
  }
}

const elsewhere = ({ runUser, uid, gid, runUserReady }: SessionEvidence): Step =>
  tell(
    runUserReady
      ? `export XDG_RUNTIME_DIR=${runUser}`
      : `export XDG_RUNTIME_DIR=${runUser} after making it as root: install -d -m 0700 -o ${uid} -g ${gid} ${runUser}`,
  );

/** systemd makes /run/user/UID for a lingering user; without systemd it is made by hand, and lost at a reboot. */
function makeRunUser(evidence: SessionEvidence): readonly Step[] {
  const { systemd, loginctl, linger, userName, runUser, uid, gid, runUserMissing, runUserParentMissing } = evidence;
  if (!runUserMissing)
    return [tell(`Give ${runUser} to its user as root: chown ${uid}:${gid} ${runUser} && chmod 0700 ${runUser}`)];
  if (systemd && loginctl !== null && userName !== null) {
    if (linger === true)
      return [
        {
          do: 'run',
          as: 'root',
          argv: [loginctl.replace(/loginctl$/, 'systemctl'), 'start', `user@${uid}.service`],
          undo: null,
          why: `Start the systemd of ${userName}, which makes ${runUser}`,
        },
      ];
    return [
      {
        do: 'run',
        as: 'root',
        argv: [loginctl, 'enable-linger', userName],
        undo: [loginctl, 'disable-linger', userName],
        why: `Make ${runUser} now and at every boot, also without a login`,
      },
    ];
  }
  const parent: Step = {
    do: 'run',
    as: 'root',
    argv: ['/bin/mkdir', '-m', '0755', '/run/user'],
    undo: ['/bin/rmdir', '/run/user'],
    why: `Make /run/user, in which ${runUser} stands`,
  };
  return [
    ...(runUserParentMissing ? [parent] : []),
    { do: 'directory', as: 'root', path: runUser, mode: 0o700, owner: { uid, gid } },
    tell(
      `${runUser} is gone after a reboot: let a boot script make it again (install -d -m 0700 -o ${uid} -g ${gid} ${runUser})`,
    ),
  ];
}
