import type { Owner, Step, TomlEdit } from '../model.ts';

/** How buildkitd's configuration file can be changed; facts/config-edit.ts has this shape. */
interface ConfigPlace {
  readonly path: string;
  readonly digest: string | null;
  readonly as: 'root' | 'target';
  readonly owner: Owner;
  readonly mode: number;
  readonly directoryMissing: boolean;
}

/** Changes of buildkitd.toml; a file that does not exist yet is made, and its directory too. */
export function configSteps(config: ConfigPlace, changes: readonly TomlEdit[]): readonly Step[] {
  const { path, as, owner, mode, digest } = config;
  const directory: Step = { do: 'directory', as, path: path.slice(0, path.lastIndexOf('/')), mode: 0o755, owner };
  return [
    ...(config.directoryMissing ? [directory] : []),
    { do: 'edit', as, path, expects: digest, edit: { edit: 'toml', changes }, mode, owner },
  ];
}
