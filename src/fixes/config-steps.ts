import type { Owner } from '../model/look.ts';
import type { Step, TomlEdit } from '../model/plan.ts';

/** How buildkitd's configuration file can be changed; facts/config-edit.ts has this shape. */
interface ConfigPlace {
  readonly path: string;
  readonly spelled: readonly { readonly path: readonly string[]; readonly written: readonly string[] }[];
  readonly digest: string | null;
  readonly as: 'root' | 'target';
  readonly owner: Owner;
  readonly mode: number;
  readonly directoryMissing: boolean;
}

/** Changes of buildkitd.toml by BuildKit's names of its keys; a file that does not exist yet is made, and its directory too. */
export function configSteps(config: ConfigPlace, wanted: readonly TomlEdit[]): readonly Step[] {
  const changes = wanted.map((change) => ({ ...change, path: asWritten(change.path, config) }));
  const { path, as, owner, mode, digest } = config;
  const directory: Step = { do: 'directory', as, path: path.slice(0, path.lastIndexOf('/')), mode: 0o755, owner };
  return [
    ...(config.directoryMissing ? [directory] : []),
    { do: 'edit', as, path, expects: digest, edit: { edit: 'toml', changes }, mode, owner },
  ];
}

/** The same key as the file spells it, or the tables above it: buildkitd does not mind the case of letters, TOML does. */
function asWritten(path: readonly string[], { spelled }: ConfigPlace): readonly string[] {
  let best: readonly string[] = [];
  for (const other of spelled) {
    if (other.path.length !== other.written.length) continue;
    const different = other.path.findIndex((part, index) => part !== path[index]);
    const shared = different === -1 ? other.path.length : different;
    if (shared > best.length) best = other.written.slice(0, shared);
  }
  return [...best, ...path.slice(best.length)];
}
