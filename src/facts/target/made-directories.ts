import type { Fact, Stat } from '../../model/look.ts';
import { lastOf } from './directives.ts';
import { tellingDaemon } from './own-daemon.ts';
import { unit } from './unit.ts';

/** Directories that systemd makes before the start, as they will be then; what is there already is looked at itself. */
export const madeDirectories: Fact<ReadonlyMap<string, Stat>> = {
  id: 'made-directories',
  async read(look) {
    const made = new Map<string, Stat>();
    const service = (await look.get(tellingDaemon)) === null ? await look.get(unit) : null;
    const { target } = look.host.identity;
    for (const { key, path, base } of service?.directories ?? []) {
      const mode = Number.parseInt(lastOf(service?.directives ?? {}, `${key}Mode`)?.value ?? '0755', 8);
      for (let above = path.slice(0, path.lastIndexOf('/')); above.length > base.length; ) {
        made.set(above, directory(0o755, 0, 0));
        above = above.slice(0, above.lastIndexOf('/'));
      }
      made.set(path, directory(Number.isNaN(mode) ? 0o755 : mode, target.uid, target.gid));
    }
    return made;
  },
};

const directory = (mode: number, uid: number, gid: number): Stat => ({
  kind: 'directory',
  mode,
  uid,
  gid,
  size: 0,
  nlink: 2,
  ino: 0,
  dev: 0,
  mtimeMs: 0,
});
