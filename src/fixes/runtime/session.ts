import type { SessionEvidence } from '../../checks/runtime/session-case.ts';
import { unitEdit } from '../../facts/rights/unit-edit.ts';
import { unit } from '../../facts/target/unit.ts';
import type { FactsOf, Problem } from '../../model/decide.ts';
import type { Fix, Step, Treatment } from '../../model/plan.ts';
import { optional } from '../../model/unseen.ts';
import { tell } from '../advice.ts';
import { quoted } from '../quoted.ts';
import { giveRuntime } from '../service/session.ts';
import { UMASK_WORDS } from '../umask.ts';
import {
  elsewhere,
  makeRuntime,
  nameRuntime,
  ownRuntime,
  type SessionFacts,
  sessionNeeds,
  setRuntimeMode,
} from './session-runtime.ts';

const needs = { ...sessionNeeds, unit: optional(unit), edit: optional(unitEdit) };

/** Gives buildkitd a session it can start in. */
export const repairSession: Fix<typeof needs, SessionEvidence> = {
  needs,
  title: 'Make the runtime directory and say which variables to set',
  plan(problems, facts) {
    return problems.flatMap((problem, index): readonly Treatment[] => {
      const given = ofUnit(problem.evidence, facts);
      if (given !== null) return [{ for: [index], risk: 'safe', until: 'restart', steps: given }];
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

/** The system's manager gives an account's unit no such directory by itself; null: no such unit is what names none. */
function ofUnit({ kind }: SessionEvidence, facts: FactsOf<typeof needs>): readonly Step[] | null {
  const { identity, session, unit, edit } = facts;
  if (!ASKS_VARIABLE.has(kind) || unit.value == null || edit.value == null || identity.target.uid === 0) return null;
  const { name, scope, environment } = unit.value;
  if (scope !== 'system' || (environment.XDG_RUNTIME_DIR || null) !== session.runtime.value) return null;
  return giveRuntime(edit.value, name, identity.target);
}

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
      return `Set USER where buildkitd is started (in a unit: Environment=USER=${name ?? 'NAME'}):\nexport USER=${name ?? '$(id -un)'}`;
    }
    case 'home':
      return homeAdvice(path, facts);
    case 'data-home':
      return `Unset XDG_DATA_HOME, or point ${variable} at a directory that belongs to the user`;
    case 'full': {
      const place = quoted(path ?? '/tmp');
      return `Make room there, or point ${variable} at a directory with room. To see what uses it:\nls -la ${place}\ndf ${place}`;
    }
    case 'temporary':
      return path === '/tmp'
        ? 'Mount /tmp writable, export TMPDIR with a directory that the user may write, or as root:\nchmod 1777 /tmp'
        : 'Unset TMPDIR, so that /tmp is used, or export it as a directory that exists and that the user may write';
    case 'state-directory':
      return 'Change --state-dir of rootlesskit to a directory that the user may write, or leave it out';
    case 'umask':
      return UMASK_WORDS;
    case 'state-of-another':
      return `As root, remove what an earlier daemon of another account left:\nrm -r ${quoted(path ?? '')}`;
    case 'telemetry':
      return `Unset ${variable} for buildkitd, or use a supported value: the exporters otlp, jaeger (for traces) and none, the protocols grpc and http/protobuf`;
    case 'variable':
      return variableAdvice(variable);
    case 'resolver':
      return `Make ${path ?? '/etc/resolv.conf'} a file with your name servers that everybody may read. To look at what is there:\nls -lL ${quoted(path ?? '/etc/resolv.conf')}`;
  }
}

function variableAdvice(variable: string): string {
  switch (variable) {
    case 'GOMEMLIMIT':
      return 'Unset GOMEMLIMIT, or write it as Go does: bytes, or a whole number with KiB, MiB, GiB or TiB (1GiB, not the 1Gi of Kubernetes)';
    case 'BUILDKITD_LOG_LEVEL':
      return 'Unset BUILDKITD_LOG_LEVEL where buildkitd is started, or name a level: error, warn, info, debug or trace';
    case 'SOURCE_DATE_EPOCH':
      return 'Unset SOURCE_DATE_EPOCH, or set it to seconds since 1970:\nexport SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)';
    default:
      return `Export NO_PROXY with the host of that address in it (beside what it has), or unset ${variable} for buildctl`;
  }
}

function homeAdvice(path: string | null, { identity: { target }, session }: SessionFacts): string {
  const home = session.homeFromPasswd;
  if (home === null) return 'Set HOME to a directory that belongs to the user, or set "root" in buildkitd.toml';
  if (path !== home) return `Set HOME where buildkitd is started:\nexport HOME=${quoted(home)}`;
  const { uid, gid } = target;
  return `As root, make ${home} or give it to its user:\ninstall -d -m 0700 -o ${uid} -g ${gid} ${quoted(home)}`;
}
