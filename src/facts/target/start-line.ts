import { unitWords } from '../../text/unit-words.ts';
import type { Directive } from './directives.ts';
import type { Expand } from './specifiers.ts';

/** One command of an Exec line, as systemd takes it apart; variables are not replaced yet. */
export interface Command {
  /** The program as the unit names it. */
  readonly path: string;
  readonly argv: readonly string[];
  /** "-": that it fails does not matter. */
  readonly mayFail: boolean;
  /** ":": variables stay as they are written. */
  readonly verbatim: boolean;
  /** "+" or "!": it runs as root, whatever User= says; "!!" does so only on kernels without ambient capabilities. */
  readonly privileged: boolean;
  readonly at: Directive['at'];
}
/** Why systemd drops a line. */
export type Dropped = 'quote' | 'empty' | 'path';

/** The commands of one Exec line; a lone ";" stands between them (config_parse_exec). */
export function commandsOf({ value, at }: Directive, expand: Expand): readonly Command[] | Dropped {
  const { words, broken } = unitWords(value);
  if (broken) return 'quote';
  const commands: Command[] = [];
  let open: string[] = [];
  for (const word of [...words, ';']) {
    if (word !== ';') {
      open.push(word);
      continue;
    }
    if (open.length === 0) continue;
    const command = commandOf(open, at, expand);
    if (typeof command === 'string') return command;
    commands.push(command);
    open = [];
  }
  return commands.length === 0 ? 'empty' : commands;
}

function commandOf(words: readonly string[], at: Directive['at'], expand: Expand): Command | Dropped {
  const prefix = /^[-@:+!|]*/.exec(words[0] ?? '')?.[0] ?? '';
  const path = expand((words[0] ?? '').slice(prefix.length));
  if (path === '') return 'empty';
  if (path.endsWith('/') || (path.includes('/') && !path.startsWith('/'))) return 'path';
  const rest = words.slice(1).map(expand);
  return {
    path,
    // With "@" the second word is the name by which the program is called.
    argv: prefix.includes('@') ? [path, ...rest.slice(1)] : [path, ...rest],
    mayFail: prefix.includes('-'),
    verbatim: prefix.includes(':'),
    privileged: /\+|(?<!!)!(?!!)/.test(prefix),
    at,
  };
}
