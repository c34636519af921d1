import { surelyBefore } from '../../buildkit/version.ts';
import { buildkitdVersion } from '../../facts/buildkitd-version.ts';
import { identity } from '../../facts/identity.ts';
import { listeners } from '../../facts/listeners.ts';
import { launcher } from '../../facts/namespace.ts';
import type { Reach } from '../../facts/reach.ts';
import { type Session, session } from '../../facts/session.ts';
import { settings } from '../../facts/settings.ts';
import type { Check, EnvironmentSource, Problem, Severity, Stat } from '../../model.ts';

/** What a repair has to know; `kind` says what is wrong with which directory or variable. */
export interface SessionEvidence {
  readonly kind:
    | 'unset'
    | 'missing'
    | 'owner'
    | 'mode'
    | 'too-open'
    | 'not-a-directory'
    | 'read-only'
    | 'list'
    | 'relative'
    | 'user'
    | 'home'
    | 'data-home'
    | 'temporary'
    | 'state-directory'
    | 'no-linger';
  readonly variable: string;
  readonly path: string | null;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string | null;
  readonly home: string | null;
  readonly mode: number | null;
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly source: EnvironmentSource | null;
  /** /run/user/UID, and whether it is there and belongs to the user. */
  readonly runUser: string;
  readonly runUserReady: boolean;
  readonly runUserMissing: boolean;
  readonly runUserParentMissing: boolean;
  readonly systemd: boolean;
  readonly linger: boolean | null;
  readonly loginctl: string | null;
  /** Root may change owner and mode of `path` for this target. */
  readonly rootMay: boolean;
}

const needs = { identity, session, settings, launcher, listeners, buildkitdVersion };

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;
const told = (uid: number, names: { uid: number; name: string | null }): string =>
  uid === 0 ? 'root' : uid === names.uid ? (names.name ?? `uid ${uid}`) : `uid ${uid}`;

