import { type ClientEndpoint, clientAddress } from '../../facts/config/client-endpoint.ts';
import { listeners } from '../../facts/config/listeners.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { instance } from '../../facts/start/instance.ts';
import type { Check, Problem } from '../../model/decide.ts';
import { findings } from '../findings.ts';

export interface EndpointEvidence {
  readonly address: string;
  readonly fromVariable: boolean;
  /** Where this set-up listens; null: nowhere that a client of this host can use. */
  readonly listens: string | null;
  readonly errno: string | null;
}

const needs = { clientAddress, listeners, instance, binaries };

export const clientEndpoint: Check<typeof needs, EndpointEvidence> = {
  id: 'client/endpoint',
  title: 'buildctl finds this buildkitd',
  why: 'buildctl connects to BUILDKIT_HOST, or else to the socket of a rootful buildkitd; it never looks for a rootless one.',
  decides: false,
  conditions: ['env.buildkit-host-wrong', 'socket.not-found', 'socket.permission', 'socket.stale'],
  needs,
  examine({ clientAddress: found, listeners: heard, instance: running, binaries: programs }) {
    if (programs.buildctl === null && !found.fromVariable)
      return { notApplicable: 'neither buildctl nor BUILDKIT_HOST is there' };
    const { problems, unseen, add } = findings<EndpointEvidence>();
    const { address, parsed, fromVariable, answers } = found;
    const error = answers?.error ?? null;
    const served = heard.all.filter(
      ({ use, address: at }) => use === 'grpc' && (at.scheme === 'unix' || at.scheme === 'tcp'),
    );
    const evidence = { address, fromVariable, listens: served[0]?.text ?? null, errno: error };
    const isOurs = served.some(
      ({ address: at }) => at.scheme === 'unix' && parsed.scheme === 'unix' && at.path === parsed.path,
    );
    const judged = isOurs
      ? running.running
        ? ownSocket(address, error)
        : // Without a running daemon a missing socket is only the daemon's absence.
          null
      : elsewhere(found, evidence);
    if (judged !== null) add(judged.condition, judged.severity, address, judged.message, evidence);
    return { problems, unseen };
  },
};

type Judged = Pick<Problem, 'condition' | 'severity' | 'message'>;

/** An address that is not where this buildkitd listens. */
function elsewhere(
  { address, parsed, fromVariable, answers }: ClientEndpoint,
  { listens, errno }: EndpointEvidence,
): Judged | null {
  const condition = 'env.buildkit-host-wrong';
  const name = fromVariable ? `BUILDKIT_HOST (${address})` : `the default of buildctl (${address})`;
  switch (parsed.scheme) {
    case 'other':
    case 'tcp':
      return null;
    case 'unix':
      break;
    default:
      return {
        condition,
        severity: 'warning',
        message: `${name} is no address that buildctl can use: it takes unix:///PATH, tcp://HOST:PORT, and containers by name`,
      };
  }
  if (answers !== null && errno === null)
    return {
      condition,
      severity: 'info',
      message: `${name} is answered by another buildkitd than the one examined here, which listens on ${listens ?? 'nothing'}`,
    };
  return fromVariable
    ? {
        condition,
        severity: 'warning',
        message: `${name} is not where this buildkitd listens (${listens ?? 'nowhere'})${wordsOf(errno)}`,
      }
    : {
        condition,
        severity: 'info',
        message: `buildctl connects to ${address} unless BUILDKIT_HOST says otherwise; this buildkitd listens on ${listens ?? 'nothing'}`,
      };
}

/** The socket of this buildkitd, which is running. */
function ownSocket(address: string, errno: string | null): Judged | null {
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return {
        condition: 'socket.permission',
        severity: 'warning',
        message: `${address} may not be used by this account, although its buildkitd is running`,
      };
    case 'ECONNREFUSED':
      return {
        condition: 'socket.stale',
        severity: 'warning',
        message: `${address} is a leftover: nobody answers there, although a buildkitd is running on this state directory`,
      };
    case 'ENOENT':
      return {
        condition: 'socket.not-found',
        severity: 'warning',
        message: `${address} is gone, although a buildkitd is running on this state directory`,
      };
    default:
      return null;
  }
}

const wordsOf = (errno: string | null): string =>
  errno === 'ENOENT'
    ? ': there is no such socket'
    : errno === 'ECONNREFUSED'
      ? ': nobody answers there'
      : errno === null
        ? ''
        : `: ${errno}`;
