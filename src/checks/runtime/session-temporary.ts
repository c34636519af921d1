import type { Severity } from '../../model.ts';
import { type SessionCase, type SessionEvidence, stopOf } from './session-case.ts';

/** A full disk is another check's finding. */
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
  if (reach === null) return;

  const name = value === null ? path : `${path} (TMPDIR)`;
  // rootlesskit works there as the plain account, buildkitd as root of the namespace.
  const asAccount = rootlesskit && state === null;
  const exists = reach.passed.some((one) => one.path === reach.path);
  const writable = asAccount ? reach.accountWritable : reach.writable;
  const refused = tried && asAccount ? error !== null && !FULL.has(error) : !writable;
  if (exists && !refused) {
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

/** Why the account itself, outside of any namespace, cannot make rootlesskit's state directory; null when it can. */
function accountStop(open: SessionCase): string | null {
  const reach = open.facts.session.stateDirectory?.reach ?? null;
  if (reach === null) return null;
  const stop = stopOf(open, reach);
  if (stop !== null) return stop.why;
  if (reach.clientStop !== null) return `${reach.clientStop.path} cannot be entered`;
  return reach.accountWritable ? null : `${reach.passed.at(-1)?.path ?? '/'} is not writable`;
}
