import { listeners } from '../../facts/config/listeners.ts';
import { type SocketPath, sockets } from '../../facts/net/sockets.ts';
import { type ConfigEdit, configEdit } from '../../facts/rights/config-edit.ts';
import { rights } from '../../facts/rights/rights.ts';
import { session } from '../../facts/start/session.ts';
import { environment } from '../../facts/target/environment.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Condition, FactsOf, Problem, Severity } from '../../model/decide.ts';
import type { Source } from '../../model/say.ts';
import { mayOwn } from '../../rights/rights.ts';
import { isRootsUser } from '../runtime/state-place.ts';

/** What a repair has to know of a socket and of what stands in its way. */
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
    | 'same'
    | 'elsewhere';
  readonly address: string;
  readonly path: string | null;
  readonly key: string;
  readonly source: Source;
  /** The directory or socket that stands in the way, with its owner and mode. */
  readonly at: string | null;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly mode: number | null;
  readonly uid: number;
  readonly gid: number;
  /** Root may change it for this target; else a person has to decide. */
  readonly rootMay: boolean;
  /** The variable that is the cause; its own check repairs it. */
  readonly misplacedBy: 'USER' | 'XDG_RUNTIME_DIR' | null;
  readonly instead: string | null;
  readonly index: number | null;
  /** Where the file has it; null when it comes from elsewhere. */
  readonly line: number | null;
  readonly config: ConfigEdit | null;
}

export const socketNeeds = { sockets, listeners, identity, launcher, session, environment, configEdit, rights };

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
  add(condition: Condition, severity: Severity, subject: string, message: string, evidence: Details): void;
  /** A problem of one socket, about a spot on its way. One that buildkitd does without is only information. */
  addFor(
    socket: SocketPath,
    condition: Condition,
    severity: Severity,
    what: SocketsEvidence['what'],
    at: Spot | null,
    message: string,
    instead?: string,
  ): void;
}

export function openCase(facts: FactsOf<typeof socketNeeds>): SocketCase {
  const { target } = facts.identity;
  const who = target.name ?? `uid ${target.uid}`;
  const problems: Problem<SocketsEvidence>[] = [];
  const add: SocketCase['add'] = (condition, severity, subject, message, evidence) => {
    problems.push({
      condition,
      severity,
      subject,
      message,
      evidence: {
        path: null,
        at: null,
        owner: null,
        mode: null,
        uid: target.uid,
        gid: target.gid,
        rootMay: false,
        misplacedBy: null,
        instead: null,
        index: null,
        line: null,
        config: evidence.source === 'file' ? facts.configEdit : null,
        ...evidence,
      },
    });
  };
  return {
    facts,
    problems,
    who,
    ownerWords: (uid) => (uid === 0 ? 'root' : uid === target.uid ? who : `uid ${uid}`),
    add,
    addFor(socket, condition, severity, what, at, message, instead) {
      const { text: address, path, key, source, index, line, needed } = socket;
      add(condition, needed || severity !== 'error' ? severity : 'info', path === '' ? address : path, message, {
        what,
        address,
        path,
        key,
        source,
        index,
        line,
        instead: instead ?? null,
        at: at?.path ?? null,
        owner: at?.stat == null ? null : { uid: at.stat.uid, gid: at.stat.gid },
        mode: at?.stat?.mode ?? null,
        rootMay: at !== null && mayOwn(at.path, facts.rights),
        misplacedBy: misplacedBy(facts, socket, at),
      });
    },
  };
}

/** The variable that leads the socket to where the account may not make it; null where the place itself is to blame. */
function misplacedBy(
  { session: place, launcher: by }: FactsOf<typeof socketNeeds>,
  { path, source }: SocketPath,
  at: Spot | null,
): SocketsEvidence['misplacedBy'] {
  const runtime = place.runtime.reach?.path ?? null;
  if (by === 'rootlesskit' && source === 'default' && path.startsWith('/run/buildkit/')) {
    if (isRootsUser(place)) return 'USER';
    if (runtime === null) return 'XDG_RUNTIME_DIR';
  }
  const above = (one: string, other: string): boolean => one === '/' || one === other || other.startsWith(`${one}/`);
  return runtime !== null && at !== null && above(runtime, path) && above(at.path, runtime) ? 'XDG_RUNTIME_DIR' : null;
}
