import { type ConfigEdit, configEdit } from '../../facts/config-edit.ts';
import { environment } from '../../facts/environment.ts';
import { identity } from '../../facts/identity.ts';
import { listeners } from '../../facts/listeners.ts';
import { launcher } from '../../facts/namespace.ts';
import { session } from '../../facts/session.ts';
import { type SocketPath, sockets } from '../../facts/sockets.ts';
import type { Check, Problem, Severity, Source, UnseenReason } from '../../model.ts';

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
  /** XDG_RUNTIME_DIR itself is the cause; its own check repairs it. */
  readonly bySession: boolean;
  readonly instead: string | null;
  readonly index: number | null;
  readonly config: ConfigEdit | null;
}

const needs = { sockets, listeners, identity, launcher, session, environment, configEdit };

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

export const netSockets: Check<typeof needs, SocketsEvidence> = {
  id: 'net/sockets',
  title: 'Unix sockets can be made, reached, and are nobody else’s',
  why: 'Clients talk to buildkitd through these sockets; one that cannot be made ends it, and whoever can write one runs builds as its user.',
  decides: true,
  conditions: [
    'config.bad-address',
    'socket.path-too-long',
    'socket.permission',
    'socket.path-occupied',
    'socket.stale',
    'socket.exposed',
  ],
  needs,
  examine({
    sockets: found,
    listeners: heard,
    identity: { target },
    launcher: by,
    session: place,
    environment: { values },
    configEdit: config,
  }) {
    const problems: Problem<SocketsEvidence>[] = [];
    const unseen: UnseenReason[] = [];
    const who = target.name ?? `uid ${target.uid}`;
    const runtime = place.runtime.reach?.path ?? null;
    const blank = {
      path: null,
      at: null,
      owner: null,
      mode: null,
      uid: target.uid,
      gid: target.gid,
      rootMay: false,
      bySession: false,
      instead: null,
      index: null,
      config: null,
    };
    const file = (source: Source): ConfigEdit | null => (source === 'file' ? config : null);

    for (const { text, address, key, source, index } of heard.all) {
      if (address.scheme === 'npipe')
        push(
          'config.bad-address',
          'warning',
          text,
          `${text} is meant for Windows: here buildkitd makes a Unix socket of it that every account may use`,
          {
            ...blank,
            what: 'scheme',
            address: text,
            key,
            source,
            index,
            instead: `unix://${address.path}`,
            config: file(source),
          },
        );
      if (address.scheme === null)
        push('config.bad-address', 'error', text, `buildkitd refuses the address "${text}": ${address.why}`, {
          ...blank,
          what: 'scheme',
          address: text,
          key,
          source,
          index,
          instead: corrected(text),
          config: file(source),
        });
      else if (address.scheme === 'fd') judgeFd(text, address.name, key, source);
    }
    if (found.group.unknown)
      push(
        'socket.permission',
        'error',
        String(found.group.inner),
        `the group "${found.group.inner}" that buildkitd's sockets shall belong to does not exist`,
        {
          ...blank,
          what: 'group',
          address: String(found.group.inner),
          key: 'grpc.gid',
          source: 'unit',
        },
      );
    judgeOwnership();
    for (const socket of found.all) judge(socket);
    judgeSame();
    return { problems, unseen };

    function push(
      condition: string,
      severity: Severity,
      subject: string,
      message: string,
      evidence: SocketsEvidence,
    ): void {
      problems.push({ condition, severity, subject, message, evidence });
    }

    function judgeFd(text: string, name: string, key: string, source: Source): void {
      const say = (severity: Severity, message: string): void =>
        push('config.bad-address', severity, text, message, { ...blank, what: 'fd', address: text, key, source });
      if (name !== '')
        say(
          'error',
          `buildkitd refuses the address "${text}": it takes only the first socket that systemd passes, fd://`,
        );
      else if (values.LISTEN_FDS === undefined && source !== 'unit')
        say(
          'error',
          'fd:// needs a socket that systemd passes to buildkitd; started otherwise it ends with "no sockets found via socket activation"',
        );
    }

    function judgeOwnership(): void {
      if (!found.mapKnown || by !== 'rootlesskit') return;
      const { owner, group } = found;
      for (const [what, key, inner, outer] of [
        ['owner', 'grpc.uid', owner.inner, owner.outer],
        ['group', 'grpc.gid', group.inner, group.outer],
      ] as const) {
        if (inner === null || group.unknown) continue;
        const evidence: SocketsEvidence = { ...blank, what, address: String(inner), key, source: 'file' };
        const label = what === 'group' ? "the sockets' group (grpc.gid, --group)" : "the sockets' owner (grpc.uid)";
        if (outer === null)
          push(
            'socket.permission',
            'error',
            key,
            `${label} is ${inner}, an id that the user namespace does not have: buildkitd cannot give its socket to it`,
            evidence,
          );
        else if (what === 'group' && inner !== 0 && inner !== '0')
          push(
            'socket.permission',
            'warning',
            key,
            `${label} is ${inner} inside the user namespace, which is ${outer} outside: no account of the host is in that group`,
            evidence,
          );
      }
      const mine =
        owner.outer === target.uid || group.outer === target.gid || target.groups.includes(group.outer ?? -1);
      if (owner.outer !== null && group.outer !== null && !mine)
        push(
          'socket.permission',
          'error',
          'grpc.uid',
          `${who} cannot connect: the sockets belong to uid ${owner.outer} and gid ${group.outer} of the host, mode 0660`,
          {
            ...blank,
            what: 'owner',
            address: String(owner.inner),
            key: 'grpc.uid',
            source: 'file',
          },
        );
    }

    function judge(socket: SocketPath): void {
      const { path, needed, key, source, index } = socket;
      const name =
        socket.use === 'otel' ? `the trace socket ${path}` : socket.use === 'debug' ? `the debug socket ${path}` : path;
      const evidence = (
        what: SocketsEvidence['what'],
        at: { path: string; stat: { uid: number; gid: number; mode: number } | null } | null,
      ): SocketsEvidence => ({
        ...blank,
        what,
        address: socket.text,
        path,
        key,
        source,
        index,
        at: at?.path ?? null,
        owner: at?.stat == null ? null : { uid: at.stat.uid, gid: at.stat.gid },
        mode: at?.stat?.mode ?? null,
        rootMay: at !== null && rootMay(at.path),
        bySession:
          runtime === null
            ? path.startsWith('/run/buildkit/') && source === 'default'
            : at !== null && (runtime === at.path || runtime.startsWith(at.path === '/' ? '/' : `${at.path}/`)),
        config: file(source),
      });
      const add = (
        condition: string,
        severity: Severity,
        what: SocketsEvidence['what'],
        at: { path: string; stat: { uid: number; gid: number; mode: number } | null } | null,
        message: string,
      ): void => push(condition, needed || severity !== 'error' ? severity : 'info', path, message, evidence(what, at));

      if (!socket.absolute) {
        if (path === '' || path.startsWith('@'))
          add(
            'config.bad-address',
            'error',
            'relative',
            null,
            `buildkitd refuses the address "${socket.text}": it is not a path`,
          );
        else if (socket.use === 'otel') {
          // That of a relative XDG_RUNTIME_DIR is told with the variable.
          if (!needed || source === 'default') return;
          const instead = path.startsWith('unix:///') ? path.slice('unix://'.length) : null;
          push(
            'config.bad-address',
            'error',
            path,
            `${key} is "${path}", which is not an absolute path${instead === null ? '' : ' (it takes no scheme)'}: every RUN step fails to find the trace socket`,
            { ...evidence(instead === null ? 'relative' : 'scheme', null), instead: instead ?? `/${path}` },
          );
        } else
          push(
            'config.bad-address',
            'warning',
            socket.text,
            `${socket.text} is the relative path "${path}": where the socket stands depends on the directory that buildkitd is started in (unix:///${path} has three slashes)`,
            { ...evidence('relative', null), instead: `unix:///${path}` },
          );
        return;
      }
      if (socket.length > 104) {
        add(
          'socket.path-too-long',
          'error',
          'too-long',
          null,
          `${name} has ${socket.length} bytes; buildkitd takes at most 104`,
        );
        return;
      }
      if (hiddenByCopyUp(path)) {
        if (socket.use === 'grpc')
          add(
            'socket.permission',
            onlyHidden() ? 'error' : 'warning',
            'unreachable',
            null,
            `${path} is made in rootlesskit's own copy of /run (--copy-up=/run): no client of the host sees it`,
          );
        return;
      }
      const { obstacle, directory } = socket;
      if (obstacle !== null) {
        const at = { path: obstacle.path, stat: obstacle.stat };
        add(
          'socket.permission',
          'error',
          obstacle.why === 'not-searchable' ? 'not-searchable' : 'cannot-make',
          at,
          obstacle.why === 'not-searchable'
            ? `${name} cannot be made: ${obstacle.path} belongs to ${ownerWords(obstacle.stat?.uid ?? 0)} with mode ${octal(obstacle.stat?.mode ?? 0)}, and ${who} may not enter it`
            : `${name} cannot be made: ${obstacle.path} is ${obstacle.why === 'dangling-link' ? 'a link that leads nowhere' : 'not a directory'}`,
        );
        return;
      }
      if (directory !== null && !socket.writable) {
        const words = socket.readOnly
          ? `${directory.path} is read-only`
          : `${directory.path} belongs to ${ownerWords(directory.stat.uid)} with mode ${octal(directory.stat.mode)}`;
        add(
          'socket.permission',
          'error',
          'cannot-make',
          directory,
          `${name} cannot be made: ${words}${socket.directoryExists ? '' : `, and ${path.slice(0, path.lastIndexOf('/'))} does not exist`}`,
        );
        return;
      }
      judgeStanding(socket, name, add);
      judgeReach(socket, name, add);
      judgeExposure(socket, add);
    }

    type Add = (
      condition: string,
      severity: Severity,
      what: SocketsEvidence['what'],
      at: { path: string; stat: { uid: number; gid: number; mode: number } | null } | null,
      message: string,
    ) => void;

    function judgeStanding(socket: SocketPath, name: string, add: Add): void {
      const { path, kind, stat, removable } = socket;
      if (kind === null || stat === null || socket.own) return;
      const at = { path, stat };
      if (kind === 'directory')
        add(
          'socket.path-occupied',
          'error',
          'occupied',
          at,
          `${name} is a directory, which buildkitd cannot replace by its socket`,
        );
      else if (!removable)
        add(
          'socket.stale',
          'error',
          'foreign-leftover',
          at,
          `a ${kind === 'socket' ? 'leftover socket' : kind} of ${ownerWords(stat.uid)} stands at ${path}, and in a directory with the sticky bit buildkitd may not remove it`,
        );
      else if (kind !== 'socket' && kind !== 'symlink')
        add(
          'socket.path-occupied',
          'warning',
          'occupied',
          at,
          `a ${kind === 'file' ? 'regular file' : kind} stands at ${path}: buildkitd deletes it and puts its socket there`,
        );
    }

    function judgeReach(socket: SocketPath, _name: string, add: Add): void {
      const { clientStop, path } = socket;
      if (socket.use !== 'grpc' || clientStop === null) return;
      add(
        'socket.permission',
        'error',
        'unreachable',
        clientStop,
        `buildkitd can make ${path}, but no client of ${who} reaches it: ${clientStop.path} has the mode ${octal(clientStop.stat.mode)}`,
      );
    }

    function judgeExposure(socket: SocketPath, add: Add): void {
      // The trace socket is open to all by design, and takes nothing but traces.
      if (socket.use === 'otel') return;
      const { path, stat, own, openToAll, replaceable } = socket;
      if (own && stat !== null && (stat.mode & 0o002) !== 0 && openToAll) {
        add(
          'socket.exposed',
          'warning',
          'exposed-mode',
          { path, stat },
          `every account of this host can use ${path} (mode ${octal(stat.mode)}) and run builds as ${who}`,
        );
        return;
      }
      if (replaceable !== null) {
        add(
          'socket.exposed',
          'warning',
          'exposed-directory',
          replaceable,
          replaceable.stat.uid === target.uid || replaceable.stat.uid === 0
            ? `every account of this host can replace ${path}: ${replaceable.path} has the mode ${octal(replaceable.stat.mode)}`
            : `${ownerWords(replaceable.stat.uid)} can replace ${path}: ${replaceable.path} is theirs`,
        );
        return;
      }
      const { group } = found;
      // A group that was asked for is a decision; one that is merely the account's first group is not.
      if (group.inner === null && target.uid !== 0 && group.others.length > 0 && openToAll)
        add(
          'socket.exposed',
          'warning',
          'exposed-group',
          { path, stat },
          `${listed(group.others)} can use ${path} and run builds as ${who}: they share the group ${group.outer}`,
        );
    }

    function judgeSame(): void {
      const used = new Map<string, SocketPath>();
      for (const socket of found.all) {
        const before = used.get(socket.path);
        if (socket.absolute && before !== undefined && before.use !== socket.use)
          push(
            'config.bad-address',
            'error',
            socket.path,
            `${socket.path} is both ${before.key} and ${socket.key}: buildkitd listens there twice, and the later one takes it from clients`,
            { ...blank, what: 'same', address: socket.text, path: socket.path, key: socket.key, source: socket.source },
          );
        else used.set(socket.path, socket);
      }
    }

    function hiddenByCopyUp(path: string): boolean {
      if (!heard.ownRun || !path.startsWith('/run/')) return false;
      const top = path.split('/').slice(0, 3).join('/');
      // What existed below /run when rootlesskit started is linked to the original.
      return !found.all.some(
        (socket) =>
          socket.directory !== null && (socket.directory.path === top || socket.directory.path.startsWith(`${top}/`)),
      );
    }

    function onlyHidden(): boolean {
      return (
        found.all.every(({ use, path }) => use !== 'grpc' || hiddenByCopyUp(path)) &&
        !heard.all.some(({ address }) => address.scheme === 'tcp')
      );
    }

    function ownerWords(uid: number): string {
      return uid === 0 ? 'root' : uid === target.uid ? who : `uid ${uid}`;
    }

    function rootMay(path: string): boolean {
      const home = target.home;
      const below = (place: string): boolean => path === place || path.startsWith(`${place}/`);
      const owned = place.home.reach?.passed.some((one) => one.path === home && one.stat.uid === target.uid) === true;
      return (
        below(`/run/user/${target.uid}`) ||
        below('/run/buildkit') ||
        (home !== null && owned && path.startsWith(`${home}/`))
      );
    }
  },
};

/** What was probably meant; null when that cannot be told. */
function corrected(text: string): string | null {
  if (text.startsWith('/')) return `unix://${text}`;
  const single = /^unix:(\/[^/].*)$/.exec(text)?.[1];
  if (single !== undefined) return `unix://${single}`;
  const scheme = /^(UNIX|TCP|Unix|Tcp):\/\/(.*)$/.exec(text);
  if (scheme?.[1] !== undefined) return `${scheme[1].toLowerCase()}://${scheme[2] ?? ''}`;
  if (/^[^/:]*:\d+$/.test(text)) return `tcp://${text}`;
  return null;
}

function listed(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} other accounts`;
}
