import type { Reading, ReadingKind } from '../model/look.ts';
import type { OnSecret } from '../text/secret-words.ts';
import { maskAccounts } from './accounts.ts';
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
  [/^\/etc\/(?:passwd|group|subuid|subgid)$/, 'accounts'],
  [/^\/proc\/(?:\d+|self)\/mountinfo$/, 'other'],
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

/** Tokens of known form are none of anybody's business, wherever in a file they stand. */
function masked(text: string, kind: ReadingKind, found: OnSecret): string {
  return kind === 'machine' ? text : maskKnownForms(maskedByKind(text, kind, found), found, 'each line in its place');
}

function maskedByKind(text: string, kind: ReadingKind, found: OnSecret): string {
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
    case 'accounts':
      return maskAccounts(text, found);
    case 'other':
      return text.replace(/^[ \t]{0,40}[#;][^\n]*/gm, (comment) => maskText(comment, found));
  }
}
