import type { Settings } from '../../facts/config/settings.ts';
import type { Session } from '../../facts/start/session.ts';
import { type SessionCase, stopOf } from './session-case.ts';

/** A directory that a variable names, below which buildkitd keeps its state. */
export interface StateBase {
  readonly variable: 'HOME' | 'XDG_DATA_HOME';
  /** The first part of the variable's value; null when it has none. */
  readonly written: string | null;
  /** The same, absolute; null when nothing tells from where a relative path starts. */
  readonly absolute: string | null;
}

export function stateBase({ dataHome, home, state }: Session): StateBase {
  const [variable, place, below] =
    dataHome.value === null
      ? (['HOME', home, '/.local/share/buildkit'] as const)
      : (['XDG_DATA_HOME', dataHome, '/buildkit'] as const);
  const written = place.value?.split(':')[0] ?? null;
  const from = state === null ? null : state.path.slice(0, state.path.lastIndexOf(below));
  return { variable, written, absolute: written?.startsWith('/') ? written : from };
}

/** What stops buildkitd at the base of its state directory or above it; null where nothing does, or only further down. */
export function baseStop(
  words: Pick<SessionCase, 'ownerWords'>,
  { state }: Session,
  { absolute }: StateBase,
): { readonly why: string } | null {
  const stop = state === null || absolute === null ? null : stopOf(words, state);
  if (stop === null || absolute === null) return null;
  return stop.path === '/' || absolute === stop.path || absolute.startsWith(`${stop.path}/`) ? stop : null;
}

/** USER without a value, or root, leads buildkitd to root's paths. */
export const isRootsUser = ({ user }: Session): boolean => user.value === null || user.value === 'root';

/** The variable that puts the state directory where the account cannot have it; null where its place is not to blame. */
export function misplacedBy(session: Session, { root }: Settings, launcher: 'rootlesskit' | 'none'): string | null {
  if (launcher !== 'rootlesskit' || root.source !== 'default') return null;
  if (isRootsUser(session)) return 'USER';
  const base = stateBase(session);
  return base.written === null || baseStop({ ownerWords: String }, session, base) !== null ? base.variable : null;
}
