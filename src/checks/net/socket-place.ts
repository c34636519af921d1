import type { SocketPath } from '../../facts/net/sockets.ts';
import { octal } from '../../text/octal.ts';
import type { SocketCase } from './socket-case.ts';

const LONGEST = 104;

/** Can buildkitd make the socket, and can clients of the same account get to it? True when it can be made. */
export function judgePlace(open: SocketCase, socket: SocketPath): boolean {
  const { addFor, who, ownerWords } = open;
  const { path, obstacle, directory } = socket;
  const name = nameOf(socket);
  if (socket.length > LONGEST) {
    addFor(
      socket,
      'socket.path-too-long',
      'error',
      'too-long',
      null,
      `${name} has ${socket.length} bytes; buildkitd takes at most ${LONGEST}`,
    );
    return false;
  }
  if (isHidden(open, path)) {
    if (socket.use === 'grpc')
      addFor(
        socket,
        'socket.permission',
        allHidden(open) ? 'error' : 'warning',
        'unreachable',
        null,
        `${path} is made in rootlesskit's own copy of /run (--copy-up=/run): no client of the host sees it`,
      );
    return false;
  }
  if (obstacle !== null) {
    const closed = obstacle.why === 'not-searchable';
    const words = closed
      ? `belongs to ${ownerWords(obstacle.stat?.uid ?? 0)} with mode ${octal(obstacle.stat?.mode ?? 0)}, and ${who} may not enter it`
      : `is ${obstacle.why === 'dangling-link' ? 'a link that leads nowhere' : 'not a directory'}`;
    addFor(
      socket,
      'socket.permission',
      'error',
      closed ? 'not-searchable' : 'cannot-make',
      obstacle,
      `${name} cannot be made: ${obstacle.path} ${words}`,
    );
    return false;
  }
  // logind makes the directory at login; runtime/session says so.
  const { runtime, runUser } = open.facts.session;
  if (runtime.madeAtLogin && path.startsWith(`${runUser.path}/`)) return false;
  if (directory !== null && !socket.writable) {
    const words = socket.readOnly
      ? `${directory.path} is read-only`
      : `${directory.path} belongs to ${ownerWords(directory.stat.uid)} with mode ${octal(directory.stat.mode)}`;
    const absent = socket.directoryExists ? '' : `, and ${path.slice(0, path.lastIndexOf('/'))} does not exist`;
    addFor(socket, 'socket.permission', 'error', 'cannot-make', directory, `${name} cannot be made: ${words}${absent}`);
    return false;
  }
  judgeStanding(open, socket);
  const { clientStop } = socket;
  if (socket.use === 'grpc' && clientStop !== null)
    addFor(
      socket,
      'socket.permission',
      'error',
      'unreachable',
      clientStop,
      `buildkitd can make ${path}, but no client of ${who} reaches it: ${clientStop.path} has the mode ${octal(clientStop.stat.mode)}`,
    );
  return true;
}

/** buildkitd removes what stands at the path before it listens: a stale socket is no finding. */
function judgeStanding({ addFor, ownerWords }: SocketCase, socket: SocketPath): void {
  const { path, kind, stat, removable } = socket;
  if (kind === null || stat === null || socket.own) return;
  const at = { path, stat };
  if (kind === 'directory')
    addFor(
      socket,
      'socket.path-occupied',
      'error',
      'occupied',
      at,
      `${nameOf(socket)} is a directory, which buildkitd cannot replace by its socket`,
    );
  else if (!removable)
    addFor(
      socket,
      'socket.stale',
      'error',
      'foreign-leftover',
      at,
      `A ${kind === 'socket' ? 'leftover socket' : kind} of ${ownerWords(stat.uid)} stands at ${path}, and in a directory with the sticky bit buildkitd may not remove it`,
    );
  else if (kind !== 'socket' && kind !== 'symlink')
    addFor(
      socket,
      'socket.path-occupied',
      'warning',
      'occupied',
      at,
      `A ${kind === 'file' ? 'regular file' : kind} stands at ${path}: buildkitd deletes it and puts its socket there`,
    );
}

function nameOf({ use, path }: SocketPath): string {
  if (use === 'otel') return `the trace socket ${path}`;
  return use === 'debug' ? `the debug socket ${path}` : path;
}

/** Below a /run that rootlesskit copied up, except where something of that name was there before and is linked. */
function isHidden({ facts: { listeners, sockets } }: SocketCase, path: string): boolean {
  if (!listeners.ownRun || !path.startsWith('/run/')) return false;
  const top = path.split('/').slice(0, 3).join('/');
  return !sockets.all.some(
    ({ directory }) => directory !== null && (directory.path === top || directory.path.startsWith(`${top}/`)),
  );
}

function allHidden(open: SocketCase): boolean {
  const { listeners, sockets } = open.facts;
  return (
    sockets.all.every(({ use, path }) => use !== 'grpc' || isHidden(open, path)) &&
    !listeners.all.some(({ address }) => address.scheme === 'tcp')
  );
}
