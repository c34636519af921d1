import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';
import { start } from '../target/start.ts';
import type { Binary } from './find-in-path.ts';
import { findInPath } from './find-in-path.ts';

/** Of a PATH what the target can search, so that a dozen programs are not looked for where none can be found. */
async function searchable({ host }: Look, path: string): Promise<string> {
  const directories = [...new Set(path.split(':'))];
  const kept = await Promise.all(
    directories.map(async (directory) => (await host.access(directory || '.', 'x', 'target').catch(asAbsent)) ?? true),
  );
  return directories.filter((_, index) => kept[index]).join(':');
}

export const BINARY_NAMES = [
  'buildkitd',
  'buildctl',
  'rootlesskit',
  'runc',
  'buildkit-runc',
  'crun',
  'git',
  'newuidmap',
  'newgidmap',
  'getsubids',
  'fuse-overlayfs',
  'mount.fuse3',
  'slirp4netns',
  'pasta',
  'ip',
  'nsenter',
  'unshare',
  'docker',
  'apparmor_parser',
] as const;
/** What a person runs, and no service. */
const CLIENTS: ReadonlySet<string> = new Set(['buildctl', 'docker']);
export type BinaryName = (typeof BINARY_NAMES)[number];
export type Binaries = { readonly [N in BinaryName]: Binary | null };

/** Programs as buildkitd and its helpers would find them; the paths by which it is started come before PATH. */
export const binaries: Fact<Binaries> = {
  id: 'binaries',
  async read(look) {
    const [{ values, clientPath }, started] = await Promise.all([look.get(environment), look.get(start)]);
    // Without PATH, Go finds nothing that has no slash in its name.
    const path = await searchable(look, values.PATH ?? '');
    const forClients = clientPath === values.PATH ? path : await searchable(look, clientPath);
    const found = await Promise.all(
      BINARY_NAMES.map(async (name) => {
        const own =
          name === 'buildkitd'
            ? started?.buildkitd.path
            : name === 'rootlesskit'
              ? started?.rootlesskit?.path
              : undefined;
        return [name, await findInPath(look, own ?? name, CLIENTS.has(name) ? forClients : path)] as const;
      }),
    );
    return Object.fromEntries(found) as unknown as Binaries;
  },
};
