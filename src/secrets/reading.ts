import type { Reading, ReadingKind } from '../model/look.ts';
import type { OnSecret } from '../text/secret-words.ts';
import { maskJson } from './json.ts';
import { maskKnownForms, maskText } from './text.ts';
import { maskToml } from './toml.ts';
import { maskCommandLine, maskEnviron, maskEnvironmentFile, maskUnit } from './unit.ts';

const KINDS: readonly (readonly [pattern: RegExp, kind: ReadingKind])[] = [
  [/\.toml$/, 'toml'],
  [/^(?=.*\/systemd\/).*\.(?:service|socket|conf)$/s, 'unit'],
  [/\.json$/, 'json'],
  [/^\/proc\/(?:\d+|self)\/environ$/, 'environ'],
  [/^\/proc\/(?:\d+|self)\/cmdline$/, 'command-line'],
  [/^\/proc\/cmdline$/, 'text'],
  [/^\/(?:proc|sys|dev)\//, 'machine'],
];

/** What a file is by its name, where whoever reads it does not know better. */
export function kindOf(path: string): ReadingKind {
  return KINDS.find(([pattern]) => pattern.test(path))?.[1] ?? 'other';
}

/** What was read, without its secrets; `digest` stays that of the file itself. */
export function withoutSecretsOf(reading: Reading, kind: ReadingKind, found: OnSecret): Reading {
  const text = masked(reading.text, kind, found);
  if (text === reading.text) return reading;
  return {
    text,
    get digest() {
      return reading.digest;
    },
    utf8: reading.utf8,
    masked: true,
  };
}

function masked(text: string, kind: ReadingKind, found: OnSecret): string {
  switch (kind) {
    case 'toml':
      return maskToml(text, found);
    case 'unit':
      return maskUnit(text, found);
    case 'environment-file':
      return maskEnvironmentFile(text, found);
    case 'json':
      return maskJson(text, found);
    case 'environ':
      return maskEnviron(text, found);
    case 'command-line':
      return maskCommandLine(text, found);
    case 'text':
      return maskText(text, found);
    case 'machine':
      return text;
    case 'other':
      return maskKnownForms(text, found);
  }
}
