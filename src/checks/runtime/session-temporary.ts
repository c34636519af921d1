import { utf8Length } from '../../facts/net/sockets.ts';
import type { Severity } from '../../model/decide.ts';
import { judgeRoom, type SessionCase, type SessionEvidence, stopOf } from './session-case.ts';

/** What rootlesskit and a build need there, measured on tmpfs of that size (v0.11.6, v0.32.2). */
const NEEDED = { bytes: 4096, inodes: 5 };
/** sun_path of unix(7), with the end of the string. */
const LONGEST_SOCKET = 107;
/** A full disk is not a matter of rights. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/** TMPDIR, else /tmp, and rootlesskit's own state directory. */
export function judgeTemporary(open: SessionCase): void {
  const { facts, add } = open;
  const { path, value, source, reach, error, tried, noexec } = facts.session.temporary;
  const say = (severity: Severity, message: string, kind: SessionEvidence['kind'], at: string): void =>
    add('env.tmpdir', severity, at, message, { kind, variable: 'TMPDIR', path: at, source });

  const rootlesskit = facts.launcher === 'rootlesskit';
  const state = facts.session.stateDirectory;
  const stateStop = rootlesskit ? accountStop(open) : null;
  if (state !== null && stateStop !== null)
    say(
      'error',
      `rootlesskit cannot make its state directory ${state.path}: ${stateStop}`,
      'state-directory',
      state.path,
    );
  // rootlesskit works there as the plain account, buildkitd as root of the namespace.
  const asAccount = rootlesskit && state === null;
  if (rootlesskit) judgeShape(open, state === null ? { path, own: true } : { path: state.path, own: false });
  const { copyUp } = facts.session;
  if (copyUp !== null && value !== null && !copyUp.writable)
    say('error', '/tmp is not writable, and rootlesskit works there whatever TMPDIR is', 'temporary', '/tmp');
  if (reach === null) return;

  const name = value === null ? path : `${path} (TMPDIR)`;
  const exists = reach.passed.some((one) => one.path === reach.path);
  const writable = asAccount ? reach.accountWritable : reach.writable;
  const refused = tried && asAccount ? error !== null && !FULL.has(error) : !writable;
  if (exists && !refused) {
    const full = tried && FULL.has(error ?? '');
    const room = full ? { bytes: 0, inodes: null } : facts.session.temporary.room;
    if (judgeRoom(open, room, NEEDED, { variable: 'TMPDIR', path, source })) return;
    if (noexec && value !== null)
      say(
        'info',
        `${name} is mounted noexec: buildkitd does not find emulators for other architectures`,
        'temporary',
        path,
      );
    return;
  }
  const absent = reach.stat === null ? 'does not exist' : 'is not a directory';
  const why = exists ? (reach.readOnly ? 'is read-only' : 'is not writable') : absent;
  const loss = asAccount
    ? 'rootlesskit cannot make its state directory there'
    : 'buildkitd cannot make the temporary directories of a build there';
  say('error', `${name} ${why}: ${loss}`, 'temporary', path);
}

/** rootlesskit wants its state directory by an absolute path, and short enough for the socket in it. */
function judgeShape({ add, facts }: SessionCase, { path, own }: { path: string; own: boolean }): void {
  const say = (message: string): void =>
    add('env.tmpdir', 'error', path, message, {
      kind: own ? 'temporary' : 'state-directory',
      variable: 'TMPDIR',
      path,
      source: facts.session.temporary.source,
    });
  const named = own ? `${path} (TMPDIR)` : `--state-dir=${path}`;
  // Its own name there is "rootlesskit" and a number of up to ten digits.
  const socket = `${path}${own ? '/rootlesskit0123456789' : ''}/api.sock`;
  if (!path.startsWith('/')) say(`${named} is a relative path: rootlesskit ends with "state dir must be absolute"`);
  else if (utf8Length(socket) > LONGEST_SOCKET)
    say(
      `${named} is too long: the socket that rootlesskit makes below it would have ${utf8Length(socket)} bytes, and a socket's path has at most ${LONGEST_SOCKET}`,
    );
}

/** Why the account itself, outside of any namespace, cannot make rootlesskit's state directory; null when it can. */
function accountStop(open: SessionCase): string | null {
  const reach = open.facts.session.stateDirectory?.reach ?? null;
  if (reach === null) return null;
  const stop = stopOf(open, reach);
  if (stop !== null) return stop.why;
  if (reach.clientStop !== null) return `${reach.clientStop.path} cannot be entered`;
  return reach.accountWritable ? null : `${reach.passed.at(-1)?.path ?? '/'} is not writable`;
}
