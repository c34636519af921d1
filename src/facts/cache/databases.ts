import type { Allowed, BoltDamage, Fact, Look, Stat } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { cacheDirectory } from '../config/cache-directory.ts';
import { identity } from '../target/identity.ts';
import { allowedIds, includesId, modeGrants } from './ownership.ts';
import { workerDirectory } from './worker-directory.ts';

/** Something below the state directory that buildkitd opens, or makes, at every start or build. */
export interface StateEntry {
  readonly path: string;
  readonly use: 'directory' | 'file' | 'worker-database' | 'cache-database' | 'history-database';
  /** After all links; null for a link that leads nowhere. */
  readonly stat: Stat | null;
  /**
   * Why buildkitd cannot use it: a link that leads nowhere, no right by owner and mode, or none in spite of these (an
   * attribute, an ACL, a security module, or the read-only mount that is named). Null: it can, or it could not be told.
   */
  readonly obstacle: 'dangling' | 'owner' | 'unwritable' | null;
  /** Where the read-only mount begins that forbids writing. */
  readonly readOnlyMount?: string;
  /** Of a database: could it be used? Null: not to be seen. */
  readonly sound: boolean | null;
  /** What is damaged of a database that is not sound. */
  readonly damage?: BoltDamage;
}

/** What is there already of buildkitd's own state; image files are not looked at. */
export const stateEntries: Fact<readonly StateEntry[]> = {
  id: 'state-entries',
  async read(look) {
    const [{ real, path, exists }, worker] = await Promise.all([look.get(cacheDirectory), look.get(workerDirectory)]);
    if (!exists) return [];
    const root = real ?? path;
    const own = worker.path === null ? null : `${root}${worker.path.slice(path.length)}`;
    const wanted: readonly (readonly [string, StateEntry['use']])[] = [
      [`${root}/buildkitd.lock`, 'file'],
      [`${root}/cache.db`, 'cache-database'],
      [`${root}/history.db`, 'history-database'],
      ...(own === null
        ? []
        : ([
            [own, 'directory'],
            [`${own}/workerid`, 'file'],
            [`${own}/content`, 'directory'],
            [`${own}/content/ingest`, 'directory'],
            [`${own}/content/blobs`, 'directory'],
            [`${own}/content/blobs/sha256`, 'directory'],
            [`${own}/snapshots`, 'directory'],
            [`${own}/snapshots/snapshots`, 'directory'],
            [`${own}/executor`, 'directory'],
            [`${own}/metadata_v2.db`, 'worker-database'],
            [`${own}/containerdmeta.db`, 'worker-database'],
            [`${own}/snapshots/metadata.db`, 'worker-database'],
          ] as const)),
    ];
    const allowed = await look.get(allowedIds).catch(asAbsent);
    const found = await Promise.all(wanted.map(([at, use]) => entryAt(look, at, use, allowed).catch(asAbsent)));
    return found.filter((entry) => entry !== null);
  },
};

async function entryAt(
  look: Look,
  path: string,
  use: StateEntry['use'],
  allowed: Allowed | null,
): Promise<StateEntry | null> {
  const { host } = look;
  const stat = await host.stat(path, 'target');
  if (stat === null) {
    const link = await host.readlink(path, 'target');
    return link === null || !(await leadsNowhere(look, path, link, use))
      ? null
      : { path, use, stat: null, obstacle: 'dangling', sound: null };
  }
  const database = use !== 'directory' && use !== 'file' && stat.kind === 'file';
  const [obstacle, answer] = await Promise.all([
    obstacleOf(look, path, use, stat, allowed),
    database ? host.probe('bolt', { path }, 'target', {}).catch(asAbsent) : null,
  ]);
  const { sound = null, damage } = answer ?? {};
  const readOnly = obstacle === 'unwritable' ? await readOnlyMount(look, path) : null;
  return {
    path,
    use,
    stat,
    obstacle,
    sound,
    ...(damage === undefined ? {} : { damage }),
    ...(readOnly === null ? {} : { readOnlyMount: readOnly }),
  };
}

async function readOnlyMount({ host }: Look, path: string): Promise<string | null> {
  const mount = await host.mountOf(path, 'target').catch(asAbsent);
  return mount !== null && [...mount.options, ...mount.superOptions].includes('ro') ? mount.point : null;
}

/** A file is made where its link points, if there is a directory for it; a directory never is. */
async function leadsNowhere(look: Look, path: string, link: string, use: StateEntry['use']): Promise<boolean> {
  if (use === 'directory') return true;
  const target = link.startsWith('/') ? link : `${path.slice(0, path.lastIndexOf('/'))}/${link}`;
  const above = await look.host.stat(target.slice(0, target.lastIndexOf('/')) || '/', 'target');
  return above?.kind !== 'directory';
}

async function obstacleOf(
  look: Look,
  path: string,
  use: StateEntry['use'],
  stat: Stat,
  allowed: Allowed | null,
): Promise<StateEntry['obstacle']> {
  const { target } = await look.get(identity);
  const [mode, bits] =
    use === 'directory' ? (['wx', 3] as const) : use === 'file' ? (['r', 4] as const) : (['w', 6] as const);
  if (await look.host.access(path, mode, 'target')) return null;
  if (modeGrants(stat, target, bits)) return use === 'file' ? null : 'unwritable';
  // Root of the namespace passes the mode of what is mapped there, owner and group.
  const overridden = allowed === null || (includesId(allowed.uids, stat.uid) && includesId(allowed.gids, stat.gid));
  return overridden ? null : 'owner';
}
