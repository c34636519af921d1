import { clientAddress } from '../../facts/config/client-endpoint.ts';
import { listeners } from '../../facts/config/listeners.ts';
import { binaries } from '../../facts/programs/binaries.ts';
import { instance } from '../../facts/start/instance.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';

export interface EndpointEvidence {
  readonly address: string;
  readonly fromVariable: boolean;
  /** Where this set-up listens; null: nowhere that a client of this host can use. */
  readonly instead: string | null;
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
    const problems: Problem<EndpointEvidence>[] = [];
    const { address, parsed, fromVariable, answers } = found;
    const served = heard.all.filter(
      ({ use, address: at }) => use === 'grpc' && (at.scheme === 'unix' || at.scheme === 'tcp'),
    );
    const instead = served[0]?.text ?? null;
    const evidence: EndpointEvidence = { address, fromVariable, instead, errno: answers?.error ?? null };
    const add = (condition: Condition, severity: Severity, message: string): void => {
      problems.push({ condition, severity, subject: address, message, evidence });
    };
    const name = fromVariable ? `BUILDKIT_HOST (${address})` : `the default of buildctl (${address})`;
    if (parsed.scheme === 'other') return { problems, unseen: [] };
    if (parsed.scheme === null || parsed.scheme === 'fd' || parsed.scheme === 'npipe') {
      add(
        'env.buildkit-host-wrong',
        'warning',
        `${name} is no address that buildctl can use: it takes unix:///PATH, tcp://HOST:PORT, and containers by name`,
      );
      return { problems, unseen: [] };
    }
    if (parsed.scheme === 'tcp') return { problems, unseen: [] };
    const matches = served.some(({ address: at }) => at.scheme === 'unix' && at.path === parsed.path);
    const error = answers?.error ?? null;
    if (answers !== null && error === null) {
      if (!matches)
        add(
          'env.buildkit-host-wrong',
          'info',
          `${name} is answered by another buildkitd than the one examined here, which listens on ${instead ?? 'nothing'}`,
        );
      return { problems, unseen: [] };
    }
    if (!matches) {
      add(
        'env.buildkit-host-wrong',
        fromVariable ? 'warning' : 'info',
        fromVariable
          ? `${name} is not where this buildkitd listens (${instead ?? 'nowhere'})${wordsOf(error)}`
          : `buildctl connects to ${address} unless BUILDKIT_HOST says otherwise; this buildkitd listens on ${instead ?? 'nothing'}`,
      );
      return { problems, unseen: [] };
    }
    // Without a running daemon a missing socket is only the daemon's absence.
    if (!running.running) return { problems, unseen: [] };
    if (error === 'EACCES' || error === 'EPERM')
      add(
        'socket.permission',
        'warning',
        `${address} may not be used by this account, although its buildkitd is running`,
      );
    else if (error === 'ECONNREFUSED')
      add(
        'socket.stale',
        'warning',
        `${address} is a leftover: nobody answers there, although a buildkitd is running on this state directory`,
      );
    else if (error === 'ENOENT')
      add('socket.not-found', 'warning', `${address} is gone, although a buildkitd is running on this state directory`);
    return { problems, unseen: [] };
  },
};

const wordsOf = (errno: string | null): string =>
  errno === 'ENOENT'
    ? ': there is no such socket'
    : errno === 'ECONNREFUSED'
      ? ': nobody answers there'
      : errno === null
        ? ''
        : `: ${errno}`;
