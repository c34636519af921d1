import type { Fact, FileKind } from '../../model/look.ts';
import { asAbsent, unlessRefused } from '../../model/unseen.ts';
import { settings } from '../config/settings.ts';
import { identity } from '../target/identity.ts';
import { launcher } from '../target/launcher.ts';
import { allowedIds, includesId, modeGrants } from './ownership.ts';

/** The list of name servers that buildkitd copies for every RUN step (executor/oci/resolvconf.go). */
export interface Resolver {
  readonly path: string;
  /** Why it cannot be read; null when it can, or is absent, which is no obstacle. */
  readonly trouble: 'denied' | Exclude<FileKind, 'file'> | null;
}

const DEFAULT = '/etc/resolv.conf';
/** Where systemd-resolved writes the servers that it asks itself. */
const BEHIND_RESOLVED = '/run/systemd/resolve/resolv.conf';

/** Is systemd-resolved the only server, so that buildkitd asks for those behind it? */
function isResolved(text: string): boolean {
  const servers = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map((found) => found[1]);
  return servers.length === 1 && servers[0] === '127.0.0.53';
}

export const resolver: Fact<Resolver> = {
  id: 'resolver',
  async read(look) {
    const { host } = look;
    const [{ target }, by, { rootlesskitFlags }, allowed] = await Promise.all([
      look.get(identity),
      look.get(launcher),
      look.get(settings),
      look.get(allowedIds).catch(asAbsent),
    ]);
    const network = rootlesskitFlags.net?.at(-1) ?? 'host';
    // With a network of its own rootlesskit writes a new one.
    if (by === 'rootlesskit' && network !== 'host') return { path: DEFAULT, trouble: null };
    const troubleOf = async (path: string): Promise<Resolver['trouble']> => {
      const readable = await host.access(path, 'r', 'target').catch(asAbsent);
      const { value: stat, unseen } = await unlessRefused(host.stat(path, 'target'));
      // Behind a directory that the account may not enter it is as closed as by its own mode.
      if (unseen !== undefined) return readable === false ? 'denied' : null;
      if (stat === null) return null;
      if (stat.kind !== 'file') return stat.kind;
      if (readable !== false || modeGrants(stat, target, 4)) return null;
      return allowed === null || (includesId(allowed.uids, stat.uid) && includesId(allowed.gids, stat.gid))
        ? null
        : 'denied';
    };
    const trouble = await troubleOf(DEFAULT);
    if (trouble !== null) return { path: DEFAULT, trouble };
    const text = await host.read(DEFAULT, 'target').catch(asAbsent);
    if (text === null || !isResolved(text.text)) return { path: DEFAULT, trouble: null };
    return { path: BEHIND_RESOLVED, trouble: await troubleOf(BEHIND_RESOLVED) };
  },
};
