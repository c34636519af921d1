import { valueAt } from '../../buildkit/config/read.ts';
import type { Fact, Json } from '../../model/look.ts';
import { asAbsent, tooMuch } from '../../model/unseen.ts';
import { configFile } from './config-file.ts';
import { type KeyPair, lookAtPair, lookAtPem, type PemFile } from './tls.ts';

/** One [registry."HOST"] table as buildkitd uses it, with the files that it names. */
export interface Registry {
  readonly host: string;
  readonly mirrors: readonly string[];
  /** Null: not set. */
  readonly http: boolean | null;
  readonly insecure: boolean | null;
  readonly ca: readonly PemFile[];
  readonly pairs: readonly KeyPair[];
  /** Directories of certificates; null: it is not there, or may not be listed, which buildkitd passes over. */
  readonly directories: readonly { readonly path: string; readonly names: readonly string[] | null }[];
}

/** As many files of one configuration as are worth a look. */
const MOST = 200;

export const registries: Fact<readonly Registry[]> = {
  id: 'registries',
  async read(look) {
    const { content } = await look.get(configFile);
    const table = valueAt(content.document, ['registry']);
    if (typeof table !== 'object' || table === null || Array.isArray(table)) return [];
    let left = MOST;
    const few = <T>(items: readonly T[]): readonly T[] => {
      left -= items.length;
      if (left < 0) throw tooMuch(`the registries of the configuration name more than ${MOST} files`);
      return items;
    };
    return Promise.all(
      Object.entries(table).map(async ([host, entry]): Promise<Registry> => {
        const at = (key: string): Json | undefined =>
          typeof entry === 'object' && entry !== null && !Array.isArray(entry)
            ? (entry as { readonly [key: string]: Json })[key]
            : undefined;
        const texts = (value: Json | undefined): readonly string[] =>
          Array.isArray(value) ? value.filter((item: Json): item is string => typeof item === 'string') : [];
        const flag = (value: Json | undefined): boolean | null => (typeof value === 'boolean' ? value : null);
        const pairs = Array.isArray(at('keypair')) ? (at('keypair') as readonly Json[]) : [];
        const named = (pair: Json, key: string): string | null => {
          const value =
            typeof pair === 'object' && pair !== null ? (pair as { readonly [key: string]: Json })[key] : null;
          return typeof value === 'string' && value !== '' ? value : null;
        };
        const directories = await Promise.all(
          few(texts(at('tlsconfigdir'))).map(async (path) => ({
            path,
            names: path.startsWith('/') ? await look.host.list(path, 'target').catch(asAbsent) : null,
          })),
        );
        const [ca, keypairs] = await Promise.all([
          Promise.all(few(texts(at('ca'))).map((path) => lookAtPem(look, path))),
          Promise.all(few(pairs).map((pair) => lookAtPair(look, named(pair, 'cert'), named(pair, 'key')))),
        ]);
        return {
          host,
          mirrors: texts(at('mirrors')),
          http: flag(at('http')),
          insecure: flag(at('insecure')),
          ca,
          pairs: keypairs,
          directories,
        };
      }),
    );
  },
};
