import type { SocketPath } from '../../facts/net/sockets.ts';
import type { Source } from '../../model/say.ts';
import type { SocketCase } from './socket-case.ts';

/** Schemes: what buildkitd refuses, and what it takes for something else. */
export function judgeAddresses({ facts, add }: SocketCase): void {
  for (const listener of facts.listeners.all) {
    const { text, address, key, source, index, at, use } = listener;
    const about = { address: text, use, key, source, index };
    if (address.scheme === 'npipe')
      add(
        'config.bad-address',
        'warning',
        text,
        `${text} is meant for Windows: here buildkitd makes a Unix socket of it that every account may use`,
        { ...about, what: 'scheme' },
        at,
      );
    else if (address.scheme === null)
      add(
        'config.bad-address',
        'error',
        text,
        `buildkitd refuses the address "${text}": ${address.why}`,
        { ...about, what: 'scheme' },
        at,
      );
    else if (address.scheme === 'fd') {
      const why = whyNotPassed(address.name, source, facts.environment.values.LISTEN_FDS);
      if (why !== null) add('config.bad-address', 'error', text, why, { ...about, what: 'fd' }, at);
    }
  }
}

function whyNotPassed(name: string, source: Source, passed: string | undefined): string | null {
  if (name !== '')
    return `buildkitd refuses the address "fd://${name}": it takes only the first socket that systemd passes, fd://`;
  // A unit may have a socket unit beside it, which is not looked for.
  if (passed !== undefined || source === 'unit' || source === 'process') return null;
  return 'fd:// needs a socket that systemd passes to buildkitd; started otherwise it ends with "no sockets found via socket activation"';
}

/** A path that does not begin at /: where it leads depends on where buildkitd is started. */
export function judgeRelative({ addFor }: SocketCase, socket: SocketPath): void {
  const { path, text, key, needed, source } = socket;
  if (path === '' || path.startsWith('@')) {
    addFor(
      socket,
      'config.bad-address',
      'error',
      'relative',
      null,
      `buildkitd refuses the address "${text}": it is not a path`,
    );
    return;
  }
  if (socket.use !== 'otel') {
    addFor(
      socket,
      'config.bad-address',
      'warning',
      'relative',
      null,
      `${text} is the relative path "${path}": where the socket stands depends on the directory that buildkitd is started in (unix:///${path} has three slashes)`,
    );
    return;
  }
  // That of a relative XDG_RUNTIME_DIR is told with the variable.
  if (!needed || source === 'default') return;
  const hasScheme = path.startsWith('unix:///');
  addFor(
    socket,
    'config.bad-address',
    'error',
    hasScheme ? 'scheme' : 'relative',
    null,
    `${key} is "${path}", which is not an absolute path${hasScheme ? ' (it takes no scheme)' : ''}: every RUN step fails to find the trace socket`,
  );
}

/** One path for two purposes: both listen, and the later one takes the address. */
export function judgeSame({ facts, add }: SocketCase): void {
  const used = new Map<string, SocketPath>();
  for (const socket of facts.sockets.all) {
    const before = used.get(socket.path);
    if (socket.absolute && before !== undefined && before.use !== socket.use)
      add(
        'config.bad-address',
        'error',
        socket.path,
        `${socket.path} is both ${before.key} and ${socket.key}: buildkitd listens there twice, and the second listener takes the place of the first`,
        {
          what: 'same',
          address: socket.text,
          path: socket.path,
          use: socket.use,
          key: socket.key,
          source: socket.source,
        },
        socket.at,
      );
    else used.set(socket.path, socket);
  }
}
