import { type ConfigReading, readConfig } from '../buildkit/config.ts';
import { ANY_RELEASE } from '../buildkit/version.ts';
import type { Fact, Reading, UnseenReason } from '../model.ts';
import { environment } from './environment.ts';
import { identity } from './identity.ts';
import { unit } from './unit.ts';
import { reasonOf, Unseen } from './unseen.ts';

/** The configuration file that buildkitd will read. */
export interface ConfigFile {
  readonly path: string;
  readonly source: 'option' | 'unit' | 'default';
  /** Null when absent: not an error, it means an empty configuration. */
  readonly file: Reading | null;
  /** Set when it exists and cannot be read as the target: buildkitd then does not start. */
  readonly unreadable: UnseenReason | null;
  readonly content: ConfigReading;
}

/** Where buildkitd looks without --config: by USER and the environment, as appdefaults does. */
export function defaultConfigPath(mode: 'rootless' | 'rootful', values: { readonly [name: string]: string }): string {
  if (mode === 'rootful') return '/etc/buildkit/buildkitd.toml';
  const { XDG_CONFIG_HOME, HOME } = values;
  if (XDG_CONFIG_HOME) return `${XDG_CONFIG_HOME}/buildkit/buildkitd.toml`;
  if (HOME) return `${HOME}/.config/buildkit/buildkitd.toml`;
  return '/etc/buildkit/buildkitd.toml';
}

/** "Rootless" paths need a USER that is neither empty nor root (isRootlessConfig, v0.13.0). */
export function usesRootlessPaths(mode: 'rootless' | 'rootful', values: { readonly [name: string]: string }): boolean {
  return mode === 'rootless' && Boolean(values.USER) && values.USER !== 'root';
}

export const configFile: Fact<ConfigFile> = {
  id: 'config-file',
  async read(look) {
    const [who, { values }, service] = await Promise.all([look.get(identity), look.get(environment), look.get(unit)]);
    const fromUnit = service?.buildkitd.flags.config?.at(-1);
    const [path, source] =
      look.request.config !== null
        ? ([look.request.config, 'option'] as const)
        : fromUnit !== undefined
          ? ([fromUnit, 'unit'] as const)
          : ([
              defaultConfigPath(usesRootlessPaths(who.mode, values) ? 'rootless' : 'rootful', values),
              'default',
            ] as const);
    const empty: ConfigReading = { document: {}, syntax: null };
    try {
      const file = await look.host.read(path, 'target', 4 * 1024 * 1024);
      return {
        path,
        source,
        file,
        unreadable: null,
        content: file === null ? empty : readConfig(file.text, ANY_RELEASE),
      };
    } catch (error) {
      if (!(error instanceof Unseen)) throw error;
      return { path, source, file: null, unreadable: reasonOf(error), content: { document: null, syntax: null } };
    }
  },
};
