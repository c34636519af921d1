import type { Fact, Look } from '../../model/look.ts';
import { asAbsent } from '../../model/unseen.ts';
import { environment } from '../target/environment.ts';

/** Which processors' programs can be run. */
export interface Processors {
  /** The machine's own, in Go's words. */
  readonly native: readonly string[];
  readonly emulated: readonly string[];
}

const GO: { readonly [name: string]: string } = {
  x86_64: 'amd64',
  i686: '386',
  i386: '386',
  aarch64: 'arm64',
  aarch64_be: 'arm64be',
  armv7l: 'arm',
  loongarch64: 'loong64',
  mipsel: 'mipsle',
  mips64el: 'mips64le',
};
const goName = (name: string): string => GO[name] ?? name;
/** What a processor runs besides its own. */
const BESIDES: { readonly [name: string]: readonly string[] } = { amd64: ['386'], arm64: ['arm'] };
const BINFMT = '/proc/sys/fs/binfmt_misc';

/** Null where it cannot be told. */
export const processors: Fact<Processors | null> = {
  id: 'processors',
  async read(look) {
    const told = await look.host.read('/proc/sys/kernel/arch', 'self').catch(asAbsent);
    if (told === null) return null;
    const native = goName(told.text.trim());
    const names = await look.host.list(BINFMT, 'self').catch(asAbsent);
    // Handlers stay registered where the file system that tells them is not mounted.
    if (names === null || !names.includes('register')) return null;
    const registered = await Promise.all(
      names.filter((name) => name !== 'register' && name !== 'status').map((name) => handledBy(look, name)),
    );
    const own = await ownEmulators(look);
    return {
      native: [native, ...(BESIDES[native] ?? [])],
      emulated: [...registered.filter((name) => name !== null), ...own],
    };
  },
};

async function handledBy(look: Look, name: string): Promise<string | null> {
  const file = await look.host.read(`${BINFMT}/${name}`, 'self').catch(asAbsent);
  if (file === null || !file.text.startsWith('enabled')) return null;
  const program = /^interpreter \S*\/(?:buildkit-)?qemu-([\w.]+?)(?:-static|-binfmt-P|-binfmt)?$/m.exec(file.text)?.[1];
  return program === undefined ? null : goName(program);
}

/** buildkitd starts a program of another processor by an emulator of its own, where it finds one. */
async function ownEmulators(look: Look): Promise<readonly string[]> {
  const { values } = await look.get(environment);
  const found: string[] = [];
  for (const directory of (values.PATH ?? '').split(':').filter((path) => path.startsWith('/')))
    for (const name of (await look.host.list(directory, 'target').catch(asAbsent)) ?? []) {
      const processor = /^buildkit-qemu-([\w]+)$/.exec(name)?.[1];
      if (processor !== undefined) found.push(goName(processor));
    }
  return found;
}