export const runtimeSession: Check<typeof needs, SessionEvidence> = {
  id: 'runtime/session',
  title: 'Session environment is complete',
  why: 'buildkitd, rootlesskit and runc take their sockets, state and temporary files from USER, HOME, XDG_RUNTIME_DIR and TMPDIR; where one is missing or not writable they fall back to paths of root.',
  decides: true,
  conditions: [
    'env.xdg-runtime-dir',
    'env.user',
    'env.home',
    'env.tmpdir',
    'env.xdg-data-home',
    'systemd.user-session',
  ],
  needs,
  examine({
    identity: { target },
    session: found,
    settings: options,
    launcher: by,
    listeners: heard,
    buildkitdVersion: release,
  }) {
    const problems: Problem<SessionEvidence>[] = [];
    const { runUser, runtime } = found;
    const runUserDirectory = runUser.reach.passed.find(({ path }) => path === runUser.path);
    const rootMay = (path: string, source: EnvironmentSource | null): boolean =>
      path === runUser.path || source === 'option' || belowHome(found, path, target.uid);
    const add = (
      condition: string,
      severity: Severity,
      subject: string,
      message: string,
      evidence: Pick<SessionEvidence, 'kind' | 'variable'> & Partial<SessionEvidence>,
    ): void => {
      problems.push({
        condition,
        severity,
        subject,
        message,
        evidence: {
          path: null,
          mode: null,
          owner: null,
          source: null,
          rootMay: false,
          ...evidence,
          uid: target.uid,
          gid: target.gid,
          userName: target.name,
          home: found.homeFromPasswd,
          runUser: runUser.path,
          runUserReady: runUserDirectory?.stat.uid === target.uid,
          runUserMissing: runUserDirectory === undefined,
          runUserParentMissing: !runUser.reach.passed.some(({ path }) => path === '/run/user'),
          systemd: found.systemd,
          linger: found.linger,
          loginctl: found.loginctl,
        },
      });
    };

    if (by === 'rootlesskit') {
      const old = surelyBefore(release, [0, 13, 0]);
      judgeUser();
      judgeRuntime(old);
      judgeHome();
      if (
        found.userUnit &&
        found.systemd &&
        found.linger === false &&
        problems.every(({ condition }) => condition !== 'env.xdg-runtime-dir')
      )
        add(
          'systemd.user-session',
          'info',
          target.name ?? String(target.uid),
          `buildkitd is started by the user's own systemd, which ends when ${target.name ?? target.uid} logs out: lingering is not enabled`,
          { kind: 'no-linger', variable: 'XDG_RUNTIME_DIR' },
        );
    }
    judgeTemporary();
    return { problems, unseen: [] };

    function judgeUser(): void {
      const { value, source } = found.user;
      if (value !== null && value !== 'root') return;
      const word = value === null ? 'not set' : '"root"';
      const named = [
        options.root.source === 'default' ? `state in ${options.root.value}` : '',
        options.addresses.source === 'default' ? `socket ${options.addresses.value[0] ?? ''}` : '',
        heard.all.some(({ use, needed, source: from }) => use === 'otel' && needed && from === 'default')
          ? 'trace socket in /run/buildkit'
          : '',
      ].filter(Boolean);
      if (named.length > 0)
        add(
          'env.user',
          'error',
          'USER',
          `USER is ${word}, so buildkitd takes root's paths (${named.join(', ')}), which ${target.name ?? `uid ${target.uid}`} may not write`,
          { kind: 'user', variable: 'USER', source },
        );
      else if (value === 'root' && !heard.ownRunc)
        add(
          'env.user',
          'error',
          'USER',
          'USER is "root", so the OCI runtime keeps its state below /run, which every RUN step then fails to write',
          {
            kind: 'user',
            variable: 'USER',
            source,
          },
        );
    }

    function judgeRuntime(old: boolean): void {
      const { value, source, reach, isList } = runtime;
      const say = (severity: Severity, message: string, evidence: Parameters<typeof add>[4]): void =>
        add('env.xdg-runtime-dir', severity, value ?? 'XDG_RUNTIME_DIR', message, { ...evidence, source });
      const variable = 'XDG_RUNTIME_DIR';
      if (value === null) {
        const named = heard.all.some(
          ({ use, needed, source: from }) => use !== 'debug' && needed && from === 'default',
        );
        if (!heard.ownRunc || named)
          say(
            'error',
            `XDG_RUNTIME_DIR is not set, so ${named ? 'buildkitd listens in /run/buildkit' : 'the OCI runtime keeps its state below /run'}, which ${target.name ?? `uid ${target.uid}`} may not write`,
            { kind: 'unset', variable },
          );
        return;
      }
      if (!value.startsWith('/')) {
        say(
          old ? 'warning' : 'error',
          `XDG_RUNTIME_DIR is the relative path "${value}": sockets then depend on the directory that buildkitd is started in${old ? '' : ', and every RUN step fails to find its trace socket'}`,
          { kind: 'relative', variable },
        );
        return;
      }
      if (reach === null) return;
      const path = reach.path;
      const directory = reach.passed.find((one) => one.path === path);
      const about = { variable, path, rootMay: rootMay(path, source) };
      if (directory === undefined) {
        judgeMissing(reach, about);
        return;
      }
      const { stat } = directory;
      const seen = { ...about, mode: stat.mode, owner: { uid: stat.uid, gid: stat.gid } };
      const mine = stat.uid === target.uid;
      if (!reach.writable) {
        if (reach.readOnly)
          say('error', `${path} (XDG_RUNTIME_DIR) is on a read-only file system`, { ...seen, kind: 'read-only' });
        else
          say(
            'error',
            mine
              ? `${path} (XDG_RUNTIME_DIR) has the mode ${octal(stat.mode)}, so buildkitd cannot make its sockets there`
              : `${path} (XDG_RUNTIME_DIR) belongs to ${told(stat.uid, target)} with mode ${octal(stat.mode)}: ${target.name ?? `uid ${target.uid}`} cannot write there${wslg(path)}`,
            { ...seen, kind: mine ? 'mode' : 'owner' },
          );
        return;
      }
      const blocked = reach.clientStop ?? (mine && (stat.mode & 0o100) === 0 ? directory : null);
      if (blocked !== null) {
        say(
          'error',
          `${blocked.path} has the mode ${octal(blocked.stat.mode)}: buildkitd gets through in its namespace, but no client of ${target.name ?? `uid ${target.uid}`} reaches its sockets`,
          {
            ...seen,
            path: blocked.path,
            mode: blocked.stat.mode,
            owner: { uid: blocked.stat.uid, gid: blocked.stat.gid },
            kind: 'mode',
          },
        );
        return;
      }
      if (isList && !runtime.wholeCreatable)
        say(
          'error',
          `XDG_RUNTIME_DIR is a list ("${value}"): buildkitd takes its first part, but runc takes the whole text as one path and fails in every RUN step`,
          { ...seen, kind: 'list' },
        );
      const open = (stat.mode & 0o002) !== 0 && (stat.mode & 0o1000) === 0;
      if (open)
        say(
          'warning',
          `every account can write ${path} (XDG_RUNTIME_DIR, mode ${octal(stat.mode)}) and so replace buildkitd's sockets`,
          { ...seen, kind: 'too-open' },
        );
      else if (!mine && stat.uid !== 0)
        say(
          'warning',
          `${path} (XDG_RUNTIME_DIR) belongs to ${told(stat.uid, target)}, who can replace buildkitd's sockets${wslg(path)}`,
          {
            ...seen,
            kind: 'owner',
          },
        );
      else if (!mine)
        say('info', `${path} (XDG_RUNTIME_DIR) belongs to root, mode ${octal(stat.mode)}; buildkitd can write there`, {
          ...seen,
          kind: 'owner',
        });
    }

    function judgeMissing(reach: Reach, about: { variable: string; path: string; rootMay: boolean }): void {
      const { obstacle } = reach;
      const say = (
        severity: Severity,
        message: string,
        kind: SessionEvidence['kind'],
        stat: Stat | null = null,
      ): void =>
        add('env.xdg-runtime-dir', severity, about.path, message, {
          ...about,
          kind,
          source: runtime.source,
          mode: stat?.mode ?? null,
          owner: stat === null ? null : { uid: stat.uid, gid: stat.gid },
        });
      if (obstacle === null && (reach.stat === null || reach.stat.kind === 'directory')) {
        if (reach.writable)
          say('info', `${about.path} (XDG_RUNTIME_DIR) does not exist yet; buildkitd makes it`, 'missing');
        else
          say(
            'error',
            `${about.path} (XDG_RUNTIME_DIR) does not exist, and ${target.name ?? `uid ${target.uid}`} may not make it in ${reach.passed.at(-1)?.path ?? '/'}`,
            'missing',
          );
        return;
      }
      if (obstacle?.why === 'not-searchable')
        say(
          'error',
          `${about.path} (XDG_RUNTIME_DIR) cannot be reached: ${obstacle.path} belongs to ${told(obstacle.stat?.uid ?? 0, target)} with mode ${octal(obstacle.stat?.mode ?? 0)}`,
          'owner',
          null,
        );
      else
        say(
          'error',
          `${about.path} (XDG_RUNTIME_DIR) is ${reach.stat?.kind === 'symlink' ? 'a link that leads nowhere' : 'not a directory'}`,
          'not-a-directory',
        );
    }

    function judgeHome(): void {
      // Without it only the default paths suffer; what is configured does not need it.
      if (options.root.source !== 'default' || found.user.value === null || found.user.value === 'root') return;
      const [variable, condition, kind, place] =
        found.dataHome.value === null
          ? (['HOME', 'env.home', 'home', found.home] as const)
          : (['XDG_DATA_HOME', 'env.xdg-data-home', 'data-home', found.dataHome] as const);
      const { value, source } = place;
      const base = value?.split(':')[0] ?? null;
      const say = (message: string): void =>
        add(condition, 'error', base ?? variable, message, { kind, variable, path: base, source });
      if (base === null)
        say('HOME is not set, so buildkitd keeps its state in /var/lib/buildkit, which only root may write');
      if (base === null) return;
      const state = found.state;
      if (state === null)
        say(
          `${variable} is the relative path "${base}": the state directory then depends on where buildkitd is started`,
        );
      if (state === null) return;
      const stop = stopOf(state, target);
      // Below it the state directory's own check speaks.
      if (stop === null || !isAtOrAbove(stop.path, base)) return;
      const absent = state.obstacle === null && !state.passed.some(({ path }) => path === base);
      say(
        `buildkitd keeps its state below ${variable} (${base}), but ${absent ? `that directory does not exist, and ${target.name ?? `uid ${target.uid}`} may not make it` : stop.why}`,
      );
    }

    function judgeTemporary(): void {
      const { path, value, source, reach, error, tried, noexec } = found.temporary;
      const name = value === null ? path : `${path} (TMPDIR)`;
      const state = found.stateDirectory;
      const say = (severity: Severity, message: string, kind: SessionEvidence['kind'], at: string): void =>
        add('env.tmpdir', severity, at, message, { kind, variable: 'TMPDIR', path: at, source });
      if (by === 'rootlesskit' && state?.reach != null) {
        const why =
          stopOf(state.reach, target)?.why ??
          (state.reach.clientStop !== null
            ? `${state.reach.clientStop.path} cannot be entered`
            : state.reach.accountWritable
              ? null
              : `${state.reach.passed.at(-1)?.path ?? '/'} is not writable`);
        if (why !== null)
          say(
            'error',
            `rootlesskit cannot make its state directory ${state.path}: ${why}`,
            'state-directory',
            state.path,
          );
      }
      if (reach === null) return;
      // rootlesskit works there as the plain account, buildkitd as root of the namespace.
      const asAccount = by === 'rootlesskit' && state === null;
      const exists = reach.passed.some((one) => one.path === reach.path);
      const refused =
        tried && asAccount ? error !== null && !FULL.has(error) : !(asAccount ? reach.accountWritable : reach.writable);
      if (!exists || refused) {
        const why = exists
          ? reach.readOnly
            ? 'is read-only'
            : 'is not writable'
          : reach.stat === null
            ? 'does not exist'
            : 'is not a directory';
        say(
          'error',
          `${name} ${why}: ${asAccount ? 'rootlesskit cannot make its state directory there' : 'buildkitd cannot make the temporary directories of a build there'}`,
          'temporary',
          path,
        );
      } else if (noexec && value !== null)
        say(
          'info',
          `${name} is mounted noexec: buildkitd does not find emulators for other architectures`,
          'temporary',
          path,
        );
    }
  },
};

