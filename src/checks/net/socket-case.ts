import { listeners } from '../../facts/config/listeners.ts';
import { settings } from '../../facts/config/settings.ts';
import { type SocketPath, sockets } from '../../facts/net/sockets.ts';
import { session } from '../../facts/start/session.ts';
import { environment } from '../../facts/target/environment.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Condition, FactsOf, Position, Problem, Severity } from '../../model/decide.ts';
import type { Source } from '../../model/say.ts';
import { findings } from '../findings.ts';

/** What was seen of a socket and of what stands in its way. */
export interface SocketsEvidence {
  readonly what:
    | 'scheme'
    | 'fd'
    | 'relative'
    | 'too-long'
    | 'cannot-make'
    | 'not-searchable'
    | 'occupied'
    | 'foreign-leftover'
    | 'unreachable'
    | 'owner'
    | 'group'
    | 'exposed-mode'
    | 'exposed-directory'
    | 'exposed-group'
    | 'same';
  readonly address: string;
  readonly path: string | null;
  readonly use: SocketPath['use'] | null;
  readonly key: string;
  readonly source: Source;
  /** The directory or socket that stands in the way, with its owner and mode. */
  readonly at: string | null;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly mode: number | null;
  readonly index: number | null;
}

export const socketNeeds = { sockets, listeners, identity, launcher, environment, settings, session };

/** Something in the file system, as far as it could be looked at. */
export interface Spot {
  readonly path: string;
  readonly stat: { readonly uid: number; readonly gid: number; readonly mode: number } | null;
}
type Details = Pick<SocketsEvidence, 'what' | 'address' | 'key' | 'source'> & Partial<SocketsEvidence>;

/** One examination of the sockets: its facts, its words, and the problems found so far. */
export interface SocketCase {
  readonly facts: FactsOf<typeof socketNeeds>;
  readonly problems: readonly Problem<SocketsEvidence>[];
  /** The account, as people call it. */
  readonly who: string;
  ownerWords(uid: number): string;
  add(
    condition: Condition,
    severity: Severity,
    subject: string,
    message: string,
    evidence: Details,
    written: Position | null,
  ): void;
  /** A problem of one socket, about a spot on its way. One that buildkitd does without is only information. */
  addFor(
    socket: SocketPath,
    condition: Condition,
    severity: Severity,
    what: SocketsEvidence['what'],
    spot: Spot | null,
    message: string,
  ): void;
}

export function openCase(facts: FactsOf<typeof socketNeeds>): SocketCase {
  const { target } = facts.identity;
  const who = target.name ?? `uid ${target.uid}`;
  const { problems, add: find } = findings<SocketsEvidence>();
  const add: SocketCase['add'] = (condition, severity, subject, message, evidence, written) =>
    find(
      condition,
      severity,
      subject,
      message,
      { path: null, use: null, at: null, owner: null, mode: null, index: null, ...evidence },
      written,
    );
  return {
    facts,
    problems,
    who,
    ownerWords: (uid) => (uid === 0 ? 'root' : uid === target.uid ? who : `uid ${uid}`),
    add,
    addFor(socket, condition, severity, what, spot, message) {
      const { text: address, path, use, key, source, index, needed } = socket;
      const stat = spot?.stat ?? null;
      const evidence = {
        what,
        address,
        path,
        use,
        key,
        source,
        index,
        at: spot?.path ?? null,
        owner: stat === null ? null : { uid: stat.uid, gid: stat.gid },
        mode: stat?.mode ?? null,
      };
      const weight = needed || severity !== 'error' ? severity : 'info';
      add(condition, weight, path === '' ? address : path, message, evidence, socket.at);
    },
  };
}
