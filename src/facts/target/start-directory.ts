import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { identity } from './identity.ts';
import { tellingDaemon } from './own-daemon.ts';
import { unit } from './unit.ts';

/**
 * The directory that buildkitd is started in: that of the one which runs, the unit's WorkingDirectory or systemd's default for it, else where we
 * ourselves stand (proc_pid_cwd(5)). Null where nothing tells: another account's session.
 */
export const startDirectory: Fact<string | null> = {
  id: 'start-directory',
  async read(look) {
    const [{ self, target }, daemon] = await Promise.all([look.get(identity), look.get(tellingDaemon)]);
    if (daemon !== null) return daemon.workingDirectory;
    const service = look.request.daemonless === true ? null : await look.get(unit);
    if (service !== null) {
      const given = service.workingDirectory;
      if (given === '~') return target.home;
      return given ?? (service.scope === 'user' ? target.home : '/');
    }
    if (self.uid !== target.uid) return null;
    return look.host.readlink('/proc/self/cwd', 'self').catch(asAbsent);
  },
};

/** A path as buildkitd takes it: relative ones start where it is started, and stay as they are where that is not known. */
export async function fromStart(look: Look, path: string): Promise<string> {
  if (path.startsWith('/') || path === '') return path;
  const start = await look.get(startDirectory);
  return start?.startsWith('/') ? `${start === '/' ? '' : start}/${path}` : path;
}
