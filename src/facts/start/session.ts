import type { Fact, Look, Mount } from '../../model/look.ts';
import type { EnvironmentSource } from '../../model/say.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';
import { type Settings, settings } from '../config/settings.ts';
import { environment } from '../target/environment.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';
import { unit } from '../target/unit.ts';
import { type Reach, reach } from './reach.ts';

/** A directory that a variable names. */
export interface DirectoryState {
  /** As the variable has it; null when it is unset or empty. */
  readonly value: string | null;
  readonly source: EnvironmentSource | null;
  /** Null for no value and for relative paths. */
  readonly reach: Reach | null;
}
/** What is left on the file system of a directory. */
export interface FreeSpace {
  readonly bytes: number;
  /** Null where the file system does not count them. */
  readonly inodes: number | null;
}
/** What buildkitd gets from the session it is started in. */
export interface Session {
  /** systemd is this system's init (sd_booted(3)). */
  readonly systemd: boolean;
  /** The unit that starts buildkitd belongs to the user's own systemd. */
  readonly userUnit: boolean;
  /** loginctl enable-linger was done; null: cannot be seen. */
  readonly linger: boolean | null;
  /** Path of loginctl, for root. */
  readonly loginctl: string | null;
  readonly user: { readonly value: string | null; readonly source: EnvironmentSource | null };
  /** The first of XDG_RUNTIME_DIR's parts, as buildkitd takes it. */
  readonly runtime: DirectoryState & {
    /** More than one part: runc takes the whole value as one path. */
    readonly isList: boolean;
    /** It is not there, and logind makes it when the account logs in: another account asks. */
    readonly madeAtLogin: boolean;
    /** For a list: can that path be made? */
    readonly wholeCreatable: boolean;
    /** The runtime's own state below it, for a daemon that rootlesskit starts. */
    readonly runc: Reach | null;
    readonly room: FreeSpace | null;
  };
  /** /run/user/UID, whatever the variable says. */
  readonly runUser: { readonly path: string; readonly reach: Reach };
  readonly home: DirectoryState;
  readonly dataHome: DirectoryState;
  /** buildkitd's state directory; null when it is written as a relative path. */
  readonly state: Reach | null;
  /** TMPDIR, else /tmp. */
  readonly temporary: DirectoryState & {
    readonly path: string;
    /** The errno of writing there as the account itself; null when it can, or it was not tried. */
    readonly error: string | null;
    readonly tried: boolean;
    readonly noexec: boolean;
    readonly room: FreeSpace | null;
  };
  /** /tmp, where rootlesskit works as well, wherever TMPDIR is (its pkg/copyup); null without rootlesskit. */
  readonly copyUp: Reach | null;
  /** rootlesskit's --state-dir; null: a temporary directory of its own. */
  readonly stateDirectory: { readonly path: string; readonly reach: Reach | null } | null;
  readonly homeFromPasswd: string | null;
}

async function placeOf(look: Look, name: string): Promise<DirectoryState> {
  const { variables } = await look.get(environment);
  const variable = variables[name];
  const value = variable?.value ? variable.value : null;
  return {
    value,
    source: variable?.source ?? null,
    reach: value?.startsWith('/') ? await reach(look, value) : null,
  };
}

