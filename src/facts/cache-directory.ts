import type { Fact, FsStat, Mount, Stat } from '../model.ts';
import { settings } from './settings.ts';
import { Unseen } from './unseen.ts';

export interface PathComponent {
  readonly path: string;
  readonly stat: Stat | null;
  /** Where a link points; null for anything else. */
  readonly link: string | null;
}
/** buildkitd's state directory, from / down to it, and the nearest place that exists. */
export interface CacheDirectory {
  readonly path: string;
  readonly exists: boolean;
  /** Each directory on the way, the last one is the path itself; stops below the first that is missing or cannot be seen. */
  readonly chain: readonly PathComponent[];
  /** The first component that the target may not search, so that what is below cannot be seen; null when all could. */
  readonly blockedAt: string | null;
  /** The nearest existing directory at or above the path. */
  readonly nearest: string;
  readonly filesystem: FsStat | null;
  readonly mount: Mount | null;
  /** Can the target create files in it (or, when it does not exist, create it)? */
  readonly writable: boolean;
}

export const cacheDirectory: Fact<CacheDirectory> = {
  id: 'cache-directory',
  async read(look) {
    const { host } = look;
    const { root } = await look.get(settings);
    const path = normalise(root.value);
    if (!path.startsWith('/'))
      throw new Unseen(
        `the state directory "${root.value}" is a relative path: it depends on the directory that buildkitd is started in`,
      );
    const chain: PathComponent[] = [];
    let blockedAt: string | null = null;
    let nearest = '/';
    for (const component of ancestry(path)) {
      let lstat: Stat | null;
      try {
        lstat = await host.lstat(component, 'target');
      } catch (error) {
        if (!(error instanceof Unseen)) throw error;
        blockedAt = nearest;
        break;
      }
      if (lstat === null) {
        chain.push({ path: component, stat: null, link: null });
        break;
      }
      const link = lstat.kind === 'symlink' ? await host.readlink(component, 'target') : null;
      const stat = link === null ? lstat : await host.stat(component, 'target').catch(() => null);
      chain.push({ path: component, stat, link });
      if (stat?.kind !== 'directory') break;
      nearest = component;
    }
    const last = chain.at(-1);
    const exists = last !== undefined && last.path === path && last.stat !== null;
    const [filesystem, mount, writable] = await Promise.all([
      host.statfs(nearest, 'target').catch(() => null),
      host.mountOf(nearest, 'target').catch(() => null),
      host.access(nearest, 'wx', 'target'),
    ]);
    return { path, exists, chain, blockedAt, nearest, filesystem, mount, writable };
  },
};

/** Every directory from "/" to the path itself. */
export function ancestry(path: string): readonly string[] {
  const parts = path.split('/').filter(Boolean);
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)];
}

/** Without doubled or trailing slashes and "." parts; ".." stays, since links decide what it means. */
export function normalise(path: string): string {
  const joined = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  return path.startsWith('/') ? `/${joined}` : joined;
}
