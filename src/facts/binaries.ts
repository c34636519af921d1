import type { Fact, Look, Stat } from '../model.ts';
import { environment } from './environment.ts';
import { settings } from './settings.ts';
import { fromStart } from './start-directory.ts';
import { unit } from './unit.ts';
import { asAbsent } from './unseen.ts';

/** A program as the target's PATH finds it. */
export interface Binary {
  readonly name: string;
  readonly path: string;
  /** After all links; AppArmor and SELinux judge this one. */
  readonly realpath: string;
  readonly stat: Stat;
  readonly executable: boolean;
}

/** First match in a PATH, as execvp does: entries that are not executable regular files are passed over, but the first of them is told when nothing else is found. */
export async function findInPath({ host }: Look, name: string, path: string): Promise<Binary | null> {
  let second: Binary | null = null;
  const candidates = name.includes('/')
    ? [name]
    : path.split(':').map((directory) => `${(directory || '.').replace(/(?<!\/)\/+$/, '')}/${name}`);
  for (const candidate of candidates) {
    if (!candidate.startsWith('/')) continue;
    const stat = await host.stat(candidate, 'target').catch(asAbsent);
    if (stat === null || stat.kind !== 'file') continue;
    const executable = await host.access(candidate, 'x', 'target');
    const binary: Binary = {
      name,
      path: candidate,
      realpath: (await host.realpath(candidate, 'target').catch(() => null)) ?? candidate,
      stat,
      executable,
    };
    if (executable) return binary;
    second ??= binary;
  }
  return second;
}

/** Of a PATH what the target can search, so that a dozen programs are not looked for where none can be found. */
async function searchable({ host }: Look, path: string): Promise<string> {
  const directories = [...new Set(path.split(':'))];
  const kept = await Promise.all(
    directories.map((directory) => host.access(directory || '.', 'x', 'target').catch(() => true)),
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
export type BinaryName = (typeof BINARY_NAMES)[number];
export type Binaries = { readonly [N in BinaryName]: Binary | null };

/** Programs as buildkitd and its helpers would find them; the unit's own paths come before PATH. */
export const binaries: Fact<Binaries> = {
  id: 'binaries',
  async read(look) {
    const [{ values }, service] = await Promise.all([look.get(environment), look.get(unit)]);
    // Without PATH, Go finds nothing that has no slash in its name.
    const path = await searchable(look, values.PATH ?? '');
    const found = await Promise.all(
      BINARY_NAMES.map(async (name) => {
        const own =
          name === 'buildkitd'
            ? service?.buildkitd.path
            : name === 'rootlesskit'
              ? service?.rootlesskit?.path
              : undefined;
        return [name, await findInPath(look, own ?? name, path)] as const;
      }),
    );
    return Object.fromEntries(found) as unknown as Binaries;
  },
};

/** The runtime that the OCI worker would execute: the configured one, else buildkit-runc, else runc. Null: none found. */
export const runtimeBinary: Fact<Binary | null> = {
  id: 'runtime-binary',
  async read(look) {
    const [{ values }, { oci }, found] = await Promise.all([
      look.get(environment),
      look.get(settings),
      look.get(binaries),
    ]);
    if (oci.binary.value !== null) {
      const { value } = oci.binary;
      return findInPath(look, value.includes('/') ? await fromStart(look, value) : value, values.PATH ?? '');
    }
    return found['buildkit-runc']?.executable ? found['buildkit-runc'] : found.runc;
  },
};
