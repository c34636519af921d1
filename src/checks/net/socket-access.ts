import type { SocketPath } from '../../facts/net/sockets.ts';
import { octal } from '../../text/octal.ts';
import type { SocketCase } from './socket-case.ts';

/** grpc.uid, grpc.gid and --group: in rootless mode their numbers count inside the user namespace. */
export function judgeOwnership({ facts, add, who }: SocketCase): void {
  const { owner, group, mapKnown } = facts.sockets;
  const { target } = facts.identity;
  const { socketUid, socketGid } = facts.settings;
  if (group.unknown)
    add(
      'socket.permission',
      'error',
      String(group.inner),
      `The group "${group.inner}" that buildkitd's sockets shall belong to does not exist`,
      { what: 'group', address: String(group.inner), key: 'grpc.gid', source: socketGid.source },
      socketGid.at,
    );
  if (!mapKnown || facts.launcher !== 'rootlesskit') return;
  for (const [what, { key, source, at }, inner, outer] of [
    ['owner', socketUid, owner.inner, owner.outer],
    ['group', socketGid, group.inner, group.outer],
  ] as const) {
    if (inner === null || group.unknown) continue;
    const label = what === 'group' ? "The sockets' group (grpc.gid, --group)" : "The sockets' owner (grpc.uid)";
    const evidence = { what, address: String(inner), key, source } as const;
    if (outer === null)
      add(
        'socket.permission',
        'error',
        key,
        `${label} is ${inner}, an id that the user namespace does not have: buildkitd cannot give its socket to it`,
        evidence,
        at,
      );
    else if (what === 'group' && inner !== 0 && inner !== '0')
      add(
        'socket.permission',
        'warning',
        key,
        `${label} is ${inner} inside the user namespace, which is ${outer} outside: no account of the host is in that group`,
        evidence,
        at,
      );
  }
  const mine = owner.outer === target.uid || group.outer === target.gid || target.groups.includes(group.outer ?? -1);
  if (owner.outer !== null && group.outer !== null && !mine)
    add(
      'socket.permission',
      'error',
      'grpc.uid',
      `${who} cannot connect: the sockets belong to uid ${owner.outer} and gid ${group.outer} of the host, mode 0660`,
      { what: 'owner', address: String(owner.inner), key: 'grpc.uid', source: socketUid.source },
      socketUid.at,
    );
}

/** Can another account use the socket, or put its own in its place? */
export function judgeExposure({ facts, addFor, who, ownerWords }: SocketCase, socket: SocketPath): void {
  // The trace socket is open to all by design, and takes nothing but traces.
  if (socket.use === 'otel') return;
  const { target } = facts.identity;
  const { group } = facts.sockets;
  const { path, stat, live, openToAll, replaceable } = socket;
  const say = (
    what: 'exposed-mode' | 'exposed-directory' | 'exposed-group',
    at: Parameters<typeof addFor>[4],
    message: string,
  ): void => addFor(socket, 'socket.exposed', 'warning', what, at, message);
  // A stale one is made anew with the mode 0660.
  if (live && stat !== null && (stat.mode & 0o002) !== 0 && openToAll)
    say(
      'exposed-mode',
      { path, stat },
      `Every account of this host can use ${path} (mode ${octal(stat.mode)}) and run builds as ${who}`,
    );
  else if (replaceable !== null)
    say(
      'exposed-directory',
      replaceable,
      replaceable.stat.uid === target.uid || replaceable.stat.uid === 0
        ? `Every account of this host can replace ${path}: ${replaceable.path} has the mode ${octal(replaceable.stat.mode)}`
        : `${ownerWords(replaceable.stat.uid)} can replace ${path}: ${replaceable.path} is theirs`,
    );
  // A group that was asked for is a decision; one that is merely the account's first group is not.
  else if (group.inner === null && target.uid !== 0 && group.others.length > 0 && openToAll)
    say(
      'exposed-group',
      { path, stat },
      `${listed(group.others)} can use ${path} and run builds as ${who}: they share the group ${group.outer}`,
    );
}

function listed(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} other accounts`;
}
