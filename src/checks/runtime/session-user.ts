import type { Severity } from '../../model/decide.ts';
import { octal } from '../../text/octal.ts';
import type { SessionCase } from './session-case.ts';
import { baseStop, isRootsUser, stateBase } from './state-place.ts';

/** USER decides between root's paths and the user's, for buildkitd and for runc. */
export function judgeUser({ facts, add, who }: SessionCase): void {
  const { settings: options, listeners: heard } = facts;
  const { value, source } = facts.session.user;
  if (!isRootsUser(facts.session)) return;
  const word = value === null ? 'not set' : '"root"';
  const trace = heard.all.some(({ use, needed, source: from }) => use === 'otel' && needed && from === 'default');
  const taken = [
    options.root.source === 'default' ? `state in ${options.root.value}` : '',
    options.addresses.source === 'default' ? `socket ${options.addresses.value[0] ?? ''}` : '',
    trace ? 'trace socket in /run/buildkit' : '',
  ].filter(Boolean);
  const evidence = { kind: 'user', variable: 'USER', source } as const;
  if (taken.length > 0)
    add(
      'env.user',
      'error',
      'USER',
      `USER is ${word}, so buildkitd takes root's paths (${taken.join(', ')}), which ${who} may not write`,
      evidence,
    );
  else if (value === 'root' && !heard.ownRunc)
    add(
      'env.user',
      'error',
      'USER',
      'USER is "root", so the OCI runtime keeps its state below /run, which every RUN step then fails to write',
      evidence,
    );
}

/** HOME or XDG_DATA_HOME, where the state directory lies below it. */
export function judgeHome(open: SessionCase): void {
  const { facts, add, who } = open;
  const { session } = facts;
  // Without it only the default paths suffer; what is configured does not need it.
  if (facts.settings.root.source !== 'default' || isRootsUser(session)) return;
  const base = stateBase(session);
  const { variable, written, absolute } = base;
  const isHome = variable === 'HOME';
  const { source } = isHome ? session.home : session.dataHome;
  const say = (message: string, severity: Severity = 'error'): void =>
    add(isHome ? 'env.home' : 'env.xdg-data-home', severity, written ?? variable, message, {
      kind: isHome ? 'home' : 'data-home',
      variable,
      path: written,
      source,
    });
  if (written === null) {
    say('HOME is not set, so buildkitd keeps its state in /var/lib/buildkit, which only root may write');
    return;
  }
  // A relative path from a directory that nothing tells: the checks of the state directory say so.
  const { state } = session;
  if (state === null) return;
  // Below the base the state directory's own check speaks.
  const stop = baseStop(open, session, base);
  if (stop === null) {
    if (absolute !== written)
      say(
        `${variable} is the relative path "${written}": started here, buildkitd keeps its state in ${state.path}, and elsewhere in another place`,
        'warning',
      );
    return;
  }
  const absent = state.obstacle === null && !state.passed.some(({ path }) => path === absolute);
  const why = absent ? `that directory does not exist, and ${who} may not make it` : stop.why;
  say(`buildkitd keeps its state below ${variable} (${written}), but ${why}`);
}

/** What rootlesskit makes for itself it opens again, as the plain account; the umask of a login is seen only of our own. */
export function judgeUmask({ facts, add }: SessionCase): void {
  const { identity, status } = facts;
  const umask = status.value?.umask ?? null;
  if (umask === null || (umask & 0o700) === 0 || identity.self.uid !== identity.target.uid) return;
  add(
    'env.umask',
    'error',
    'umask',
    `The umask is ${octal(umask)}: it takes rights from the owner itself, so that rootlesskit cannot open what it has just made.`,
    { kind: 'umask', variable: 'umask', mode: umask },
  );
}
