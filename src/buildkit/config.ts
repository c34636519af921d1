import { parse, TomlError } from 'smol-toml';
import type { Json } from '../model.ts';
import type { Bracket } from './version.ts';

export type ConfigDocument = { readonly [key: string]: Json };

/** What buildkitd makes of a configuration file's text. */
export interface ConfigReading {
  /** Null when the text cannot be parsed at all. */
  readonly document: ConfigDocument | null;
  readonly syntax: { readonly message: string; readonly line: number; readonly column: number } | null;
}

/** Never throws: what cannot be parsed is reported with line and column, both from 1. */
export function readConfig(text: string, _by: Bracket): ConfigReading {
  try {
    return { document: parse(text) as ConfigDocument, syntax: null };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return {
      document: null,
      syntax: { message: error.message.split('\n')[0] ?? '', line: error.line, column: error.column },
    };
  }
}

/** The value at a path of keys, when it is there. */
export function valueAt(document: ConfigDocument | null, path: readonly string[]): Json | undefined {
  let at: Json | undefined = document ?? undefined;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || Array.isArray(at)) return undefined;
    at = (at as ConfigDocument)[key];
  }
  return at;
}
