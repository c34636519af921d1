import type { SessionEvidence } from '../../checks/runtime/session-case.ts';
import type { Problem } from '../../model/decide.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { tell } from '../advice.ts';
import { quoted } from '../quoted.ts';
import { UMASK_WORDS } from '../umask.ts';
import {
  elsewhere,
  enableLinger,
  makeRuntime,
  nameRuntime,
  ownRuntime,
  type SessionFacts,
  sessionNeeds,
  setRuntimeMode,
} from './session-runtime.ts';

/** Gives buildkitd a session it can start in. */
export const repairSession: Fix<typeof sessionNeeds, SessionEvidence> = {
  needs: sessionNeeds,
  title: 'Make the runtime directory and say which variables to set',
  plan(problems, facts) {
    return problems.flatMap((problem, index): readonly Treatment[] => {
      const steps = stepsFor(problem, facts);
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

function stepsFor({ evidence, severity }: Problem<SessionEvidence>, facts: SessionFacts): readonly Step[] | null {
  const { kind } = evidence;
  switch (kind) {
    case 'unset':
    case 'relative':
    case 'list':
      return nameRuntime(facts);
    case 'missing':
      return makeRuntime(evidence, severity, facts);
    case 'owner':
      return ownRuntime(evidence, severity, facts);
    case 'mode':
    case 'too-open':
      return setRuntimeMode(evidence, facts);
    case 'not-a-directory':
    case 'read-only':
      return elsewhere(facts);
    case 'no-linger': {
      const { name } = facts.identity.target;
      const { loginctl } = facts.session;
      if (name === null || loginctl === null) return null;
      return [enableLinger(loginctl, name, `Keep the systemd of ${name}, and with it buildkitd, running after logout`)];
    }
    default:
      return severity === 'info' ? null : [tell(adviceFor(kind, evidence, facts))];
  }
}

type Told =
  | 'umask'
  | 'user'
  | 'home'
  | 'data-home'
  | 'full'
  | 'temporary'
  | 'state-directory'
  | 'state-of-another'
  | 'telemetry'
  | 'variable'
  | 'resolver';

/** What a person sets or gives away, as no step can. */
function adviceFor(kind: Told, { path, variable }: SessionEvidence, facts: SessionFacts): string {
  switch (kind) {
    case 'user': {
      const { name } = facts.identity.target;
      return `export USER=${name ?? '$(id -un)'} (in the shell, or Environment=USER=${name ?? 'NAME'} in the unit that starts buildkitd)`;
    }
    case 'home':
      return homeAdvice(path, facts);
    case 'data-home':
      return `unset XDG_DATA_HOME, or point ${variable} at a directory that belongs to the user`;
    case 'full': {
      const place = quoted(path ?? '/tmp');
      return `See what uses it: ls -la ${place}; df ${place}; or point ${variable} at a directory with room`;
    }
    case 'temporary':
      return path === '/tmp'
        ? 'as root: chmod 1777 /tmp (or mount it writable); or export TMPDIR to a directory that the user may write'
        : 'unset TMPDIR, so that /tmp is used, or export it as a directory that exists and that the user may write';
    case 'state-directory':
      return 'Change --state-dir of rootlesskit to a directory that the user may write, or leave it out';
    case 'umask':
      return UMASK_WORDS;
    case 'state-of-another':
      return `as root, remove what an earlier daemon of another account left: rm -r ${quoted(path ?? '')}`;
    case 'telemetry':
      return `unset ${variable} where buildkitd is started, or name what it has: the exporters otlp, jaeger (for traces) and none, the protocols grpc and http/protobuf`;
    case 'variable':
      return variableAdvice(variable);
    case 'resolver':
      return `as root, put a list of name servers there that everybody may read: ls -lL ${quoted(path ?? '/etc/resolv.conf')}`;
  }
}

function variableAdvice(variable: string): string {
  switch (variable) {
    case 'GOMEMLIMIT':
      return 'unset GOMEMLIMIT, or write it as Go does: bytes, or a whole number with KiB, MiB, GiB or TiB (1GiB, not the 1Gi of Kubernetes)';
    case 'BUILDKITD_LOG_LEVEL':
      return 'unset BUILDKITD_LOG_LEVEL where buildkitd is started, or name a level: error, warn, info, debug or trace';
    case 'SOURCE_DATE_EPOCH':
      return 'unset SOURCE_DATE_EPOCH, or set it to seconds since 1970: export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)';
    default:
      return `export NO_PROXY with the host of that address in it (beside what it has), or unset ${variable} for buildctl`;
  }
}

function homeAdvice(path: string | null, { identity: { target }, session }: SessionFacts): string {
  const home = session.homeFromPasswd;
  if (home === null) return 'set HOME to a directory that belongs to the user, or set "root" in buildkitd.toml';
  if (path !== home) return `export HOME=${quoted(home)}`;
  const { uid, gid } = target;
  return `give ${home} to its user as root: chown ${uid}:${gid} ${quoted(home)} (or make it: install -d -m 0700 -o ${uid} -g ${gid} ${quoted(home)})`;
}
