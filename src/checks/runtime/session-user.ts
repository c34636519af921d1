import type { Severity } from '../../model.ts';
import { type SessionCase, stopOf } from './session-case.ts';

/** USER decides between root's paths and the user's, for buildkitd and for runc. */
export function judgeUser({ facts, add, who }: SessionCase): void {
  const { settings: options, listeners: heard } = facts;
  const { value, source } = facts.session.user;
  if (value !== null && value !== 'root') return;
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
  const { user, dataHome, home, state } = facts.session;
  // Without it only the default paths suffer; what is configured does not need it.
  if (facts.settings.root.source !== 'default' || user.value === null || user.value === 'root') return;
  const [variable, condition, kind, place, below] =
    dataHome.value === null
      ? (['HOME', 'env.home', 'home', home, '/.local/share/buildkit'] as const)
      : (['XDG_DATA_HOME', 'env.xdg-data-home', 'data-home', dataHome, '/buildkit'] as const);
  const base = place.value?.split(':')[0] ?? null;
  const say = (message: string, severity: Severity = 'error'): void =>
    add(condition, severity, base ?? variable, message, { kind, variable, path: base, source: place.source });
  if (base === null) {
    say('HOME is not set, so buildkitd keeps its state in /var/lib/buildkit, which only root may write');
    return;
  }
  // A relative path from a directory that nothing tells: the checks of the state directory say so.
  if (state === null) return;
  const absolute = base.startsWith('/') ? base : state.path.slice(0, state.path.lastIndexOf(below));
  const stop = stopOf(open, state);
  // Below it the state directory's own check speaks.
  if (stop === null || !isAtOrAbove(stop.path, absolute)) {
    if (absolute !== base)
      say(
        `${variable} is the relative path "${base}": started here, buildkitd keeps its state in ${state.path}, and elsewhere in another place`,
        'warning',
      );
    return;
  }
  const absent = state.obstacle === null && !state.passed.some(({ path }) => path === absolute);
  const why = absent ? `that directory does not exist, and ${who} may not make it` : stop.why;
  say(`buildkitd keeps its state below ${variable} (${base}), but ${why}`);
}

const isAtOrAbove = (path: string, base: string): boolean =>
  path === '/' || base === path || base.startsWith(`${path}/`);

/** A unit of the user ends at logout, unless lingering is enabled. */
export function judgeLinger({ facts, add, who }: SessionCase): void {
  const { userUnit, systemd, linger } = facts.session;
  if (!userUnit || !systemd || linger !== false) return;
  add(
    'systemd.user-session',
    'info',
    who,
    `buildkitd is started by the user's own systemd, which ends when ${who} logs out: lingering is not enabled`,
    { kind: 'no-linger', variable: 'XDG_RUNTIME_DIR' },
  );
}
