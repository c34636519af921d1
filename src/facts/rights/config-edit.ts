import type { Fact, Owner } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { mayWrite } from '../../rights/rights.ts';
import { configFile } from '../config/config-file.ts';
import { identity } from '../target/identity.ts';
import { rights } from './rights.ts';

/** How buildkitd's configuration file could be changed, and by whom. */
export interface ConfigEdit {
  readonly path: string;
  /** SHA-256 of the text that was read; null: there is no file yet. */
  readonly digest: string | null;
  readonly as: 'root' | 'target';
  readonly owner: Owner;
  readonly mode: number;
  /** The file's directory has to be made first. */
  readonly directoryMissing: boolean;
  /** Settings that the file spells in another way than BuildKit does. */
  readonly spelled: readonly { readonly path: readonly string[]; readonly written: readonly string[] }[];
}

/** Null: it cannot be parsed or read, or it is a file of root's that root itself does not name for this target. */
export const configEdit: Fact<ConfigEdit | null> = {
  id: 'config-edit',
  async read(look) {
    const [config, { target }, places] = await Promise.all([
      look.get(configFile),
      look.get(identity),
      look.get(rights),
    ]);
    const { path, file, unreadable, content } = config;
    if (unreadable !== null || content.document === null || !path.startsWith('/')) return null;
    const [stat, directory] = await Promise.all([
      look.host.stat(path, 'target').catch(asAbsent),
      look.host.stat(path.slice(0, path.lastIndexOf('/')) || '/', 'target').catch(asAbsent),
    ]);
    const me = { uid: target.uid, gid: target.gid };
    const root = { uid: 0, gid: 0 };
    const ours = stat === null ? target.uid !== 0 && !path.startsWith('/etc/') : stat.uid === target.uid;
    const owner = stat === null ? (ours ? me : root) : { uid: stat.uid, gid: stat.gid };
    const plan = {
      path,
      digest: file?.digest ?? null,
      owner,
      mode: stat?.mode ?? (ours ? 0o600 : 0o644),
      directoryMissing: directory === null,
      // Registries are many, and nothing edits them by a key of its own.
      spelled: content.values
        .filter(({ path, written }) => path[0] !== 'registry' && path.join('\0') !== written.join('\0'))
        .map(({ path, written }) => ({ path, written })),
    };
    if (ours) return { ...plan, as: target.uid === 0 ? 'root' : 'target' };
    return owner.uid === 0 && mayWrite(path, places) ? { ...plan, as: 'root' } : null;
  },
};
