import { type Listener, listeners } from '../../facts/config/listeners.ts';
import { type Port, ports } from '../../facts/net/ports.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Check, FactsOf, Problem } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { findings } from '../findings.ts';

export interface PortsEvidence {
  readonly what:
    | 'in-use'
    | 'duplicate'
    | 'privileged'
    | 'not-local'
    | 'invalid'
    | 'random'
    | 'unpublished'
    | 'loopback-down'
    | 'ephemeral'
    | 'other';
  readonly use: Port['use'];
  /** As written. */
  readonly address: string;
  readonly host: string | null;
  readonly port: number;
  readonly errno: string | null;
  readonly pid: number | null;
  readonly command: string | null;
  readonly uid: number | null;
  readonly key: string;
  readonly index: number | null;
  readonly source: Source;
}

const needs = { ports, listeners, identity, launcher };

/** What is wrong with one address. */
type Judgement = Pick<Problem<PortsEvidence>, 'condition' | 'severity' | 'message'> & Pick<PortsEvidence, 'what'>;
type Facts = FactsOf<typeof needs>;

export const netPorts: Check<typeof needs, PortsEvidence> = {
  id: 'net/ports',
  title: 'Configured TCP addresses can be bound',
  why: 'buildkitd opens every address of its configuration before it serves any; one that is taken, privileged or not of this host ends it.',
  decides: true,
  conditions: [
    'net.port-in-use',
    'net.privileged-port',
    'net.address-not-local',
    'net.port-unpublished',
    'net.port-ephemeral',
    'config.bad-address',
  ],
  needs,
  examine(facts) {
    const { all } = facts.ports;
    if (all.length === 0) return { notApplicable: 'no TCP address is configured' };
    const { problems, unseen, add } = findings<PortsEvidence>();
    for (const one of all) {
      const found = judge(one, facts);
      if (found !== null)
        add(found.condition, found.severity, one.text, found.message, evidenceOf(one, found.what), one.at);
      unseen.push(...unseenOf(one));
    }
    return { problems, unseen };
  },
};

/** What could not be told of an address that is written as one. */
function unseenOf(one: Port): readonly UnseenReason[] {
  if (one.invalid !== null) return [];
  if (one.unresolved !== null)
    return [
      {
        why: `${one.text} names the host ${one.unresolved}, which /etc/hosts does not know; no name server was asked`,
        command: `getent ahosts ${one.unresolved}`,
      },
    ];
  if (one.duplicateOf !== null || one.unseen === null) return [];
  return [{ why: `${one.text}: ${one.unseen}`, command: 'ss -ltnp' }];
}

const spotOf = ({ text, use }: Port): string =>
  `${text}${use === 'debug' ? ' (debug address)' : use === 'published' ? ' (published by rootlesskit)' : ''}`;

function judge(one: Port, facts: Facts): Judgement | null {
  const spot = spotOf(one);
  if (one.invalid !== null)
    return {
      condition: 'config.bad-address',
      severity: 'error',
      what: 'invalid',
      message: `${spot} is not an address that can be listened on: ${one.invalid}`,
    };
  if (one.unresolved !== null) return null;
  if (one.duplicateOf !== null)
    return {
      condition: 'net.port-in-use',
      severity: 'error',
      what: 'duplicate',
      message: `${spot} cannot be bound: the same configuration already listens on ${one.duplicateOf}`,
    };
  return one.error === null ? judgeBound(one, facts) : judgeRefused(one, one.error, facts);
}

function judgeRefused(
  one: Port,
  errno: string,
  { ports: found, launcher: by, identity, listeners: heard }: Facts,
): Judgement {
  const refused = `${spotOf(one)} cannot be bound`;
  switch (errno) {
    case 'EADDRINUSE':
      return {
        condition: 'net.port-in-use',
        severity: 'error',
        what: 'in-use',
        message: `${refused}: port ${one.port} is used by ${holderWords(one, identity.target.uid)}`,
      };
    case 'EACCES':
      return {
        condition: 'net.privileged-port',
        severity: 'error',
        what: 'privileged',
        message:
          one.port < found.unprivilegedStart
            ? `${refused}: ports below ${found.unprivilegedStart} are root's, and root of ${by === 'rootlesskit' ? "rootlesskit's namespace" : 'this namespace'} is not root of the host's network`
            : `${refused}: permission denied`,
      };
    case 'ENETDOWN':
      return {
        condition: 'net.address-not-local',
        severity: one.use !== 'grpc' || heard.all.some(isReachable) ? 'warning' : 'error',
        what: 'loopback-down',
        message: `${spotOf(one)} can be bound, but the loopback interface is down: nothing of this host can connect to it`,
      };
    case 'EADDRNOTAVAIL':
      return {
        condition: 'net.address-not-local',
        severity: 'error',
        what: 'not-local',
        message: `${refused}: ${one.host ?? 'its address'} is not an address of this host`,
      };
    default:
      return { condition: 'net.port-in-use', severity: 'error', what: 'other', message: `${refused}: ${errno}` };
  }
}

/** It can be bound: will clients find it, now and at the next start? */
function judgeBound(one: Port, { ports: found, listeners: heard }: Facts): Judgement | null {
  const spot = spotOf(one);
  if (one.inside && one.use === 'grpc' && !one.published)
    return {
      condition: 'net.port-unpublished',
      severity: heard.all.some(isReachable) ? 'warning' : 'error',
      what: 'unpublished',
      message: `${spot} is in the network namespace that rootlesskit makes, and rootlesskit does not publish port ${one.port}: no client of the host reaches it`,
    };
  if (one.port === 0 && one.use !== 'published')
    return {
      condition: 'config.bad-address',
      severity: 'warning',
      what: 'random',
      message: `${spot} names no port: the kernel chooses another one at every start, which clients cannot know`,
    };
  const { ephemeral } = found;
  if (ephemeral !== null && one.port >= ephemeral[0] && one.port <= ephemeral[1] && !one.inside)
    return {
      condition: 'net.port-ephemeral',
      severity: 'info',
      what: 'ephemeral',
      message: `Port ${one.port} lies among those that outgoing connections take (${ephemeral.join('-')}), so it may be taken at the next start`,
    };
  return null;
}

/** Does it serve clients of the host, whatever network rootlesskit makes? */
const isReachable = ({ use, address }: Listener): boolean =>
  use === 'grpc' && (address.scheme === 'unix' || address.scheme === 'fd');

function holderWords({ holder }: Port, uid: number): string {
  if (holder === null) return 'another socket';
  if (holder.pid === null)
    return `a process of ${holder.uid === 0 ? 'root' : holder.uid === uid ? 'the same account' : `uid ${holder.uid}`} that cannot be seen from here`;
  return `${holder.command ?? 'a process'} (pid ${holder.pid})`;
}

function evidenceOf(one: Port, what: PortsEvidence['what']): PortsEvidence {
  return {
    what,
    use: one.use,
    address: one.text,
    host: one.host,
    port: one.port,
    errno: one.error,
    pid: one.holder?.pid ?? null,
    command: one.holder?.command ?? null,
    uid: one.holder?.uid ?? null,
    key: one.key,
    index: one.index,
    source: one.source,
  };
}