/** A full disk is another check's finding. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);
const isAtOrAbove = (path: string, base: string): boolean =>
  path === '/' || base === path || base.startsWith(`${path}/`);
const wslg = (path: string): string =>
  path.startsWith('/mnt/wslg/') ? ' (WSLg sets it; /run/user/UID is the usual place)' : '';

function belowHome({ homeFromPasswd, home }: Session, path: string, uid: number): boolean {
  const own = homeFromPasswd;
  const stat = home.reach?.passed.find((one) => one.path === own)?.stat;
  return own !== null && path.startsWith(`${own}/`) && stat?.uid === uid;
}

/** Where and why buildkitd can neither use nor make a directory; null when it can. */
function stopOf(reach: Reach, target: { uid: number; name: string | null }): { path: string; why: string } | null {
  const { obstacle, passed } = reach;
  if (obstacle !== null) {
    const { path, why, stat } = obstacle;
    return {
      path,
      why:
        why === 'not-searchable'
          ? `${path} belongs to ${told(stat?.uid ?? 0, target)} and cannot be entered`
          : `${path} is ${why === 'dangling-link' ? 'a link that leads nowhere' : 'not a directory'}`,
    };
  }
  const last = passed.at(-1)?.path ?? '/';
  if (last === reach.path) return null;
  if (reach.stat !== null) return { path: reach.path, why: `${reach.path} is not a directory` };
  if (reach.writable) return null;
  const owner = passed.at(-1)?.stat.uid;
  return {
    path: last,
    why: reach.readOnly
      ? `${last} is read-only`
      : `${last} belongs to ${told(owner ?? 0, target)}, and nothing can be made in it`,
  };
}
