import { listeners } from '../../facts/config/listeners.ts';
import { type Port, ports } from '../../facts/net/ports.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import { unit } from '../../facts/target/unit.ts';
import type { Check, Condition, Problem, Severity } from '../../model/decide.ts';
import type { UnseenReason } from '../../model/look.ts';
import type { Source } from '../../model/say.ts';
import { optional } from '../../model/unseen.ts';
import { isMendedInTheFile } from '../config/address-rules.ts';

export interface PortsEvidence {
  readonly what:
    | 'in-use'
    | 'duplicate'
    | 'privileged'
    | 'not-local'
    | 'invalid'
    | 'elsewhere'
    | 'random'
    | 'unpublished'
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
  /** Where the file has it; null when it comes from elsewhere. */
  readonly line: number | null;
  readonly source: Source;
  readonly unit: string | null;
  /** What the address would become. */
  readonly instead: string | null;
  readonly free: number | null;
  /** Where it can be changed; null unless the file holds it and may be edited. */
  readonly config: ConfigEdit | null;
}

const needs = { ports, listeners, identity, launcher, configEdit, unit: optional(unit) };

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
  examine({ ports: found, listeners: heard, identity: { target }, launcher: by, configEdit: config, unit: service }) {
    if (found.all.length === 0) return { notApplicable: 'no TCP address is configured' };
    const problems: Problem<PortsEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const reachable = heard.all.some(
      ({ use, address }) => use === 'grpc' && (address.scheme === 'unix' || address.scheme === 'fd'),
    );
    for (const one of found.all) judge(one);
    return { problems, unseen };

    function judge(one: Port): void {
      const add = (condition: Condition, severity: Severity, what: PortsEvidence['what'], message: string): void => {
        problems.push({ condition, severity, subject: one.text, message, evidence: evidenceOf(one, what) });
      };
      const spot = `${one.text}${one.use === 'debug' ? ' (debug address)' : one.use === 'published' ? ' (published by rootlesskit)' : ''}`;
      const listener = heard.all.find(({ key, index }) => key === one.key && index === one.index);
      if (one.invalid !== null) {
        const mended = one.use !== 'published' && listener !== undefined && isMendedInTheFile(listener);
        add(
          'config.bad-address',
          'error',
          mended ? 'elsewhere' : 'invalid',
          `${spot} is not an address that can be listened on: ${one.invalid}`,
        );
        return;
      }
      if (one.unresolved !== null) {
        unseen.push({
          why: `${one.text} names the host ${one.unresolved}, which /etc/hosts does not know; no name server was asked`,
          command: `getent ahosts ${one.unresolved}`,
        });
        return;
      }
      if (one.duplicateOf !== null) {
        add(
          'net.port-in-use',
          'error',
          'duplicate',
          `${spot} cannot be bound: the same configuration already listens on ${one.duplicateOf}`,
        );
        return;
      }
      if (one.unseen !== null) unseen.push({ why: `${one.text}: ${one.unseen}`, command: 'ss -ltnp' });
      switch (one.error) {
        case null:
          judgeBound();
          return;
        case 'EADDRINUSE':
          add(
            'net.port-in-use',
            'error',
            'in-use',
            `${spot} cannot be bound: port ${one.port} is used by ${holderWords()}`,
          );
          return;
        case 'EACCES':
          add(
            'net.privileged-port',
            'error',
            'privileged',
            one.port < found.unprivilegedStart
              ? `${spot} cannot be bound: ports below ${found.unprivilegedStart} are root's, and root of ${by === 'rootlesskit' ? "rootlesskit's namespace" : 'this namespace'} is not root of the host's network`
              : `${spot} cannot be bound: permission denied`,
          );
          return;
        case 'EADDRNOTAVAIL':
          add(
            'net.address-not-local',
            'error',
            'not-local',
            `${spot} cannot be bound: ${one.host ?? 'its address'} is not an address of this host`,
          );
          return;
        default:
          add('net.port-in-use', 'error', 'other', `${spot} cannot be bound: ${one.error}`);
      }

      function judgeBound(): void {
        if (one.inside && one.use === 'grpc' && !one.published)
          add(
            'net.port-unpublished',
            reachable ? 'warning' : 'error',
            'unpublished',
            `${spot} is in the network namespace that rootlesskit makes, and rootlesskit does not publish port ${one.port}: no client of the host reaches it`,
          );
        else if (one.port === 0 && one.use !== 'published')
          add(
            'config.bad-address',
            'warning',
            'random',
            `${spot} names no port: the kernel chooses another one at every start, which clients cannot know`,
          );
        else if (
          found.ephemeral !== null &&
          one.port >= found.ephemeral[0] &&
          one.port <= found.ephemeral[1] &&
          !one.inside
        )
          add(
            'net.port-ephemeral',
            'info',
            'ephemeral',
            `Port ${one.port} lies among those that outgoing connections take (${found.ephemeral.join('-')}), so it may be taken at the next start`,
          );
      }

      function holderWords(): string {
        const { holder } = one;
        if (holder === null) return 'another socket';
        if (holder.pid === null)
          return `a process of ${holder.uid === 0 ? 'root' : holder.uid === target.uid ? 'the same account' : `uid ${holder.uid}`} that cannot be seen from here`;
        return `${holder.command ?? 'a process'} (pid ${holder.pid})`;
      }
    }

    function evidenceOf(one: Port, what: PortsEvidence['what']): PortsEvidence {
      const editable = one.source === 'file' && one.use !== 'published' ? config : null;
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
        line: one.line,
        source: one.source,
        unit: service.value?.path ?? null,
        instead: one.free === null ? null : withPort(one.text, one.free),
        free: one.free,
        config: editable,
      };
    }
  },
};

/** The same address with another port; everything before it stays as written. */
export function withPort(text: string, port: number): string {
  const at = text.lastIndexOf(':');
  const start = text.indexOf('://');
  // "tcp://" alone has no colon of its own.
  return at <= start ? `${text}:${port}` : `${text.slice(0, at)}:${port}`;
}