export const session: Fact<Session> = {
  id: 'session',
  async read(look) {
    const { host } = look;
    const [{ target }, { variables }, service, options, by] = await Promise.all([
      look.get(identity),
      look.get(environment),
      look.get(unit),
      look.get(settings),
      look.get(launcher),
    ]);
    const written = variables.XDG_RUNTIME_DIR?.value || null;
    const first = written?.split(':')[0] ?? null;
    const isList = written?.includes(':') === true;
    const whole = isList && written?.startsWith('/') ? await reach(look, `${written}/runc`) : null;
    const runUser = `/run/user/${target.uid}`;
    const state = by === 'rootlesskit' ? options.rootlesskitFlags['state-dir']?.at(-1) : undefined;
    const root = options.root.value;
    const [
      systemd,
      linger,
      loginctl,
      runReach,
      runcReach,
      runUserReach,
      home,
      dataHome,
      temporary,
      stateReach,
      rootReach,
      copyUp,
    ] = await Promise.all([
      host.stat('/run/systemd/system', 'self').catch(asAbsent),
      target.name === null ? null : unlessRefused(host.stat(`/var/lib/systemd/linger/${target.name}`, 'self')),
      firstOf(look, ['/usr/bin/loginctl', '/bin/loginctl']),
      first?.startsWith('/') ? reach(look, first) : null,
      first?.startsWith('/') && by === 'rootlesskit' ? reach(look, `${first}/${stateName(options)}`) : null,
      reach(look, runUser),
      placeOf(look, 'HOME'),
      placeOf(look, 'XDG_DATA_HOME'),
      temporaryOf(look),
      state?.startsWith('/') ? reach(look, state) : null,
      root.startsWith('/') ? reach(look, root) : null,
      by === 'rootlesskit' ? reach(look, '/tmp') : null,
    ]);
    return {
      systemd: systemd?.kind === 'directory',
      userUnit: service?.scope === 'user',
      linger: linger?.unseen === undefined ? linger?.value != null : null,
      loginctl,
      user: { value: variables.USER?.value || null, source: variables.USER?.source ?? null },
      runtime: {
        value: written,
        source: variables.XDG_RUNTIME_DIR?.source ?? null,
        reach: runReach,
        runc: runcReach,
        isList,
        madeAtLogin:
          systemd?.kind === 'directory' &&
          loginctl !== null &&
          target.name !== null &&
          host.identity.self.uid !== target.uid &&
          first === runUser &&
          (variables.XDG_RUNTIME_DIR?.source === 'default' || service?.scope === 'user') &&
          runUserReach.obstacle === null &&
          runUserReach.stat === null,
        wholeCreatable: whole !== null && whole.obstacle === null && whole.writable,
        room: await roomAt(look, runReach),
      },
      runUser: { path: runUser, reach: runUserReach },
      home,
      dataHome,
      state: rootReach,
      temporary,
      copyUp,
      stateDirectory: state === undefined ? null : { path: state, reach: stateReach },
      homeFromPasswd: target.home,
    };
  },
};

/** What the runtime calls its state: runc and crun differ. */
const stateName = ({ oci }: Settings): string => (/(?:^|\/)crun$/.test(oci.binary.value ?? '') ? 'crun' : 'runc');

async function firstOf({ host }: Look, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if ((await host.stat(path, 'self').catch(asAbsent))?.kind === 'file') return path;
  return null;
}

/** ramfs and the like count nothing: there is no limit to run into. */
async function roomAt({ host }: Look, place: Reach | null): Promise<FreeSpace | null> {
  const at = place?.passed.at(-1)?.path;
  const stat = at === undefined ? null : await host.statfs(at, 'target').catch(asAbsent);
  if (stat === null || stat.totalBytes === 0) return null;
  return { bytes: stat.availableBytes, inodes: stat.files > 0 ? stat.filesFree : null };
}

async function temporaryOf(look: Look): Promise<Session['temporary']> {
  const { host, request } = look;
  const place = await placeOf(look, 'TMPDIR');
  const path = place.value ?? '/tmp';
  const found = place.value === null ? await reach(look, '/tmp') : place.reach;
  const written =
    request.probe && path.startsWith('/')
      ? await host.probe('write', { directory: path }, 'target', {}).catch(asAbsent)
      : null;
  const mount: Mount | null = await host.mountOf(path, 'target').catch(asAbsent);
  return {
    ...place,
    reach: found,
    path,
    error: written?.error ?? null,
    tried: written !== null,
    noexec: mount?.options.includes('noexec') === true,
    room: await roomAt(look, found),
  };
}
