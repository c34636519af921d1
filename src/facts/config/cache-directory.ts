import type { As, Fact, FsStat, HostReader, Mount, Stat } from '../../model/look.ts';
import { asAbsent, tooMuch, Unseen, unlessRefused } from '../../model/unseen.ts';
import { madeDirectories } from '../target/made-directories.ts';
import { looksOnAs } from './looking-on.ts';
import { settings } from './settings.ts';

export interface PathComponent {
  readonly path: string;
  /** After all links; null for a dangling link, and for what is missing. */
  readonly stat: Stat | null;
  /** Where a link points; null for anything else. */
  readonly link: string | null;
  /** May the target's ordinary rights search this directory? True for anything else. */
  readonly searchable: boolean;
}
/** buildkitd's state directory, from / down to it, and the nearest place that exists. */
export interface CacheDirectory {
  readonly path: string;
  readonly exists: boolean;
  /** Each directory on the way, the last one is the path itself; stops below the first that is missing or cannot be seen. */
  readonly chain: readonly PathComponent[];
  /** The first directory that the target's ordinary rights may not search, where what is below could not be seen; null when all could. */
  readonly blockedAt: string | null;
  /** The nearest existing directory at or above the path. */
  readonly nearest: string;
  /** The path without links; null when it does not exist or cannot be told. */
  readonly real: string | null;
  readonly filesystem: FsStat | null;
  readonly mount: Mount | null;
  /** May the target's ordinary rights create files in the nearest directory? Its capabilities inside a user namespace may reach further. */
  readonly writable: boolean;
  /** May they list it? */
  readonly readable: boolean;
}

export const cacheDirectory: Fact<CacheDirectory> = {
  id: 'cache-directory',
  async read(look) {
    const { host } = look;
    const [{ root }, made] = await Promise.all([look.get(settings), look.get(madeDirectories)]);
    const path = normalise(root.value);
    if (!path.startsWith('/'))
      throw new Unseen(
        `the state directory "${root.value}" is a relative path: it depends on the directory that buildkitd is started in`,
      );
    const chain: PathComponent[] = [];
    let blockedAt: string | null = null;
    let nearest = '/';
    /** The last directory that systemd will make. */
    let lastMade: Stat | null = null;
    let as: As = 'target';
    /** Root follows no link that the target put: from a closed directory on it goes by real names. */
    let closed = { path: '', real: '' };
    const realName = (name: string): string => closed.real + name.slice(closed.path.length);
    for (const component of ancestry(path)) {
      let looked = await unlessRefused(lookAt(host, component, realName(component), as));
      if (looked.unseen !== undefined) {
        blockedAt ??= nearest;
        if (as === 'self') break;
        // Root may see on where the target's ordinary rights end; buildkitd's capabilities may not end there.
        as = await looksOnAs(look, path, chain.at(-1)?.stat ?? null);
        if (as === 'target') break;
        closed = {
          path: nearest === '/' ? '' : nearest,
          real: (await host.realpath(nearest, 'target').catch(asAbsent)) ?? nearest,
        };
        looked = await unlessRefused(lookAt(host, component, realName(component), as));
        if (looked.unseen !== undefined) break;
      }
      const found = looked.value;
      const toBeMade = found === null ? made.get(component) : undefined;
      if (toBeMade !== undefined) {
        chain.push({ path: component, stat: toBeMade, link: null, searchable: true });
        lastMade = toBeMade;
        continue;
      }
      if (found === null) {
        chain.push({ path: component, stat: null, link: null, searchable: true });
        break;
      }
      chain.push(found);
      if (found.stat?.kind !== 'directory') break;
      nearest = component;
    }
    const last = chain.at(-1);
    const exists = last !== undefined && last.path === path && last.stat !== null && last.stat !== lastMade;
    const own = lastMade?.uid === host.identity.target.uid;
    const [filesystem, mount, writable, readable, real] = await Promise.all([
      host.statfs(realName(nearest), as).catch(asAbsent),
      host.mountOf(realName(nearest), as).catch(asAbsent),
      own || host.access(nearest, 'wx', 'target'),
      own || host.access(nearest, 'r', 'target'),
      exists ? host.realpath(realName(path), as).catch(asAbsent) : null,
    ]);
    return { path, exists, chain, blockedAt, nearest, real, filesystem, mount, writable, readable };
  },
};

async function lookAt(host: HostReader, path: string, at: string, as: As): Promise<PathComponent | null> {
  const lstat = await host.lstat(at, as);
  if (lstat === null) return null;
  const link = lstat.kind === 'symlink' ? await host.readlink(at, as) : null;
  const stat = link === null ? lstat : await host.stat(at, as).catch(asAbsent);
  const searchable = stat?.kind !== 'directory' || (await host.access(path, 'x', 'target'));
  return { path, stat, link, searchable };
}

/** No system call takes a longer path (limits.h). */
const PATH_MAX = 4096;

/** Every directory from "/" to the path itself. */
export function ancestry(path: string): readonly string[] {
  if (path.length > PATH_MAX) throw tooMuch(`a path is ${path.length} characters long`);
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
