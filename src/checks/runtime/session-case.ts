import { resolver } from '../../facts/cache/resolver.ts';
import { listeners } from '../../facts/config/listeners.ts';
import { settings } from '../../facts/config/settings.ts';
import { processStatus } from '../../facts/machine/process-status.ts';
import { buildkitdVersion } from '../../facts/programs/buildkitd-version.ts';
import type { Reach } from '../../facts/start/reach.ts';
import { type FreeSpace, session } from '../../facts/start/session.ts';
import { environment } from '../../facts/target/environment.ts';
import { identity } from '../../facts/target/identity.ts';
import { launcher } from '../../facts/target/launcher.ts';
import type { Condition, FactsOf, Problem, Severity } from '../../model/decide.ts';
import type { EnvironmentSource } from '../../model/say.ts';
import { optional } from '../../model/unseen.ts';
import { findings } from '../findings.ts';

/** What was seen; `kind` says what is wrong with which directory or variable. */
export interface SessionEvidence {
  readonly kind:
    | 'unset'
    | 'missing'
    | 'owner'
    | 'mode'
    | 'too-open'
    | 'not-a-directory'
    | 'read-only'
    | 'list'
    | 'relative'
    | 'user'
    | 'home'
    | 'data-home'
    | 'temporary'
    | 'full'
    | 'state-directory'
    | 'state-of-another'
    | 'umask'
    | 'telemetry'
    | 'variable'
    | 'resolver';
  readonly variable: string;
  readonly path: string | null;
  readonly mode: number | null;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly source: EnvironmentSource | null;
}

export const sessionNeeds = {
  environment,
  identity,
  session,
  settings,
  launcher,
  listeners,
  buildkitdVersion,
  resolver,
  status: optional(processStatus),
};

type Details = Pick<SessionEvidence, 'kind' | 'variable'> & Partial<SessionEvidence>;

/** One examination of the session: its facts, its words, and the problems found so far. */
export interface SessionCase {
  readonly facts: FactsOf<typeof sessionNeeds>;
  readonly problems: readonly Problem<SessionEvidence>[];
  /** The account, as people call it. */
  readonly who: string;
  ownerWords(uid: number): string;
  add(condition: Condition, severity: Severity, subject: string, message: string, evidence: Details): void;
}

export function openSession(facts: FactsOf<typeof sessionNeeds>): SessionCase {
  const { target } = facts.identity;
  const who = target.name ?? `uid ${target.uid}`;
  const { problems, add } = findings<SessionEvidence>();
  return {
    facts,
    problems,
    who,
    ownerWords: (uid) => (uid === 0 ? 'root' : uid === target.uid ? who : `uid ${uid}`),
    add: (condition, severity, subject, message, evidence) =>
      add(condition, severity, subject, message, { path: null, mode: null, owner: null, source: null, ...evidence }),
  };
}

/** Says so where fewer bytes or inodes are left than `needed`; true when it did. */
export function judgeRoom(
  { add }: SessionCase,
  room: FreeSpace | null,
  needed: { readonly bytes: number; readonly inodes: number },
  place: { readonly variable: string; readonly path: string; readonly source: EnvironmentSource | null },
): boolean {
  if (room === null) return false;
  const { path, variable } = place;
  const say = (condition: Condition, lacking: string): true => {
    add(condition, 'error', path, `${path} (${variable}) has ${lacking}`, { kind: 'full', ...place });
    return true;
  };
  if (room.bytes < needed.bytes)
    return say('storage.disk-full', `only ${room.bytes} bytes free: what a build makes there needs ${needed.bytes}`);
  if (room.inodes !== null && room.inodes < needed.inodes)
    return say(
      'storage.inodes-exhausted',
      `${room.inodes} inodes left: what is made there for a build needs ${needed.inodes}`,
    );
  return false;
}

/** Where and why buildkitd can neither use nor make a directory; null when it can. */
export function stopOf(
  { ownerWords }: Pick<SessionCase, 'ownerWords'>,
  reach: Reach,
): { path: string; why: string } | null {
  const { obstacle, passed } = reach;
  if (obstacle !== null) {
    const { path, why, stat } = obstacle;
    return {
      path,
      why:
        why === 'not-searchable'
          ? `${path} belongs to ${ownerWords(stat?.uid ?? 0)} and cannot be entered`
          : `${path} is ${why === 'dangling-link' ? 'a link that leads nowhere' : 'not a directory'}`,
    };
  }
  const last = passed.at(-1);
  if (last?.path === reach.path) return null;
  if (reach.stat !== null) return { path: reach.path, why: `${reach.path} is not a directory` };
  if (reach.writable) return null;
  const path = last?.path ?? '/';
  return {
    path,
    why: reach.readOnly
      ? `${path} is read-only`
      : `${path} belongs to ${ownerWords(last?.stat.uid ?? 0)}, and nothing can be made in it`,
  };
}
