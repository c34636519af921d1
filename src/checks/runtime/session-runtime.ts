import { surelyBefore } from '../../buildkit/version.ts';
import type { Passed, Reach } from '../../facts/start/reach.ts';
import type { Severity } from '../../model/decide.ts';
import { octal } from '../../text/octal.ts';
import { judgeRoom, type SessionCase, type SessionEvidence, stopOf } from './session-case.ts';

const variable = 'XDG_RUNTIME_DIR';
/** What a RUN step leaves there while it runs, measured on tmpfs of that size (v0.11.6, v0.32.2). */
const NEEDED = { bytes: 32_768, inodes: 7 };

/** XDG_RUNTIME_DIR holds buildkitd's sockets and runc's state. */
export function judgeRuntime(open: SessionCase): void {
  const { facts, who } = open;
  const { value, reach } = facts.session.runtime;
  if (value === null) {
    const wanted = facts.listeners.all.some(
      ({ use, needed, source }) => use !== 'debug' && needed && source === 'default',
    );
    const loss = wanted ? 'buildkitd listens in /run/buildkit' : 'the OCI runtime keeps its state below /run';
    if (wanted || !facts.listeners.ownRunc)
      say(open, 'error', `${variable} is not set, so ${loss}, which ${who} may not write`, { kind: 'unset' });
    return;
  }
  if (reach === null) {
    // Since then the trace socket lies there, and RUN steps look for it from another directory.
    const old = surelyBefore(facts.buildkitdVersion, [0, 13, 0]);
    say(
      open,
      old ? 'warning' : 'error',
      `${variable} is the relative path "${value}": sockets then depend on the directory that buildkitd is started in${old ? '' : ', and every RUN step fails to find its trace socket'}`,
      { kind: 'relative' },
    );
    return;
  }
  const directory = reach.passed.find(({ path }) => path === reach.path);
  if (directory === undefined) judgeMissing(open, reach);
  else if (judgeUse(open, reach, directory)) {
    judgeOpenness(open, directory);
    judgeState(open);
  }
}

/** The runtime's own directory, which an earlier daemon of another account may have left. */
function judgeState(open: SessionCase): void {
  const state = open.facts.session.runtime.runc;
  if (state === null || state.stat === null) return;
  const stop = stopOf(open, state);
  const owned = state.passed.at(-1);
  if (stop === null && state.writable) return;
  const why = stop?.why ?? `${state.path} belongs to ${open.ownerWords(state.stat.uid)}, and nothing can be made in it`;
  say(
    open,
    'error',
    `the OCI runtime keeps its state in ${state.path}, and ${why}: every RUN step fails`,
    { kind: 'state-of-another', path: state.path },
    owned?.path === state.path ? owned : null,
  );
}

function say(
  { facts, add }: SessionCase,
  severity: Severity,
  message: string,
  evidence: Pick<SessionEvidence, 'kind'> & Partial<SessionEvidence>,
  at: Passed | null = null,
): void {
  const { value, source } = facts.session.runtime;
  const path = at?.path ?? evidence.path ?? null;
  add('env.xdg-runtime-dir', severity, value ?? variable, message, {
    variable,
    source,
    ...evidence,
    path,
    ...(at === null ? {} : { mode: at.stat.mode, owner: { uid: at.stat.uid, gid: at.stat.gid } }),
  });
}

/** Can buildkitd write there, and do clients of the same account get in? */
function judgeUse(open: SessionCase, reach: Reach, directory: Passed): boolean {
  const { facts, who, ownerWords } = open;
  const { path, stat } = directory;
  const { value, isList, wholeCreatable } = facts.session.runtime;
  const mine = stat.uid === facts.identity.target.uid;
  if (!reach.writable) {
    const message = reach.readOnly
      ? `${path} (${variable}) is on a read-only file system`
      : mine
        ? `${path} (${variable}) has the mode ${octal(stat.mode)}, so buildkitd cannot make its sockets there`
        : `${path} (${variable}) belongs to ${ownerWords(stat.uid)} with mode ${octal(stat.mode)}: ${who} cannot write there${wslg(path)}`;
    say(open, 'error', message, { kind: reach.readOnly ? 'read-only' : mine ? 'mode' : 'owner' }, directory);
    return false;
  }
  const blocked = reach.clientStop ?? (mine && (stat.mode & 0o100) === 0 ? directory : null);
  if (blocked !== null) {
    say(
      open,
      'error',
      `${blocked.path} has the mode ${octal(blocked.stat.mode)}: buildkitd gets through in its namespace, but no client of ${who} reaches its sockets`,
      { kind: 'mode' },
      blocked,
    );
    return false;
  }
  const { room, source } = facts.session.runtime;
  if (judgeRoom(open, room, NEEDED, { variable, path, source })) return false;
  if (isList && !wholeCreatable)
    say(
      open,
      'error',
      `${variable} is a list ("${value}"): buildkitd takes its first part, but runc takes the whole text as one path and fails in every RUN step`,
      { kind: 'list' },
      directory,
    );
  return true;
}

/** Who else can change what is in it? */
function judgeOpenness(open: SessionCase, directory: Passed): void {
  const { path, stat } = directory;
  const named = `${path} (${variable}`;
  if ((stat.mode & 0o1002) === 0o0002)
    say(
      open,
      'warning',
      `Every account can write ${named}, mode ${octal(stat.mode)}) and so replace buildkitd's sockets`,
      { kind: 'too-open' },
      directory,
    );
  else if (stat.uid === 0 && open.facts.identity.target.uid !== 0)
    say(
      open,
      'info',
      `${named}) belongs to root, mode ${octal(stat.mode)}; buildkitd can write there`,
      { kind: 'owner' },
      directory,
    );
  else if (stat.uid !== open.facts.identity.target.uid)
    say(
      open,
      'warning',
      `${named}) belongs to ${open.ownerWords(stat.uid)}, who can replace buildkitd's sockets${wslg(path)}`,
      { kind: 'owner' },
      directory,
    );
}

function judgeMissing(open: SessionCase, { path, obstacle, passed, stat, writable }: Reach): void {
  const { who, ownerWords } = open;
  const named = `${path} (${variable})`;
  if (open.facts.session.runtime.madeAtLogin) {
    say(
      open,
      'warning',
      `${named} does not exist: systemd-logind makes it when ${who} logs in, and buildkitd cannot be started before`,
      { kind: 'missing', path },
    );
    return;
  }
  if (obstacle?.why === 'not-searchable')
    say(
      open,
      'error',
      `${named} cannot be reached: ${obstacle.path} belongs to ${ownerWords(obstacle.stat?.uid ?? 0)} with mode ${octal(obstacle.stat?.mode ?? 0)}`,
      { kind: 'owner', path },
    );
  else if (obstacle !== null || stat !== null)
    say(open, 'error', `${named} is ${stat?.kind === 'symlink' ? 'a link that leads nowhere' : 'not a directory'}`, {
      kind: 'not-a-directory',
      path,
    });
  else if (writable) say(open, 'info', `${named} does not exist yet; buildkitd makes it`, { kind: 'missing', path });
  else
    say(open, 'error', `${named} does not exist, and ${who} may not make it in ${passed.at(-1)?.path ?? '/'}`, {
      kind: 'missing',
      path,
    });
}

const wslg = (path: string): string =>
  path.startsWith('/mnt/wslg/') ? ' (WSLg sets it; /run/user/UID is the usual place)' : '';
