import type { SocketsEvidence } from '../../checks/net/socket-case.ts';
import { isRootsUser } from '../../checks/runtime/state-place.ts';
import type { Session } from '../../facts/start/session.ts';

/** The variable that leads the socket to where the account may not make it; null where the place itself is to blame. */
export function misplacedBy(
  { path, source, at }: SocketsEvidence,
  session: Session,
  launcher: 'rootlesskit' | 'none',
): 'USER' | 'XDG_RUNTIME_DIR' | null {
  if (path === null) return null;
  const runtime = session.runtime.reach?.path ?? null;
  if (launcher === 'rootlesskit' && source === 'default' && path.startsWith('/run/buildkit/')) {
    if (isRootsUser(session)) return 'USER';
    if (runtime === null) return 'XDG_RUNTIME_DIR';
  }
  const above = (one: string, other: string): boolean => one === '/' || one === other || other.startsWith(`${one}/`);
  return runtime !== null && at !== null && above(runtime, path) && above(at, runtime) ? 'XDG_RUNTIME_DIR' : null;
}
